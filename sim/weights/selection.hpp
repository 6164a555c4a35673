// SPDX-License-Identifier: Apache-2.0
// Which faults a study keeps: those of certain tensors, layers or bit positions.
#pragma once

#include <string>
#include <vector>

#include "sim/mapping/placement.hpp"
#include "sim/memory/fault.hpp"

namespace brownout::weights {

/// Faults count only in cells that hold a bit [low_bit, high_bit) of a code of one of these
/// tensors.
struct Selection {
  std::vector<std::string> tensors;  // names of parameters; empty: all, unless layers are named
  std::vector<std::string> layers;   // names of nodes, for all their parameters
  int low_bit = 0, high_bit = 8;

  bool all() const { return tensors.empty() && layers.empty() && low_bit == 0 && high_bit == 8; }
};

/// "6" or "6-7", for bits 6, or 6 and 7. InputError beginning with `where`.
void parse_bits(const std::string& text, const std::string& where, Selection& selection);

/// Sorted, disjoint stretches of cells (word·64 + column) that hold what is selected.
class SelectedCells {
 public:
  /// InputError (beginning with `where`) for names that the network does not have or has not coded,
  /// with a list of those that it has, and for a placement whose cells hold several codes.
  SelectedCells(const network::Network& network, const mapping::Placement& placement,
                const Selection& selection, const std::string& where);

  /// Returns the faults in selected cells; check cells are never selected.
  memory::FaultList keep(const memory::FaultList& faults) const;
  /// Number of selected cells.
  std::int64_t cells() const { return cells_; }

 private:
  struct Stretch {
    std::uint64_t begin = 0, end = 0;   // cells
    int period = 0, low = 0, high = 0;  // (cell - begin) mod period in [low, high) is selected
  };
  std::vector<Stretch> stretches_;
  std::int64_t cells_ = 0;
};

}  // namespace brownout::weights
