// SPDX-License-Identifier: Apache-2.0
// What one network shows on one data set: without faults, and on one chip.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/chips/chip.hpp"
#include "sim/data/dataset.hpp"
#include "sim/experiment/memory_results.hpp"
#include "sim/mitigation/repair.hpp"
#include "sim/results/error_bars.hpp"
#include "sim/weights/protected_reader.hpp"
#include "sim/weights/read_through.hpp"

namespace brownout::results {

/// The network without faults.
struct CleanResult {
  std::int64_t wrong = 0;
  double confidence = 0.0;  // mean probability of the predicted class
  std::string logits_sha256;
  std::vector<float> logits;  // images × classes; empty unless asked for
  data::Labels predictions;
  WrongImages wrong_images;

  /// Of so many images, percent; with another draw of images in mind.
  double err(std::int64_t images) const;
  std::array<double, 2> err_ci95(std::int64_t images) const;
  ErrorSpread error(std::int64_t images) const;
};

/// The network on one chip at one operating point.
struct ChipResult {
  std::string chip;
  std::int64_t wrong = 0;
  std::int64_t wrong_either = 0;  // images wrong clean or wrong perturbed
  WrongImages wrong_images;
  double confidence = 0.0;
  weights::ReadStats read;
  mitigation::ProtectionStats protection;  // with a check code
  mitigation::RepairStats repair;          // with spares or a placement by sensitivity
  experiment::MemoryResults others;        // the other memories
  double cell_rate = 0.0;    // mean over the memory's cells of max(p01, p10), as drawn
  std::uint64_t period = 0;  // cells after which the chip's map repeats in this memory; 0: never
  std::string note;          // what must be said of the chip
  std::optional<chips::Place> place;  // of the memory on a measured die
  std::string logits_sha256;
  std::vector<float> logits;         // images × classes; empty unless asked for
  std::vector<std::uint64_t> cells;  // word·64 + column of every cell hit, when asked for
};

double percent(std::int64_t wrong, std::int64_t images);

/// Of the first images of the data set.
WrongImages wrong_images(const data::Labels& predictions, const data::Dataset& data);

bool any_by_voltage(const std::vector<std::unique_ptr<chips::Chip>>& chips);

/// Of several chips: the mean, if any of them fails by voltage.
double configured_rate(const std::vector<std::unique_ptr<chips::Chip>>& chips,
                       const chips::OperatingPoint& at, const std::vector<ChipResult>& results);

}  // namespace brownout::results
