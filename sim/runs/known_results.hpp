// SPDX-License-Identifier: Apache-2.0
// What the codes of the last chips gave, for chips that read the same ones.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "sim/network/network.hpp"
#include "sim/results/chip_result.hpp"

namespace brownout::runs {

/// Which codes are not the clean ones, where, and what they are, as a hash.
std::string changes_sha256(const network::Network& network, const network::Codes& codes);

class KnownResults {
 public:
  /// More changed codes than this are hardly ever the same ones on two chips.
  static constexpr std::int64_t kMostChanges = 1000;

  /// Copies the fields that follow from the codes. False: the codes are not known.
  bool find(const std::string& changes, results::ChipResult& result) const;
  void add(const std::string& changes, const results::ChipResult& result);

 private:
  static constexpr std::size_t kMost = 256;

  struct Known {
    std::string changes;
    std::int64_t wrong = 0;
    results::WrongImages wrong_images;
    double confidence = 0.0;
    std::string logits_sha256;
  };
  std::deque<Known> known_;
};

}  // namespace brownout::runs
