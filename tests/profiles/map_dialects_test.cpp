// SPDX-License-Identifier: Apache-2.0
// Maps as other people write them: what 0 means, pairs, lines of hex, units of voltages.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sim/base/error.hpp"
#include "sim/profiles/profile_import.hpp"
#include "tests/base/refusal.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::profiles {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ImportInfo kMapInfo{"imported", "a test", 0.0};

class Dialects : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& bytes) {
    write_bytes(folder_.path() / name, bytes);
    return folder_.path() / name;
  }
  Imported stuck(const std::string& text, ZeroMeans zero) {
    return import_stuck_at({{0.8, file("map.txt", text)}}, 4, 4, kMapInfo, zero);
  }
  Imported pair(const std::string& stuck0, const std::string& stuck1) {
    return import_stuck_pairs({{0.8, file("0.txt", stuck0), file("1.txt", stuck1)}}, 4, 4,
                              kMapInfo);
  }
  Imported hex(const std::string& text) {
    return import_bram_hex({{0.9, file("b.hex", text)}}, kMapInfo);
  }
  TestFolder folder_;
};

/// "5 stuck at 1", "6 flips"
std::vector<std::string> cells_of(const Profile& profile) {
  std::vector<std::string> cells;
  for (const ProfileCell& cell : profile.levels[0].cells) {
    cells.push_back(fmt::format("{} {}", cell.cell,
                                cell.p01 == 1 && cell.p10 == 1 ? "flips"
                                : cell.p01 == 1                ? "stuck at 1"
                                                               : "stuck at 0"));
  }
  return cells;
}

constexpr char kMatrix[] = "0010\n0000\n0100\n0000\n";
constexpr char kCommas[] = "0,0,1,0\n0,0,0,0\n0,1,0,0\n0,0,0,0\n";

TEST_F(Dialects, AMapThatIsNearlyAllFaultyNeedsAWordOnZero) {
  for (const char* text : {kMatrix, kCommas, "0 0 1 0\n0 0 0 0\n0 1 0 0\n0 0 0 0\n",
                           "0;0;1;0;\n0;0;0;0;\n0;1;0;0;\n0;0;0;0;\n"}) {
    EXPECT_THAT(refusal([&] { stuck(text, ZeroMeans::kUnsaid); }),
                HasSubstr("map.txt: 16 of 16 cells would be faulty, stuck at 0 or 1; does 0 mean "
                          "stuck, or healthy? Expected zero_means stuck or healthy"));
    EXPECT_THAT(cells_of(stuck(text, ZeroMeans::kHealthy).profile),
                ElementsAre("2 stuck at 1", "9 stuck at 1"));
    const Imported all = stuck(text, ZeroMeans::kStuck);
    EXPECT_EQ(all.profile.levels[0].cells.size(), 16u);
    EXPECT_THAT(all.notes, ElementsAre(HasSubstr("at 0.8 Vmin 16 of 16 cells read wrong more "
                                                 "often than not")));
  }
  // One healthy cell in ten is enough, and a list of few cells always was.
  EXPECT_EQ(stuck("0010\n0000\n01..\n0000\n", ZeroMeans::kUnsaid).profile.levels[0].cells.size(),
            14u);
  EXPECT_THAT(cells_of(stuck("0,2,1\n2,1,0\n", ZeroMeans::kUnsaid).profile),
              ElementsAre("2 stuck at 1", "9 stuck at 0"));
  // A list of all cells has the same two meanings.
  std::string list;
  for (int i = 0; i < 16; ++i) list += fmt::format("{},{},{}\n", i / 4, i % 4, i == 9 ? 1 : 0);
  EXPECT_THAT(refusal([&] { stuck(list, ZeroMeans::kUnsaid); }), HasSubstr("16 of 16 cells"));
  EXPECT_THAT(cells_of(stuck(list, ZeroMeans::kHealthy).profile), ElementsAre("9 stuck at 1"));
}

