// SPDX-License-Identifier: Apache-2.0
// Where the resident placement puts codes, and what the memory then holds.
#include "sim/mapping/placement.hpp"

#include <gtest/gtest.h>

#include "sim/base/bits.hpp"
#include "sim/base/error.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout::mapping {
namespace {

using network::Scheme;

network::Network three_parameters() {
  network::Network network;
  network.parameters.push_back(coded_parameter(Scheme::kRquant, 8, 10, 1));
  network.parameters.push_back(uncoded_parameter(7));
  network.parameters.push_back(coded_parameter(Scheme::kSymmetric, 3, 21, 2));
  return network;
}

TEST(Resident, PutsCodesOneBehindTheOtherAndSkipsUncodedParameters) {
  const Placement placement = resident(three_parameters());
  ASSERT_EQ(placement.runs.size(), 2u);
  EXPECT_EQ(placement.runs[0].parameter, network::ParameterIndex(0));
  EXPECT_EQ(placement.runs[0].first, 0);
  EXPECT_EQ(placement.runs[0].last, 10);
  EXPECT_EQ(placement.runs[0].low_bit, 0);
  EXPECT_EQ(placement.runs[0].high_bit, 8);
  EXPECT_EQ(placement.runs[0].start, 0u);
  EXPECT_EQ(placement.runs[1].parameter, network::ParameterIndex(2));
  EXPECT_EQ(placement.runs[1].high_bit, 3);
  EXPECT_EQ(placement.runs[1].start, 80u);
  EXPECT_EQ(placement.words, 3u);  // 80 + 63 bits
}

TEST(Resident, StartsAtTheBitOffset) {
  const Placement placement = resident(three_parameters(), 1000);
  EXPECT_EQ(placement.runs[0].start, 1000u);
  EXPECT_EQ(placement.runs[1].start, 1080u);
  EXPECT_EQ(placement.words, 18u);  // 1143 bits
}

TEST(Resident, TakesNoCellsForANetworkWithoutCodes) {
  network::Network network;
  network.parameters.push_back(uncoded_parameter(3));
  EXPECT_TRUE(resident(network).runs.empty());
  EXPECT_EQ(resident(network).words, 0u);
  EXPECT_TRUE(store(network, resident(network)).empty());
}

TEST(Resident, RefusesAnOffsetBeyondTheAddressableWords) {
  EXPECT_THROW(resident(three_parameters(), std::uint64_t{1} << 38), InputError);
}

TEST(Store, PacksCodesLittleEndian) {
  network::Network network;
  network.parameters.push_back(coded_parameter(Scheme::kUniform, 4, 3, 1));
  network.parameters[0].n = {-8, -7, 7};  // v = 0, 1, 15
  EXPECT_EQ(store(network, resident(network)), std::vector<std::uint64_t>{0xf10});
  const std::vector<std::uint64_t> shifted = store(network, resident(network, 58));
  EXPECT_EQ(shifted, (std::vector<std::uint64_t>{std::uint64_t{1} << 62, 0x3c}));
}

TEST(Store, HoldsEveryCodeAtItsPlaceForEveryWidth) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (const std::uint64_t offset : {0u, 1u, 63u, 64u, 197u}) {
      const network::Network network = network_of_all_schemes(bits, 3);
      const Placement placement = resident(network, offset);
      const std::vector<std::uint64_t> words = store(network, placement);
      ASSERT_EQ(words.size(), placement.words);
      std::uint64_t cell = offset;
      for (const network::Parameter& parameter : network.parameters) {
        for (const std::int8_t n : parameter.n) {
          ASSERT_EQ(read_bits(words.data(), cell, bits), network::code_of(*parameter.coding, n));
          cell += static_cast<std::uint64_t>(bits);
        }
      }
      ASSERT_EQ(words_for_bits(cell), placement.words);
    }
  }
}

TEST(Store, PutsPartsOfCodesWhereTheRunsSay) {
  network::Network network;
  network.parameters.push_back(coded_parameter(Scheme::kUniform, 8, 2, 1));
  network.parameters[0].n = {0x12 - 128, 0x34 - 128};
  Placement placement;  // low halves in word 0, high halves in word 1
  placement.runs = {{network::ParameterIndex(0), 0, 2, 0, 4, 0, 0},
                    {network::ParameterIndex(0), 0, 2, 4, 8, 0, 64}};
  placement.words = 2;
  EXPECT_EQ(store(network, placement), (std::vector<std::uint64_t>{0x42, 0x31}));
}

}  // namespace
}  // namespace brownout::mapping
