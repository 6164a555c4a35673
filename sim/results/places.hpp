// SPDX-License-Identifier: Apache-2.0
// The chips of a set: random ones, counted from a seed, or places of a memory on the map of one
// die. Places are drawn at random, evenly over the bit positions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/chips/chip_files.hpp"
#include "sim/chips/random_chip.hpp"

namespace brownout::results {

/// Part of every sweep's identity. Version 1 divided the map into equal parts, so that with a power
/// of two of them a column always met the same bit of a code.
inline constexpr int kPlacesVersion = 2;
/// Places that differ modulo this number meet a map's columns with other bits of 8-bit codes.
inline constexpr int kBitPositions = 8;

/// First cells of places 0 … count-1 of a seed on a map of `cells` cells (docs/chips.md), all
/// different. Those of a smaller count are the first ones of a larger count. InputError for more
/// places than the map has.
/// None of the places is in `taken`, which are places that were already looked at.
std::vector<std::uint64_t> draw_places(std::uint64_t cells, std::int64_t count, std::uint64_t seed,
                                       const std::vector<std::uint64_t>& taken = {});

/// Names of the chips at these places: "FILE.h5,offset=N". InputError as make_chip.
std::vector<std::string> place_names(chips::ChipFiles& files, const std::string& file,
                                     std::int64_t count, std::uint64_t seed,
                                     const std::vector<std::uint64_t>& taken = {});

/// "random:7" or "random:7,p01=0.5,p10=1": chip `index` of the set with this seed.
std::string chip_name(std::uint64_t seed, std::int64_t index, const chips::ReadErrors& errors);
/// The same with one probability for both stored bits.
std::string chip_name(std::uint64_t seed, std::int64_t index, double p_err);

/// "10 random chips", "16 places of one die": what a mean over chips is taken over.
std::string chips_text(std::int64_t count, bool places);

/// How much of the scatter over places is between bit positions (first cell modulo 8), in the unit
/// of the samples. `between`: the standard deviation of the positions' means; none unless two
/// positions have samples. `within`: the standard deviation of the samples about the mean of their
/// position; none unless a position has two samples. If the position does not matter, between ≈
/// within / √(samples a position).
struct PositionSpread {
  std::optional<double> between, within;
};
PositionSpread spread_over_positions(const std::vector<double>& samples,
                                     const std::vector<std::uint64_t>& places);

}  // namespace brownout::results
