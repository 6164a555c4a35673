// SPDX-License-Identifier: Apache-2.0
// The Verilated core: whole jobs go in, sums and cycles come out. No verilated type appears here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/cosim/job.hpp"

namespace brownout::cosim {

/// Sees what the core does while a job runs. `command` counts the job's commands, `strip` its
/// strips; lanes are columns + 1 sums, the last that of the activations.
class Observer {
 public:
  virtual ~Observer() = default;
  /// A word has left the arrays, masks applied.
  virtual void word(std::int64_t cycle, std::size_t command, std::uint32_t address,
                    const RawWord& read) = 0;
  /// The word comes out of the check. The calls are in the order of word(), one for each.
  virtual void checked(std::int64_t cycle, std::size_t command, std::uint64_t data,
                       std::uint64_t suspect) = 0;
  /// Tile `command` writes row `row` of the accumulators.
  virtual void row(std::int64_t cycle, std::size_t command, int row, const std::int32_t* lanes) = 0;
  /// A row of a finished strip leaves the core.
  virtual void drained(std::int64_t cycle, std::size_t strip, int walk, int row,
                       const std::int32_t* lanes) = 0;
  /// The word that was checked last reaches the vector unit; `last` marks the last word of its run.
  virtual void parameter(std::int64_t cycle, std::size_t command, std::uint64_t data,
                         std::uint64_t suspect, bool last) = 0;
  /// The core has output something that no job asks for: a word, row or swap too many.
  virtual void surplus(std::int64_t cycle, const char* what) = 0;
};

struct RunOptions {
  Pressure pressure;
  Sabotage sabotage;
  /// Waves of the job's cycles [trace_from, trace_to), when a file is open; cycle 0 is at
  /// `trace_base` in them.
  std::int64_t trace_from = 0, trace_to = 0, trace_base = 0;
};

/// An assertion of the RTL has failed (the model has printed it) in a cycle of the job.
class AssertionFailed : public RunError {
 public:
  AssertionFailed(int rows, int columns, std::int64_t at)
      : RunError("rtl {}x{}: an assertion failed (above) in cycle {} of the job", rows, columns,
                 at),
        cycle(at) {}
  std::int64_t cycle;
};

/// A core of that array, with memories of the default sizes of rtl/brownout_core.sv.
inline CoreShape core_shape(int rows, int columns) {
  constexpr std::int64_t kArrays = 128;
  constexpr int kDepth = 1024;
  return {rows, columns, kArrays * kArrayRows, kDepth};
}

/// One core. Not thread-safe.
class Core {
 public:
  virtual ~Core() = default;

  virtual const CoreShape& shape() const = 0;

  /// Puts the core into its state after power-on; memories, their faults and the mode stay.
  virtual void reset() = 0;

  /// Sets the mode. Words keep the check bits that they were written with.
  virtual void set_mitigation(const memory::CheckMode& mode) = 0;
  /// Writes words through the core's write port while nothing else runs.
  virtual void write(std::int64_t word, std::int64_t count, const std::uint64_t* data) = 0;
  /// Replaces the faults of the weight memory; words not listed are healthy.
  virtual void set_faults(const std::vector<WordFaults>& faults) = 0;
  /// Replaces the faults of the accumulators; rows from the end of `faults` on are healthy.
  virtual void set_accumulator_faults(const AccumulatorFaults& faults) = 0;
  /// For the waves: supplies of the weight memory and the accumulators in units of Vmin.
  virtual void set_supply(double weights, double accumulators = 1.0) = 0;

  /// Runs a job to its end; the mode must be the job's. AssertionFailed when an assertion of the
  /// RTL fails, RunError when the core hangs.
  virtual JobTimes run(const Job& job, Observer& observer, const RunOptions& options = {}) = 0;

  /// A file for waves (FST, two time steps a cycle). RunError when it cannot be written.
  virtual void open_trace(const std::filesystem::path& file) = 0;
  virtual void close_trace() = 0;

  /// All cycles clocked so far.
  virtual std::int64_t clocked() const = 0;
};

/// The array sizes that were built, smallest first.
std::vector<CoreShape> built_cores();
/// Null when there is none of that size.
std::unique_ptr<Core> make_core(int rows, int columns);

}  // namespace brownout::cosim
