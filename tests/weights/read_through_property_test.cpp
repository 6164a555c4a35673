// SPDX-License-Identifier: Apache-2.0
// Reads through random faulty cells against a naive memory that is read bit by bit, for every
// scheme, width, bit offset and kind of fault.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/base/bits.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/weights/read_through.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout::weights {
namespace {

using memory::CellFault;
using memory::FaultList;

/// Faulty cells of a random chip, with flips, stuck cells, probabilistic ones and healthy ones.
FaultList mixed_faults(std::uint64_t seed, std::uint32_t words, double rate) {
  FaultList faults = chips::RandomChip(seed).faults(memory::MemoryId::kWeights, words, {0.8, rate});
  const Philox philox(seed, Purpose::kTest);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const float values[] = {0.0f, 1.0f, 0.4f, 0.01f};
    const Philox::Block numbers = philox(i, 1);
    faults[i].p01 = values[numbers[0] % 4];
    faults[i].p10 = values[numbers[1] % 4];
  }
  return faults;
}

struct NaiveReading {
  network::Codes codes;
  ReadStats stats;
};

/// Every run is stored alone, its cells are read one by one, and the bits are put together.
NaiveReading read_naively(const network::Network& network, const mapping::Placement& placement,
                          const FaultList& faults, std::uint64_t seed) {
  const Philox philox(seed, Purpose::kRandomChipRead);
  std::map<std::uint64_t, CellFault> faulty;
  for (const CellFault& fault : faults) faulty[std::uint64_t{fault.word} * 64 + fault.bit] = fault;
  std::map<std::uint64_t, bool> hit;

  NaiveReading reading;
  std::vector<std::vector<std::uint32_t>> wrong(network.parameters.size());
  for (std::size_t p = 0; p < network.parameters.size(); ++p)
    wrong[p].resize(network.parameters[p].n.size());
  for (const mapping::Run& run : placement.runs) {
    const std::size_t p = run.parameter.number();
    const network::Parameter& parameter = network.parameters[p];
    std::uint64_t cell = run.start;
    for (auto i = static_cast<std::size_t>(run.first); i < static_cast<std::size_t>(run.last);
         ++i) {
      const std::uint32_t code = network::code_of(*parameter.coding, parameter.n[i]);
      for (int bit = run.low_bit; bit < run.high_bit; ++bit, ++cell) {
        const auto found = faulty.find(cell);
        if (found == faulty.end()) continue;
        hit[cell] = true;
        const double probability = (code >> bit & 1) != 0 ? found->second.p10 : found->second.p01;
        if (unit_open(philox(cell / 64 * 256 + cell % 64)[0]) < probability)
          wrong[p][i] |= 1u << bit;
      }
    }
  }
  reading.stats.cells_hit = static_cast<std::int64_t>(hit.size());
  for (std::size_t p = 0; p < network.parameters.size(); ++p) {
    const network::Parameter& parameter = network.parameters[p];
    std::vector<std::int8_t> n;
    for (std::size_t i = 0; i < parameter.n.size(); ++i) {
      const network::Coding& coding = *parameter.coding;
      const std::uint32_t code = network::code_of(coding, parameter.n[i]) ^ wrong[p][i];
      n.push_back(static_cast<std::int8_t>(network::n_of(coding.scheme, coding.bits, code)));
      if (wrong[p][i] != 0) ++reading.stats.codes_changed;
      for (std::uint32_t bits = wrong[p][i]; bits != 0; bits >>= 1)
        reading.stats.bits_wrong += bits & 1;
    }
    reading.codes.push_back(n);
  }
  return reading;
}

void expect_same(const network::Network& network, const mapping::Placement& placement,
                 const FaultList& faults, std::uint64_t seed) {
  const NaiveReading expected = read_naively(network, placement, faults, seed);
  network::Codes codes = network::clean_codes(network);
  std::vector<Touched> touched;
  const ReadStats stats = read_through(network, placement, faults, {{}, seed}, codes, touched);
  EXPECT_EQ(codes, expected.codes);
  EXPECT_EQ(stats.cells_hit, expected.stats.cells_hit);
  EXPECT_EQ(stats.bits_wrong, expected.stats.bits_wrong);
  EXPECT_EQ(stats.codes_changed, expected.stats.codes_changed);
  EXPECT_EQ(static_cast<std::int64_t>(touched.size()), stats.codes_changed);
  restore(network, touched, codes);
  EXPECT_EQ(codes, network::clean_codes(network));
}

