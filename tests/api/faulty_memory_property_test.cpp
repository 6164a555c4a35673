// SPDX-License-Identifier: Apache-2.0
// Words of a memory read as codes of the same width do, at every operating point that it is given.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/base/random.hpp"
#include "tests/api/chips_of_all_kinds.hpp"

namespace brownout {
namespace {

std::uint64_t low_bits(int width) {
  return width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

std::vector<std::uint64_t> random_words(std::int64_t count, int width, std::uint64_t seed) {
  const Philox philox(seed, Purpose::kTest);
  std::vector<std::uint64_t> words;
  for (std::int64_t i = 0; i < count; ++i)
    words.push_back(philox(static_cast<std::uint64_t>(i))[0] & low_bits(width));
  return words;
}

TEST(FaultyMemory, WordsReadAsCodesOfThatWidthDo) {
  constexpr std::int64_t kDepth = 501;
  for (const int width : {1, 3, 8, 22, 31, 32, 33, 39, 63, 64}) {
    const auto seed = static_cast<std::uint64_t>(width);
    const std::vector<std::uint64_t> stored = random_words(kDepth, width, seed);
    for (const OperatedChip& on : chips_of_all_kinds(seed)) {
      SCOPED_TRACE(fmt::format("width {} chip {}", width, on.chip.name()));
      const CodePlacement placement{seed * 7, MemoryKind::kActivations, {seed, false, 0}};
      std::vector<std::uint64_t> codes = stored;
      const ReadCounts expected = corrupt(codes.data(), kDepth, width, on.chip, on.at, placement);
      FaultyMemory memory(on.chip, kDepth, width, on.at, placement);
      for (std::int64_t a = 0; a < kDepth; ++a) {
        const auto i = static_cast<std::size_t>(a);
        std::uint64_t word = stored[i];
        std::uint32_t halves[2] = {static_cast<std::uint32_t>(word),
                                   static_cast<std::uint32_t>(word >> 32)};
        memory.read(a, &word);
        ASSERT_EQ(word, codes[i]) << a;
        if (!memory.has_faults(a)) {
          ASSERT_EQ(word, stored[i]) << a;
        }
        memory.read(a, halves);
        ASSERT_EQ(std::uint64_t{halves[1]} << 32 | halves[0], codes[i]) << a;
      }
      EXPECT_EQ(memory.counts().reads, 2 * expected.reads);
      EXPECT_EQ(memory.counts().cells_hit, 2 * expected.cells_hit);
      EXPECT_EQ(memory.counts().bits_wrong, 2 * expected.bits_wrong);
      EXPECT_EQ(memory.counts().codes_wrong, 2 * expected.codes_wrong);
    }
  }
}

TEST(FaultyMemory, WideWordsAreTheirNarrowParts) {
  // A word of 192 bits has the cells of three words of 64, or of four of 48.
  for (const OperatedChip& on : chips_of_all_kinds(11)) {
    SCOPED_TRACE(on.chip.name());
    const std::vector<std::uint64_t> stored = random_words(3 * 200, 64, 11);
    FaultyMemory wide(on.chip, 200, 192, on.at, {5, MemoryKind::kWeights, {}});
    FaultyMemory narrow(on.chip, 600, 64, on.at, {5, MemoryKind::kWeights, {}});
    for (std::int64_t a = 0; a < 200; ++a) {
      std::uint64_t word[3];
      std::copy_n(stored.begin() + 3 * a, 3, word);
      wide.read(a, word);
      for (std::int64_t part = 0; part < 3; ++part) {
        std::uint64_t expected = stored[static_cast<std::size_t>(3 * a + part)];
        narrow.read(3 * a + part, &expected);
        ASSERT_EQ(word[part], expected) << a << " " << part;
      }
    }
    EXPECT_EQ(wide.counts().bits_wrong, narrow.counts().bits_wrong);
    EXPECT_EQ(wide.counts().cells_hit, narrow.counts().cells_hit);
  }
}

TEST(FaultyMemory, FreshDrawsTakeTheNumberOfTheReadAsTheirBatch) {
  for (const OperatedChip& on : chips_of_all_kinds(3)) {
    SCOPED_TRACE(on.chip.name());
    CodePlacement placement{40, MemoryKind::kInput, {9, true, 100}};
    FaultyMemory memory(on.chip, 64, 39, on.at, placement);
    for (std::uint64_t read = 0; read < 600; ++read) {
      const auto address = static_cast<std::int64_t>(read * 29 % 64);
      std::uint64_t word = read * 0x9e3779b97f4a7c15 & low_bits(39), code = word;
      memory.read(address, &word);
      CodePlacement one = placement;
      one.offset += 39 * static_cast<std::uint64_t>(address);
      one.draws.batch = 100 + read;
      corrupt(&code, 1, 39, on.chip, on.at, one);
      ASSERT_EQ(word, code) << read;
    }
  }
}

TEST(FaultyMemory, AnotherOperatingPointHasItsOwnCells) {
  const Technology technology;
  for (OperatedChip& on : chips_of_all_kinds(4)) {
    SCOPED_TRACE(on.chip.name());
    FaultyMemory memory(on.chip, 300, 24, on.at);
    for (const double voltage : {1.0, 0.86, 0.9, 0.88, 1.0}) {
      const OperatingPoint at = technology.at(voltage);
      memory.set_operating_point(at);
      EXPECT_EQ(memory.operating_point().voltage, voltage);
      FaultyMemory other(on.chip, 300, 24, at);
      EXPECT_EQ(memory.has_faults(), other.has_faults());
      for (std::int64_t a = 0; a < 300; ++a) {
        std::uint32_t word = 0x5a5a5a, expected = word;
        memory.read(a, &word);
        other.read(a, &expected);
        ASSERT_EQ(word, expected) << a << " at " << voltage;
      }
    }
    EXPECT_EQ(memory.counts().reads, 5 * 300);
  }
}

}  // namespace
}  // namespace brownout
