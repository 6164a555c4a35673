// SPDX-License-Identifier: Apache-2.0
// `brownout profile` from the outside: its JSON, its files, its refusals.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "sim/base/files.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "tests/profiles/gaussian_profile.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

bool have(const char* program) {
  return std::system(fmt::format("command -v {} > /dev/null", program).c_str()) == 0;
}

class ProfileCommand : public testing::Test {
 protected:
  ProfileCommand() {
    profiles::GaussianChip chip;
    chip.arrays = 2;
    chip.rows = 256;
    chip.column_sigma = 0.02;
    chip.read_noise = 0.0066;
    chip_ = profiles::gaussian_profile(chip, 1);
    profiles::write_profile(workplace_.folder() / "chip.h5", chip_);
    profiles::write_profile(workplace_.folder() / "other.h5", profiles::gaussian_profile(chip, 2));
  }
  Outcome profile(std::vector<std::string> more, const Surroundings& surroundings = {}) const {
    more.insert(more.begin(), "profile");
    return workplace_.run(BROWNOUT_BINARY, more, surroundings);
  }
  std::string content(const std::string& name) const {
    return read_file(workplace_.folder() / name);
  }
  /// Expects exit 2, one line with all `parts`, and no new or changed file.
  void refuse(const std::vector<std::string>& arguments, const std::vector<std::string>& parts) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(arguments, " ")));
    const std::vector<std::string> before = workplace_.listing();
    const std::string chip = content("chip.h5");
    const Outcome outcome = profile(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& part : parts)
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << ": " << outcome.err;
    EXPECT_EQ(workplace_.listing(), before);
    EXPECT_EQ(content("chip.h5"), chip);
  }
  Workplace workplace_;
  profiles::Profile chip_;
};

