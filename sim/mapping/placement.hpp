// SPDX-License-Identifier: Apache-2.0
// Placement: which code of which tensor sits in which memory cell.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"
#include "sim/network/network.hpp"

namespace brownout::mapping {

/// Codes [first, last) of a parameter, bits [low_bit, high_bit) of each, one after the other from
/// cell `start` (= word·64 + column) on, in load event `load_event`. Many codes may share a cell.
struct Run {
  int parameter = 0;
  std::int64_t first = 0, last = 0;
  int low_bit = 0, high_bit = 0;
  std::uint32_t load_event = 0;
  std::uint64_t start = 0;
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

/// What the faults did to the codes that were read. A code counts as changed if v changed, even if
/// both values decode to the same n (rquant reads v = 0 as 1).
struct ReadStats {
  std::int64_t cells_hit = 0;      // faulty cells that hold code bits; padding does not count
  std::int64_t bits_wrong = 0;     // bits of codes that really read wrong
  std::int64_t codes_changed = 0;  // codes v with at least one wrong bit
};

/// A code that reads differently from what was stored.
struct Touched {
  int parameter;
  std::int64_t index;
};

/// n of every parameter as read through the faulty cells, in time proportional to the faults.
/// `codes` must hold the clean codes and is changed in place. (parameter, index) of every changed
/// code is appended to `touched`, so that `restore` can undo it. Probabilistic cells (p01 or p10
/// strictly between 0 and 1) draw as `draws` says (sim/memory/transient.hpp), with the load events
/// of the runs. Each bit of a code is in at most one cell. Many codes may share a cell, which then
/// reads wrong for all of them, or for those that store the bit that it fails on. FaultyReader
/// (faulty_reader.hpp) repeats reading and restoring.
ReadStats read_through(const network::Network& network, const Placement& placement,
                       const memory::FaultList& faults, const memory::Draws& draws,
                       network::Codes& codes, std::vector<Touched>& touched);
void restore(const network::Network& network, const std::vector<Touched>& touched,
             network::Codes& codes);

}  // namespace brownout::mapping
