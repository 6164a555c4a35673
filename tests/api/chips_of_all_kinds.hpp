// SPDX-License-Identifier: Apache-2.0
// Chips of every kind with an operating point at which some of their cells fail.
#pragma once
#include <string>
#include <vector>

#include "brownout/chip.hpp"
#include "brownout/technology.hpp"

namespace brownout {

struct OperatedChip {
  Chip chip;
  OperatingPoint at;
};

/// Random flips, random cells that draw, a physical die with cells that draw, measured ones with
/// and without an offset.
inline std::vector<OperatedChip> chips_of_all_kinds(std::uint64_t seed) {
  const std::string folder = std::string(BROWNOUT_SOURCE_DIR) + "/profiles/";
  const std::string number = std::to_string(seed);
  const Technology technology;
  return {{Chip("random:" + number), technology.at(0.8)},
          {Chip("random:" + number), {1.0, 0.3}},
          {Chip("random:" + number + ",p_err=0.4"), technology.at(0.78)},
          {Chip("physical:" + number), technology.at(0.79)},
          {Chip(folder + "chip1-synthetic.h5"), technology.at(0.86)},
          {Chip(folder + "chip2-synthetic.h5,offset=" + std::to_string(100 + 977 * seed)),
           technology.at(0.86)}};
}

}  // namespace brownout
