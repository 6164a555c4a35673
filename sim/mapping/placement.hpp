// SPDX-License-Identifier: Apache-2.0
// Placement: which code of which tensor sits in which memory cell.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::mapping {

/// Codes [first, last) of a parameter, bits [low_bit, high_bit) of each, one after the other from
/// cell `start` (= word·64 + column) on, in load event `load_event`. Many codes may share a cell.
struct Run {
  network::ParameterIndex parameter;
  std::int64_t first = 0, last = 0;
  int low_bit = 0, high_bit = 0;
  std::uint32_t load_event = 0;
  std::uint64_t start = 0;

  std::uint64_t cells() const {
    return static_cast<std::uint64_t>(last - first) *
           static_cast<std::uint64_t>(high_bit - low_bit);
  }
};

struct Placement {
  std::vector<Run> runs;
  std::uint32_t words = 0;  // memory words spanned
};

/// Resident: every code has its own cells, linear from `bit_offset` on, in file order, packed with
/// m bits each. Parameters that are not coded take no cells.
Placement resident(const network::Network& network, std::uint64_t bit_offset = 0);

/// The memory's content when the clean codes are stored by the placement. Bits that hold no code
/// are 0. If codes share a cell, it holds the one of the last run in the list.
std::vector<std::uint64_t> store(const network::Network& network, const Placement& placement);

}  // namespace brownout::mapping
