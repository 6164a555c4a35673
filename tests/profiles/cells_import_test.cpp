// SPDX-License-Identifier: Apache-2.0
// Lists of cells: every subset of the columns, heads, and what is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/profiles/cells_head.hpp"
#include "sim/profiles/profile_import.hpp"
#include "tests/base/refusal.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::profiles {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ImportInfo kUsual{"usual", "a test", 0.0};

class CellsImport : public testing::Test {
 protected:
  /// The lists with file 0.txt, 1.txt, … of these contents.
  CellLists lists(const std::vector<std::string>& contents) {
    CellLists result;
    for (const std::string& bytes : contents) {
      result.files.push_back(folder_.path() / fmt::format("{}.txt", result.files.size()));
      write_bytes(result.files.back(), bytes);
    }
    return result;
  }
  Imported read(const std::string& content) { return import_cells(lists({content}), kUsual); }
  std::string refused(const std::string& content) {
    return refusal([&] { read(content); });
  }
  TestFolder folder_;
};

/// "0.8: 5 1 0.25" for each cell.
std::vector<std::string> listed(const Profile& profile) {
  std::vector<std::string> cells;
  for (const ProfileLevel& level : profile.levels) {
    for (const ProfileCell& cell : level.cells)
      cells.push_back(fmt::format("{}: {} {} {}", level.voltage, cell.cell, cell.p01, cell.p10));
  }
  return cells;
}

/// As `profile export` writes them.
std::string lines_of(const Profile& profile) {
  std::string text = "voltage,array,row,column,p01,p10\n";
  for (const ProfileLevel& level : profile.levels) {
    for (const ProfileCell& cell : level.cells) {
      const auto columns = static_cast<std::uint64_t>(profile.columns);
      const auto rows = static_cast<std::uint64_t>(profile.rows);
      text += fmt::format("{},{},{},{},{},{}\n", level.voltage, cell.cell / columns / rows,
                          cell.cell / columns % rows, cell.cell % columns, cell.p01, cell.p10);
    }
  }
  return text;
}

TEST_F(CellsImport, AnExportedProfileComesBackByteForByte) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Profile profile = random_profile(seed, seed % 3 == 0 ? 200 : 4);
    if (seed % 5 == 0) profile.levels.back().cells.clear();  // a level of which no line speaks
    if (seed % 7 == 0) profile.name += " ";
    const CellLists from = lists({cells_head(profile) + lines_of(profile)});
    const Imported back = import_cells(from, kUsual);
    EXPECT_TRUE(same(back.profile, profile)) << "seed " << seed;
    EXPECT_TRUE(profile_bytes(back.profile, "a") == profile_bytes(profile, "b")) << "seed " << seed;
    EXPECT_THAT(back.notes, IsEmpty());
  }
}

TEST_F(CellsImport, LinesComeInAnyOrderAndSeparation) {
  const std::vector<std::string> texts{
      "voltage,array,row,column,p01,p10\n0.9,0,1,2,0.5,0\n0.8,1,0,0,0,1\n0.8,0,1,2,1,0\n",
      "# by hand\n\nColumn; Row; Array; P10; P01; Voltage\n0;0;1;1;;0.8\n2;1;0;0;1;0.8\n"
      "2;1;0;;0.5;0.90\n",
      "\xef\xbb\xbfvoltage array row\tcolumn  p01 p10\r\n 0.8 0 1 2 1 0\r\n0.9 0 1 2 .5 0\r\n"
      "0.8 1 0 0 0 1.0e0\r\n",
      "\"voltage\",\"array\",\"row\",\"column\",\"p01\",\"p10\"\n0.8,\"0\",1,2,1,0\n"
      "0.8,1,0,0,0,1\n0.9,0,1,2,0.5,0\n"};
  for (const std::string& text : texts) {
    const Profile profile = read(text).profile;
    EXPECT_EQ(profile.arrays, 2) << text;
    EXPECT_EQ(profile.rows, 2);
    EXPECT_EQ(profile.columns, 3);
    EXPECT_THAT(listed(profile), ElementsAre("0.8: 5 1 0", "0.8: 6 0 1", "0.9: 5 0.5 0")) << text;
  }
}

