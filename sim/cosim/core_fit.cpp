// SPDX-License-Identifier: Apache-2.0
// Keys of the accelerator's file against the RTL and its built sizes.
#include "sim/cosim/core_fit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rtl_sizes.hpp"
#include "sim/base/error.hpp"
#include "sim/cosim/core.hpp"
#include "sim/cosim/rtl_numbers.hpp"

namespace brownout::cosim {

namespace {

constexpr int kLargestBuilt = 64;  // cmake/RtlSizes.cmake
constexpr std::int64_t kMostWords = std::int64_t{1} << 26;
constexpr int kMostRows = 1 << 15;
constexpr int kMostSide = 4096;

/// How a build is configured that has the size.
std::string build_option(int rows, int columns) {
  const std::string added = kAddedSizes;
  return fmt::format("-DBROWNOUT_RTL_SIZES=\"{}{}{}x{}\"", added, added.empty() ? "" : ";", rows,
                     columns);
}

std::int64_t power_of_two(std::int64_t at_least, std::int64_t from) {
  while (from < at_least) from *= 2;
  return from;
}

}  // namespace

void check_rtl(const mapping::AcceleratorConfig& accelerator) {
  const std::string file = accelerator.file.string();
  const mapping::WeightMemoryConfig& weights = accelerator.weights;
  if (accelerator.array.dataflow != mapping::Dataflow::kWeightStationary) {
    throw InputError("{}: array.dataflow: the RTL is weight-stationary, found {}", file,
                     mapping::to_string(accelerator.array.dataflow));
  }
  if (weights.words_per_cycle != 1) {
    throw InputError("{}: weights.words_per_cycle: the RTL reads 1 word a cycle, found {}", file,
                     weights.words_per_cycle);
  }
  // Fields of a command, see rtl/README.md.
  if (weights.words() > kMostWords) {
    throw InputError("{}: weights: the RTL addresses at most {} words, found {} x {}", file,
                     kMostWords, weights.arrays, weights.array_rows);
  }
  if (accelerator.accumulators.depth > kMostRows) {
    throw InputError("{}: accumulators.depth: the RTL addresses at most {} rows, found {}", file,
                     kMostRows, accelerator.accumulators.depth);
  }
  if (std::max(accelerator.array.rows, accelerator.array.columns) > kMostSide) {
    throw InputError("{}: array: the RTL has at most {} rows and columns, found {}x{}", file,
                     kMostSide, accelerator.array.rows, accelerator.array.columns);
  }
  if (weights.residency != mapping::WeightResidency::kStreamed) return;
  // A write waits for reads of its array, so arrays of another size wait at other times.
  if (weights.array_rows != kArrayRows) {
    throw InputError(
        "{}: weights.array_rows: the RTL has arrays of {} rows, found {}, which streamed weights "
        "would find busy at other times",
        file, kArrayRows, weights.array_rows);
  }
  // The model charges the reads of a strip in one piece, the RTL reads between tiles: a load that
  // shares an array with them would wait at other times.
  if (weights.arrays % 2 != 0) {
    throw InputError(
        "{}: weights.arrays: expected an even number of arrays for streamed weights, so that each "
        "half of the memory has arrays of its own, found {}",
        file, weights.arrays);
  }
}

std::string core_problem(int rows, int columns) {
  const std::vector<CoreShape> built = built_cores();
  if (std::any_of(built.begin(), built.end(), [&](const CoreShape& core) {
        return core.rows == rows && core.columns == columns;
      })) {
    return "";
  }
  const bool buildable = std::max(rows, columns) <= kLargestBuilt;
  if (built.empty()) {
    const bool usual = rows == columns && (rows == 4 || rows == 8 || rows == 16);
    return fmt::format(
        "this brownout was built without RTL; configure it with -DBROWNOUT_WITH_RTL=ON{} (needs "
        "Verilator)",
        usual || !buildable ? "" : " " + build_option(rows, columns));
  }
  std::string names;
  for (const CoreShape& core : built) {
    names += fmt::format("{}{}x{}", names.empty() ? "" : ", ", core.rows, core.columns);
  }
  return fmt::format(
      "the RTL was built as {}, found {}x{}; {}", names, rows, columns,
      buildable ? "this size needs a build that is configured with " + build_option(rows, columns)
                : fmt::format("at most {} rows and columns can be built", kLargestBuilt));
}

std::string core_problem(const mapping::AcceleratorConfig& accelerator) {
  const std::string file = accelerator.file.string();
  const mapping::ArrayConfig& array = accelerator.array;
  const std::string size = core_problem(array.rows, array.columns);
  if (built_cores().empty()) return size;
  if (!size.empty()) return fmt::format("{}: array: {}", file, size);
  const CoreShape shape = core_shape(array.rows, array.columns);
  if (accelerator.weights.words() > shape.words) {
    return fmt::format("{}: weights: the RTL has {} words, found {} x {}", file, shape.words,
                       accelerator.weights.arrays, accelerator.weights.array_rows);
  }
  if (accelerator.accumulators.depth > shape.depth) {
    return fmt::format("{}: accumulators.depth: the RTL has {} rows, found {}", file, shape.depth,
                       accelerator.accumulators.depth);
  }
  return "";
}

void check_core(const mapping::AcceleratorConfig& accelerator) {
  check_rtl(accelerator);
  const std::string problem = core_problem(accelerator);
  if (!problem.empty()) throw InputError("{}", problem);
}

CoreShape fitting_shape(const mapping::AcceleratorConfig& accelerator) {
  CoreShape shape = core_shape(accelerator.array.rows, accelerator.array.columns);
  shape.words = power_of_two(accelerator.weights.words(), shape.words);
  shape.depth = static_cast<int>(power_of_two(accelerator.accumulators.depth, shape.depth));
  return shape;
}

}  // namespace brownout::cosim