TEST_F(ProfileCommand, InspectGivesOneObjectAVoltage) {
  const Outcome outcome = profile({"inspect", "chip.h5", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  EXPECT_EQ(json["name"], "gaussian");
  EXPECT_EQ(json["synthetic"], true);
  EXPECT_EQ(json["geometry"]["rows"], 256);
  EXPECT_EQ(json["cells"], 2 * 256 * 64);
  EXPECT_EQ(json["period"], 2 * 256 * 64);
  ASSERT_EQ(json["voltages"].size(), chip_.levels.size());
  double previous = 1.0;
  for (const Json& level : json["voltages"]) {
    for (const char* field : {"voltage", "p", "p01", "p10", "persistent"})
      EXPECT_TRUE(level[field].is_number()) << field;
    for (const char* field : {"column_pair_ratio", "row_pair_ratio", "nested_share"})
      EXPECT_TRUE(level.contains(field)) << field;
    EXPECT_LT(level["p"], previous);
    previous = level["p"];
    // Each cell has one direction.
    EXPECT_NEAR(level["p"], level["p01"].get<double>() + level["p10"].get<double>(), 1e-12);
  }
  EXPECT_EQ(json["voltages"][0]["nested_share"], 1.0);
  EXPECT_NE(outcome.err.find("synthetic: generated, not measured"), std::string::npos);
  EXPECT_EQ(outcome.err.find("warning"), std::string::npos);
}

TEST_F(ProfileCommand, WarnsWithTheCountWhenNestingIsViolated) {
  profiles::Profile broken = chip_;
  broken.synthetic = false;
  broken.levels = {{0.8, {{1, 1.0f, 0.0f}}}, {0.9, {{1, 0.5f, 0.0f}, {7, 0.0f, 1.0f}}}};
  profiles::write_profile(workplace_.folder() / "broken.h5", broken);
  const Outcome outcome = profile({"inspect", "broken.h5"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err,
            "brownout: warning: gaussian: not nested: 1 of the 2 cells that fail at 0.9 err less "
            "often, or not at all, at the next lower voltage\n");
  EXPECT_NE(outcome.out.find("gaussian (measured)"), std::string::npos);
}

TEST_F(ProfileCommand, FitFindsTheCellsThatMadeTheFile) {
  const Outcome outcome = profile({"fit", "chip.h5", "--json", "-", "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const Json json = outcome.json();
  EXPECT_EQ(json["synthetic"], true);
  EXPECT_NEAR(json["up"]["mu"], 0.71, 0.02);
  EXPECT_NEAR(json["up"]["sigma"], 0.05, 0.01);
  EXPECT_NEAR(json["down"]["mu"], 0.70, 0.03);
  EXPECT_NEAR(json["read_noise"]["value"], 0.0066, 0.001);
  EXPECT_NEAR(json["column_sigma"]["value"], 0.02, 0.008);
  EXPECT_NEAR(json["share_01"], 0.7, 0.05);
  EXPECT_LT(json["largest_decades"], 0.5);
  EXPECT_EQ(json["voltages"].size(), 5u);
}

TEST_F(ProfileCommand, CompareCountsCommonCells) {
  const Outcome same = profile({"compare", "chip.h5", "chip.h5", "--json", "-", "--quiet"});
  ASSERT_EQ(same.code, 0) << same.err;
  const Json compared = same.json();
  for (const Json& level : compared["voltages"]) {
    EXPECT_EQ(level["common_cells"], level["a"]["faulty_cells"]);
    EXPECT_EQ(level["same_direction"], level["common_cells"] > 0 ? Json(1.0) : Json(nullptr));
  }
  const Outcome two = profile({"compare", "chip.h5", "other.h5", "--json", "-"});
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_NEAR(two.json()["voltages"][0]["overlap_ratio"], 1.0, 0.2);
  EXPECT_NE(two.err.find("A: gaussian (synthetic"), std::string::npos);
}

TEST_F(ProfileCommand, PlotDrawsAWindowAndTheRates) {
  if (!have("gnuplot")) GTEST_SKIP() << "gnuplot is missing";
  ASSERT_EQ(profile({"plot", "chip.h5", "--out", "map.png", "--rows", "10:90", "--columns", "0:64",
                     "--array", "1", "--voltage", "0.833"})
                .code,
            0);
  EXPECT_EQ(content("map.png").substr(1, 3), "PNG");
  EXPECT_NE(content("map.gp").find("array 1, 0.833 Vmin"), std::string::npos);
  ASSERT_EQ(profile({"plot", "chip.h5", "--out", "ber.svg", "--ber"}).code, 0);
  EXPECT_NE(content("ber.svg").find("</svg>"), std::string::npos);
  EXPECT_NE(content("ber.svg").find("synthetic"), std::string::npos);
  EXPECT_NE(content("ber.gp").find("title '0→1, fit'"), std::string::npos);
}

TEST_F(ProfileCommand, WithoutGnuplotTheProgramIsThereAndTheRunFailed) {
  Surroundings surroundings;
  surroundings.environment = {"PATH=/nowhere"};
  const Outcome outcome = profile({"plot", "chip.h5", "--out", "map.png"}, surroundings);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("no plot: gnuplot is not installed"), std::string::npos);
  EXPECT_TRUE(fs::exists(workplace_.folder() / "map.gp"));
  EXPECT_FALSE(fs::exists(workplace_.folder() / "map.png"));
}

TEST_F(ProfileCommand, ExportsWhatTheFileHolds) {
  ASSERT_EQ(profile({"export", "chip.h5", "--format", "csv", "--out", "cells.csv"}).code, 0);
  const std::string csv = content("cells.csv");
  std::size_t cells = 0;
  for (const profiles::ProfileLevel& level : chip_.levels) cells += level.cells.size();
  const std::size_t begin = csv.find("\nvoltage,array,row,column,p01,p10\n") + 1;
  EXPECT_EQ(static_cast<std::size_t>(
                std::count(csv.begin() + static_cast<std::ptrdiff_t>(begin), csv.end(), '\n')),
            cells + 1);
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "# brownout profile cells 1");

  const Outcome npy =
      profile({"export", "chip.h5", "--format", "npy", "--out", "maps", "--json", "-"});
  ASSERT_EQ(npy.code, 0) << npy.err;
  EXPECT_EQ(npy.json()["synthetic"], true);
  ASSERT_EQ(npy.json()["files"].size(), 10u);
  if (std::system("/usr/bin/python3 -c 'import numpy' 2> /dev/null") != 0)
    GTEST_SKIP() << "numpy is missing";
  const Outcome sum =
      workplace_.run("/usr/bin/python3", {"-c",
                                          "import numpy\n"
                                          "a = numpy.load('maps/p01-0.75.npy')\n"
                                          "print(a.shape, a.dtype, int((a > 0).sum()))\n"});
  ASSERT_EQ(sum.code, 0) << sum.err;
  const auto& lowest = chip_.levels[0].cells;
  EXPECT_EQ(sum.out, fmt::format("(2, 256, 64) float32 {}\n",
                                 std::count_if(lowest.begin(), lowest.end(),
                                               [](const auto& cell) { return cell.p01 > 0; })));
}

TEST_F(ProfileCommand, GenerateMakesTheShippedChips) {
  const fs::path folder = fs::path(BROWNOUT_SOURCE_DIR) / "profiles";
  const Outcome outcome =
      profile({"generate", folder / "chip1-synthetic.yaml", "--out", "made.h5", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["synthetic"], true);
  const profiles::Profile made = profiles::read_profile(workplace_.folder() / "made.h5");
  const profiles::Profile shipped = profiles::read_profile(folder / "chip1-synthetic.h5");
  EXPECT_EQ(made.name, shipped.name);
  EXPECT_EQ(made.origin, shipped.origin);
  ASSERT_EQ(made.levels.size(), shipped.levels.size());
  for (std::size_t i = 0; i < made.levels.size(); ++i) {
    const auto& a = made.levels[i].cells;
    const auto& b = shipped.levels[i].cells;
    EXPECT_EQ(made.levels[i].voltage, shipped.levels[i].voltage);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end(),
                           [](const profiles::ProfileCell& x, const profiles::ProfileCell& y) {
                             return x.cell == y.cell && x.p01 == y.p01 && x.p10 == y.p10;
                           }));
  }

  workplace_.write("wrong.yaml", "name: 3\nnames: 4\n");
  refuse({"generate", "wrong.yaml", "--out", "x.h5"}, {"wrong.yaml"});
  refuse({"generate", "none.yaml", "--out", "x.h5"}, {"none.yaml"});
  fs::copy_file(folder / "chip1-synthetic.yaml", workplace_.folder() / "chip1.yaml");
  refuse({"generate", "chip1.yaml", "--out", "./chip1.yaml"},
         {"--out: ./chip1.yaml", "found the input"});
  refuse({"generate", "chip1.yaml", "--out", "no/such/x.h5"}, {"--out", "no/such"});
  refuse({"generate", "chip1.yaml"}, {"--out"});
}

TEST_F(ProfileCommand, GenerateGivesTheSameBytesForTheSameConfiguration) {
  const fs::path config = fs::path(BROWNOUT_SOURCE_DIR) / "profiles" / "chip1-synthetic.yaml";
  ASSERT_EQ(profile({"generate", config, "--out", "one.h5"}).code, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // times in HDF5 are in seconds
  ASSERT_EQ(profile({"generate", config, "--out", "two.h5"}).code, 0);
  EXPECT_EQ(content("one.h5"), content("two.h5"));
  EXPECT_EQ(content("one.h5"),
            read_file(fs::path(BROWNOUT_SOURCE_DIR) / "profiles" / "chip1-synthetic.h5"));
}

TEST_F(ProfileCommand, AFullDiskIsOneLineAndNoFile) {
  workplace_.write("bram.txt", std::string(4096, 'F'));
  workplace_.write("low.csv", "row,column,value\n0,1,1\n2,3,0\n");
  const fs::path config = fs::path(BROWNOUT_SOURCE_DIR) / "profiles" / "chip1-synthetic.yaml";
  refuse({"generate", config, "--out", "/dev/full"}, {"--out: /dev/full: cannot write: No space"});
  refuse({"import", "bram-hex", "bram.txt", "--voltages", "0.9", "--out", "/dev/full"},
         {"--out: /dev/full: cannot write: No space"});
  refuse({"import", "stuck-at", "low.csv", "--voltages", "0.9", "--rows", "4", "--columns", "8",
          "--out", "/dev/full"},
         {"--out: /dev/full: cannot write: No space"});
  refuse({"export", "chip.h5", "--format", "csv", "--out", "/dev/full"}, {"/dev/full"});
  EXPECT_TRUE(fs::is_character_file("/dev/full"));  // not replaced by what was written

  // A disk that fills while the file is written.
  Surroundings little;
  little.file_limit = 2000;
  const std::vector<std::string> before = workplace_.listing();
  const Outcome outcome = profile({"generate", config, "--out", "x.h5"}, little);
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("--out: "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("x.h5"), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(workplace_.listing(), before);
}

TEST_F(ProfileCommand, ImportRefusesDamagedMapsAndLeavesNothing) {
  ASSERT_EQ(profile({"export", "chip.h5", "--format", "npy", "--out", "maps"}).code, 0);
  const std::string array = content("maps/p01-0.75.npy");
  workplace_.write("short.npy", array.substr(0, array.size() - 5));
  std::string wrong = array;
  const float too_much = 1.5f;
  std::memcpy(wrong.data() + wrong.size() - sizeof too_much, &too_much, sizeof too_much);
  workplace_.write("wrong.npy", wrong);
  ASSERT_EQ(std::system(fmt::format("cd '{}' && /usr/bin/python3 -c \"import numpy as np; "
                                    "np.save('other.npy', np.zeros((3, 4)))\"",
                                    workplace_.folder().string())
                            .c_str()),
            0);
  const std::string good = "maps/p10-0.75.npy";
  const auto npy = [&](const std::string& p01, const std::string& p10) {
    return std::vector<std::string>{"import",     "npy",  p01,     p10,
                                    "--voltages", "0.75", "--out", "x.h5"};
  };
  refuse(npy("short.npy", good), {"short.npy: expected", "bytes of data"});
  refuse(npy("wrong.npy", good),
         {"wrong.npy: number", "expected a probability in [0, 1], got 1.5"});
  refuse(npy("other.npy", good), {"expected the shape of other.npy, (3, 4)"});
  refuse(npy("none.npy", good), {"none.npy"});
  refuse({"import", "npy", "maps/p01-0.75.npy", good, "maps/p01-0.75.npy", good, "--voltages",
          "0.75,0.75", "--out", "x.h5"},
         {"expected increasing voltages"});
  workplace_.write("odd.txt", std::string(4097, 'F'));
  refuse({"import", "bram-hex", "odd.txt", "--voltages", "0.9", "--out", "x.h5"},
         {"odd.txt: expected whole bytes, got an odd number of hex digits (4097)"});
}

TEST_F(ProfileCommand, NamesInFilesAreOneLineOfText) {
  std::string config =
      read_file(fs::path(BROWNOUT_SOURCE_DIR) / "profiles" / "chip1-synthetic.yaml");
  const std::size_t at = config.find("name: ");
  config.replace(at, config.find('\n', at) - at, "name: \"a\\nb\"");
  workplace_.write("named.yaml", config);
  refuse({"generate", "named.yaml", "--out", "x.h5"}, {"named.yaml:", "name: expected"});
}

TEST_F(ProfileCommand, ImportsWhatItExported) {
  ASSERT_EQ(profile({"export", "chip.h5", "--format", "npy", "--out", "maps"}).code, 0);
  const Outcome outcome = profile({"import", "npy", "maps/p01-0.75.npy", "maps/p10-0.75.npy",
                                   "maps/p01-0.833.npy", "maps/p10-0.833.npy", "--voltages",
                                   "0.75,0.833", "--out", "back.h5", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["name"], "back");
  EXPECT_EQ(outcome.json()["geometry"]["arrays"], 2);
  const profiles::Profile back = profiles::read_profile(workplace_.folder() / "back.h5");
  ASSERT_EQ(back.levels.size(), 2u);
  for (const auto& [level, original] : {std::pair{0, 0}, std::pair{1, 2}}) {
    const auto& a = back.levels[static_cast<std::size_t>(level)].cells;
    const auto& b = chip_.levels[static_cast<std::size_t>(original)].cells;
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end(),
                           [](const profiles::ProfileCell& x, const profiles::ProfileCell& y) {
                             return x.cell == y.cell && x.p01 == y.p01 && x.p10 == y.p10;
                           }));
  }
  refuse({"import", "npy", "maps/p01-0.75.npy", "--voltages", "0.75", "--out", "x.h5"},
         {"--voltages: 1 voltage: expected 2 files"});
  refuse({"import", "npy", "maps/p01-0.75.npy", "chip.h5", "--voltages", "0.75", "--out", "x.h5"},
         {"chip.h5"});
  refuse({"import", "npy", "chip.h5", "chip.h5", "--voltages", "0.75", "--out", "chip.h5"},
         {"--out", "found the input"});
}

TEST_F(ProfileCommand, ImportsStuckAtAndBramMaps) {
  workplace_.write("low.csv", "row,column,value\n0,1,1\n2,3,0\n");
  workplace_.write("high.csv", "1,1,1\n");
  const Outcome stuck =
      profile({"import", "stuck-at", "low.csv", "high.csv", "--voltages", "0.8,0.9", "--rows", "4",
               "--columns", "8", "--name", "mine", "--out", "stuck.h5", "--json", "-"});
  ASSERT_EQ(stuck.code, 0) << stuck.err;
  EXPECT_EQ(stuck.json()["name"], "mine");
  EXPECT_EQ(stuck.json()["synthetic"], false);
  EXPECT_EQ(stuck.json()["voltages"][0]["p01"], 1.0 / 32);
  EXPECT_EQ(stuck.json()["voltages"][0]["p10"], 1.0 / 32);
  EXPECT_NE(stuck.err.find("warning: mine: not nested: 1 of the 1 cells that fail at 0.9"),
            std::string::npos)
      << stuck.err;
  std::string hex(4096, 'F');
  hex.replace(0, 4, "FEFE");
  workplace_.write("bram.txt", hex);
  const Outcome bram = profile(
      {"import", "bram-hex", "bram.txt", "--voltages", "0.9", "--out", "bram.h5", "--json", "-"});
  ASSERT_EQ(bram.code, 0) << bram.err;
  EXPECT_EQ(bram.json()["cells"], 1024 * 8);
  EXPECT_EQ(bram.json()["voltages"][0]["p10"], 1.0 / 8192);
  EXPECT_NE(bram.err.find("2 faults in 16384 bits of the file, 1 in 8192 real cells"),
            std::string::npos)
      << bram.err;
  workplace_.write("odd.txt", hex.substr(1));
  refuse({"import", "bram-hex", "odd.txt", "--voltages", "0.9", "--out", "x.h5"}, {"odd.txt"});
  refuse({"import", "bram", "bram.txt", "--voltages", "0.9", "--out", "x.h5"},
         {"KIND: expected one of bram-hex, stuck-at, npy, cells, masks"});
  refuse({"import", "bram-hex", "bram.txt", "--voltages", "0.9,", "--out", "x.h5"}, {"--voltages"});
  refuse({"import", "bram-hex", "bram.txt", "--voltages", "0.9", "--rows", "3", "--out", "x.h5"},
         {"--rows: only stuck-at and cells"});
  refuse({"import", "stuck-at", "low.csv", "--voltages", "0.9", "--out", "x.h5"},
         {"--rows: expected with stuck-at"});
  refuse({"import", "stuck-at", "low.csv", "--voltages", "0.9", "--rows", "2", "--columns", "8",
          "--out", "x.h5"},
         {"low.csv"});
}

TEST_F(ProfileCommand, RefusesWhatIsNoProfile) {
  workplace_.write("truncated.h5", content("chip.h5").substr(0, 3000));
  workplace_.write("text.h5", "cells: 3\n");
  workplace_.write("empty.h5", "");
  for (const char* verb : {"inspect", "fit"}) {
    refuse({verb, "truncated.h5"}, {"truncated.h5"});
    refuse({verb, "text.h5"}, {"text.h5"});
    refuse({verb, "empty.h5"}, {"empty.h5"});
    refuse({verb, "none.h5"}, {"none.h5"});
    refuse({verb, "."}, {"."});
  }
  refuse({"inspect", "truncated.h5", "--json", "out.json"}, {"truncated.h5"});
  refuse({"compare", "chip.h5", "text.h5"}, {"text.h5"});
  refuse({"plot", "truncated.h5", "--out", "a.png"}, {"truncated.h5"});
  refuse({"export", "truncated.h5", "--format", "csv", "--out", "a.csv"}, {"truncated.h5"});
  refuse({"export", "truncated.h5", "--format", "npy", "--out", "maps"}, {"truncated.h5"});
}

TEST_F(ProfileCommand, RefusesOutputsThatAreInputsOrCannotBeWritten) {
  const std::string own = "expected a file of its own, found the input";
  refuse({"inspect", "chip.h5", "--json", "./chip.h5"}, {"--json: ./chip.h5", own});
  refuse({"fit", "chip.h5", "--json", "chip.h5"}, {"--json", own});
  refuse({"compare", "other.h5", "chip.h5", "--json", "chip.h5"}, {"--json", own});
  refuse({"export", "chip.h5", "--format", "csv", "--out", "chip.h5"}, {"--out", own});
  refuse({"export", "chip.h5", "--format", "csv", "--out", "no/such/place.csv"}, {"no/such"});
  refuse({"export", "chip.h5", "--format", "csv", "--out", "x.csv", "--json", "x.csv"},
         {"expected a file of its own"});
  refuse({"export", "chip.h5", "--format", "npy", "--out", "chip.h5"}, {"chip.h5"});
  refuse({"plot", "chip.h5", "--out", "no/such/place.png"}, {"no/such"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--json", "a.gp"}, {"a.gp"});
  fs::copy_file(workplace_.folder() / "chip.h5", workplace_.folder() / "chip.svg");
  refuse({"plot", "chip.svg", "--out", "chip.svg"}, {"--out: chip.svg", own});
  fs::rename(workplace_.folder() / "chip.svg", workplace_.folder() / "chip.gp");
  refuse({"plot", "chip.gp", "--out", "chip.svg"}, {"chip.gp", own});
}

TEST_F(ProfileCommand, RefusesWrongOptions) {
  refuse({}, {"expected a verb: generate"});
  refuse({"inspct", "chip.h5"}, {"did you mean \"profile inspect\"?"});
  refuse({"inspect"}, {"FILE"});
  refuse({"inspect", "chip.h5", "--threads", "0"}, {"--threads"});
  refuse({"plot", "chip.h5"}, {"--out"});
  refuse({"plot", "chip.h5", "--out", "map.jpeg"}, {".png, .svg or .pdf"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--array", "2"}, {"--array", "[0, 1]"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--rows", "5"}, {"--rows", "FIRST:END"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--rows", "5:5"}, {"--rows: end", "[6, 256]"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--rows", "256:300"}, {"--rows: first"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--columns", "0:65"}, {"--columns: end", "64"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--columns", "-1:5"}, {"--columns: first"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--voltage", "0.8"},
         {"--voltage", "0.75, 0.792, 0.833, 0.875, 0.917", "0.8"});
  refuse({"plot", "chip.h5", "--out", "a.png", "--ber", "--rows", "0:4"}, {"--rows", "--ber"});
  refuse({"export", "chip.h5", "--format", "cvs", "--out", "a"}, {"did you mean \"csv\"?"});
}

TEST_F(ProfileCommand, MasksHaveTheCellsOfAProfileLineByLine) {
  profiles::Profile small = chip_;
  small.arrays = 1;
  small.rows = 2;
  small.columns = 64;
  // Cells 1 and 41 are stuck, 12 flips; 3 never errs.
  small.levels = {{0.8, {{1, 1.0f, 0.0f}, {12, 1.0f, 1.0f}, {41, 0.0f, 1.0f}}}, {0.9, {}}};
  profiles::write_profile(workplace_.folder() / "small.h5", small);
  const std::vector<std::string> at{"export", "small.h5", "--format", "masks", "--words",
                                    "4",      "--bits",   "10",       "--out", "m.mem",
                                    "--json", "-",        "--quiet"};
  std::vector<std::string> low = at;
  low.insert(low.end(), {"--voltage", "0.85"});
  const Outcome outcome = profile(low);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(content("m.mem"),
            "// brownout masks words 4 bits 10: chip small.h5 at 0.85 Vmin\n"
            "// A line a word: stuck0_stuck1_flip, read = ((stored & ~stuck0) | stuck1) ^ flip\n"
            "000_002_000\n000_000_004\n000_000_000\n000_000_000\n");
  const Json json = outcome.json();
  EXPECT_EQ(json["cells"], 40);
  EXPECT_EQ(json["cells_wrong"], 2);  // cell 41 is the first after the memory
  EXPECT_EQ(json["stuck0"], 0);
  EXPECT_EQ(json["stuck1"], 1);
  EXPECT_EQ(json["flip"], 1);
  EXPECT_EQ(json["voltage"], 0.85);
  EXPECT_TRUE(json["rate"].is_null());
}

TEST_F(ProfileCommand, RefusesMasksOfWhatIsNotThereWithOneMessage) {
  const auto masks = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"export", "--format", "masks", "--out", "m.mem"});
    return more;
  };
  refuse(masks({"chip.h5", "--words", "513", "--bits", "64", "--voltage", "0.8"}),
         {"--words: 513 words of 64 bits are 32832 cells, but chip chip.h5 has 32768"});
  refuse(masks({"chip.h5", "--words", "8193", "--bits", "4096", "--voltage", "0.8"}),
         {"chip.h5 has"});
  refuse(masks({"--chip", "random:1", "--words", "20000", "--bits", "4096", "--rate", "0.1"}),
         {"--words: 20000 words of 4096 bits are 81920000 cells; expected at most 67108864"});
  refuse(masks({"chip.h5", "--words", "4", "--bits", "4097", "--voltage", "0.8"}),
         {"--bits", "4096"});
  refuse(masks({"chip.h5", "--words", "0", "--bits", "64", "--voltage", "0.8"}),
         {"--words", "\"0\""});
  refuse(masks({"chip.h5", "--bits", "64", "--voltage", "0.8"}), {"--words: masks need it"});
  refuse(masks({"--words", "4", "--bits", "64", "--voltage", "0.8"}), {"--chip", "got none"});
  refuse(masks({"chip.h5", "--chip", "random:1", "--words", "4", "--bits", "64", "--rate", "0.1"}),
         {"--chip", "got both"});
  refuse(masks({"chip.h5", "--words", "4", "--bits", "64"}), {"--voltage: masks need"});
  refuse(masks({"chip.h5", "--words", "4", "--bits", "64", "--rate", "0.1"}),
         {"--rate: chip chip.h5 fails by its voltage"});
  refuse(masks({"chip.h5", "--words", "4", "--bits", "64", "--voltage", "0.5"}), {"0.75"});
  refuse(masks({"--chip", "random:1", "--words", "4", "--bits", "64", "--voltage", "0.5"}),
         {"--voltage: expected a number in [0.75, 1]"});
  refuse(masks({"--chip", "random:1", "--words", "4", "--bits", "64", "--voltage", "0.8", "--rate",
                "0.1"}),
         {"--voltage", "--rate"});
  refuse({"export", "chip.h5", "--format", "csv", "--out", "a.csv", "--words", "4"},
         {"--words: only --format masks takes it"});
  refuse({"export", "--format", "csv", "--out", "a.csv"}, {"FILE"});
}

}  // namespace
}  // namespace brownout::end_to_end
