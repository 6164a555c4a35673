// SPDX-License-Identifier: Apache-2.0
// One network in a memory whose words have check bits, read through one chip after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/mapping/placement.hpp"
#include "sim/mapping/program.hpp"
#include "sim/memory/word_path.hpp"
#include "sim/mitigation/outcome.hpp"
#include "sim/weights/read_through.hpp"

namespace brownout::weights {

/// Like FaultyReader, but with words in between. Time is proportional to the faults, but the stored
/// words of every load event are kept.
class ProtectedReader {
 public:
  /// `stored`: the memory's content by load event. The load events of the placement's runs must be
  /// in it.
  ProtectedReader(network::SharedNetwork network, mapping::Placement placement,
                  std::vector<mapping::StoredWords> stored, memory::CheckCode check,
                  memory::OnError on_error);

  /// n of every parameter as read. cells_hit of `stats` counts faulty data cells that hold codes,
  /// before the decoder; bits_wrong and codes_changed count what is left after it. Valid until the
  /// next call.
  const network::Codes& read(const memory::WordFaultLists& faults, const memory::Draws& draws,
                             ReadStats* stats = nullptr,
                             mitigation::ProtectionStats* protection = nullptr);
  const network::Codes& clean();

  const mapping::Placement& placement() const { return placement_; }

 private:
  /// What one load event brings.
  struct Load {
    std::uint32_t event = 0;
    std::vector<mapping::Run> runs;
    std::vector<std::uint64_t> stored;  // by word
    std::vector<bool> read;             // words that hold codes
    std::int64_t words = 0;             // of these
  };
  /// A word that does not leave the memory as it was written.
  struct WrongWord {
    std::uint32_t word = 0;
    std::uint64_t wrong = 0, suspect = 0;
  };

  std::vector<WrongWord> decode(const Load& load, const memory::WordFaultLists& faults,
                                const memory::Draws& draws,
                                mitigation::ProtectionStats& outcome) const;
  void change_codes(const Load& load, const std::vector<WrongWord>& words, ReadStats& stats);

  network::SharedNetwork network_;
  mapping::Placement placement_;
  memory::CheckCode check_;
  memory::OnError on_error_;
  std::vector<Load> loads_;
  std::vector<std::uint64_t> used_;  // columns that hold codes of any load, by word
  network::Codes codes_;
  std::vector<Touched> touched_;
};

}  // namespace brownout::weights
