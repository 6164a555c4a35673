// SPDX-License-Identifier: Apache-2.0
// Chips and memories: which cells fail at a voltage, and what a memory then returns.
//
//   brownout::Chip chip("random:7");
//   brownout::corrupt(codes.data(), codes.size(), 8, chip, {0.84,
//   technology.bit_error_rate(0.84)});
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brownout/error.hpp"

namespace brownout {

namespace chips {
class Chip;
}

/// How a memory is operated. Random chips fail by the rate; physical and measured ones by the
/// voltage (Chip::by_voltage). Technology::at gives both.
struct OperatingPoint {
  double voltage = 1.0;  // of the supply, in units of Vmin
  double rate = 0.0;     // bit error rate of the cells, a fraction
};

/// Memories of one die have cells of their own.
enum class MemoryKind { kWeights = 0, kActivations = 1, kAccumulators = 2, kInput = 3 };

/// A cell that may read wrong. Persistent flip: both 1. Stuck at 1: (1, 0). Stuck at 0: (0, 1).
struct FaultyCell {
  std::uint32_t word = 0;    // of 64 cells
  std::uint32_t column = 0;  // 0 … 63; 0 is the lowest bit
  float p01 = 1.0f;          // probability that it reads 1 where 0 is stored
  float p10 = 1.0f;          // probability that it reads 0 where 1 is stored
};

/// When cells draw that read wrong with a probability (docs/chips.md).
struct Draws {
  std::uint64_t seed = 0;  // of the evaluation
  bool fresh = false;      // anew at every batch (and load); else once
  std::uint64_t batch = 0;
};

/// A die: the same text gives the same cells, whatever is read and in which order. Copies share it.
/// Safe to use from several threads.
class Chip {
 public:
  /// "random:SEED[,p_err=P]", "physical:SEED[,FILE.yaml]", "FILE.h5[,offset=N][,no-wrap]".
  /// InputError for other texts and for files that cannot be read.
  explicit Chip(const std::string& text);

  std::string name() const;
  /// What must be said of the chip beside its name; "": nothing.
  std::string note() const;
  /// Whether the voltage of an operating point says what fails; else its rate does.
  bool by_voltage() const;
  /// Ascending voltages at which the faults of a measured chip change; empty: at every voltage.
  std::vector<double> steps() const;

  /// The faulty cells of words [0, words) of a memory, sorted by word and column, no cell twice.
  /// InputError for a rate outside [0, 1].
  std::vector<FaultyCell> faults(const OperatingPoint& at, std::uint32_t words,
                                 MemoryKind memory = MemoryKind::kWeights) const;

  const chips::Chip& internal() const { return *chip_; }

 private:
  std::shared_ptr<const chips::Chip> chip_;
};

/// What faulty cells did to what was read.
struct ReadCounts {
  std::int64_t reads = 0;        // codes or words
  std::int64_t cells_hit = 0;    // faulty cells among those that were read
  std::int64_t bits_wrong = 0;   // bits that really read wrong
  std::int64_t codes_wrong = 0;  // codes or words with at least one of them
};

/// Where codes lie, and which memory they lie in.
struct CodePlacement {
  std::uint64_t offset = 0;  // cell of the memory that holds bit 0 of the first code
  MemoryKind memory = MemoryKind::kWeights;
  Draws draws;
};

/// Reads `count` codes of `bits` bits through a chip, in place: code i is stored in the cells
/// offset + i·bits … offset + (i + 1)·bits - 1, lowest bit first, as Brownout stores weights. The
/// low `bits` bits of an element are its code; after reading, its other bits are 0 (unsigned types)
/// or copies of the code's highest bit (signed types). A code of 0 bits or more than the type has
/// is an InputError, as is an element whose other bits hold something else before.
/// For std::int8_t … std::int64_t and their unsigned counterparts.
template <typename Code>
ReadCounts corrupt(Code* codes, std::int64_t count, int bits, const Chip& chip,
                   const OperatingPoint& at, const CodePlacement& placement = {});

/// A memory of `depth` words of `width` bits on a chip. Word a is the cells offset + a·width …
/// offset + (a + 1)·width - 1, lowest bit first: the same cells as those of code a above.
/// The memory's content stays with the caller; this class knows its cells. Not thread-safe.
class FaultyMemory {
 public:
  /// InputError for depth or width below 1, and for more cells than a chip has.
  FaultyMemory(const Chip& chip, std::int64_t depth, int width, const OperatingPoint& at,
               const CodePlacement& placement = {});
  ~FaultyMemory();
  FaultyMemory(FaultyMemory&&) noexcept;
  FaultyMemory& operator=(FaultyMemory&&) noexcept;

  /// From now on the cells are those of another operating point. Counts stay.
  void set_operating_point(const OperatingPoint& at);
  const OperatingPoint& operating_point() const;

  std::int64_t depth() const;
  int width() const;
  /// Whether any cell of the memory, or of one word, may read wrong now.
  bool has_faults() const;
  bool has_faults(std::int64_t address) const;

  /// Reads one word: `data` holds the stored bits, lowest first, 64 (or 32) to an element, and gets
  /// what the cells return. Draws that are fresh take the number of this read of the memory as
  /// their batch. InputError for an address outside the memory.
  void read(std::int64_t address, std::uint64_t* data);
  void read(std::int64_t address, std::uint32_t* data);

  /// Of all reads so far.
  const ReadCounts& counts() const;

 private:
  struct Cells;
  std::unique_ptr<Cells> cells_;
};

}  // namespace brownout
