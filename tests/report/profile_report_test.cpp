// SPDX-License-Identifier: Apache-2.0
// Profiles as text, JSON, pictures and files of other tools.
#include "sim/report/profile_report.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/report/gnuplot.hpp"
#include "sim/report/profile_export.hpp"
#include "sim/report/profile_plot.hpp"

namespace brownout::report {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

/// Two arrays of 3 rows and 4 columns.
profiles::Profile example() {
  profiles::Profile profile;
  profile.name = "it's chip_1";
  profile.origin = "a test";
  profile.synthetic = true;
  profile.arrays = 2;
  profile.rows = 3;
  profile.columns = 4;
  profile.levels = {{0.75, {{1, 1.0f, 0.0f}, {5, 0.5f, 0.0f}, {14, 0.0f, 0.25f}}},
                    {0.875, {{5, 0.75f, 0.0f}}}};
  return profile;
}

TEST(ProfileReport, JsonHasWhatTheFileSaysAndWhatFollows) {
  const profiles::Profile profile = example();
  const Json json = Json::parse(profile_json(profile, profiles::profile_statistics(profile)));
  EXPECT_EQ(json["name"], "it's chip_1");
  EXPECT_EQ(json["origin"], "a test");
  EXPECT_EQ(json["synthetic"], true);
  EXPECT_EQ(json["geometry"], (Json{{"arrays", 2}, {"rows", 3}, {"columns", 4}}));
  EXPECT_EQ(json["cells"], 24);
  EXPECT_EQ(json["period"], 24);
  EXPECT_EQ(json["vmin_volt"], nullptr);
  EXPECT_EQ(json["persistent_threshold"], 0.985);
  ASSERT_EQ(json["voltages"].size(), 2u);
  const Json& level = json["voltages"][0];
  EXPECT_EQ(level["voltage"], 0.75);
  EXPECT_EQ(level["p"], 1.75 / 24);
  EXPECT_EQ(level["p01"], 1.5 / 24);
  EXPECT_EQ(level["p10"], 0.25 / 24);
  EXPECT_EQ(level["persistent"], 1.0 / 24);
  EXPECT_EQ(level["column_pair_ratio"], 1.0 / (3.0 * 2 / 23));
  EXPECT_EQ(level["row_pair_ratio"], 0.0);
  EXPECT_EQ(level["nested_share"], 0.0);
  EXPECT_EQ(level["contained_share"], 1.0);
  EXPECT_EQ(json["voltages"][1]["nested_share"], nullptr);
  EXPECT_EQ(json["voltages"][1]["column_pair_ratio"], nullptr);
}

TEST(ProfileReport, SaysThatItIsSyntheticAndWhatIsNotNested) {
  const profiles::Profile profile = example();
  const auto levels = profiles::profile_statistics(profile);
  const std::string text = profile_text(profile, levels);
  EXPECT_NE(text.find("it's chip_1 (synthetic: generated, not measured)"), std::string::npos);
  EXPECT_NE(text.find("repeats every 24 bits"), std::string::npos);
  EXPECT_EQ(nesting_warning(profile, levels),
            "it's chip_1: not nested: 1 of the 1 cells that fail at 0.875 err less often, or not "
            "at all, at the next lower voltage; are the maps in the order of the voltages?");
  profiles::Profile measured = profile;
  measured.synthetic = false;
  measured.levels.pop_back();
  EXPECT_EQ(profile_title(measured), "it's chip_1 (measured)");
  EXPECT_EQ(nesting_warning(measured, profiles::profile_statistics(measured)), "");
}

TEST(ProfileReport, FitAndComparisonAreWholeJson) {
  const profiles::Profile profile = example();
  const Json fit = Json::parse(fit_json(profile, profiles::fit_profile(profile)));
  EXPECT_EQ(fit["up"].is_null(), false);
  EXPECT_EQ(fit["down"], nullptr);
  EXPECT_EQ(fit["voltages"].size(), 2u);
  EXPECT_FALSE(fit["not_fitted"].empty());
  const Json comparison =
      Json::parse(comparison_json(profile, profile, profiles::compare_profiles(profile, profile)));
  EXPECT_EQ(comparison["same_geometry"], true);
  EXPECT_EQ(comparison["voltages"][0]["common_cells"], 3);
  EXPECT_EQ(comparison["voltages"][0]["overlap_ratio"], 3.0 / (9.0 / 24));
  EXPECT_EQ(comparison["voltages"][0]["same_direction"], 1.0);
}

TEST(ProfileExport, CsvHasARowForEachCellAndVoltage) {
  EXPECT_EQ(profile_csv(example()),
            "voltage,array,row,column,p01,p10\n"
            "0.75,0,0,1,1,0\n"
            "0.75,0,1,1,0.5,0\n"
            "0.75,1,0,2,0,0.25\n"
            "0.875,0,1,1,0.75,0\n");
}

TEST(ProfileExport, NpyIsAHeaderAndAllCells) {
  const profiles::Profile profile = example();
  const std::string file = profile_npy(profile, profile.levels[0], true);
  EXPECT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t header =
      static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  EXPECT_EQ((10 + header) % 64, 0u);
  EXPECT_EQ(file[9 + header], '\n');
  EXPECT_NE(file.find("'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }"),
            std::string::npos);
  ASSERT_EQ(file.size(), 10 + header + 24 * 4);
  for (std::size_t cell = 0; cell < 24; ++cell) {
    float p = -1.0f;
    std::memcpy(&p, file.data() + 10 + header + 4 * cell, 4);
    EXPECT_EQ(p, cell == 1 ? 1.0f : cell == 5 ? 0.5f : 0.0f) << cell;
  }
}

/// The blocks without the line that says what they belong to.
std::string blocks(const Drawing& drawing) {
  return drawing.data().substr(drawing.data().find('\n') + 1);
}
constexpr char kNothing[] = "NaN NaN NaN NaN NaN NaN NaN NaN NaN\n";

TEST(ProfilePlot, PanelsHoldTheCellsOfTheWindow) {
  const Drawing drawing = map_drawing(example(), {0, 0, 0, 3, 0, 4}, "x/chip.png");
  for (const char* part :
       {"output_file = \"./chip.png\"", "pngcairo",
        "\"it\\047s chip_1 (synthetic: generated, not measured), array 0, 0.75 Vmin\"",
        "set title 'all errors'\nplot NaN, data_file index 0 using"}) {
    EXPECT_NE(drawing.program.find(part), std::string::npos) << part << drawing.program;
  }
  const std::string both = "1 0 1\n1 1 0.5\n";
  EXPECT_EQ(blocks(drawing), both + "\n\n" + both + "\n\n" + kNothing + "\n\n1 0 1\n");
  const Drawing second = map_drawing(example(), {0, 1, 0, 1, 1, 4}, "chip.svg");
  EXPECT_EQ(blocks(second),
            std::string("2 0 0.25\n\n\n") + kNothing + "\n\n2 0 0.25\n\n\n" + kNothing);
  EXPECT_NE(second.program.find("set xrange [0.5:3.5]\nset yrange [0.5:-0.5]\n"),
            std::string::npos);
}

TEST(ProfilePlot, ALargeWindowShowsTheHighestOfEachBlock) {
  profiles::Profile profile = example();
  profile.arrays = 1;
  profile.rows = 1024;
  profile.levels = {{0.75, {{4 * 6 + 3, 0.25f, 0.0f}, {4 * 7 + 3, 0.5f, 0.0f}}}};
  const Drawing drawing = map_drawing(profile, {0, 0, 0, 1024, 0, 4}, "chip.pdf");
  EXPECT_EQ(blocks(drawing).find("3 6.5 0.5\n\n\n"), 0u) << blocks(drawing);
  EXPECT_NE(drawing.program.find("a pixel is the highest probability of 2×1 cells"),
            std::string::npos);
}

TEST(ProfilePlot, GnuplotDrawsAllFormats) {
  if (std::system("command -v gnuplot > /dev/null") != 0) GTEST_SKIP() << "gnuplot is missing";
  const fs::path folder =
      fs::path(testing::TempDir()) / ("brownout-profile-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const profiles::Profile profile = example();
  profiles::Profile empty = profile;
  for (profiles::ProfileLevel& level : empty.levels) level.cells.clear();
  for (const char* name : {"a.png", "a.svg", "a.pdf"}) {
    SCOPED_TRACE(name);
    const fs::path file = folder / name;
    for (const profiles::Profile& shown : {profile, empty}) {
      const auto levels = profiles::profile_statistics(shown);
      const auto fit = profiles::fit_profile(shown);
      for (const Drawing& drawing :
           {map_drawing(shown, {0, 0, 0, 3, 0, 4}, file), ber_drawing(shown, levels, fit, file)}) {
        const auto problem = draw_with_gnuplot(drawing, file);
        EXPECT_FALSE(problem) << *problem << "\n" << drawing.program;
        EXPECT_GT(fs::exists(file) ? fs::file_size(file) : 0, 1000u);
        fs::remove(file);
      }
    }
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace brownout::report
