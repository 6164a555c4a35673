// SPDX-License-Identifier: Apache-2.0
// The SRAM arrays of the weight memory while a chip's cells are repaired and placed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "sim/mitigation/repair.hpp"

namespace brownout::mitigation {

/// Weights of cells are in units of 2⁻³².
inline constexpr int kWeightBits = 32;

/// A faulty cell inside its array. Check and spare columns come after the data columns 0 … 63, and
/// spare rows after the other rows.
struct ArrayCell {
  std::uint32_t row = 0, column = 0;
  float p01 = 0.0f, p10 = 0.0f;

  /// max(p01, p10) in units of 2⁻³².
  std::int64_t weight() const {
    return std::llrint(std::ldexp(double{std::max(p01, p10)}, kWeightBits));
  }
};
using ArrayCells = std::vector<ArrayCell>;

/// Where an array, as it is addressed, lies in the silicon.
struct Seat {
  std::uint32_t array = 0;
  std::uint32_t rotation = 0;  // data column c lies in (c + rotation) mod 64
};

/// Replaces rows and columns of every array by spares, and moves the cells to the rows and columns
/// that they serve.
void replace_by_spares(const RepairPlan& plan, std::vector<ArrayCells>& arrays, RepairStats& stats);

/// By array as it is addressed. Without sensitivities all lie where they are addressed.
std::vector<Seat> place_arrays(const RepairPlan& plan, const std::vector<ArrayCells>& arrays,
                               RepairStats& stats);

}  // namespace brownout::mitigation
