// SPDX-License-Identifier: Apache-2.0
// What single faulty cells do to codes, and which numbers probabilistic cells draw.
#include "sim/weights/read_through.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/mapping/coded_network.hpp"

namespace brownout::weights {
namespace {

using memory::CellFault;
using memory::FaultList;
using network::Scheme;

/// One tensor of 8-bit codes with the given clean n.
network::Network one_tensor(Scheme scheme, std::vector<std::int8_t> n) {
  network::Network network;
  network.parameters.push_back(
      mapping::coded_parameter(scheme, 8, static_cast<std::int64_t>(n.size()), 1));
  network.parameters[0].n = std::move(n);
  return network;
}

struct Reading {
  network::Codes codes;
  ReadStats stats;
  std::vector<Touched> touched;
};

Reading read(const network::Network& network, const mapping::Placement& placement,
             const FaultList& faults, const memory::Draws& draws = {}) {
  Reading reading;
  reading.codes = network::clean_codes(network);
  reading.stats = read_through(network, placement, faults, draws, reading.codes, reading.touched);
  return reading;
}

void expect_stats(const ReadStats& stats, std::int64_t cells, std::int64_t bits,
                  std::int64_t codes) {
  EXPECT_EQ(stats.cells_hit, cells);
  EXPECT_EQ(stats.bits_wrong, bits);
  EXPECT_EQ(stats.codes_changed, codes);
}

TEST(ReadThrough, WithoutFaultsGivesTheCleanCodes) {
  const network::Network network = one_tensor(Scheme::kRquant, {1, 2, 3});
  const Reading reading = read(network, mapping::resident(network), {});
  EXPECT_EQ(reading.codes, network::clean_codes(network));
  EXPECT_TRUE(reading.touched.empty());
  expect_stats(reading.stats, 0, 0, 0);
}

TEST(ReadThrough, AFlipHitsTheCodeAndBitOfItsCell) {
  const network::Network network = one_tensor(Scheme::kSymmetric, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  // Cell 64 + 9 is bit 1 of code 9; cell 31 is the sign of code 3.
  const Reading reading = read(network, mapping::resident(network), {{0, 31, 1, 1}, {1, 9, 1, 1}});
  EXPECT_EQ(reading.codes[0], (std::vector<std::int8_t>{0, 0, 0, -128, 0, 0, 0, 0, 0, 2}));
  ASSERT_EQ(reading.touched.size(), 2u);
  EXPECT_EQ(reading.touched[0].index, 3);
  EXPECT_EQ(reading.touched[1].index, 9);
  expect_stats(reading.stats, 2, 2, 2);
}

TEST(ReadThrough, SeveralWrongBitsOfACodeChangeItOnce) {
  const network::Network network = one_tensor(Scheme::kUniform, {0, 0});  // v = 0x80
  const Reading reading =
      read(network, mapping::resident(network), {{0, 8, 1, 1}, {0, 10, 1, 1}, {0, 15, 1, 1}});
  EXPECT_EQ(reading.codes[0], (std::vector<std::int8_t>{0, 0x05 - 128}));
  ASSERT_EQ(reading.touched.size(), 1u);
  expect_stats(reading.stats, 3, 3, 1);
}

TEST(ReadThrough, StuckCellsReadWrongOnlyWhatTheyCannotHold) {
  const network::Network network = one_tensor(Scheme::kSymmetric, {0, -1, 0, -1});  // 00 ff 00 ff
  const FaultList faults = {{0, 0, 1, 0},    // stuck at 1 where 0 is stored: wrong
                            {0, 8, 1, 0},    // stuck at 1 where 1 is stored: right
                            {0, 16, 0, 1},   // stuck at 0 where 0 is stored: right
                            {0, 24, 0, 1}};  // stuck at 0 where 1 is stored: wrong
  const Reading reading = read(network, mapping::resident(network), faults);
  EXPECT_EQ(reading.codes[0], (std::vector<std::int8_t>{1, -1, 0, -2}));
  EXPECT_EQ(reading.touched.size(), 2u);
  expect_stats(reading.stats, 4, 2, 2);
}

TEST(ReadThrough, CountsACodeAsChangedEvenIfItDecodesToTheSame) {
  const network::Network network = one_tensor(Scheme::kRquant, {-127});  // v = 1 reads as 0
  const Reading reading = read(network, mapping::resident(network), {{0, 0, 1, 1}});
  EXPECT_EQ(reading.codes[0], (std::vector<std::int8_t>{-127}));
  expect_stats(reading.stats, 1, 1, 1);
}

TEST(ReadThrough, PaddingCellsAreNotHit) {
  const network::Network network = one_tensor(Scheme::kUniform, {0, 0, 0});
  // Codes take cells 5 to 28; there are faults before them, after them, and in words that hold no
  // code.
  const Reading reading = read(network, mapping::resident(network, 5),
                               {{0, 4, 1, 1}, {0, 29, 1, 1}, {0, 63, 1, 1}, {7, 0, 1, 1}});
  EXPECT_EQ(reading.codes, network::clean_codes(network));
  expect_stats(reading.stats, 0, 0, 0);
  const Reading edges = read(network, mapping::resident(network, 5), {{0, 5, 1, 1}, {0, 28, 1, 1}});
  EXPECT_EQ(edges.codes[0], (std::vector<std::int8_t>{1, 0, -128}));
  expect_stats(edges.stats, 2, 2, 2);
}

TEST(ReadThrough, RestoreUndoesIt) {
  const network::Network network = mapping::network_of_all_schemes(5, 8);
  FaultList faults;
  for (std::uint32_t word = 0; word < mapping::resident(network).words; ++word)
    faults.push_back({word, word * 7 % 64, 1, 1});
  Reading reading = read(network, mapping::resident(network), faults);
  EXPECT_NE(reading.codes, network::clean_codes(network));
  restore(network, reading.touched, reading.codes);
  EXPECT_EQ(reading.codes, network::clean_codes(network));
}

TEST(ReadThrough, ASharedCellReadsWrongForAllItsCodes) {
  const network::Network network = one_tensor(Scheme::kSymmetric, {0, -1, 0, -1});
  mapping::Placement
      placement;  // codes 0 and 1 in load event 0, codes 2 and 3 in event 1, same cells
  placement.runs = {{network::ParameterIndex(0), 0, 2, 0, 8, 0, 0},
                    {network::ParameterIndex(0), 2, 4, 0, 8, 1, 0}};
  placement.words = 1;
  const Reading flip = read(network, placement, {{0, 1, 1, 1}});
  EXPECT_EQ(flip.codes[0], (std::vector<std::int8_t>{2, -1, 2, -1}));
  expect_stats(flip.stats, 1, 2, 2);
  // With exchanged codes, the stuck cell holds the bit that one of them stores.
  placement.runs = {{network::ParameterIndex(0), 0, 1, 0, 8, 0, 0},
                    {network::ParameterIndex(0), 1, 2, 0, 8, 1, 0}};
  const Reading stuck = read(network, placement, {{0, 1, 1, 0}});
  EXPECT_EQ(stuck.codes[0], (std::vector<std::int8_t>{2, -1, 0, -1}));
  expect_stats(stuck.stats, 1, 1, 1);
}

TEST(ReadThrough, PartsOfACodeInDifferentCellsChangeItOnce) {
  const network::Network network = one_tensor(Scheme::kRquant, {-127, 5});  // v = 0x01, 0x85
  mapping::Placement placement;  // low halves in word 0, high halves in word 1
  placement.runs = {{network::ParameterIndex(0), 0, 2, 0, 4, 0, 0},
                    {network::ParameterIndex(0), 0, 2, 4, 8, 0, 64}};
  placement.words = 2;
  // v = 0x01 reads 0x00 and then, with the high half, 0x10: merged, not one after the other.
  const Reading reading = read(network, placement, {{0, 0, 1, 1}, {1, 0, 1, 1}, {1, 8, 1, 1}});
  EXPECT_EQ(reading.codes[0], (std::vector<std::int8_t>{0x10 - 128, 5}));
  EXPECT_EQ(reading.touched.size(), 1u);
  expect_stats(reading.stats, 2, 2, 1);
}

TEST(ReadThrough, RefusesACodeBitInTwoCells) {
  const network::Network network = one_tensor(Scheme::kRquant, {0});
  mapping::Placement placement;
  placement.runs = {{network::ParameterIndex(0), 0, 1, 0, 8, 0, 0},
                    {network::ParameterIndex(0), 0, 1, 0, 8, 1, 8}};
  placement.words = 1;
  EXPECT_THROW(read(network, placement, {{0, 0, 1, 1}, {0, 8, 1, 1}}), std::logic_error);
}

TEST(ReadThrough, RefusesRunsOutsideTheNetwork) {
  const network::Network network = one_tensor(Scheme::kRquant, {0, 0});
  const std::vector<mapping::Run> wrong_runs = {{network::ParameterIndex(1), 0, 1, 0, 8, 0, 0},
                                                {network::ParameterIndex(99), 0, 1, 0, 8, 0, 0},
                                                {network::ParameterIndex(0), 0, 3, 0, 8, 0, 0},
                                                {network::ParameterIndex(0), -1, 1, 0, 8, 0, 0},
                                                {network::ParameterIndex(0), 0, 1, 0, 9, 0, 0},
                                                {network::ParameterIndex(0), 0, 1, 4, 4, 0, 0}};
  for (const mapping::Run& run : wrong_runs) {
    mapping::Placement placement;
    placement.runs = {run};
    placement.words = 1;
    EXPECT_THROW(read(network, placement, {}), std::logic_error);
  }
}

TEST(ReadThrough, ProbabilisticCellsDrawTheDocumentedNumbers) {
  const network::Network network = one_tensor(Scheme::kSymmetric, std::vector<std::int8_t>(800, 0));
  constexpr std::uint64_t kSeed = 77;
  constexpr memory::Die kDie{Purpose::kPhysicalChipRead, 4711};
  const float probability = 0.3f;
  FaultList faults;
  for (std::uint32_t word = 0; word < 100; ++word) faults.push_back({word, 2, probability, 0});
  const Reading reading = read(network, mapping::resident(network), faults, {kDie, kSeed});
  const Philox philox(kSeed, Purpose::kPhysicalChipRead);
  std::int64_t wrong = 0;
  for (std::uint64_t word = 0; word < 100; ++word) {
    const bool expected = unit_open(philox(256 * word + 2, 4711)[0]) < double{probability};
    EXPECT_EQ(reading.codes[0][word * 8], expected ? 4 : 0) << word;
    wrong += expected;
  }
  expect_stats(reading.stats, 100, wrong, wrong);
  EXPECT_GT(wrong, 0);
}

TEST(ReadThrough, ReadsAreFrozenWithinAnEvaluationAndDifferBetweenEvaluations) {
  const network::Network network = one_tensor(Scheme::kSymmetric, std::vector<std::int8_t>(800, 0));
  FaultList faults;
  for (std::uint32_t word = 0; word < 100; ++word) faults.push_back({word, 2, 0.5f, 0.5f});
  const mapping::Placement placement = mapping::resident(network);
  EXPECT_EQ(read(network, placement, faults, {{}, 1}).codes,
            read(network, placement, faults, {{}, 1}).codes);
  EXPECT_NE(read(network, placement, faults, {{}, 1}).codes,
            read(network, placement, faults, {{}, 2}).codes);
}

TEST(ReadThrough, ProbabilisticCellsErrWithTheirProbability) {
  // 4000 codes of zeros and ones, a cell each, p01 and p10 of their own.
  std::vector<std::int8_t> n;
  FaultList faults;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    n.push_back(i % 2 == 0 ? 0 : -1);
    faults.push_back({i / 8, i % 8 * 8, 0.125f, 0.75f});
  }
  const network::Network network = one_tensor(Scheme::kSymmetric, n);
  double wrong0 = 0, wrong1 = 0;
  constexpr int kEvaluations = 25;
  for (std::uint64_t seed = 0; seed < kEvaluations; ++seed) {
    const Reading reading = read(network, mapping::resident(network), faults, {{}, seed});
    for (std::size_t i = 0; i < n.size(); ++i)
      (i % 2 == 0 ? wrong0 : wrong1) += reading.codes[0][i] != n[i];
  }
  const double reads = 2000.0 * kEvaluations;
  EXPECT_NEAR(wrong0 / reads, 0.125, 4.0 * std::sqrt(0.125 * 0.875 / reads));
  EXPECT_NEAR(wrong1 / reads, 0.75, 4.0 * std::sqrt(0.75 * 0.25 / reads));
}

}  // namespace
}  // namespace brownout::weights
