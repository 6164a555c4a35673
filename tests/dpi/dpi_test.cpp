// SPDX-License-Identifier: Apache-2.0
// The C functions of libbrownout-dpi: what they return, and that nothing wrong ends the process.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "brownout/chip.hpp"
#include "brownout/technology.hpp"
#include "rtl/dpi/brownout_dpi.h"

namespace {

using Word = std::array<std::uint32_t, 2>;

TEST(Dpi, ReadsWhatCorruptReads) {
  const int memory = brownout_open_at("random:7", 0.8, 100, 39, 4096, "14nm-finfet", 0, 0, 0);
  ASSERT_GT(memory, 0) << brownout_last_error();
  std::vector<std::uint64_t> codes(100);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = i * 0x12345678u & 0x7fffffffff;
  const std::vector<std::uint64_t> stored = codes;
  brownout::CodePlacement placement;
  placement.offset = 4096;
  const brownout::ReadCounts counts = brownout::corrupt(
      codes.data(), 100, 39, brownout::Chip("random:7"), brownout::Technology().at(0.8), placement);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    Word word{static_cast<std::uint32_t>(stored[i]), static_cast<std::uint32_t>(stored[i] >> 32)};
    ASSERT_EQ(brownout_read(memory, static_cast<long long>(i), word.data()), 0);
    EXPECT_EQ(std::uint64_t{word[1]} << 32 | word[0], codes[i]) << "word " << i;
  }
  EXPECT_GT(counts.bits_wrong, 100);
  EXPECT_EQ(brownout_reads(memory), 100);
  EXPECT_EQ(brownout_words_wrong(memory), counts.codes_wrong);
  EXPECT_EQ(brownout_bits_wrong(memory), counts.bits_wrong);
  EXPECT_EQ(brownout_cells_hit(memory), counts.cells_hit);
  EXPECT_EQ(brownout_close(memory), 0);
}

TEST(Dpi, AHigherVoltageReturnsWhatIsStored) {
  const int memory = brownout_open("random:7", 0.75, 64, 64);
  Word low{}, high{};
  int wrong = 0;
  for (int address = 0; address < 64; ++address) {
    low = {};
    ASSERT_EQ(brownout_read(memory, address, low.data()), 0);
    wrong += low != Word{} ? 1 : 0;
  }
  EXPECT_GT(wrong, 60);
  ASSERT_EQ(brownout_set_voltage(memory, 1.0), 0);
  ASSERT_EQ(brownout_read(memory, 0, high.data()), 0);
  EXPECT_EQ(high, Word{});
  EXPECT_EQ(brownout_reads(memory), 65);
  brownout_close(memory);
}

TEST(Dpi, VoltageZeroOpensAtTheHighest) {
  const int memory = brownout_open("random:7", 0.0, 1024, 64);
  ASSERT_GT(memory, 0);
  for (int address = 0; address < 1024; ++address) {
    Word word{0xffffffff, 0};
    brownout_read(memory, address, word.data());
    EXPECT_EQ(word, (Word{0xffffffff, 0}));
  }
  EXPECT_NE(brownout_set_voltage(memory, 0.0), 0);
  brownout_close(memory);
}

TEST(Dpi, WordsOfAnyWidth) {
  for (const int width : {1, 32, 33, 64, 65, 256, 1000, 4096, 65536}) {
    const int memory = brownout_open("random:7", 0.75, 16, width);
    ASSERT_GT(memory, 0) << brownout_last_error();
    // One more element than the word has: it must stay.
    std::vector<std::uint32_t> word((static_cast<std::size_t>(width) + 31) / 32 + 1, 0);
    word.back() = 0xabcd;
    for (int address = 0; address < 16; ++address)
      EXPECT_EQ(brownout_read_65536(memory, address, word.data()), 0);
    EXPECT_EQ(word.back(), 0xabcdu);
    if (width % 32 != 0) {
      EXPECT_EQ(word[word.size() - 2] >> width % 32, 0u);
    }
    EXPECT_EQ(brownout_read(memory, 0, word.data()) == 0, width <= 64);
    EXPECT_EQ(brownout_read_256(memory, 0, word.data()) == 0, width <= 256);
    EXPECT_EQ(brownout_read_1024(memory, 0, word.data()) == 0, width <= 1024);
    EXPECT_EQ(brownout_read_4096(memory, 0, word.data()) == 0, width <= 4096);
    brownout_close(memory);
  }
}

/// What brownout_last_error says after a call that must fail.
std::string reason(bool failed) {
  EXPECT_TRUE(failed);
  return brownout_last_error();
}
bool opens(const char* chip, double voltage, long long depth, int width, long long offset = 0,
           const char* technology = "", int memory = 0) {
  return brownout_open_at(chip, voltage, depth, width, offset, technology, memory, 0, 0) != 0;
}

