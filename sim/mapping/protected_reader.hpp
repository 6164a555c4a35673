// SPDX-License-Identifier: Apache-2.0
// One network in a memory whose words are protected, read through one chip after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/mapping/placement.hpp"
#include "sim/memory/word_path.hpp"

namespace brownout::mapping {

/// What the protection made of the words that hold codes, each read once a load.
struct ProtectionStats {
  std::int64_t words = 0;            // read
  std::int64_t check_cells_hit = 0;  // faulty cells among their check bits
  std::int64_t corrected = 0;        // and right again
  std::int64_t detected = 0;         // passed on with a warning
  std::int64_t miscorrected = 0;     // "corrected" or "clean", and wrong
};

/// As FaultyReader, but for the words on the way. Time is proportional to the faults, but the
/// stored words of every load event are kept.
class ProtectedReader {
 public:
  /// The network must outlive the reader.
  ProtectedReader(const network::Network& network, Placement placement,
                  memory::Mitigation mitigation);

  /// n of every parameter as read. `faults`: data cells (columns 0 … 63), `check_faults`: check
  /// cells (64 … 71), each sorted by word. cells_hit of `stats` counts faulty data cells under
  /// codes, before the protection; bits_wrong and codes_changed what is left behind it. Valid until
  /// the next call.
  const network::Codes& read(const memory::FaultList& faults, const memory::FaultList& check_faults,
                             std::uint64_t evaluation_seed, ReadStats* stats = nullptr,
                             ProtectionStats* protection = nullptr);
  const network::Codes& clean();

  const Placement& placement() const { return placement_; }

 private:
  /// What one load event brings.
  struct Load {
    Placement placement;                // its runs
    std::vector<std::uint64_t> stored;  // by word
    std::vector<bool> holds_codes;      // by word
    std::int64_t words = 0;             // that hold codes
  };

  const network::Network& network_;
  Placement placement_;
  memory::Mitigation mitigation_;
  std::vector<Load> loads_;
  network::Codes codes_;
  std::vector<Touched> touched_;
};

}  // namespace brownout::mapping
