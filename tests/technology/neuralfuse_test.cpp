// SPDX-License-Identifier: Apache-2.0
// NeuralFuse (Sun et al., its table of energies): a generator at nominal voltage before a network
// at 0.83 Vmin saves 1 - D(V) - reads(generator) / reads(network) of the accesses' energy. The
// reads of weights are the published ones (SCALE-Sim, output stationary, 32 x 32), D(V) is that of
// the 14 nm technology.
#include <gtest/gtest.h>

#include <cmath>

#include "edited_profile.hpp"

namespace brownout::technology {
namespace {

TEST(NeuralFuse, SavesWhatIsPublishedInAllEntriesButOne) {
  // ConvL, ConvS, DeConvL, DeConvS, UNetL, UNetS.
  const double generators[6] = {320256, 41508, 259264, 86208, 180894, 45711};
  struct Network {
    const char* name;
    double reads;
    double saved[6];  // percent, as published
  };
  const Network networks[5] = {{"ResNet18", 2755968, {19.0, 29.1, 21.2, 27.5, 24.0, 28.9}},
                               {"ResNet50", 6182144, {25.4, 29.9, 26.4, 29.2, 27.7, 29.9}},
                               {"VGG11", 1334656, {6.6, 27.5, 11.2, 24.1, 17.1, 27.2}},
                               {"VGG16", 2366848, {17.1, 28.9, 19.7, 27.0, 23.0, 28.7}},
                               {"VGG19", 3104128, {20.3, 29.7, 22.3, 27.8, 24.8, 29.1}}};
  const double network_rel = Technology::load(kProfile).access_energy_relative(20 / 24.0);
  int met = 0;
  for (const Network& network : networks) {
    for (int g = 0; g < 6; ++g) {
      const double saved = 100 * (1 - network_rel - generators[g] / network.reads);
      // VGG19 after ConvS is computed as 29.2 and printed as 29.7.
      const bool exception = network.reads == 3104128 && g == 1;
      if (exception) {
        EXPECT_NEAR(saved, 29.2, 0.05);
      } else {
        EXPECT_NEAR(saved, network.saved[g], 0.1) << network.name << ", generator " << g;
      }
      met += std::abs(saved - network.saved[g]) <= 0.1 ? 1 : 0;
    }
  }
  EXPECT_EQ(met, 29);
}

}  // namespace
}  // namespace brownout::technology
