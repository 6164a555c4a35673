// SPDX-License-Identifier: Apache-2.0
// A layer as the RTL core gets it: commands, vectors, writes, drains, and what delays them. It is
// plain data: it can be run, predicted (sim/cosim/predict.hpp), run again with waves, or exported.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/enum_table.hpp"
#include "sim/cosim/cells.hpp"
#include "sim/cosim/rtl_numbers.hpp"

namespace brownout::cosim {

/// Which array the RTL was built for, and how large its memories are.
struct CoreShape {
  int rows = 16, columns = 16;  // R × C
  std::int64_t words = 0;       // of the weight memory
  int depth = 0;                // A: rows of each accumulator half
};

/// One command of rtl/brownout_core.sv.
struct Command {
  bool parameters = false;  // words for the vector unit; else a tile
  std::uint32_t cell = 0;   // of the first code of column 0
  std::uint32_t stride = 0;
  int columns = 1;             // runs
  int codes = 1;               // of a run
  int bits = 8;                // of a code
  int scheme = 0;              // rtl_number()
  std::uint8_t zero_code = 0;  // code of w = 0, replaces what was read wrong
  // Tiles only
  int vectors = 1;
  bool first = false, last = false;  // K tile of its strip
};

/// How long something outside keeps a strip waiting: earliest cycles, 0 = it does not wait.
struct Gates {
  std::int64_t load = 0;    // first read
  std::int64_t stream = 0;  // first vector
  std::int64_t drain = 0;   // first row
};

/// A strip: consecutive commands, of which the last is the last K tile. Then all its rows leave
/// `walks` times, one row every `row_cycles` cycles.
struct StripJob {
  std::size_t command_first = 0, command_count = 0;
  int rows = 1;
  int row_cycles = 1;
  int walks = 1;
  Gates gates;
};

struct Job {
  memory::CheckMode mode;  // the core's, while it runs
  std::vector<Command> commands;
  std::vector<StripJob> strips;
  std::vector<WriteJob> writes;
  /// q − z, tile after tile, vector after vector: `rows` values each, those not in use 0.
  std::vector<std::int16_t> vectors;
};

/// The ports that somebody else may delay.
enum class Port { kCommand, kVector, kDrain, kWrite };
inline constexpr Port kLastPort = Port::kWrite;

/// Random back-pressure: before its transfer number `index` a port idles for gap() cycles. Gaps are
/// counted by index, not drawn in order, so that RTL and prediction see the same ones.
struct Pressure {
  std::uint64_t seed = 0;
  EnumTable<kLastPort, double> share{};  // of transfers with a gap; 0: none
  int longest = 1;                       // cycles

  int gap(Port port, std::uint64_t index) const;
  bool pressed() const;  // any gap at all
};

/// Errors that only the RTL side makes, to see that a checker finds them. By default there are
/// none.
struct Sabotage {
  std::int64_t mask_word = -1;    // in this word the flip mask has a bit turned,
  int mask_bit = 0;               // this one; 64 to 71: of the check bits
  std::int64_t command = -1;      // this command's cell has a bit turned,
  int address_bit = 0;            // this one
  std::int64_t sum_vector = -1;   // for this vector (counted over the job, no first K tile) the sum
  int sum_lane = 0, sum_bit = 0;  // that it is added to has this bit turned when it is read
  std::int64_t late_vector = -1;  // this vector comes a cycle late
  std::int64_t mode_cycle = -1;   // the mode is another one in this cycle
  std::int64_t begin_cycle = -1;  // another job begins in this cycle
};

/// When a tile did what, in cycles of the job. Cycle 0 is the first in which the port may read.
struct TileTimes {
  std::int64_t load = 0;  // first read of its command (of its parameters, if before it)
  std::int64_t swap = 0;  // first vector
  std::int64_t last_vector = 0;
  bool operator==(const TileTimes& o) const {
    return load == o.load && swap == o.swap && last_vector == o.last_vector;
  }
};

/// rtl/performance_counters.sv.
struct Counters {
  std::int64_t busy = 0, stalled_weights = 0, stalled_accumulators = 0, stalled_activations = 0;
  std::int64_t weight_reads = 0, weight_writes = 0;
  std::int64_t accumulator_reads = 0, accumulator_writes = 0;
  std::int64_t words_corrected = 0, words_detected = 0;
  bool operator==(const Counters& o) const {
    return busy == o.busy && stalled_weights == o.stalled_weights &&
           stalled_accumulators == o.stalled_accumulators &&
           stalled_activations == o.stalled_activations && weight_reads == o.weight_reads &&
           weight_writes == o.weight_writes && accumulator_reads == o.accumulator_reads &&
           accumulator_writes == o.accumulator_writes && words_corrected == o.words_corrected &&
           words_detected == o.words_detected;
  }
  Counters& operator+=(const Counters& o);
};

struct JobTimes {
  std::vector<TileTimes> tiles;       // of commands that are tiles, in order
  std::vector<std::int64_t> drained;  // by strip: the cycle after its last row
  Counters counters;
  std::int64_t cycles() const { return drained.empty() ? 0 : drained.back(); }
};

}  // namespace brownout::cosim
