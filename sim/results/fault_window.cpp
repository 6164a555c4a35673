// SPDX-License-Identifier: Apache-2.0
// A chip is nested, so that one number a cell says where it fails.
#include "sim/results/fault_window.hpp"

#include <algorithm>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/chips/chip.hpp"

namespace brownout::results {

namespace {

/// The levels of the first network, those with few faults first; without a mitigation if there is
/// such a point, because a boost changes the voltage of accesses.
std::vector<const StoredPoint*> levels_of(const StoredSweep& sweep) {
  const StoredPoint& first = sweep.points.front();
  const std::vector<std::string>& all = sweep.mitigations;
  const bool unprotected = std::find(all.begin(), all.end(), "none") != all.end();
  const std::string mitigation = unprotected ? "none" : first.mitigation;
  std::vector<const StoredPoint*> levels;
  for (const StoredPoint& point : sweep.points) {
    if (point.model == first.model && point.mitigation == mitigation) levels.push_back(&point);
  }
  std::sort(levels.begin(), levels.end(), [&](const StoredPoint* a, const StoredPoint* b) {
    return sweep.by_rate ? a->rate < b->rate : *a->voltage > *b->voltage;
  });
  if (levels.size() <= kMostLevels) return levels;
  std::vector<const StoredPoint*> thinned;
  for (std::size_t i = 0; i < kMostLevels; ++i) {
    thinned.push_back(levels[i * (levels.size() - 1) / (kMostLevels - 1)]);
  }
  return thinned;
}

/// Words of the weight memory: the accelerator's, else of the largest network.
void set_size(const StoredSweep& sweep, std::uint32_t most_words, FaultWindow& window) {
  std::int64_t words = 0;
  if (sweep.configuration.contains("accelerator")) {
    const JsonObject weights =
        JsonObject(sweep.configuration, (sweep.folder / "sweep.json").string(), "`brownout sweep`")
            .object("accelerator")
            .object("configuration")
            .object("weights");
    if (weights.text("supply") == "vmin") {
      window.problem = "the weight memory stays at Vmin, where no cell fails";
    }
    window.array_rows = static_cast<std::uint32_t>(weights.integer("array_rows", 1, 1 << 24));
    words = window.array_rows * weights.integer("arrays", 1, 1 << 24);
  } else {
    for (const StoredModel& model : sweep.models) words = std::max(words, (model.weights + 7) / 8);
  }
  window.all_words = static_cast<std::uint32_t>(std::min<std::int64_t>(words, UINT32_MAX));
  window.words = std::min(window.all_words, most_words);
}

}  // namespace

FaultWindow fault_window(const StoredSweep& sweep, std::uint32_t most_words) {
  FaultWindow window;
  if (sweep.chips.empty()) {
    window.problem = "the folder holds no rows of chips";
    return window;
  }
  window.chip = sweep.chips.front().chip;
  std::unique_ptr<chips::Chip> chip;
  try {
    chip = chips::make_chip(window.chip);
  } catch (const InputError& error) {
    window.problem = error.what();
    return window;
  }
  set_size(sweep, most_words, window);
  if (!window.problem.empty()) return window;
  window.first_failure.assign(static_cast<std::size_t>(window.words) * memory::kWordBits, 0);
  for (const StoredPoint* point : levels_of(sweep)) {
    window.levels.push_back(point->level());
    window.rates.push_back(point->rate);
    const auto number = static_cast<std::uint8_t>(window.levels.size());
    const memory::FaultList faults = chip->faults(memory::MemoryId::kWeights, window.words,
                                                  {point->voltage.value_or(1.0), point->rate});
    for (const memory::CellFault& fault : faults) {
      std::uint8_t& cell =
          window
              .first_failure[static_cast<std::size_t>(fault.word) * memory::kWordBits + fault.bit];
      if (cell == 0) cell = number;
    }
    window.cells.push_back(static_cast<std::int64_t>(faults.size()));
  }
  return window;
}

}  // namespace brownout::results