TEST(Dpi, MistakesSayWhatIsWrong) {
  const int memory = brownout_open("random:7", 0.8, 100, 39);
  Word word{5, 6};
  const auto fails = [](int status) { return reason(status != 0); };
  EXPECT_EQ(fails(brownout_read(memory, 100, word.data())),
            "address: expected an integer in [0, 99], got 100");
  EXPECT_EQ(fails(brownout_read(memory, -1, word.data())),
            "address: expected an integer in [0, 99], got -1");
  EXPECT_EQ(fails(brownout_read(memory, 1, nullptr)), "data: expected a word, got none");
  EXPECT_EQ(word, (Word{5, 6}));
  EXPECT_NE(fails(brownout_set_voltage(memory, 0.5)).find("expected a voltage in [0.75, 1] Vmin"),
            std::string::npos);
  EXPECT_NE(fails(brownout_set_voltage(memory, std::stod("nan"))).find("nan"), std::string::npos);
  EXPECT_EQ(brownout_reads(memory), 0);
  ASSERT_EQ(brownout_close(memory), 0);
  const std::string closed = "handle: memory " + std::to_string(memory) + " was closed before";
  EXPECT_EQ(fails(brownout_close(memory)), closed);
  EXPECT_EQ(fails(brownout_read(memory, 1, word.data())), closed);
  EXPECT_EQ(fails(brownout_set_voltage(memory, 0.9)), closed);
  EXPECT_EQ(brownout_reads(memory), -1);
  EXPECT_EQ(brownout_words_wrong(memory), -1);
  EXPECT_EQ(brownout_bits_wrong(memory), -1);
  EXPECT_EQ(brownout_cells_hit(memory), -1);
  EXPECT_EQ(fails(brownout_close(0)),
            "handle: 0 is no memory; expected what brownout_open returned");
  EXPECT_EQ(fails(brownout_close(-7)),
            "handle: -7 is no memory; expected what brownout_open returned");
  EXPECT_EQ(fails(brownout_close(2000000000)),
            "handle: 2000000000 is no memory; expected what brownout_open returned");

  EXPECT_EQ(reason(!opens(nullptr, 0.8, 100, 39)), "chip: expected a text, got none");
  EXPECT_EQ(reason(!opens("random:7", 0.8, 100, 39, 0, nullptr)),
            "technology: expected a text, got none");
  EXPECT_NE(reason(!opens("missing.h5", 0.8, 100, 39)).find("missing.h5"), std::string::npos);
  EXPECT_NE(reason(!opens("", 0.8, 100, 39)).find("random:SEED"), std::string::npos);
  EXPECT_NE(reason(!opens("random:7", 0.8, 100, 39, 0, "3nm")).find("3nm"), std::string::npos);
  EXPECT_NE(reason(!opens("random:7", 1.2, 100, 39)).find("[0.75, 1] Vmin"), std::string::npos);
  EXPECT_NE(reason(!opens("random:7", 0.8, 0, 39)).find("depth: "), std::string::npos);
  EXPECT_NE(reason(!opens("random:7", 0.8, 100, 0)).find("width: "), std::string::npos);
  EXPECT_NE(reason(!opens("random:7", 0.8, 100, 39, -1)).find("offset: "), std::string::npos);
  EXPECT_NE(reason(!opens("random:7", 0.8, 100, 39, 0x7fffffffffffffff)).find("do not fit"),
            std::string::npos);
  EXPECT_NE(reason(!opens("random:7", 0.8, 100, 39, 0, "", 4)).find("memory: "), std::string::npos);
}

TEST(Dpi, HandlesAreNeverUsedAgain) {
  const int first = brownout_open("random:7", 0.8, 1, 8);
  const int kept = brownout_open("random:7", 0.8, 1, 8);
  brownout_close(first);
  int last = first;
  for (int i = 0; i < 70000; ++i) {  // more than the places of the table
    last = brownout_open("random:7", 1.0, 1, 8);
    ASSERT_GT(last, 0) << brownout_last_error();
    brownout_close(last);
  }
  EXPECT_NE(brownout_close(first), 0);
  EXPECT_EQ(brownout_reads(kept), 0);
  const int open = brownout_open("random:7", 0.8, 1, 8);
  EXPECT_GT(open, last);
  brownout_close_all();
  EXPECT_NE(brownout_close(open), 0);
}

TEST(Dpi, ThreadsHaveMemoriesAndErrorsOfTheirOwn) {
  std::vector<std::thread> threads;
  std::array<bool, 4> right{};
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&right, t] {
      bool all = true;
      for (int i = 0; i < 200; ++i) {
        const int memory = brownout_open("random:7", 0.8, static_cast<long long>(t) + 1, 39);
        Word word{};
        all = all && brownout_read(memory, static_cast<long long>(t), word.data()) == 0;
        all = all && brownout_read(memory, static_cast<long long>(t) + 1, word.data()) != 0;
        all = all && std::string(brownout_last_error()) == "address: expected an integer in [0, " +
                                                               std::to_string(t) + "], got " +
                                                               std::to_string(t + 1);
        all = all && brownout_close(memory) == 0;
      }
      right[t] = all;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const bool all : right) EXPECT_TRUE(all);
}

}  // namespace
