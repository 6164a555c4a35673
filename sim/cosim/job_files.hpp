// SPDX-License-Identifier: Apache-2.0
// A job as memory files that any Verilog simulator replays on the RTL (rtl/simulation/replay.sv).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "sim/cosim/job.hpp"

namespace brownout::cosim {

/// What a job starts from, and the results that it must give.
struct ExpectedJob {
  std::vector<std::uint64_t> stored;  // the weight memory before the job, word by word
  std::vector<WordFaults> faults;
  AccumulatorFaults accumulators;
  // Of the weight memory and the accumulators in units of Vmin, for the waves
  double supply = 1.0, accumulator_supply = 1.0;
  /// Rows in the order in which they are drained, walks included; columns + 1 lanes, the last that
  /// of the activations. Lanes of columns that the strip does not use are not compared.
  std::vector<std::vector<std::int32_t>> rows;
  std::int64_t cycles = 0;
};

/// Creates the folder. InputError when it cannot be written, or holds something that is not an
/// earlier export.
void prepare_export(const std::filesystem::path& folder);

/// Writes weights, faults, writes, commands, vectors, strips, parameters, drained rows, faults of
/// the accumulators and the words that are read (`*.mem`, formats in rtl/README.md), their
/// checksums, manifest.json and run.sh, which replays them in Icarus Verilog. Weights and faults
/// are those of the words and rows that the job reads. InputError when the folder cannot be written
/// or the job has 2^31 cycles or more.
void export_job(const std::filesystem::path& folder, const CoreShape& shape, const Job& job,
                const ExpectedJob& expected);

}  // namespace brownout::cosim
