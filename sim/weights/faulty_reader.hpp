// SPDX-License-Identifier: Apache-2.0
// One network on one placement, read through one chip after the other.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/mapping/placement.hpp"
#include "sim/weights/read_through.hpp"

namespace brownout::weights {

/// Keeps the codes of a network. Before it applies the changes of the next chip it undoes those of
/// the last one. Reading a chip costs time proportional to its faults and those of the chip before.
class FaultyReader {
 public:
  FaultyReader(network::SharedNetwork network, mapping::Placement placement);

  /// n of every parameter as read through the faulty cells (see read_through). Valid until the next
  /// call.
  const network::Codes& read(const memory::FaultList& faults, const memory::Draws& draws,
                             ReadStats* stats = nullptr);
  /// The clean codes.
  const network::Codes& clean();

  const mapping::Placement& placement() const { return placement_; }

 private:
  network::SharedNetwork network_;
  mapping::Placement placement_;
  network::Codes codes_;
  std::vector<Touched> touched_;  // where codes_ differs from the network
};

}  // namespace brownout::weights
