// SPDX-License-Identifier: Apache-2.0
// Codes in a caller's buffer read as the weights of a network do, for every width, offset and kind
// of chip; wide ones read as their cells do.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <type_traits>

#include "sim/base/random.hpp"
#include "sim/chips/chip.hpp"
#include "sim/weights/weight_reader.hpp"
#include "tests/api/chips_of_all_kinds.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout {
namespace {

/// What the rooms below make of a network's weights.
struct Reading {
  network::Codes codes;
  weights::ReadStats stats;
};

Reading read_weights(const network::Network& network, const OperatedChip& on,
                     const CodePlacement& placement) {
  weights::WeightReader reader(network::share(network), placement.offset);
  const chips::Chip& chip = on.chip.internal();
  Reading reading;
  const memory::FaultList faults = chip.faults(memory::MemoryId::kWeights, reader.placement().words,
                                               {on.at.voltage, on.at.rate});
  const Draws& draws = placement.draws;
  reading.codes =
      reader.read({faults, {}}, {chip.die(), draws.seed, draws.fresh, draws.batch}, &reading.stats);
  return reading;
}

/// All codes v of a network, one after the other, as a buffer.
template <typename Code>
std::vector<Code> codes_of(const network::Network& network) {
  std::vector<Code> codes;
  for (const network::Parameter& parameter : network.parameters)
    for (const std::int8_t n : parameter.n)
      codes.push_back(static_cast<Code>(network::code_of(*parameter.coding, n)));
  return codes;
}

template <typename Code>
void expect_same_as_weights(const network::Network& network, int bits, const OperatedChip& on,
                            const CodePlacement& placement) {
  std::vector<Code> codes = codes_of<Code>(network);
  const ReadCounts counts = corrupt(codes.data(), static_cast<std::int64_t>(codes.size()), bits,
                                    on.chip, on.at, placement);
  const Reading expected = read_weights(network, on, placement);
  std::size_t next = 0;
  for (std::size_t p = 0; p < network.parameters.size(); ++p) {
    const network::Parameter& parameter = network.parameters[p];
    for (std::size_t i = 0; i < parameter.n.size(); ++i) {
      const network::Coding& coding = *parameter.coding;
      ASSERT_EQ(
          network::n_of(coding.scheme, coding.bits, static_cast<std::uint32_t>(codes[next++])),
          expected.codes[p][i])
          << "code " << i << " of " << parameter.name;
    }
  }
  EXPECT_EQ(counts.reads, static_cast<std::int64_t>(codes.size()));
  EXPECT_EQ(counts.cells_hit, expected.stats.cells_hit);
  EXPECT_EQ(counts.bits_wrong, expected.stats.bits_wrong);
  EXPECT_EQ(counts.codes_wrong, expected.stats.codes_changed);
}

/// Frozen draws, and fresh ones of some batch.
std::vector<Draws> kinds_of_draws(std::uint64_t seed) {
  return {{seed, false, 0}, {seed, true, 0}, {seed, true, seed % 17 + 1}};
}

TEST(Corrupt, CodesReadAsTheWeightsOfANetworkDo) {
  std::int64_t wrong = 0;
  for (int bits = 1; bits <= 8; ++bits) {
    for (std::uint64_t round = 0; round < 3; ++round) {
      const std::uint64_t seed = static_cast<std::uint64_t>(bits) * 10 + round;
      const std::uint64_t offset = Philox(seed, Purpose::kTest)(round)[0] % 5000;
      const network::Network network = mapping::network_of_all_schemes(bits, seed);
      for (const OperatedChip& on : chips_of_all_kinds(seed)) {
        for (const Draws& draws : kinds_of_draws(seed)) {
          SCOPED_TRACE(fmt::format("bits {} offset {} chip {} fresh {} batch {}", bits, offset,
                                   on.chip.name(), draws.fresh, draws.batch));
          const CodePlacement placement{offset, MemoryKind::kWeights, draws};
          expect_same_as_weights<std::uint8_t>(network, bits, on, placement);
          expect_same_as_weights<std::uint16_t>(network, bits, on, placement);
          expect_same_as_weights<std::uint32_t>(network, bits, on, placement);
          expect_same_as_weights<std::uint64_t>(network, bits, on, placement);
          wrong += read_weights(network, on, placement).stats.bits_wrong;
        }
      }
    }
  }
  EXPECT_GT(wrong, 1000);
}

/// A tensor in two's complement: its n are the elements of a signed buffer.
template <typename Code>
void expect_same_as_signed_weights(int bits, std::uint64_t seed) {
  network::Network network;
  network.parameters.push_back(
      mapping::coded_parameter(network::Scheme::kSymmetric, bits, 2111, seed));
  for (const OperatedChip& on : chips_of_all_kinds(seed)) {
    for (const Draws& draws : kinds_of_draws(seed)) {
      SCOPED_TRACE(fmt::format("bits {} chip {} fresh {}", bits, on.chip.name(), draws.fresh));
      const CodePlacement placement{seed * 31, MemoryKind::kWeights, draws};
      const std::vector<std::int8_t>& n = network.parameters[0].n;
      std::vector<Code> codes(n.begin(), n.end());
      const ReadCounts counts = corrupt(codes.data(), static_cast<std::int64_t>(codes.size()), bits,
                                        on.chip, on.at, placement);
      const Reading expected = read_weights(network, on, placement);
      const std::vector<std::int8_t>& read = expected.codes[0];
      EXPECT_EQ(codes, std::vector<Code>(read.begin(), read.end()));
      EXPECT_EQ(counts.bits_wrong, expected.stats.bits_wrong);
    }
  }
}

TEST(Corrupt, SignedElementsAreCodesInTwosComplement) {
  for (int bits = 2; bits <= 8; ++bits) {
    const std::uint64_t seed = static_cast<std::uint64_t>(bits) + 300;
    expect_same_as_signed_weights<std::int8_t>(bits, seed);
    expect_same_as_signed_weights<std::int16_t>(bits, seed);
    expect_same_as_signed_weights<std::int32_t>(bits, seed);
    expect_same_as_signed_weights<std::int64_t>(bits, seed);
  }
}

/// Each bit of each code by the definition of its cell.
template <typename Code>
void expect_cell_by_cell(int bits, const OperatedChip& on, const CodePlacement& placement,
                         std::uint64_t seed) {
  using Unsigned = std::make_unsigned_t<Code>;
  constexpr std::int64_t kCount = 700;
  const Philox philox(seed, Purpose::kTest);
  const int unused = std::numeric_limits<Unsigned>::digits - bits;
  const auto extend = [&](std::uint64_t value) {
    return static_cast<Code>(static_cast<Code>(static_cast<Unsigned>(value) << unused) >> unused);
  };
  std::vector<Code> codes;
  for (std::uint64_t i = 0; i < kCount; ++i) codes.push_back(extend(philox(i)[0]));
  std::vector<Code> expected = codes;

  const std::uint64_t end = placement.offset + kCount * static_cast<std::uint64_t>(bits);
  const memory::CellReader reader(static_cast<memory::MemoryId>(placement.memory),
                                  {on.chip.internal().die(), placement.draws.seed,
                                   placement.draws.fresh, placement.draws.batch});
  for (const FaultyCell& cell :
       on.chip.faults(on.at, static_cast<std::uint32_t>(end / 64 + 1), placement.memory)) {
    const std::uint64_t number = std::uint64_t{cell.word} * 64 + cell.column;
    if (number < placement.offset || number >= end) continue;
    const std::uint64_t i = (number - placement.offset) / static_cast<std::uint64_t>(bits);
    const std::uint64_t bit = (number - placement.offset) % static_cast<std::uint64_t>(bits);
    const auto stored = static_cast<std::uint64_t>(codes[i]) >> bit & 1;
    if (reader.wrong({cell.word, cell.column, cell.p01, cell.p10},
                     static_cast<std::uint32_t>(stored)) != 0)
      expected[i] = extend(static_cast<std::uint64_t>(expected[i]) ^ std::uint64_t{1} << bit);
  }
  corrupt(codes.data(), kCount, bits, on.chip, on.at, placement);
  EXPECT_EQ(codes, expected);
}

TEST(Corrupt, CodesOfAnyWidthReadAsTheirCellsDo) {
  for (int bits = 1; bits <= 64; ++bits) {
    const std::uint64_t seed = static_cast<std::uint64_t>(bits);
    const auto memory = static_cast<MemoryKind>(bits % 4);
    for (const OperatedChip& on : chips_of_all_kinds(seed)) {
      for (const bool fresh : {false, true}) {
        SCOPED_TRACE(fmt::format("bits {} chip {} fresh {}", bits, on.chip.name(), fresh));
        const CodePlacement placement{seed * 1009, memory, {seed, fresh, 3}};
        expect_cell_by_cell<std::int64_t>(bits, on, placement, seed);
        expect_cell_by_cell<std::uint64_t>(bits, on, placement, seed);
        if (bits <= 32) expect_cell_by_cell<std::int32_t>(bits, on, placement, seed);
        if (bits <= 32) expect_cell_by_cell<std::uint32_t>(bits, on, placement, seed);
        if (bits <= 16) expect_cell_by_cell<std::int16_t>(bits, on, placement, seed);
        if (bits <= 8) expect_cell_by_cell<std::uint8_t>(bits, on, placement, seed);
      }
    }
  }
}

TEST(Corrupt, ABufferInPiecesReadsAsTheWhole) {
  for (const OperatedChip& on : chips_of_all_kinds(5)) {
    SCOPED_TRACE(on.chip.name());
    std::vector<std::int16_t> whole(3000, 77), pieces = whole;
    ReadCounts sum;
    corrupt(whole.data(), 3000, 11, on.chip, on.at, {13, MemoryKind::kActivations, {}});
    for (std::int64_t first : {0, 1, 700, 2999}) {
      const std::int64_t last = first == 0 ? 1 : first == 1 ? 700 : first == 700 ? 2999 : 3000;
      corrupt(pieces.data() + first, last - first, 11, on.chip, on.at,
              {13 + 11 * static_cast<std::uint64_t>(first), MemoryKind::kActivations, {}});
    }
    EXPECT_EQ(whole, pieces);
  }
}

}  // namespace
}  // namespace brownout
