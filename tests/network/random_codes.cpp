// SPDX-License-Identifier: Apache-2.0
// Codes and images to run on random networks.
#include "tests/network/random_draws.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::network {

Codes random_codes(const Network& network, std::uint64_t seed) {
  Random random(seed, 1);
  Codes codes = clean_codes(network);
  for (std::size_t p = 0; p < codes.size(); ++p) {
    if (!network.parameters[p].coding) continue;
    const Coding& coding = *network.parameters[p].coding;
    for (std::int8_t& n : codes[p]) {
      const int v = random.integer(0, (1 << coding.bits) - 1);
      n = static_cast<std::int8_t>(n_of(coding.scheme, coding.bits, static_cast<std::uint32_t>(v)));
    }
  }
  return codes;
}

std::vector<std::uint8_t> random_pixels(const Network& network, int count, std::uint64_t seed) {
  Random random(seed, 2);
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < count; ++i) {
    const bool plain = i % 4 == 3;
    const int color = random.chance(0.5) ? 0 : 255;
    for (std::int64_t j = 0; j < network.input.size(); ++j) {
      pixels.push_back(static_cast<std::uint8_t>(plain ? color : random.integer(0, 255)));
    }
  }
  return pixels;
}

}  // namespace brownout::network
