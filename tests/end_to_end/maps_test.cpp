// SPDX-License-Identifier: Apache-2.0
// Maps in every dialect through the command: what comes in, what is said of it, what is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "sim/base/files.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class Maps : public testing::Test {
 protected:
  Outcome brownout(const std::vector<std::string>& arguments) const {
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  /// `profile import ... --out chip.h5`
  Outcome import(std::vector<std::string> more) const {
    more.insert(more.begin(), {"profile", "import"});
    more.insert(more.end(), {"--out", "chip.h5"});
    return brownout(more);
  }
  profiles::Profile chip() const { return profiles::read_profile(workplace_.folder() / "chip.h5"); }
  /// Expects exit 2, one line with `part`, and no new file.
  void refuse(const std::vector<std::string>& arguments, const std::string& part) const {
    const std::vector<std::string> before = workplace_.listing();
    const Outcome outcome = import(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(part));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(workplace_.listing(), before);
  }
  std::vector<std::string> eval(const std::string& voltage) const {
    return {"eval",    "tiny-rquant-8b.onnx", "--data", "data",   "--images", "10", "--chip",
            "chip.h5", "--voltage",           voltage,  "--json", "-"};
  }
  Workplace workplace_;
};

constexpr char kMatrix[] = "0010\n0000\n0100\n0000\n";
constexpr char kCommas[] = "0,0,1,0\n0,0,0,0\n0,1,0,0\n0,0,0,0\n";

TEST_F(Maps, ShippedProfilesComeBackFromTheirExportByteForByte) {
  int profiles = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(BROWNOUT_SOURCE_DIR) / "profiles")) {
    if (entry.path().extension() != ".h5") continue;
    ++profiles;
    const std::string list = entry.path().stem().string() + ".csv";
    ASSERT_EQ(brownout({"profile", "export", entry.path(), "--format", "csv", "--out", list}).code,
              0);
    const Outcome outcome = import({"cells", list, "--overwrite"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, Not(HasSubstr("note:")));
    EXPECT_TRUE(read_file(workplace_.folder() / "chip.h5") == read_file(entry.path())) << list;
  }
  EXPECT_GE(profiles, 3);
}

