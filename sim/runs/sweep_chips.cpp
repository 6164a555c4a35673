// SPDX-License-Identifier: Apache-2.0
// Random chips by their seeds, or places of one die; no chip states what it chose.
#include "sim/runs/sweep_chips.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/chips/chip_files.hpp"
#include "sim/results/places.hpp"

namespace brownout::runs {

SweepChips sweep_chips(const SweepConfig& config) {
  SweepChips chips;
  chips::ChipFiles files;
  if (config.profile.empty()) {
    const auto draw = [&](std::int64_t seed, std::int64_t count, Chips& list) {
      for (std::int64_t i = 0; i < count; ++i) {
        list.push_back(
            files.make(results::chip_name(static_cast<std::uint64_t>(seed), i, config.errors)));
      }
    };
    draw(config.seed, config.chips, chips.grid);
    if (!config.has_safe_voltage()) return chips;
    draw(config.seed, config.safe.chosen_on, chips.chosen);
    draw(*config.safe.stated_seed, config.safe.stated_on, chips.stated);
    return chips;
  }
  std::vector<std::uint64_t> looked_at;
  const auto place = [&](std::int64_t seed, std::int64_t count, Chips& list) {
    for (const std::string& name : results::place_names(
             files, config.profile.string(), count, static_cast<std::uint64_t>(seed), looked_at)) {
      list.push_back(files.make(name));
      // With no words there are no faults, but all checks.
      list.back()->faults(memory::MemoryId::kWeights, 0, {config.lowest_access(), 0.0});
    }
  };
  place(config.seed, config.chips, chips.grid);
  place(config.seed, config.safe.chosen_on, chips.chosen);
  // The chips of one set are the first ones of the other.
  for (const auto& chip : config.chips < config.safe.chosen_on ? chips.chosen : chips.grid) {
    looked_at.push_back(chip->place()->offset);
  }
  place(*config.safe.stated_seed, config.safe.stated_on, chips.stated);
  return chips;
}

namespace {

/// Where a key of `safe_voltage` is given, or would be.
std::string place_of(const char* key, const SweepConfig& config) {
  const SafeVoltageConfig& safe = config.safe;
  if (const auto given = safe.places.find(key); given != safe.places.end()) return given->second;
  const std::string map =
      safe.origin.empty() ? config.file.string() + ": safe_voltage" : safe.origin;
  return fmt::format("{}.{}", map, key);
}

}  // namespace

void settle_safe_voltage(SweepConfig& config) {
  if (!config.has_safe_voltage()) return;
  SafeVoltageConfig& safe = config.safe;
  if (!safe.yield) {
    safe.chosen_on = config.chips;
  } else {
    const std::int64_t fewest = results::fewest_dies(config.tested_yield());
    if (safe.chosen_on == 0) safe.chosen_on = std::max(config.chips, fewest);
    if (safe.chosen_on < fewest) {
      throw InputError(
          "{}: expected at least {}, fewer chips cannot show a yield of {} with "
          "confidence {}, got {}",
          place_of("chosen_on", config), fewest, safe.yield->yield, safe.yield->confidence,
          safe.chosen_on);
    }
  }
  if (safe.stated_on == 0) safe.stated_on = safe.chosen_on;
  if (!safe.stated_seed) safe.stated_seed = config.seed + kMaxChips;
  if (!config.profile.empty()) {
    if (*safe.stated_seed == config.seed) {
      throw InputError(
          "{}: expected places that were never looked at, but {} is the "
          "seed of those of the sweep",
          place_of("stated_seed", config), config.seed);
    }
    return;
  }
  const std::int64_t chips = config.precision ? config.precision->at_most_chips : config.chips;
  const std::int64_t looked_at = std::max(chips, safe.chosen_on);
  if (*safe.stated_seed < config.seed + looked_at &&
      config.seed < *safe.stated_seed + safe.stated_on) {
    throw InputError(
        "{}: expected chips that were never looked at, but {} to {} overlap {} to {} of the sweep",
        place_of("stated_seed", config), *safe.stated_seed, *safe.stated_seed + safe.stated_on - 1,
        config.seed, config.seed + looked_at - 1);
  }
}

}  // namespace brownout::runs