TEST_F(Dialects, ACommaSeparatedMatrixIsCheckedLikeOneWithout) {
  EXPECT_THAT(refusal([&] { stuck("0,0,1,0,1\n", ZeroMeans::kHealthy); }),
              HasSubstr("map.txt:1: expected 4 cells, got at least 5"));
  EXPECT_THAT(refusal([&] { stuck("0,0,1,0\n0,0\n", ZeroMeans::kHealthy); }),
              HasSubstr("map.txt:2: expected 4 cells, got 2"));
  EXPECT_THAT(refusal([&] { stuck("0,0,1,0\n", ZeroMeans::kHealthy); }),
              HasSubstr("map.txt: expected 4 rows, got 1"));
  EXPECT_THAT(refusal([&] { stuck("\x93NUMPY\x01", ZeroMeans::kHealthy); }),
              HasSubstr("map.txt: expected text, got a NumPy file"));
}

TEST_F(Dialects, PairsOfMapsSayTheDirectionOfEachFault) {
  const Imported imported = pair(kCommas, "0000\n0001\n0100\n0000\n");
  EXPECT_THAT(cells_of(imported.profile), ElementsAre("2 stuck at 0", "7 stuck at 1", "9 flips"));
  EXPECT_THAT(imported.notes,
              ElementsAre(AllOf(HasSubstr("0.txt and "), HasSubstr("1.txt: 1 cell in both"))));
  EXPECT_THAT(pair(kMatrix, "....\n....\n....\n....\n").notes, IsEmpty());
  EXPECT_THAT(refusal([&] { pair(kMatrix, "0000\n"); }), HasSubstr("1.txt: expected 4 rows"));
}

TEST_F(Dialects, PublishedPairsOf8192x128AreRead) {
  Dice dice(5);
  std::string separated, joined;
  std::uint64_t ones = 0;
  for (int row = 0; row < 8192; ++row) {
    for (int column = 0; column < 128; ++column) {
      const bool one = dice.below(97) == 0;
      ones += one ? 1 : 0;
      separated += fmt::format("{}{}", column == 0 ? "" : ",", one ? 1 : 0);
      joined += dice.below(101) == 0 ? '1' : '0';
    }
    separated += '\n';
    joined += '\n';
  }
  const Profile profile =
      import_stuck_pairs({{0.8, file("sa0.csv", separated), file("sa1.csv", joined)}}, 8192, 128,
                         kMapInfo)
          .profile;
  std::uint64_t down = 0;
  for (const ProfileCell& cell : profile.levels[0].cells) down += cell.p10 == 1 ? 1 : 0;
  EXPECT_EQ(down, ones);
}

TEST_F(Dialects, BramHexHasLinesOfAnyLength) {
  std::string digits;
  for (int i = 0; i < 1024; ++i) digits += i == 5 ? "FEFE" : "FFFF";
  for (const std::size_t width : {4u, 8u, 64u, 70u, 3u * 4u}) {
    std::string text;
    for (std::size_t at = 0; at < digits.size(); at += width)
      text += digits.substr(at, width) + (width == 8 ? "\r\n" : "\n");
    const Profile profile = hex(text).profile;
    EXPECT_EQ(profile.arrays, 1) << width;
    EXPECT_THAT(cells_of(profile), ElementsAre("40 stuck at 0")) << width;
  }
  std::string text;
  for (int i = 0; i < 1024; ++i) text += i == 7 ? "FFF\n" : "FFFF\n";
  EXPECT_THAT(refusal([&] { hex(text); }),
              HasSubstr("b.hex:8: digit 0: expected words of 4 hex digits, got \"FFF\""));
  text.replace(text.find("\nFFF\n") + 1, 3, "FEFF");
  EXPECT_THAT(refusal([&] { hex(text); }),
              HasSubstr("b.hex:8: row 7 of block 0: expected one byte twice, got \"FEFF\""));
  EXPECT_THAT(refusal([&] { hex("FFFF\nFFxF\n"); }),
              HasSubstr("b.hex:2: digit 2: expected a hex digit, got \"x\""));
  EXPECT_THAT(refusal([&] { hex("FFFF\nFFFF\n"); }), HasSubstr("got 8 digits"));
}

