// SPDX-License-Identifier: Apache-2.0
// Chips, technologies and codes as a user of the library meets them: by example, and refused.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "brownout/technology.hpp"
#include "tests/api/expect_error.hpp"

namespace brownout {
namespace {

TEST(PublicChip, FaultsAreSortedCellsOfTheWordsAskedFor) {
  const Chip chip("random:7");
  const std::vector<FaultyCell> cells = chip.faults({1.0, 0.01}, 1000);
  EXPECT_NEAR(static_cast<double>(cells.size()), 640.0, 100.0);
  for (std::size_t i = 1; i < cells.size(); ++i) {
    EXPECT_LT(cells[i - 1].word * 64 + cells[i - 1].column, cells[i].word * 64 + cells[i].column);
    EXPECT_LT(cells[i].word, 1000u);
  }
  EXPECT_EQ(cells.front().p01, 1.0f);
  EXPECT_EQ(cells.front().p10, 1.0f);
  // Another memory of the die has other cells.
  const std::vector<FaultyCell> others = chip.faults({1.0, 0.01}, 1000, MemoryKind::kActivations);
  EXPECT_NE(cells.front().word * 64 + cells.front().column,
            others.front().word * 64 + others.front().column);
}

TEST(PublicChip, KnowsWhatItFailsBy) {
  EXPECT_FALSE(Chip("random:7").by_voltage());
  EXPECT_TRUE(Chip("physical:7").by_voltage());
  EXPECT_TRUE(Chip("random:7").steps().empty());
  const Chip measured(std::string(BROWNOUT_SOURCE_DIR) + "/profiles/chip1-synthetic.h5,offset=5");
  EXPECT_TRUE(measured.by_voltage());
  EXPECT_FALSE(measured.steps().empty());
  EXPECT_NE(measured.note().find("SYNTHETIC"), std::string::npos);
  EXPECT_NE(measured.name().find(",offset=5"), std::string::npos);
}

TEST(PublicChip, ThatDoNotExistAreRefused) {
  expect_error([] { Chip("rnd:7"); }, "chip \"rnd:7\": expected random:SEED");
  expect_error([] { Chip("missing.h5"); }, "missing.h5");
  expect_error(
      [] {
        Chip("random:7").faults({1.0, -0.1}, 10);
      },
      "rate: expected a bit error rate in [0, 1], got -0.1");
  expect_error([] { Chip("random:7,p_err=0.1").faults({1.0, 0.2}, 10); }, "at most p_err = 0.1");
}

TEST(PublicTechnology, IsFoundByNameAndFile) {
  const Technology shipped;
  const Technology file(std::string(BROWNOUT_SOURCE_DIR) + "/profiles/14nm-finfet.yaml");
  EXPECT_EQ(shipped.name(), file.name());
  EXPECT_EQ(shipped.bit_error_rate(0.84), file.bit_error_rate(0.84));
  EXPECT_EQ(shipped.at(0.84).rate, shipped.bit_error_rate(0.84));
  EXPECT_EQ(shipped.at(0.84).voltage, 0.84);
  EXPECT_NEAR(shipped.voltage_at_rate(shipped.bit_error_rate(0.84)), 0.84, 1e-9);
  EXPECT_LT(shipped.sram_energy_relative(0.84), 1.0);
  EXPECT_LT(shipped.sram_leakage_relative(0.84), 1.0);
}

TEST(PublicTechnology, SaysWhatIsWrong) {
  expect_error([] { Technology("15nm-finfet"); },
               "technology: expected a file or the name of a shipped technology, got "
               "\"15nm-finfet\"; did you mean \"14nm-finfet\"?");
  expect_error([] { Technology().at(0.1); }, "14nm-finfet");
  expect_error([] { Technology().bit_error_rate(std::nan("")); }, "nan");
}

TEST(Corrupt, IsTheExampleOfTheHeader) {
  std::vector<std::uint8_t> codes(100000, 0x55);
  const ReadCounts counts = corrupt(codes.data(), static_cast<std::int64_t>(codes.size()), 8,
                                    Chip("random:7"), Technology().at(0.84));
  std::int64_t wrong_codes = 0, wrong_bits = 0;
  for (const std::uint8_t code : codes) {
    wrong_codes += code != 0x55 ? 1 : 0;
    for (int bits = code ^ 0x55; bits != 0; bits &= bits - 1) ++wrong_bits;
  }
  EXPECT_GT(wrong_codes, 1000);
  EXPECT_EQ(counts.reads, 100000);
  EXPECT_EQ(counts.codes_wrong, wrong_codes);
  EXPECT_EQ(counts.bits_wrong, wrong_bits);
  EXPECT_EQ(counts.cells_hit, wrong_bits);
}

TEST(Corrupt, SettingsOutsideTheirRangeAreRefused) {
  const Chip chip("random:1");
  std::int8_t code = 0;
  expect_error([&] { corrupt(&code, 1, 0, chip, {}); },
               "bits: expected an integer in [1, 8], got 0");
  expect_error([&] { corrupt(&code, 1, 9, chip, {}); },
               "bits: expected an integer in [1, 8], got 9");
  std::uint64_t wide = 0;
  expect_error([&] { corrupt(&wide, 1, 65, chip, {}); },
               "bits: expected an integer in [1, 64], got 65");
  expect_error([&] { corrupt(&code, -1, 8, chip, {}); }, "count: expected no negative number");
  CodePlacement far;
  far.offset = ~std::uint64_t{0} - 3;
  expect_error([&] { corrupt(&code, 1, 8, chip, {}, far); },
               "codes: 1 codes of 8 bits from cell 18446744073709551612 on do not fit");
  far.offset = 64 * 0xffffffffull - 7;
  expect_error([&] { corrupt(&code, 1, 8, chip, {}, far); }, "do not fit");
  expect_error([&] { corrupt(static_cast<std::int8_t*>(nullptr), 5, 8, chip, {}); },
               "codes: expected 5 elements, got a null pointer");
  CodePlacement nowhere;
  nowhere.memory = static_cast<MemoryKind>(-1);
  expect_error([&] { corrupt(&code, 1, 8, chip, {}, nowhere); },
               "memory: expected a MemoryKind in [0, 3], got -1");
  EXPECT_EQ(corrupt(&code, 0, 8, chip, {1.0, 1.0}).reads, 0);
  EXPECT_EQ(corrupt(static_cast<std::int8_t*>(nullptr), 0, 8, chip, {1.0, 1.0}).reads, 0);
}

TEST(Corrupt, ElementsThatAreNoCodesAreRefusedAndNothingChanges) {
  const OperatingPoint all_flip{1.0, 1.0};
  const Chip chip("random:1");
  std::vector<std::int8_t> signed_codes = {0, -8, 7, 8, 3};
  const std::vector<std::int8_t> before = signed_codes;
  expect_error([&] { corrupt(signed_codes.data(), 5, 4, chip, all_flip); },
               "codes: element 3 is 8; expected a code of 4 bits, in [-8, 7]");
  EXPECT_EQ(signed_codes, before);
  std::vector<std::uint16_t> unsigned_codes = {1023, 1024};
  expect_error([&] { corrupt(unsigned_codes.data(), 2, 10, chip, all_flip); },
               "codes: element 1 is 1024; expected a code of 10 bits, in [0, 1023]");
  std::uint64_t big = ~std::uint64_t{0};
  expect_error([&] { corrupt(&big, 1, 63, chip, all_flip); },
               "element 0 is 18446744073709551615; expected a code of 63 bits, in [0, "
               "9223372036854775807]");
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  expect_error([&] { corrupt(&low, 1, 63, chip, all_flip); },
               "in [-4611686018427387904, 4611686018427387903]");
  corrupt(signed_codes.data(), 3, 4, chip, all_flip);
  EXPECT_EQ(signed_codes, (std::vector<std::int8_t>{-1, 7, -8, 8, 3}));
}

}  // namespace
}  // namespace brownout