TEST_F(CellsImport, ColumnsThatAreMissingHaveTheirDefaults) {
  CellLists from = lists({"row,column,value\n0,1,1\n2,0,0\n", "column,row,p10\n3,1,0.25\n"});
  from.voltages = {0.9, 0.8};
  from.rows = 4;
  const Imported imported = import_cells(from, kUsual);
  EXPECT_EQ(imported.profile.arrays, 1);
  EXPECT_EQ(imported.profile.rows, 4);
  EXPECT_EQ(imported.profile.columns, 4);
  EXPECT_EQ(imported.profile.name, "usual");
  EXPECT_THAT(listed(imported.profile), ElementsAre("0.8: 7 0 0.25", "0.9: 1 1 0", "0.9: 8 0 1"));
  EXPECT_THAT(imported.notes, ElementsAre(HasSubstr("the map has 1 array, 4 columns, by the "
                                                    "largest numbers of the cells")));

  const Imported places = read("voltage column\n0.8 2\n");
  EXPECT_THAT(listed(places.profile), ElementsAre("0.8: 2 1 1"));
  ASSERT_EQ(places.notes.size(), 2u);
  EXPECT_THAT(places.notes[1], HasSubstr("is taken to read wrong always (p01 = p10 = 1)"));
}

TEST_F(CellsImport, NamesOfColumnsMayBeGivenInstead) {
  CellLists from = lists({"25 0.8 1 2 0.5\n25 0.8 0 0 0\n"});
  from.fields = {"-", "voltage", "row", "column", "p01"};
  EXPECT_THAT(listed(import_cells(from, kUsual).profile), ElementsAre("0.8: 5 0.5 0"));
  from = lists({"celsius,volt,y,x,p\n25,0.8,1,2,0.5\n"});
  from.fields = {"-", "voltage", "row", "column", "p01"};
  EXPECT_THAT(listed(import_cells(from, kUsual).profile), ElementsAre("0.8: 5 0.5 0"));
}

TEST_F(CellsImport, VoltagesOfAColumnHaveTheUnitThatIsSaid) {
  CellLists from = lists({"voltage,row,value\n510,0,1\n540,0,1\n"});
  from.scale = VoltageScale("mV", 0.6);
  from.vmin_volt = 0.6;
  const Profile profile = import_cells(from, kUsual).profile;
  ASSERT_EQ(profile.levels.size(), 2u);
  EXPECT_DOUBLE_EQ(profile.levels[0].voltage, 0.85);
  EXPECT_DOUBLE_EQ(profile.levels[1].voltage, 0.9);
  EXPECT_EQ(profile.vmin_volt, 0.6);
  EXPECT_THAT(refused("voltage,row,value\n510,0,1\n"),
              HasSubstr("0.txt:2: voltage: expected a number in [0.01, 10], got \"510\" (in units "
                        "of Vmin; voltage_unit V or mV says otherwise)"));
}

TEST_F(CellsImport, AHeadIsTheProfileAndOptionsAgreeWithIt) {
  Profile profile = random_profile(2, 4);
  const std::string text = cells_head(profile) + lines_of(profile);
  CellLists from = lists({text});
  from.name = "renamed";
  from.vmin_volt = 0.7;
  from.rows = profile.rows;
  const Profile back = import_cells(from, kUsual).profile;
  EXPECT_EQ(back.name, "renamed");
  EXPECT_EQ(back.origin, profile.origin);
  EXPECT_EQ(back.vmin_volt, 0.7);
  EXPECT_TRUE(back.synthetic);
  from.rows = profile.rows + 1;
  EXPECT_THAT(refusal([&] { import_cells(from, kUsual); }),
              HasSubstr(fmt::format("expected {} as the head of", profile.rows)));
  from.rows.reset();
  from.scale = VoltageScale("V", 0.7);
  EXPECT_THAT(refusal([&] { import_cells(from, kUsual); }), HasSubstr("expected no voltage_unit"));

  const auto without = [&](const std::string& line) {
    const std::size_t at = text.find("# " + line);
    std::string shorter = text;
    return shorter.erase(at, text.find('\n', at) + 1 - at);
  };
  EXPECT_THAT(refused(without("rows")), HasSubstr("expected a line \"# rows: ...\" after"));
  EXPECT_THAT(refused("# brownout profile cells 1\n# rows: 2\n# rows: 2\n"),
              HasSubstr("0.txt:3: rows: expected it once"));
  EXPECT_THAT(refused("# brownout profile cells 1\n# rows: many\n"),
              HasSubstr("0.txt:2: rows: expected an integer"));
  std::string extra = text;
  extra += "0.123,0,0,0,1,0\n";
  EXPECT_THAT(refused(extra), HasSubstr(fmt::format("expected cells at the {} voltages of its head",
                                                    profile.levels.size())));
  EXPECT_THAT(refused(cells_head(profile) + "voltage,row,value\n" +
                      fmt::format("{},{},1\n", profile.levels[0].voltage, profile.rows)),
              HasSubstr("0.txt:11: row: expected an integer in"));
  from = lists({text, text});
  EXPECT_THAT(refusal([&] { import_cells(from, kUsual); }),
              HasSubstr("its head states a whole profile; expected it alone, got 2 files"));
}

