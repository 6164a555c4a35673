// SPDX-License-Identifier: Apache-2.0
// Test helper: what an engine gives for images.
#pragma once

#include <string>
#include <vector>

#include "sim/engines/engine.hpp"

namespace brownout::importing {

/// The logits of whole images, one after the other.
inline std::vector<float> run(const std::string& kind, const network::SharedNetwork& network,
                              const std::vector<std::uint8_t>& images) {
  const std::unique_ptr<engines::Engine> engine = engines::make_engine(kind, network, 1);
  engine->set_codes(network::clean_codes(*network));
  const auto count =
      static_cast<int>(static_cast<std::int64_t>(images.size()) / network->input.size());
  std::vector<float> logits(static_cast<std::size_t>(count * network->classes));
  engine->run(images.data(), 0, count, logits.data(), 0);
  return logits;
}

}  // namespace brownout::importing