TEST_F(Dialects, FilesOfReadmemhHaveCommentsAndAddresses) {
  const Imported imported = hex(
      "// a dump\n@000 FFFF 0xFEFE /* two\nlines */ FFFF\n@7ff 7F7F // the last one\n@10 FFFF\n");
  EXPECT_EQ(imported.profile.arrays, 2);
  EXPECT_THAT(cells_of(imported.profile), ElementsAre("8 stuck at 0", "16383 stuck at 0"));
  EXPECT_THAT(imported.notes,
              ElementsAre(HasSubstr("b.hex: 2043 of 2048 words are not in the file; they are taken "
                                    "as free of faults")));
  EXPECT_THAT(refusal([&] { hex("@0 FFFF FFFF\n@1 FFFF\n"); }),
              HasSubstr("b.hex: expected each word once, got that at address 1 again"));
  EXPECT_THAT(refusal([&] { hex("@0\n@4 FFFF\n"); }),
              HasSubstr("b.hex:2: expected @ and an address, then words"));
  EXPECT_THAT(refusal([&] { hex("@ FFFF\n"); }), HasSubstr("b.hex:1: expected @ and an address"));
  EXPECT_THAT(refusal([&] { hex("FFFF\n@4"); }),
              HasSubstr("expected words after the last address"));
  EXPECT_THAT(refusal([&] { hex("@0 FFFF /* open\n"); }), HasSubstr("b.hex:1: a comment begins"));
  EXPECT_THAT(refusal([&] { hex("@fffffffffffff FFFF\n"); }),
              HasSubstr("expected an address of at"));
  EXPECT_THAT(refusal([&] { hex("@ffffffffff FFFF\n"); }), HasSubstr("expected at most 16777216"));
  EXPECT_THAT(refusal([&] { hex("@0 FFFF/FFFF\n"); }),
              HasSubstr("expected a hex digit, got \"/\""));

  // A whole map says how many blocks there are.
  const auto whole = file("whole.hex", std::string(4096, 'F'));
  const auto part = file("part.hex", "@3ff FEFE\n");
  const auto beyond = file("beyond.hex", "@400 FEFE\n");
  EXPECT_EQ(import_bram_hex({{0.9, whole}, {0.8, part}}, kMapInfo).profile.arrays, 1);
  EXPECT_THAT(refusal([&] {
                import_bram_hex({{0.9, whole}, {0.8, beyond}}, kMapInfo);
              }),
              HasSubstr("beyond.hex: expected addresses in the 1 blocks of"));
}

TEST_F(Dialects, MasksOfAMemoryComeBack) {
  const std::string text =
      "// brownout masks words 2 bits 10: chip a b at 0.85 Vmin\n// A line a word\n"
      "201_002_004\n000_001_001\n";
  const Profile profile = import_masks({{0.85, file("m.mem", text)}}, kMapInfo).profile;
  EXPECT_EQ(profile.rows, 2);
  EXPECT_EQ(profile.columns, 10);
  EXPECT_THAT(cells_of(profile), ElementsAre("0 stuck at 0", "1 stuck at 1", "2 flips",
                                             "9 stuck at 0", "10 stuck at 0"));
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    return refusal([&] { import_masks({{0.85, file("m.mem", other)}}, kMapInfo); });
  };
  EXPECT_THAT(refused("words 2", "words 3"), HasSubstr("m.mem: expected 3 words"));
  EXPECT_THAT(refused("brownout masks", "masks"),
              HasSubstr("m.mem:1: expected \"// brownout masks"));
  EXPECT_THAT(refused("words 2", "words 0"), HasSubstr("m.mem:1: expected"));
  EXPECT_THAT(refused("201_002_004", "201_002"),
              HasSubstr("m.mem:3: expected stuck0_stuck1_flip of 3 hex digits each"));
  EXPECT_THAT(refused("201", "401"), HasSubstr("m.mem:3: expected masks of 10 bits, got bit 10"));
  EXPECT_THAT(refused("201", "20g"), HasSubstr("m.mem:3: digit 2: expected a hex digit"));
}