TEST_F(CellsImport, RefusesWhatIsNoListWithThePlaceAndTheReason) {
  const std::string names = "voltage,row,column,p01\n";
  EXPECT_THAT(refused(""), HasSubstr("0.txt: expected a line with the names of the columns"));
  EXPECT_THAT(refused("0.8,0,1,1\n"),
              HasSubstr("0.txt:1: expected a line with the names of the columns first (of voltage, "
                        "array, row, column, p01, p10, value), got \"0.8,0,1,1\"; without one, "
                        "fields NAME,NAME,... says them"));
  EXPECT_THAT(refused("voltage,row,colum\n"), HasSubstr("did you mean \"column\"?"));
  EXPECT_THAT(refused("voltage,row,row\n"), HasSubstr("expected each column once, got row again"));
  EXPECT_THAT(refused("voltage,p01\n"), HasSubstr("expected a column array, row or column"));
  EXPECT_THAT(refused("voltage,row,p01,value\n"),
              HasSubstr("expected either value or p01 and p10"));
  EXPECT_THAT(refused("row,column\n0,1\n"), HasSubstr("no column has the voltages of the cells"));
  EXPECT_THAT(refused(names + "0.8,0,1\n"),
              HasSubstr("0.txt:2: expected 4 fields, got 3: \"0.8,0,1\""));
  EXPECT_THAT(refused(names + "0.8,0,1,1.5\n"),
              HasSubstr("0.txt:2: p01: expected a probability in [0, 1], got \"1.5\""));
  EXPECT_THAT(refused(names + "0.8,0,1,nan\n"), HasSubstr("expected a probability in [0, 1]"));
  EXPECT_THAT(refused(names + "0.8,-1,1,1\n"),
              HasSubstr("0.txt:2: row: expected an integer in [0, 16777215], got \"-1\""));
  EXPECT_THAT(refused(names + "0.8,1.0,1,1\n"), HasSubstr("row: expected an integer"));
  EXPECT_THAT(refused(names + "x,0,1,1\n"), HasSubstr("0.txt:2: voltage: expected a number"));
  EXPECT_THAT(refused("voltage,row,value\n0.8,0,2\n"),
              HasSubstr("0.txt:2: value: expected 0 or 1, at which the cell is stuck, got \"2\""));
  EXPECT_THAT(
      refused(names + "0.8,0,1,1\n0.8,2,0,1\n0.8,0,1,0.5\n"),
      HasSubstr("0.txt:4: expected each cell once at a voltage, got array 0, row 0, column 1 "
                "again at 0.8 Vmin (also in"));
  EXPECT_THAT(refused(std::string("v\0o\0l\0t\0a\0g\0e\0,\0r\0o\0w\0\n\0", 24)),
              HasSubstr("expected text in UTF-8, got UTF-16"));
  CellLists from = lists({names});
  from.voltages = {0.8};
  EXPECT_THAT(refusal([&] { import_cells(from, kUsual); }),
              HasSubstr("a column has the voltages of the cells; expected no voltages"));
  from = lists({"row\n1\n"});
  from.voltages = {0.8, 0.9};
  EXPECT_THAT(refusal([&] { import_cells(from, kUsual); }),
              HasSubstr("voltages: expected a voltage for each of the 1 files, got 2"));
  EXPECT_THAT(refused("voltage,row,p01\n0.8,16777215,1\n0.8,0,1\n"), HasSubstr("accepted"));
  EXPECT_THAT(refused("voltage,row,column,p01\n0.8,16777215,16777215,1\n"),
              HasSubstr("expected at most"));
}

TEST_F(CellsImport, DamagedListsAreRefusedOrRead) {
  Dice dice(11);
  const Profile profile = random_profile(3, 3);
  const std::string texts[] = {cells_head(profile) + lines_of(profile),
                               "voltage,row,value\n0.8,0,1\n0.9,2,0\n"};
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = texts[round % 2];
    if (dice.below(3) == 0) bytes.resize(dice.below(bytes.size()));
    for (std::uint64_t i = dice.below(3); i > 0 && !bytes.empty(); --i) {
      const bool plausible = dice.below(2) == 0;
      bytes[dice.below(bytes.size())] =
          plausible ? "0123456789,.-#: \n"[dice.below(17)] : static_cast<char>(dice.below(256));
    }
    CellLists from = lists({bytes});
    try {
      check_profile(import_cells(from, kUsual).profile, "imported");
      ++accepted;
    } catch (const InputError& error) {
      ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 2900);
}

}  // namespace
}  // namespace brownout::profiles