TEST_F(Maps, MasksComeBackAsTheCellsTheyWereMadeFrom) {
  workplace_.write("list.csv",
                   "voltage,row,column,p01,p10\n0.8,0,1,1,0\n0.8,0,9,1,1\n0.8,3,0,0,1\n");
  ASSERT_EQ(import({"cells", "list.csv", "--columns", "10"}).code, 0);
  const profiles::Profile made = chip();
  ASSERT_EQ(brownout({"profile", "export", "chip.h5", "--format", "masks", "--words", "4", "--bits",
                      "10", "--voltage", "0.8", "--out", "m.mem"})
                .code,
            0);
  const Outcome outcome = import({"masks", "m.mem", "--voltages", "0.8", "--overwrite"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const profiles::Profile back = chip();
  EXPECT_EQ(back.rows, made.rows);
  EXPECT_EQ(back.columns, made.columns);
  ASSERT_EQ(back.levels[0].cells.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back.levels[0].cells[i].cell, made.levels[0].cells[i].cell);
    EXPECT_EQ(back.levels[0].cells[i].p01, made.levels[0].cells[i].p01);
    EXPECT_EQ(back.levels[0].cells[i].p10, made.levels[0].cells[i].p10);
  }
}

TEST_F(Maps, AListOfAnySubsetIsReadAndWhatWasGuessedIsSaid) {
  workplace_.write("list.txt", "row column p10\n0 1 0.5\n3 2 1\n");
  const Outcome outcome = import({"cells", "list.txt", "--voltages", "0.8", "--synthetic"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("note: the map has 1 array, 4 rows, 3 columns, by the largest "
                                     "numbers of the cells"));
  EXPECT_EQ(chip().name, "chip");
  EXPECT_EQ(chip().origin, "imported from list.txt (cells)");
  EXPECT_TRUE(chip().synthetic);
  EXPECT_EQ(chip().levels[0].cells.size(), 2u);
  refuse({"cells", "list.txt", "--overwrite"},
         "list.txt:1: no column has the voltages of the cells; expected --voltages V,V,...");
  workplace_.write("bare.txt", "0.8 0 1\n");
  refuse({"cells", "bare.txt", "--overwrite"}, "without one, --fields NAME,NAME,... says them");
  EXPECT_EQ(import({"cells", "bare.txt", "--fields", "voltage,row,column", "--overwrite"}).code, 0);
  refuse({"stuck-at", "bare.txt", "--voltages", "0.8", "--fields", "row", "--overwrite"},
         "--fields: only cells maps take it, not stuck-at");
}

TEST_F(Maps, ZeroIsAskedForWhereItDecides) {
  workplace_.write("matrix.txt", kMatrix);
  workplace_.write("commas.csv", kCommas);
  for (const char* map : {"matrix.txt", "commas.csv"}) {
    const std::vector<std::string> at{"stuck-at", map,         "--voltages", "0.8",        "--rows",
                                      "4",        "--columns", "4",          "--overwrite"};
    refuse(at, "does 0 mean stuck, or healthy? Expected --zero-means stuck or healthy");
    std::vector<std::string> healthy = at;
    healthy.insert(healthy.end(), {"--zero-means", "healthy"});
    ASSERT_EQ(import(healthy).code, 0);
    EXPECT_EQ(chip().levels[0].cells.size(), 2u) << map;
    fs::remove(workplace_.folder() / "chip.h5");
  }
}

TEST_F(Maps, PairsOfStuckAtMapsAreTwoFilesAVoltage) {
  workplace_.write("sa0.csv", kCommas);
  workplace_.write("sa1.txt", "0000\n1000\n0000\n0000\n");
  const std::vector<std::string> at{"stuck-at",  "sa0.csv", "sa1.txt",    "--rows", "4",
                                    "--columns", "4",       "--voltages", "0.8"};
  refuse(at,
         "--voltages: 1 voltage: expected 1 files, got 2; for a stuck-at-0 and a stuck-at-1 map "
         "of each say --pairs");
  std::vector<std::string> pairs = at;
  pairs.emplace_back("--pairs");
  ASSERT_EQ(import(pairs).code, 0);
  const auto cells = chip().levels[0].cells;
  ASSERT_EQ(cells.size(), 3u);
  EXPECT_EQ(cells[0].cell, 2u);
  EXPECT_EQ(cells[0].p10, 1.0f);
  EXPECT_EQ(cells[1].cell, 4u);
  EXPECT_EQ(cells[1].p01, 1.0f);
  EXPECT_EQ(cells[1].p10, 0.0f);
  pairs.insert(pairs.end(), {"--overwrite", "--zero-means", "stuck"});
  refuse(pairs, "--zero-means: in --pairs a 1 is a fault");
}

TEST_F(Maps, VoltagesThatLookLikeVoltsAreSaid) {
  workplace_.write("three.csv", "0,0,1\n0,1,1\n");
  workplace_.write("two.csv", "0,0,1\n");
  const std::vector<std::string> at{"stuck-at",  "three.csv",   "two.csv", "--rows",
                                    "64",        "--columns",   "64",      "--voltages",
                                    "0.53,0.59", "--vmin-volt", "0.6"};
  const Outcome vmin = import(at);
  ASSERT_EQ(vmin.code, 0) << vmin.err;
  EXPECT_THAT(vmin.err, HasSubstr("note: 0.53, 0.59 look like volts, but are taken as units of "
                                  "Vmin; --voltage-unit V or --voltage-unit Vmin says which"));
  EXPECT_EQ(chip().levels[0].voltage, 0.53);
  std::vector<std::string> volts = at;
  volts.insert(volts.end(), {"--voltage-unit", "V", "--overwrite"});
  const Outcome converted = import(volts);
  ASSERT_EQ(converted.code, 0) << converted.err;
  EXPECT_THAT(converted.err, Not(HasSubstr("note:")));
  EXPECT_DOUBLE_EQ(chip().levels[0].voltage, 0.53 / 0.6);
  EXPECT_DOUBLE_EQ(chip().levels[1].voltage, 0.59 / 0.6);
  refuse({"stuck-at", "two.csv", "--rows", "64", "--columns", "64", "--voltages", "530",
          "--voltage-unit", "mV", "--overwrite"},
         "--voltage-unit: mV needs Vmin in volts; expected --vmin-volt V");
  refuse({"stuck-at", "two.csv", "--rows", "64", "--columns", "64", "--voltages", "530",
          "--overwrite"},
         "--voltages: expected a number in [0.01, 10], got \"530\" (in units of Vmin; "
         "--voltage-unit V or mV says otherwise)");
}

TEST_F(Maps, FaultsAtOrAboveVminAreSaid) {
  workplace_.write("two.csv", "0,0,1\n");
  const Outcome outcome =
      import({"stuck-at", "two.csv", "--rows", "64", "--columns", "64", "--voltages", "1.1"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("note: 1 cell fails at 1.1 Vmin, although Vmin is the lowest "
                                     "voltage at which no cell fails"));
}

TEST_F(Maps, ThePointSaysWhichProfiledVoltageItUses) {
  workplace_.write("two.csv", "0,0,1\n");
  workplace_.write("three.csv", "0,0,1\n0,1,1\n");
  ASSERT_EQ(import({"stuck-at", "three.csv", "two.csv", "--rows", "64", "--columns", "64",
                    "--voltages", "0.8,0.85"})
                .code,
            0);
  const auto note = [&](const std::string& voltage) {
    const Outcome outcome = brownout(eval(voltage));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json()["per_chip"][0]["note"].get<std::string>();
  };
  EXPECT_THAT(note("0.82"), HasSubstr("; at 0.82 Vmin it has the cells of 0.8 Vmin"));
  EXPECT_THAT(note("0.9"),
              HasSubstr("; at 0.9 Vmin it has the cells of 0.85 Vmin, the highest voltage of its "
                        "profile"));
  EXPECT_THAT(note("0.85"), Not(HasSubstr("Vmin")));
}

TEST_F(Maps, AProfileBelowTheRangeOfTheTechnologyIsEvaluatedWithoutEnergies) {
  workplace_.write("two.csv", "0,0,1\n");
  ASSERT_EQ(
      import({"stuck-at", "two.csv", "--rows", "64", "--columns", "64", "--voltages", "0.7"}).code,
      0);
  const Outcome outcome = brownout(eval("0.7"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("note: 0.7 Vmin is outside the range of the technology"));
  const nlohmann::json json = outcome.json();
  EXPECT_EQ(json["voltage"], 0.7);
  EXPECT_TRUE(json["energy_sram_rel"].is_null());
  EXPECT_GT(json["per_chip"][0]["cells_hit"], 0);
  // Chips that take the rates of the technology need its range.
  const Outcome random = brownout({"eval", "tiny-rquant-8b.onnx", "--data", "data", "--images",
                                   "10", "--chip", "random:1", "--voltage", "0.7"});
  EXPECT_EQ(random.code, 2);
  EXPECT_THAT(random.err, HasSubstr("--voltage: expected a number in [0.75, 1], got \"0.7\""));
  // So does the energy of an accelerator.
  std::vector<std::string> priced = eval("0.7");
  priced.insert(priced.end(), {"--accelerator", "edge-16x16"});
  EXPECT_EQ(brownout(priced).code, 2);
}

TEST_F(Maps, LinesOfHexAndFilesOfReadmemhAreBlockRams) {
  std::string lines;
  for (int i = 0; i < 1024; ++i) lines += "FFFF\n";
  workplace_.write("lines.hex", lines);
  workplace_.write("some.mem", "// faults only\n@3ff FEFE\n");
  const Outcome outcome =
      import({"bram-hex", "lines.hex", "some.mem", "--voltages", "0.95,0.9", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["cells"], 8192);
  EXPECT_THAT(outcome.err, HasSubstr("note: some.mem: 1023 of 1024 words are not in the file"));
  ASSERT_EQ(chip().levels[0].cells.size(), 1u);
  EXPECT_EQ(chip().levels[0].cells[0].cell, 8184u);
}

TEST_F(Maps, AFilterThatIsMissingIsCalledWhatItIs) {
  if (std::system("/usr/bin/python3 -c 'import h5py, numpy' >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "python3-h5py and python3-numpy are not installed";
  workplace_.write("lzf.py", R"(
import h5py, numpy as np
f = h5py.File("lzf.h5", "w")
f.attrs.update(dict(brownout_profile_format=1, voltage_unit="Vmin", name="x", origin="t",
                    synthetic=False, arrays=1, rows=8, columns=64, vmin_volt=0.0))
f["voltages"] = np.array([0.8])
g = f.create_group("level_0")
for k in ("p01", "p10"):
    g.create_dataset(k, data=np.zeros((1, 8, 64)), compression="lzf")
)");
  ASSERT_EQ(workplace_.run("/usr/bin/python3", {"lzf.py"}).code, 0);
  const Outcome outcome = brownout({"profile", "inspect", "lzf.h5"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("lzf.h5: level_0/p01: compressed with lzf (filter 32000), which this "
                              "HDF5 library does not have; expected gzip or no compression"),
                    Not(HasSubstr("damaged"))));
}

}  // namespace
}  // namespace brownout::end_to_end