TEST_F(Dialects, NumpyMapsOfBooleansAndIntegersAreProbabilities) {
  if (!have_h5py()) GTEST_SKIP() << "python3-h5py and python3-numpy are not installed";
  ASSERT_EQ(run_python(folder_.path(), R"(
import sys, numpy as np
a = np.zeros((2, 3, 4)); a[0, 1, 2] = 1; a[1, 2, 3] = 1
for kind in ('bool', 'u1', 'i8', 'f4'):
    np.save(f'{sys.argv[1]}/{kind}.npy', np.asfortranarray(a.astype(kind)))
)",
                       folder_.path().string()),
            0);
  for (const char* kind : {"bool", "u1", "i8", "f4"}) {
    const auto map = folder_.path() / fmt::format("{}.npy", kind);
    const Profile profile = import_npy({{0.9, map, map}}, kMapInfo).profile;
    EXPECT_EQ(profile.arrays, 2);
    EXPECT_THAT(cells_of(profile), ElementsAre("6 flips", "23 flips")) << kind;
  }
}

TEST(VoltageUnits, ConvertAndCheckTheirRange) {
  EXPECT_EQ(VoltageScale().parse("v", "0.85"), 0.85);
  EXPECT_EQ(VoltageScale("V", 0.6).parse("v", "0.51"), 0.51 / 0.6);
  EXPECT_EQ(VoltageScale("mV", 0.6).parse("v", "510"), VoltageScale("V", 0.6).parse("v", "0.51"));
  const auto refusal = [](const std::function<void()>& work) -> std::string {
    try {
      work();
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal([] { VoltageScale("V", 0.0); }),
              HasSubstr("voltage_unit: V needs Vmin in volts; expected vmin_volt V"));
  EXPECT_THAT(refusal([] { VoltageScale("V", 0.6).parse("v", "510"); }),
              HasSubstr("got \"510\" (in V, with Vmin at 0.6 V)"));
  EXPECT_THAT(refusal([] { VoltageScale().parse("v", "510"); }), HasSubstr("units of Vmin"));
  EXPECT_THAT(refusal([] { VoltageScale().parse("v", "nan"); }), HasSubstr("expected a number"));
}

TEST(VoltageDoubts, AreFaultsAboveVminAndVoltagesLikeVolts) {
  Profile profile = random_profile(1);
  const auto at = [&](std::vector<double> voltages, double vmin_volt) {
    profile.levels.clear();
    for (const double voltage : voltages) profile.levels.push_back({voltage, {{0, 1.0f, 0.0f}}});
    profile.vmin_volt = vmin_volt;
    return voltage_doubts(profile);
  };
  EXPECT_TRUE(at({0.53, 0.59}, 0.6).like_volts);
  EXPECT_TRUE(at({0.53, 0.59}, 0.0).like_volts);
  EXPECT_TRUE(at({0.75, 0.8}, 0.9).like_volts);
  EXPECT_FALSE(at({0.75, 0.8}, 0.6).like_volts);
  EXPECT_FALSE(at({0.75, 0.8}, 0.0).like_volts);
  EXPECT_THAT(at({0.75, 0.999}, 0.0).faults_above_vmin, IsEmpty());
  const VoltageDoubts above = at({0.9, 1.0, 1.1}, 0.0);
  ASSERT_EQ(above.faults_above_vmin.size(), 2u);
  EXPECT_EQ(above.faults_above_vmin[1].voltage, 1.1);
  EXPECT_EQ(above.faults_above_vmin[1].cells, 1u);
  profile.levels.back().cells.clear();
  EXPECT_EQ(voltage_doubts(profile).faults_above_vmin.size(), 1u);
}

}  // namespace
}  // namespace brownout::profiles
