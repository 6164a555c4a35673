// SPDX-License-Identifier: Apache-2.0
// Reading through check codes: SECDED corrects single errors of a word, other errors reach the
// codes as the decoder leaves them, suspect codes become what on-error says, and shares of words
// follow the closed form. WordMemory, word by word, is the oracle.
#include "sim/weights/protected_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/base/bits.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/mapping/code_table.hpp"
#include "sim/memory/word_memory.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout::weights {
namespace {

using memory::CheckCode;
using memory::FaultList;
using memory::OnError;
using memory::WordFaultLists;

ProtectedReader reader_of(const network::Network& network, CheckCode check,
                          OnError on_error = OnError::kPass, std::uint64_t bit_offset = 0) {
  const mapping::Placement placement = mapping::resident(network, bit_offset);
  return ProtectedReader(network::share(network), placement,
                         {{0, mapping::store(network, placement)}}, check, on_error);
}

TEST(ProtectedReader, WithoutMitigationReadsWhatFaultyReaderReads) {
  const network::Network network = mapping::network_of_all_schemes(8, 4);
  FaultyReader plain(network::share(network), mapping::resident(network, 17));
  ProtectedReader reader = reader_of(network, CheckCode::kNone, OnError::kPass, 17);
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const FaultList faults = chips::RandomChip(seed, 0.5).faults(
        memory::MemoryId::kWeights, reader.placement().words, {0.8, 0.05});
    ReadStats expected, stats;
    mitigation::ProtectionStats protection;
    EXPECT_EQ(reader.read({faults, {}}, {{}, seed}, &stats, &protection),
              plain.read(faults, {{}, seed}, &expected));
    EXPECT_EQ(stats.cells_hit, expected.cells_hit);
    EXPECT_EQ(stats.bits_wrong, expected.bits_wrong);
    EXPECT_EQ(stats.codes_changed, expected.codes_changed);
    EXPECT_EQ(protection.corrected, 0);
    EXPECT_EQ(protection.detected, 0);
  }
}

TEST(ProtectedReader, SecdedCorrectsOneWrongBitAWord) {
  const network::Network network = mapping::network_of_all_schemes(8, 4);
  ProtectedReader reader = reader_of(network, CheckCode::kSecded);
  FaultList faults;
  for (std::uint32_t word = 0; word < reader.placement().words; ++word) {
    faults.push_back({word, word * 7 % 64, 1.0f, 1.0f});
  }
  ReadStats stats;
  mitigation::ProtectionStats protection;
  EXPECT_EQ(reader.read({faults, {}}, {}, &stats, &protection), network::clean_codes(network));
  EXPECT_GT(stats.cells_hit, 0);
  EXPECT_EQ(stats.bits_wrong, 0);
  EXPECT_EQ(protection.corrected, protection.words);
  EXPECT_EQ(protection.detected, 0);
  EXPECT_EQ(protection.undetected, 0);
}

TEST(ProtectedReader, AWrongCheckBitBesideAWrongDataBitIsDetectedAndPassedOn) {
  const network::Network network = mapping::network_of_all_schemes(8, 4);
  ProtectedReader reader = reader_of(network, CheckCode::kSecded);
  ReadStats stats;
  mitigation::ProtectionStats protection;
  reader.read({{{0, 3, 1.0f, 1.0f}}, {{0, 66, 1.0f, 1.0f}}}, {}, &stats, &protection);
  EXPECT_EQ(stats.bits_wrong, 1);
  EXPECT_EQ(protection.check_cells_hit, 1);
  EXPECT_EQ(protection.detected, 1);
  EXPECT_EQ(protection.corrected, 0);
  // Alone, the check bit is corrected.
  reader.read({{}, {{0, 66, 1.0f, 1.0f}}}, {}, &stats, &protection);
  EXPECT_EQ(stats.bits_wrong, 0);
  EXPECT_EQ(protection.corrected, 1);
}

