// SPDX-License-Identifier: Apache-2.0
// Reading through SECDED: single errors of a word vanish, others reach the codes as the decoder
// leaves them; shares of words follow the closed form.
#include "sim/mapping/protected_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/mapping/faulty_reader.hpp"
#include "sim/memory/random_chip.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout::mapping {
namespace {

using memory::FaultList;
using memory::Mitigation;

TEST(ProtectedReader, WithoutMitigationReadsWhatFaultyReaderReads) {
  const network::Network network = network_of_all_schemes(8, 4);
  FaultyReader plain(network, resident(network, 17));
  ProtectedReader reader(network, resident(network, 17), Mitigation::kNone);
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const FaultList faults = memory::RandomChip(seed, 0.5).faults(
        memory::MemoryId::kWeights, reader.placement().words, {0.8, 0.05});
    ReadStats expected, stats;
    ProtectionStats protection;
    EXPECT_EQ(reader.read(faults, {}, seed, &stats, &protection),
              plain.read(faults, seed, &expected));
    EXPECT_EQ(stats.cells_hit, expected.cells_hit);
    EXPECT_EQ(stats.bits_wrong, expected.bits_wrong);
    EXPECT_EQ(stats.codes_changed, expected.codes_changed);
    EXPECT_EQ(protection.corrected, 0);
    EXPECT_EQ(protection.detected, 0);
  }
}

TEST(ProtectedReader, SecdedCorrectsOneWrongBitAWord) {
  const network::Network network = network_of_all_schemes(8, 4);
  ProtectedReader reader(network, resident(network), Mitigation::kSecded);
  FaultList faults;
  for (std::uint32_t word = 0; word < reader.placement().words; ++word) {
    faults.push_back({word, word * 7 % 64, 1.0f, 1.0f});
  }
  ReadStats stats;
  ProtectionStats protection;
  EXPECT_EQ(reader.read(faults, {}, 0, &stats, &protection), network::clean_codes(network));
  EXPECT_GT(stats.cells_hit, 0);
  EXPECT_EQ(stats.bits_wrong, 0);
  EXPECT_EQ(protection.corrected, protection.words);
  EXPECT_EQ(protection.detected, 0);
  EXPECT_EQ(protection.miscorrected, 0);
}

TEST(ProtectedReader, AWrongCheckBitBesideAWrongDataBitIsDetectedAndPassedOn) {
  const network::Network network = network_of_all_schemes(8, 4);
  ProtectedReader reader(network, resident(network), Mitigation::kSecded);
  ReadStats stats;
  ProtectionStats protection;
  reader.read({{0, 3, 1.0f, 1.0f}}, {{0, 66, 1.0f, 1.0f}}, 0, &stats, &protection);
  EXPECT_EQ(stats.bits_wrong, 1);
  EXPECT_EQ(protection.check_cells_hit, 1);
  EXPECT_EQ(protection.detected, 1);
  EXPECT_EQ(protection.corrected, 0);
  // Alone, the check bit is corrected.
  reader.read({}, {{0, 66, 1.0f, 1.0f}}, 0, &stats, &protection);
  EXPECT_EQ(stats.bits_wrong, 0);
  EXPECT_EQ(protection.corrected, 1);
}

/// One big tensor of 8-bit codes, to have many words.
network::Network big_network() {
  network::Network network = network_of_all_schemes(8, 4);
  network::Parameter& parameter = network.parameters[0];
  parameter.n.resize(1 << 20);
  for (std::size_t i = 0; i < parameter.n.size(); ++i) {
    parameter.n[i] = static_cast<std::int8_t>(static_cast<int>(i * 2654435761U >> 24) % 100);
  }
  return network;
}

TEST(ProtectedReader, SharesOfUncorrectableWordsFollowTheClosedForm) {
  const network::Network network = big_network();
  ProtectedReader reader(network, resident(network), Mitigation::kSecded);
  // Bit error rates of 0.833, 0.875 and 0.917 Vmin (docs/technology.md).
  for (const double p : {0.01115, 0.00129, 0.0000686646}) {
    const memory::RandomChip chip(11);
    const std::uint32_t words = reader.placement().words;
    ReadStats stats;
    ProtectionStats protection;
    reader.read(chip.faults(memory::MemoryId::kWeights, words, {0.8, p}),
                chip.check_faults(memory::MemoryId::kWeights, words, {0.8, p}), 0, &stats,
                &protection);
    const auto n = static_cast<double>(protection.words);
    const double expected = 1.0 - std::pow(1.0 - p, 72) - 72 * p * std::pow(1.0 - p, 71);
    const double found = static_cast<double>(protection.detected + protection.miscorrected) / n;
    EXPECT_NEAR(found, expected, 4 * std::sqrt(expected * (1.0 - expected) / n) + 1e-12) << p;
    EXPECT_NEAR(static_cast<double>(protection.check_cells_hit), n * 8 * p,
                4 * std::sqrt(n * 8 * p) + 1)
        << p;
  }
}

}  // namespace
}  // namespace brownout::mapping
