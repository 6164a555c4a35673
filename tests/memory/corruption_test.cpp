// SPDX-License-Identifier: Apache-2.0
// Masks over bytes and 32-bit words: which cells, which draws, and what stays as it is.
#include "sim/memory/corruption.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "sim/chips/random_chip.hpp"

namespace brownout::memory {
namespace {

TEST(Corruption, BytesAndWordsAreCellsOfWordsOf64) {
  // Byte 11 is cells 24 … 31 of word 1; accumulator word 3 is cells 32 … 63 of word 1.
  const FaultList faults{{1, 25, 1.0f, 1.0f}, {1, 31, 1.0f, 0.0f}, {1, 63, 0.0f, 1.0f}};
  const Corruption bytes(faults, MemoryId::kActivations, {}, 8);
  std::uint8_t memory[] = {0xff, 0x00, 0x55, 0x02, 0x80, 0xff};  // from address 10 on
  bytes.apply(memory, 10, 6, 1, 0);
  EXPECT_EQ(memory[0], 0xff);
  EXPECT_EQ(memory[1], 0x82);
  EXPECT_EQ(memory[2], 0x55);
  EXPECT_EQ(memory[5], 0x7f);  // byte 15
  const Corruption words(faults, MemoryId::kAccumulators, {}, 32);
  std::vector<std::int64_t> seen;
  words.visit(0, 100, 0, 0, [&](std::int64_t index, WrongBits wrong) {
    seen.push_back(index);
    EXPECT_EQ(wrong.read(0), index == 2 ? 0x82000000u : 0u);
    EXPECT_EQ(wrong.read(~0u), index == 2 ? 0xfdffffffu : 0x7fffffffu);
  });
  EXPECT_EQ(seen, (std::vector<std::int64_t>{2, 3}));
  words.visit(3, 4, 0, 0, [](std::int64_t index, WrongBits) { EXPECT_EQ(index, 3); });
  words.visit(0, 2, 0, 0, [](std::int64_t, WrongBits) { FAIL(); });
}

TEST(Corruption, DrawsAreThoseOfTheCellReader) {
  const chips::RandomChip chip(5, 0.5);
  const FaultList faults = chip.faults(MemoryId::kActivations, 64, {0.8, 0.2});
  for (const bool fresh : {false, true}) {
    Draws draws{chip.die(), 7, fresh};
    const Corruption corruption(faults, MemoryId::kActivations, draws, 8);
    for (const std::uint64_t batch : {0u, 3u}) {
      for (const std::uint64_t event : {0u, 9u}) {
        std::vector<std::uint8_t> stored(512), expected(512);
        for (std::size_t i = 0; i < stored.size(); ++i) {
          stored[i] = expected[i] = static_cast<std::uint8_t>(37 * i);
        }
        draws.batch = batch;
        const CellReader reader(MemoryId::kActivations, draws, event);
        for (const CellFault& fault : faults) {
          const std::size_t byte = fault.word * 8 + fault.bit / 8;
          const std::uint32_t bit = fault.bit % 8;
          expected[byte] ^=
              static_cast<std::uint8_t>(reader.wrong(fault, stored[byte] >> bit & 1u) << bit);
        }
        // In pieces, as values lie in a memory.
        for (std::int64_t first = 0; first < 512; first += 100) {
          corruption.apply(stored.data() + first, first, std::min<std::int64_t>(100, 512 - first),
                           event, batch);
        }
        ASSERT_EQ(stored, expected) << fresh << batch << event;
      }
    }
  }
}

TEST(Corruption, ANumbersNaNIsStoredAlikeWhateverMadeIt) {
  const Corruption corruption({{0, 22, 1.0f, 1.0f}}, MemoryId::kActivations, {}, 8);
  for (const float nan : {std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::quiet_NaN(), std::nanf("77")}) {
    float numbers[] = {nan, nan};
    corruption.apply_numbers(numbers, 0, 2, 1, 0);
    EXPECT_EQ(numbers[0], std::numeric_limits<float>::infinity());  // 0x7fc00000 without bit 22
    EXPECT_TRUE(std::isnan(numbers[1]));
  }
  float one[] = {1.0f};
  corruption.apply_numbers(one, 0, 1, 1, 0);
  EXPECT_EQ(one[0], 1.5f);
  one[0] = 1.0f;
  corruption.apply_numbers(one, 4, 1, 1, 0);  // the next number: other cells
  EXPECT_EQ(one[0], 1.0f);
}

}  // namespace
}  // namespace brownout::memory
