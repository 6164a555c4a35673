// SPDX-License-Identifier: Apache-2.0
// Whatever a text of a user's file contains, a picture shows it and gnuplot does nothing else.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "example_sweep.hpp"
#include "sim/base/confined.hpp"
#include "sim/base/files.hpp"
#include "sim/report/gnuplot.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/plot.hpp"
#include "sim/report/profile_plot.hpp"
#include "sim/report/study_plot.hpp"

namespace brownout::report {
namespace {

namespace fs = std::filesystem;

/// Ways to break out of a string, a line or a label; each creates a file "pwned" if it succeeds.
std::vector<std::string> hostile_texts() {
  const std::string nul(1, '\0');
  return {"a\n!touch pwned\n#",
          "a'\n!touch pwned\n#",
          "a\"\n!touch pwned\n#",
          "a\r!touch pwned\r#",
          "a\\\n!touch pwned\n#",
          "a\\",
          "a\\'",
          "a''",
          "'; system('touch pwned'); x='",
          "\"; system(\"touch pwned\"); x=\"",
          "`touch pwned`",
          "$(touch pwned)",
          "@pwned",
          "|touch pwned",
          "<touch pwned",
          "\nEOD\n!touch pwned\n$a << EOD\n",
          "{/:Bold x} _{y} ^{z} &{w} ~a{.8-}",
          "</title><script>alert(1)</script>]]>&amp;",
          "%s %n %d %%",
          "a\x1b]0;owned\a\x1b[31m\xc2\x9b",
          "not UTF-8: \xff\xfe\xc0\xaf",
          "a" + nul + "b",
          std::string(3000, 'x'),
          "{",
          "}",
          "#",
          ";",
          "-",
          "NaN",
          ""};
}

results::SweepResult sweep_with(const std::string& text, bool several) {
  results::SweepResult result = example_sweep();
  const auto name = [&](const std::string& model) {
    return model.find("normal") != std::string::npos ? text : "other " + text;
  };
  result.technology = text;
  result.accelerator = text;
  result.chip_note = text;
  for (results::SweepModel& model : result.models) model.name = name(model.name);
  const EnergyLedger energy{};
  for (auto* points : {&result.points, &result.extra_points}) {
    for (results::Point& point : *points) {
      point.model = name(point.model);
      point.energy = energy;
      point.energy->macs = 1.0 + *point.voltage;
    }
  }
  for (results::SafeVoltageRow& row : result.safe_voltage) row.model = name(row.model);
  result.settle();
  if (!several) return result;
  result.mitigations = {"none", text};
  for (const results::Point& point : std::vector<results::Point>(result.points)) {
    result.points.push_back(point);
    result.points.back().mitigation = text;
  }
  for (results::Point& point : result.points) {
    if (point.mitigation.empty()) point.mitigation = "none";
  }
  result.settle();
  return result;
}

study::StudyResult study_with(const std::string& text) {
  study::StudyResult result;
  result.title = result.name = result.source = result.published_title = text;
  for (const char* axis : {"voltage", "rate", "noise"}) {
    study::EvaluationNote& note = result.evaluations.emplace_back();
    note.name = text + axis;
    note.axis = axis;
  }
  study::RowResult& row = result.rows.emplace_back();
  row.name = text;
  for (const study::EvaluationNote& note : result.evaluations) {
    for (const double at : {0.01, 0.02}) {
      study::Cell& cell = row.cells.emplace_back();
      cell.evaluation = note.name;
      cell.header = {text, text, at, {}};
      cell.spread.mean = 5.0 + at;
      cell.published = 6.0;
    }
  }
  row.histograms = {{{"logits", "clean", {0.0, 1.0, {1, 2, 3}}},
                     {"confidences", text, {0.0, 1.0, {1, 2, 3}}},
                     {"weights", text, {0.0, 1.0, {1, 2, 3}}}}};
  return result;
}

profiles::Profile profile_with(const std::string& text) {
  profiles::Profile profile;
  profile.name = profile.origin = text;
  profile.arrays = 1;
  profile.rows = profile.columns = 4;
  profile.levels = {{0.75, {{1, 1.0f, 0.0f}, {5, 0.5f, 0.0f}}}, {0.875, {{5, 0.75f, 0.0f}}}};
  return profile;
}

/// Every kind of picture, with `text` wherever a user's file may contain one.
std::vector<std::pair<std::string, Drawing>> drawings(const std::string& text,
                                                      const fs::path& picture) {
  const profiles::Profile profile = profile_with(text);
  return {{"sweep", sweep_drawing(sweep_with(text, false), picture)},
          {"mitigations", mitigation_drawing(sweep_with(text, true), picture)},
          {"study", *study_drawing(study_with(text), picture)},
          {"histograms", *histograms_drawing(study_with(text), picture)},
          {"map", map_drawing(profile, {0, 0, 0, 4, 0, 4}, picture)},
          {"ber", ber_drawing(profile, profiles::profile_statistics(profile),
                              profiles::fit_profile(profile), picture)}};
}

class HostileTexts : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v gnuplot > /dev/null") != 0) GTEST_SKIP() << "gnuplot is missing";
    folder_ = fs::path(testing::TempDir()) / ("brownout-hostile-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  /// gnuplot as a user would start it, with permission to do what the program says.
  int run_freely(const std::string& script) const {
    return std::system(
        ("cd '" + folder_.string() + "' && gnuplot -d " + script + " > /dev/null 2>&1").c_str());
  }
  fs::path folder_;
};

TEST_F(HostileTexts, ArePicturesAndNothingElseInEveryPicture) {
  for (const std::string& text : hostile_texts()) {
    for (const auto& [name, drawing] : drawings(text, folder_ / "a.svg")) {
      SCOPED_TRACE(name + ": " + text.substr(0, 60));
      write_file_atomically(folder_ / "a.gp", drawing.program);
      write_file_atomically(folder_ / "a.dat", drawing.data());
      ASSERT_EQ(run_freely("a.gp"), 0) << drawing.program;
      const std::string svg = read_file(folder_ / "a.svg");
      EXPECT_EQ(svg.find("<script"), std::string::npos);
      EXPECT_TRUE(
          std::none_of(svg.begin(), svg.end(), [](char c) { return c == '\x1b' || c == 0; }));
      ASSERT_EQ(files(), 3u) << drawing.program;  // picture, program, data
      fs::remove(folder_ / "a.svg");
    }
  }
}

TEST_F(HostileTexts, AreDrawnByUs) {
  std::string all;
  for (const std::string& text : hostile_texts()) all += text;
  for (const auto& [name, drawing] : drawings(all, folder_ / "a.svg")) {
    SCOPED_TRACE(name);
    const auto problem = draw_with_gnuplot(drawing, folder_ / "a.svg");
    EXPECT_FALSE(problem) << *problem << "\n" << drawing.program;
    EXPECT_EQ(files(), 3u);
  }
}

TEST_F(HostileTexts, AreDrawnAsTheyStand) {
  const std::string text = "it's 50 % \"of\" `a\\b` $x @y <z> & _{w}";
  draw_with_gnuplot(map_drawing(profile_with(text), {0, 0, 0, 4, 0, 4}, folder_ / "a.svg"),
                    folder_ / "a.svg");
  EXPECT_NE(read_file(folder_ / "a.svg").find("it's 50 % \"of\" `a\\b` $x @y &lt;z> &amp; _{w}"),
            std::string::npos);
}

TEST_F(HostileTexts, MayBeTheNameOfThePicture) {
  for (const char* name : {"a\n!touch pwned\n#", "|touch pwned; true ", "<a", "-e", "it's", "`x`",
                           "a\\b", "a\"b", "\xff", "a b;c"}) {
    SCOPED_TRACE(name);
    const fs::path file = folder_ / (std::string(name) + ".svg");
    const Drawing drawing = map_drawing(profile_with("chip"), {0, 0, 0, 4, 0, 4}, file);
    const auto problem = draw_with_gnuplot(drawing, file);
    ASSERT_FALSE(problem) << *problem;
    fs::remove(file);
    // Run by hand, the program writes a picture of the same name.
    fs::rename(program_file(file), folder_ / "by-hand.gp");
    ASSERT_EQ(run_freely("by-hand.gp"), 0) << drawing.program;
    EXPECT_TRUE(fs::exists(file));
    EXPECT_EQ(files(), 3u);
    for (const auto& entry : fs::directory_iterator(folder_)) fs::remove(entry.path());
  }
}

TEST_F(HostileTexts, EvenACommandInTheProgramStartsNoProcessAndWritesNoFile) {
  for (const char* command :
       {"!touch pwned", "system('touch pwned')", "x = system(\"touch pwned\")", "x = `touch pwned`",
        "set print 'pwned'\nprint 'x'", "set print '|touch pwned'\nprint 'x'", "save 'pwned'",
        "plot '<touch pwned'", "set output '|touch pwned'", "shell",
        "set output 'pwned'\nplot x"}) {
    SCOPED_TRACE(command);
    Drawing drawing("test", folder_ / "a.svg", 300, 200, 12);
    drawing.program += std::string(command) + "\n";
    draw_with_gnuplot(drawing, folder_ / "a.svg");
    EXPECT_TRUE(!fs::exists(folder_ / "pwned") || fs::is_empty(folder_ / "pwned"));
    fs::remove(folder_ / "pwned");
    EXPECT_LE(files(), 3u);
  }
}

TEST_F(HostileTexts, SettingsOfTheUserAreNotRead) {
  std::ofstream(folder_ / ".gnuplot")
      << "set title 'from the settings'\nset label 1 'mine' at 0,0\n";
  ::setenv("HOME", folder_.c_str(), 1);
  draw_with_gnuplot(map_drawing(profile_with("chip"), {0, 0, 0, 4, 0, 4}, folder_ / "a.svg"),
                    folder_ / "a.svg");
  EXPECT_EQ(read_file(folder_ / "a.svg").find("mine"), std::string::npos);
}

TEST(Confined, AProgramPrintsAndDoesNothingElse) {
  const fs::path folder = testing::TempDir();
  const fs::path file = folder / ("confined-" + std::to_string(::getpid()));
  int status = -1;
  EXPECT_EQ(run_confined({"pwd"}, folder, {}, status), fs::canonical(folder).string() + "\n");
  EXPECT_EQ(status, 0);
  // A process that the shell would have to start.
  EXPECT_EQ(run_confined({"sh", "-c", "echo a; (echo b); echo c | cat; true"}, folder, {}, status)
                .substr(0, 2),
            "a\n");
  EXPECT_NE(status, 0);
  run_confined({"sh", "-c", "echo x > " + file.string()}, folder, {}, status);
  EXPECT_NE(status, 0);
  EXPECT_TRUE(!fs::exists(file) || fs::is_empty(file));
  fs::remove(file);
  ::setenv("BROWNOUT_TEST_A", "1", 1);
  EXPECT_EQ(run_confined({"sh", "-c", "echo $BROWNOUT_TEST_A"}, folder, {}, status), "1\n");
  EXPECT_EQ(run_confined({"sh", "-c", "echo $BROWNOUT_TEST_A"}, folder, {"BROWNOUT_"}, status),
            "\n");
  run_confined({"no-such-program-here"}, folder, {}, status);
  EXPECT_EQ(status, 127);
}

}  // namespace
}  // namespace brownout::report