TEST(ReadThroughProperty, ResidentCodesReadAsTheirCellsDo) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (const std::uint64_t offset : {0u, 1u, 61u, 64u, 1001u}) {
      for (const double rate : {0.003, 0.05, 0.6, 1.0}) {
        const std::uint64_t seed = static_cast<std::uint64_t>(bits) * 100 + offset;
        SCOPED_TRACE(fmt::format("bits {} offset {} rate {}", bits, offset, rate));
        const network::Network network = mapping::network_of_all_schemes(bits, seed);
        const mapping::Placement placement = mapping::resident(network, offset);
        // Three more words: faults after the codes.
        expect_same(network, placement, mixed_faults(seed, placement.words + 3, rate), seed);
      }
    }
  }
}

TEST(ReadThroughProperty, NetworksOfSeveralWidthsReadAsTheirCellsDo) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    network::Network network;
    for (std::uint64_t i = 0; i < 12; ++i)
      network.parameters.push_back(mapping::coded_parameter(
          network::Scheme::kUniform, 1 + static_cast<int>((seed + 5 * i) % 8),
          1 + static_cast<std::int64_t>(i * i), 50 * seed + i));
    const mapping::Placement placement = mapping::resident(network, seed * 13);
    expect_same(network, placement, mixed_faults(seed, placement.words, 0.2), seed);
  }
}

TEST(ReadThroughProperty, SplitAndSharedCellsReadAsTheyShould) {
  // Codes of 8 bits in pieces: the low three bits of all codes, then the upper five bits of each
  // half in cells that both halves share.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    network::Network network;
    network.parameters.push_back(mapping::coded_parameter(network::Scheme::kRquant, 8, 301, seed));
    network.parameters.push_back(
        mapping::coded_parameter(network::Scheme::kSymmetric, 8, 300, seed + 1));
    mapping::Placement placement;
    placement.runs = {{network::ParameterIndex(1), 0, 150, 3, 8, 0, 40},
                      {network::ParameterIndex(1), 150, 300, 3, 8, 1, 40},
                      {network::ParameterIndex(0), 0, 301, 0, 3, 0, 900},
                      {network::ParameterIndex(1), 0, 300, 0, 3, 0, 2000},
                      {network::ParameterIndex(0), 0, 151, 3, 8, 2, 43},
                      {network::ParameterIndex(0), 151, 301, 3, 8, 3, 3000}};
    placement.words = 70;
    expect_same(network, placement, mixed_faults(seed, 70, 0.1), seed);
  }
}

TEST(ReadThroughProperty, WrongBitsAtAHigherVoltageAreASubsetOfThoseAtALowerOne) {
  // Schemes with one code for every n, so that the codes show each wrong bit.
  network::Network network;
  network.parameters.push_back(mapping::coded_parameter(network::Scheme::kUniform, 8, 400, 1));
  network.parameters.push_back(mapping::coded_parameter(network::Scheme::kSymmetric, 5, 333, 2));
  const mapping::Placement placement = mapping::resident(network, 5);
  const auto stored_as_read = [&](double rate) {
    network::Network faulty = network;
    network::Codes codes = network::clean_codes(network);
    std::vector<Touched> touched;
    read_through(
        network, placement,
        chips::RandomChip(6).faults(memory::MemoryId::kWeights, placement.words, {0.8, rate}), {},
        codes, touched);
    for (std::size_t p = 0; p < codes.size(); ++p) faulty.parameters[p].n = codes[p];
    std::vector<std::uint64_t> wrong = mapping::store(faulty, placement);
    const std::vector<std::uint64_t> clean = mapping::store(network, placement);
    for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] ^= clean[i];
    return wrong;
  };
  std::vector<std::uint64_t> lower = stored_as_read(0.0);
  EXPECT_TRUE(std::all_of(lower.begin(), lower.end(), [](std::uint64_t w) { return w == 0; }));
  for (const double rate : {0.001, 0.004, 0.01, 0.03, 0.1}) {
    const std::vector<std::uint64_t> higher = stored_as_read(rate);
    for (std::size_t i = 0; i < higher.size(); ++i)
      EXPECT_EQ(lower[i] & ~higher[i], 0u) << "word " << i << " at " << rate;
    lower = higher;
  }
}

}  // namespace
}  // namespace brownout::weights
