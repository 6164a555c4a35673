// SPDX-License-Identifier: Apache-2.0
// Check codes of a word, what suspect bits do to a code, and memories that draw per load.
#include "sim/memory/word_path.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/base/random.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/memory/word_memory.hpp"

namespace brownout::memory {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

std::uint64_t number(std::uint64_t seed) { return Philox(seed, Purpose::kTest)(0)[0]; }

/// Flips of these columns, data and check.
WordErrors flips(std::initializer_list<int> columns) {
  WordErrors errors;
  const CellReader reader(MemoryId::kWeights, {});
  for (const int column : columns) {
    errors.add({0, static_cast<std::uint32_t>(column), 1.0f, 1.0f}, reader);
  }
  return errors;
}

TEST(ReadWord, ParityFindsEveryOddNumberOfWrongBits) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::uint64_t stored = number(seed);
    EXPECT_EQ(read_word(stored, {}, CheckCode::kParity).suspect, 0u);
    for (int a = 0; a <= 64; ++a) {
      const ReadWord one = read_word(stored, flips({a}), CheckCode::kParity);
      ASSERT_EQ(one.suspect, kAll) << a;
      ASSERT_EQ(one.data, a < 64 ? stored ^ std::uint64_t{1} << a : stored);
      for (int b = 0; b < a; ++b) {
        ASSERT_EQ(read_word(stored, flips({a, b}), CheckCode::kParity).suspect, 0u);
      }
    }
  }
}

TEST(ReadWord, InterleavedParitySuspectsTheColumnsOfAFailingClass) {
  constexpr std::uint64_t kClass = 0x0101010101010101u;
  const std::uint64_t stored = number(1);
  for (int a = 0; a < 72; ++a) {
    const ReadWord one = read_word(stored, flips({a}), CheckCode::kInterleavedParity);
    ASSERT_EQ(one.suspect, kClass << a % 8) << a;  // column 64 + i checks class i
    for (int b = 0; b < a; ++b) {
      const ReadWord two = read_word(stored, flips({a, b}), CheckCode::kInterleavedParity);
      ASSERT_EQ(two.suspect, a % 8 == b % 8 ? 0u : kClass << a % 8 | kClass << b % 8);
    }
  }
}

TEST(ReadWord, SecdedCorrectsOneAndSuspectsTwo) {
  const std::uint64_t stored = number(2);
  for (int a = 0; a < 72; ++a) {
    const ReadWord one = read_word(stored, flips({a}), CheckCode::kSecded);
    ASSERT_EQ(one.data, stored);
    ASSERT_EQ(one.suspect, 0u);
    ASSERT_TRUE(one.corrected);
    for (int b = 0; b < a; ++b) {
      const ReadWord two = read_word(stored, flips({a, b}), CheckCode::kSecded);
      ASSERT_EQ(two.suspect, kAll);
      ASSERT_FALSE(two.corrected);
    }
  }
}

TEST(CodeRepair, MasksTowardsSmallN) {
  CodeRepair repair;
  repair.on_error = OnError::kMask;
  repair.zero_code = 0x81;
  for (int v = 0; v < 256; ++v) {
    for (int suspect = 1; suspect < 128; ++suspect) {
      for (const bool twos : {false, true}) {
        repair.twos_complement = twos;
        const int used = repair(static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(suspect));
        // Of all codes that differ in suspect bits only, |n| is the smallest; -1 counts as 0.
        const auto size = [&](int code) {
          const int n = twos ? static_cast<std::int8_t>(code) : code - 128;
          return n < 0 ? -n - 1 : n;
        };
        ASSERT_EQ((used ^ v) & ~suspect, 0);
        for (int sub = suspect; sub > 0; sub = (sub - 1) & suspect) {
          ASSERT_LE(size(used), size(v ^ sub));
        }
        ASSERT_LE(size(used), size(v));
      }
    }
    EXPECT_EQ(repair(static_cast<std::uint8_t>(v), 0x80), 0x81);
    EXPECT_EQ(repair(static_cast<std::uint8_t>(v), 0), v);
  }
  repair.on_error = OnError::kZero;
  EXPECT_EQ(repair(3, 1), 0x81);
  repair.on_error = OnError::kPass;
  EXPECT_EQ(repair(3, 1), 3);
}

TEST(WordMemory, DrawsPerLoadOnlyWhenFresh) {
  constexpr std::uint32_t kMemoryWords = 64;
  const FaultList faults =
      chips::RandomChip(3, 0.5).faults(MemoryId::kWeights, kMemoryWords, {0.8, 0.1});
  const auto content = [](const WordMemory& memory) {
    std::vector<std::uint64_t> words(kMemoryWords);
    memory.read(0, kMemoryWords, words.data());
    return words;
  };
  WordMemory memory(kMemoryWords);
  memory.set_faults({faults, {}}, MemoryId::kWeights, {{}, 5});
  const std::vector<std::uint64_t> frozen = content(memory);
  const std::uint64_t generation = memory.generation();
  memory.draw(0, kMemoryWords, 1, 0);
  EXPECT_EQ(content(memory), frozen);
  EXPECT_EQ(memory.generation(), generation);

  memory.set_faults({faults, {}}, MemoryId::kWeights, {{}, 5, true});
  const std::vector<std::uint64_t> first = content(memory);
  EXPECT_NE(first, frozen);
  memory.draw(0, kMemoryWords, 1, 0);
  const std::vector<std::uint64_t> second = content(memory);
  EXPECT_NE(second, first);
  memory.draw(16, 8, 0, 0);  // words 16 … 23 as in batch 0 again
  const std::vector<std::uint64_t> mixed = content(memory);
  for (std::size_t w = 0; w < kMemoryWords; ++w) {
    EXPECT_EQ(mixed[w], w >= 16 && w < 24 ? first[w] : second[w]) << w;
  }
  memory.draw(0, kMemoryWords, 0, 7);  // another load event
  EXPECT_NE(content(memory), first);
  // Each cell is wrong half of the time.
  std::int64_t wrong = 0;
  constexpr int kLoads = 400;
  for (int load = 0; load < kLoads; ++load) {
    memory.draw(0, kMemoryWords, static_cast<std::uint64_t>(load), 0);
    for (std::uint64_t word : content(memory)) {
      for (; word != 0; word &= word - 1) ++wrong;
    }
  }
  const double expected = 0.5 * kLoads * static_cast<double>(faults.size());
  EXPECT_NEAR(static_cast<double>(wrong), expected, 4 * std::sqrt(expected));
}

TEST(WordCodes, AreFoundByNameAndReadCleanWordsAsTheyAre) {
  for (const WordCode& code : word_codes()) {
    EXPECT_EQ(find_word_code(code.name), &code);
    EXPECT_EQ(&word_code(code.code), &code);
    for (const std::uint64_t data : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0x1234}}) {
      const ReadWord read = code.decode(data, code.encode(data));
      EXPECT_EQ(read.data, data) << code.name;
      EXPECT_EQ(read.suspect, 0u) << code.name;
      EXPECT_FALSE(read.corrected) << code.name;
      EXPECT_EQ(code.encode(data) >> code.check_bits, 0) << code.name;
    }
  }
  EXPECT_EQ(find_word_code("crc"), nullptr);
}

}  // namespace
}  // namespace brownout::memory
