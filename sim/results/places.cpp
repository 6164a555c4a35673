// SPDX-License-Identifier: Apache-2.0
// Bit positions in turn; cells at random.
#include "sim/results/places.hpp"

#include <array>
#include <cmath>
#include <unordered_set>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/base/text.hpp"

namespace brownout::results {

namespace {

/// Cells of a map that lie at a bit position.
std::uint64_t cells_at(std::uint64_t cells, std::uint64_t position) {
  return cells / kBitPositions + (position < cells % kBitPositions ? 1 : 0);
}

}  // namespace

std::vector<std::uint64_t> draw_places(std::uint64_t cells, std::int64_t count, std::uint64_t seed,
                                       const std::vector<std::uint64_t>& looked_at) {
  // Any run of consecutive entries is spread over the positions as evenly as its length allows.
  constexpr std::array<std::uint64_t, kBitPositions> kOrder{0, 4, 2, 6, 1, 5, 3, 7};
  const Philox philox(seed, Purpose::kPlaces);
  const std::uint64_t start = philox(0)[0];
  std::vector<std::uint64_t> places;
  std::unordered_set<std::uint64_t> taken(looked_at.begin(), looked_at.end());
  std::array<std::uint64_t, kBitPositions> used{};
  for (const std::uint64_t place : taken) ++used[place % kBitPositions];
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
    const std::uint64_t position = (start + kOrder[i % kBitPositions]) % kBitPositions;
    const std::uint64_t room = cells_at(cells, position);
    if (used[position]++ >= room) {
      throw InputError("{} places on a map of {} cells: it has {} at bit position {}",
                       count + static_cast<std::int64_t>(looked_at.size()), cells, room, position);
    }
    std::uint64_t place = 0;
    std::uint64_t attempt = 0;
    do {
      place = kBitPositions * scaled(philox(1, i, attempt++)[0], room) + position;
    } while (!taken.insert(place).second);
    places.push_back(place);
  }
  return places;
}

std::vector<std::string> place_names(chips::ChipFiles& files, const std::string& file,
                                     std::int64_t count, std::uint64_t seed,
                                     const std::vector<std::uint64_t>& taken) {
  std::vector<std::string> names;
  for (const std::uint64_t place : draw_places(files.make(file)->period(), count, seed, taken)) {
    names.push_back(place == 0 ? file : fmt::format("{},offset={}", file, place));
  }
  return names;
}

std::string chip_name(std::uint64_t seed, std::int64_t index, const chips::ReadErrors& errors) {
  return fmt::format("random:{}{}", seed + static_cast<std::uint64_t>(index),
                     chips::name_part(errors));
}

std::string chip_name(std::uint64_t seed, std::int64_t index, double p_err) {
  return chip_name(seed, index, chips::ReadErrors::both(p_err));
}

std::string chips_text(std::int64_t count, bool places) {
  return places ? counted(count, "place") + " of one die" : counted(count, "chip");
}

PositionSpread spread_over_positions(const std::vector<double>& samples,
                                     const std::vector<std::uint64_t>& places) {
  BROWNOUT_CHECK(samples.size() == places.size(), "{} samples at {} places", samples.size(),
                 places.size());
  std::array<double, kBitPositions> means{};
  std::array<int, kBitPositions> counts{};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    means[places[i] % kBitPositions] += samples[i];
    ++counts[places[i] % kBitPositions];
  }
  double mean = 0.0;
  int positions = 0;
  for (std::size_t p = 0; p < means.size(); ++p) {
    if (counts[p] == 0) continue;
    means[p] /= counts[p];
    mean += means[p];
    ++positions;
  }
  PositionSpread spread;
  if (positions == 0) return spread;
  mean /= positions;
  double between = 0.0, within = 0.0;
  for (std::size_t p = 0; p < means.size(); ++p) {
    if (counts[p] > 0) between += (means[p] - mean) * (means[p] - mean);
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double about = samples[i] - means[places[i] % kBitPositions];
    within += about * about;
  }
  const auto left = static_cast<int>(samples.size()) - positions;
  if (positions > 1) spread.between = std::sqrt(between / (positions - 1));
  if (left > 0) spread.within = std::sqrt(within / left);
  return spread;
}

}  // namespace brownout::results