TEST(ProtectedReader, ReadsWhatWordMemoryAndTheDecoderOfCodesGive) {
  for (int bits = 1; bits <= 8; ++bits) {
    const network::Network network = mapping::network_of_all_schemes(bits, 9);
    for (std::uint64_t seed = 0; seed < 24; ++seed) {
      SCOPED_TRACE("bits " + std::to_string(bits) + ", seed " + std::to_string(seed));
      const auto check = static_cast<CheckCode>(1 + seed % 3);
      const auto on_error = static_cast<OnError>(seed / 3 % 3);
      const std::uint64_t offset = seed * 5 % 64;
      ProtectedReader reader = reader_of(network, check, on_error, offset);
      const mapping::Placement& placement = reader.placement();
      const chips::RandomChip chip(seed, 0.6);
      WordFaultLists faults;
      const double rates[] = {0.002, 0.02, 0.3};
      const chips::OperatingPoint at{0.8, rates[seed / 9 % 3]};
      faults.data = chip.faults(memory::MemoryId::kWeights, placement.words, at);
      faults.checks = chip.check_faults(memory::MemoryId::kWeights, placement.words, at);
      const memory::Draws draws{chip.die(), seed, /*fresh=*/seed % 2 == 0, /*batch=*/seed};

      memory::WordMemory memory(placement.words, check);
      const std::vector<std::uint64_t> stored = mapping::store(network, placement);
      memory.write(0, placement.words, stored.data());
      memory.set_faults(faults, memory::MemoryId::kWeights, draws);
      std::vector<std::uint64_t> words(stored.size() + 1), suspects(stored.size() + 1);
      memory.read(0, placement.words, words.data(), suspects.data());
      network::Codes expected = network::clean_codes(network);
      for (const auto& run : placement.runs) {
        const network::ParameterIndex p = run.parameter;
        const network::Coding& coding = *network.parameters[p].coding;
        const memory::CodeRepair repair = mapping::code_repair(network.parameters[p], on_error);
        for (std::size_t i = 0; i < expected[p].size(); ++i) {
          const std::uint64_t cell = run.start + i * static_cast<std::uint64_t>(bits);
          const auto v = static_cast<std::uint8_t>(read_bits(words.data(), cell, bits));
          const auto s = static_cast<std::uint8_t>(read_bits(suspects.data(), cell, bits));
          expected[p][i] =
              static_cast<std::int8_t>(network::n_of(coding.scheme, bits, repair(v, s)));
        }
      }
      ASSERT_EQ(reader.read(faults, draws), expected);
      ASSERT_EQ(reader.clean(), network::clean_codes(network));
    }
  }
}

TEST(ProtectedReader, ASuspectWordBecomesZeroCodes) {
  network::Network network;
  network.parameters.push_back(mapping::coded_parameter(network::Scheme::kRquant, 8, 16, 3));
  network.parameters[0].coding->alpha = 0.01f;
  network.parameters[0].coding->beta = -0.052f;  // w = 0 lies at n = 5.2
  ProtectedReader reader = reader_of(network, CheckCode::kParity, OnError::kZero);
  ReadStats stats;
  mitigation::ProtectionStats protection;
  const network::Codes& codes = reader.read({{{0, 9, 1.0f, 1.0f}}, {}}, {}, &stats, &protection);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(codes[0][i], 5);
  for (std::size_t i = 8; i < 16; ++i) EXPECT_EQ(codes[0][i], network.parameters[0].n[i]);
  EXPECT_EQ(protection.detected, 1);
  // Parity does not notice two wrong bits.
  const network::Codes& two =
      reader.read({{{0, 9, 1.0f, 1.0f}, {0, 30, 1.0f, 1.0f}}, {}}, {}, &stats, &protection);
  EXPECT_NE(two, network::clean_codes(network));
  EXPECT_EQ(stats.bits_wrong, 2);
  EXPECT_EQ(protection.detected, 0);
  EXPECT_EQ(protection.undetected, 1);
}

/// One big tensor of 8-bit codes, to have many words.
network::Network big_network() {
  network::Network network = mapping::network_of_all_schemes(8, 4);
  network::Parameter& parameter = network.parameters[0];
  parameter.n.resize(1 << 20);
  for (std::size_t i = 0; i < parameter.n.size(); ++i) {
    parameter.n[i] = static_cast<std::int8_t>(static_cast<int>(i * 2654435761U >> 24) % 100);
  }
  return network;
}

TEST(ProtectedReader, SharesOfUncorrectableWordsFollowTheClosedForm) {
  const network::Network network = big_network();
  ProtectedReader reader = reader_of(network, CheckCode::kSecded);
  // Bit error rates of 0.833, 0.875 and 0.917 Vmin (docs/technology.md).
  for (const double p : {0.01115, 0.00129, 0.0000686646}) {
    const chips::RandomChip chip(11);
    const std::uint32_t words = reader.placement().words;
    ReadStats stats;
    mitigation::ProtectionStats protection;
    reader.read({chip.faults(memory::MemoryId::kWeights, words, {0.8, p}),
                 chip.check_faults(memory::MemoryId::kWeights, words, {0.8, p})},
                {}, &stats, &protection);
    const auto n = static_cast<double>(protection.words);
    const double expected = 1.0 - std::pow(1.0 - p, 72) - 72 * p * std::pow(1.0 - p, 71);
    const double found = static_cast<double>(protection.detected + protection.undetected) / n;
    EXPECT_NEAR(found, expected, 4 * std::sqrt(expected * (1.0 - expected) / n) + 1e-12) << p;
    EXPECT_NEAR(static_cast<double>(protection.check_cells_hit), n * 8 * p,
                4 * std::sqrt(n * 8 * p) + 1)
        << p;
  }
}

}  // namespace
}  // namespace brownout::weights
