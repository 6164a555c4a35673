// SPDX-License-Identifier: Apache-2.0
// A short list; the oldest entry leaves it.
#include "sim/runs/known_results.hpp"

#include <algorithm>

#include "sim/base/files.hpp"

namespace brownout::runs {

std::string changes_sha256(const network::Network& network, const network::Codes& codes) {
  std::string bytes;
  const auto append = [&](std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(number >> shift));
  };
  for (const network::ParameterIndex index : codes.indices()) {
    const std::vector<std::int8_t>& clean = network.parameters[index].n;
    const std::vector<std::int8_t>& read = codes[index];
    if (read == clean) continue;
    for (std::size_t i = 0; i < read.size(); ++i) {
      if (read[i] == clean[i]) continue;
      append(index.number());
      append(i);
      bytes.push_back(static_cast<char>(read[i]));
    }
  }
  return sha256_hex(bytes);
}

bool KnownResults::find(const std::string& changes, results::ChipResult& result) const {
  const auto known = std::find_if(known_.begin(), known_.end(),
                                  [&](const Known& one) { return one.changes == changes; });
  if (known == known_.end()) return false;
  result.wrong = known->wrong;
  result.wrong_images = known->wrong_images;
  result.confidence = known->confidence;
  result.logits_sha256 = known->logits_sha256;
  return true;
}

void KnownResults::add(const std::string& changes, const results::ChipResult& result) {
  if (known_.size() == kMost) known_.pop_front();
  known_.push_back(
      {changes, result.wrong, result.wrong_images, result.confidence, result.logits_sha256});
}

}  // namespace brownout::runs
