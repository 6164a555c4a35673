// SPDX-License-Identifier: Apache-2.0
// A memory's settings, and what it leaves alone.
#include <gtest/gtest.h>

#include <cmath>

#include "brownout/chip.hpp"
#include "tests/api/expect_error.hpp"

namespace brownout {
namespace {

TEST(FaultyMemory, BitsAboveTheWidthStayAsTheyAre) {
  FaultyMemory memory(Chip("random:1"), 4, 37, {1.0, 1.0});  // every cell flips
  std::uint64_t word = ~std::uint64_t{0};
  memory.read(2, &word);
  EXPECT_EQ(word, ~std::uint64_t{0} << 37);
  std::uint32_t halves[2] = {0, 0xffffffff};
  memory.read(3, halves);
  EXPECT_EQ(halves[0], 0xffffffff);
  EXPECT_EQ(halves[1], 0xffffffe0);
}

TEST(FaultyMemory, ANarrowWordInElementsOf32BitsIsOneElement) {
  FaultyMemory memory(Chip("random:1"), 2, 32, {1.0, 1.0});
  std::uint32_t word[2] = {0x12345678, 7};
  memory.read(0, word);
  EXPECT_EQ(word[0], ~0x12345678u);
  EXPECT_EQ(word[1], 7u);
}

TEST(FaultyMemory, WrongSettingsSayWhatIsExpected) {
  const Chip chip("random:1");
  expect_error([&] { FaultyMemory(chip, 0, 8, {}); },
               "depth: expected an integer in [1, 4294967295], got 0");
  expect_error([&] { FaultyMemory(chip, 8, 0, {}); }, "width: expected at least 1 bit, got 0");
  expect_error([&] { FaultyMemory(chip, 1 << 30, 1 << 10, {}); },
               "depth: 1073741824 words of 1024 bits from cell 0 on do not fit");
  expect_error(
      [&] {
        FaultyMemory(chip, 1, 1, {}, {~std::uint64_t{0}, MemoryKind::kWeights, {}});
      },
      "do not fit");
  expect_error(
      [&] {
        FaultyMemory(chip, 1, 1, {1.0, 1.5});
      },
      "rate: expected a bit error rate in [0, 1], got 1.5");
  expect_error(
      [&] {
        FaultyMemory(chip, 1, 1, {}, {0, static_cast<MemoryKind>(9), {}});
      },
      "memory: expected a MemoryKind in [0, 3], got 9");
  FaultyMemory memory(chip, 8, 8, {});
  std::uint64_t word = 0;
  expect_error([&] { memory.read(8, &word); }, "address: expected an integer in [0, 7], got 8");
  expect_error([&] { memory.read(-1, &word); }, "address: expected an integer in [0, 7], got -1");
  expect_error([&] { memory.has_faults(99); }, "address: expected an integer in [0, 7], got 99");
  EXPECT_EQ(memory.counts().reads, 0);
}

TEST(FaultyMemory, AWrongOperatingPointLeavesItAsItWas) {
  FaultyMemory memory(Chip("physical:1"), 1000, 64, {0.75, 0.0});
  ASSERT_TRUE(memory.has_faults());
  expect_error([&] { memory.set_operating_point({-1.0, 0.0}); }, "expected a voltage in (0, 10]");
  expect_error(
      [&] {
        memory.set_operating_point({0.75, std::nan("")});
      },
      "rate: expected a bit error rate in [0, 1], got nan");
  EXPECT_EQ(memory.operating_point().voltage, 0.75);
  EXPECT_TRUE(memory.has_faults());
  memory.set_operating_point({1.0, 0.0});
  EXPECT_FALSE(memory.has_faults());
}

}  // namespace
}  // namespace brownout
