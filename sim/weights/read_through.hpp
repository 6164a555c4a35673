// SPDX-License-Identifier: Apache-2.0
// Codes as they are read through faulty cells.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/mapping/placement.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"
#include "sim/network/network.hpp"

namespace brownout::weights {

/// What the faults did to the codes that were read. A code counts as changed when v did, even where
/// both decode to the same n (rquant reads v = 0 as 1).
struct ReadStats {
  std::int64_t cells_hit = 0;      // faulty cells that hold code bits; padding does not count
  std::int64_t bits_wrong = 0;     // bits of codes that really read wrong
  std::int64_t codes_changed = 0;  // codes v with at least one wrong bit
};

/// A code that reads differently from what was stored.
struct Touched {
  network::ParameterIndex parameter;
  std::int64_t index;
};

/// n of every parameter as read through the faulty cells, in time proportional to the faults:
/// `codes` must hold the clean codes and is changed in place; (parameter, index) of every changed
/// code is appended to `touched`, so that `restore` can undo it. Probabilistic cells (p01 or p10
/// strictly between 0 and 1) draw as `draws` says (sim/memory/transient.hpp), with the load events
/// of the runs. Each bit of a code sits in one cell at most; many codes may share a cell, which
/// then reads wrong for all of them or for those that store the bit that it fails on. FaultyReader
/// (faulty_reader.hpp) does the cycle of reading and restoring.
ReadStats read_through(const network::Network& network, const mapping::Placement& placement,
                       const memory::FaultList& faults, const memory::Draws& draws,
                       network::Codes& codes, std::vector<Touched>& touched);
void restore(const network::Network& network, const std::vector<Touched>& touched,
             network::Codes& codes);

}  // namespace brownout::weights
