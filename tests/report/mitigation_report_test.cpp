// SPDX-License-Identifier: Apache-2.0
// Mitigations side by side, in text and in the picture.
#include "sim/report/mitigation_report.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "example_sweep.hpp"
#include "sim/base/files.hpp"
#include "sim/report/plot.hpp"
#include "sim/report/results_text.hpp"

namespace brownout::report {
namespace {

/// Two networks, two mitigations, one voltage, on an accelerator.
results::SweepResult two_mitigations() {
  results::SweepResult result = example_sweep();
  result.accelerator = "edge";
  result.mitigations = {"none", "secded+placement=s.json"};
  const std::vector<results::Point> all = result.points;
  result.points.clear();
  result.extra_points.clear();
  const std::vector<results::SafeVoltageRow> rows = result.safe_voltage;
  result.safe_voltage.clear();
  for (const std::size_t model : {1u, 4u}) {
    for (std::size_t k = 0; k < 2; ++k) {
      results::Point point = all[model];  // at 0.875
      point.mitigation = result.mitigations[k];
      point.weight_area_rel = k == 0 ? 1.0 : 1.11;
      point.cycles = k == 0 ? 1000.0 : 1001.0;
      point.latency_ms = 0.25;
      point.energy.emplace();
      point.energy->macs = 2.0;
      point.energy->mitigation = k == 0 ? 0.0 : 0.5;
      point.energy_rel = k == 0 ? 0.8 : 1.0;
      point.energy_ends = experiment::EnergyEnds{{{1.0, 3.0}}, {{0.9, 0.7}}};
      point.access_share = 0.02;
      if (k == 1 && model == 1) point.rerr.mean = 8.5;
      results::WrongImages wrong(1000, false);
      std::fill(wrong.begin(), wrong.begin() + std::lround(10 * point.rerr.mean), true);
      point.wrong_images = {wrong, wrong};
      result.points.push_back(point);
      results::SafeVoltageRow row = rows[model == 1 ? 0 : 1];
      row.mitigation = result.mitigations[k];
      result.safe_voltage.push_back(row);
    }
  }
  result.settle();
  return result;
}

TEST(MitigationTable, ComparesErrorEnergyAreaAndCycles) {
  const std::string text = mitigation_table(two_mitigations());
  const std::size_t none = text.find("normal   0.8750  none "),
                    with = text.find("secded+placement ");
  ASSERT_NE(none, std::string::npos) << text;
  ASSERT_NE(with, std::string::npos) << text;
  const std::string first = text.substr(none, text.find('\n', none) - none);
  const std::string second = text.substr(with, text.find('\n', with) - with);
  EXPECT_NE(first.find("20.00"), std::string::npos) << first;
  EXPECT_NE(first.find("1000  0.2500  0.5000  *"), std::string::npos) << first;
  for (const char* part :
       {"8.50", "1.110", "1.000", "0.900 … 0.700", "2.500", "1001  0.2500  0.6250  *"}) {
    EXPECT_NE(second.find(part), std::string::npos) << part << "\n" << second;
  }
  // RANDBET gains nothing by it.
  const std::size_t third = text.find("randbet"), end = text.find("\n", text.find("\n", third) + 1);
  EXPECT_EQ(text.substr(third, end - third).find("1001  0.2500  0.6250  *"), std::string::npos)
      << text;
}

TEST(MitigationTable, MarksWhatIsNotDecided) {
  results::SweepResult result = two_mitigations();
  result.points[1].wrong_images.clear();  // nothing is known of other images
  result.settle();
  const std::string text = mitigation_table(result);
  EXPECT_NE(text.find("1000  0.2500  0.5000  *"), std::string::npos) << text;
  EXPECT_NE(text.find("1001  0.2500  0.6250  ~"), std::string::npos) << text;
}

TEST(MitigationTable, IsPartOfTheSweepsText) {
  const std::string text = sweep_text(two_mitigations());
  EXPECT_NE(text.find("secded+placement "), std::string::npos);
  EXPECT_NE(text.find("loses more at every voltage"), std::string::npos);
  EXPECT_EQ(sweep_text(example_sweep()).find("mitigation"), std::string::npos);
}

TEST(MitigationTable, SaysWhatIsSavedOfWhat) {
  results::SweepResult result = two_mitigations();
  result.rail = "of gold";
  results::SafeVoltageRow& row = result.safe_voltage[0];
  row.energy_saving_pct = -15.75;  // costs more than it saves
  row.energy_saving_total_pct = 1.25;
  row.energy_saving_total_ends_pct = {{2.5, 0.75}};
  const std::string text = sweep_text(result);
  for (const char* part :
       {"access saved %", "all saved %", "-15.8", "1.25 (0.75 … 2.50)", "Second rail: of gold.",
        "All saved: of all energy of an inference on edge", "Weight accesses are 2.00 % of it"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  // Without an accelerator nothing is said about all energy.
  const std::string plain = sweep_text(example_sweep());
  EXPECT_NE(plain.find("access saved %"), std::string::npos);
  EXPECT_EQ(plain.find("all saved"), std::string::npos) << plain;
}

TEST(MitigationTable, PlacementsKeepTheirFilesWhereTheyTellThemApart) {
  EXPECT_EQ(shown_mitigations({"none", "msb=1+placement=a.json"}),
            (std::vector<std::string>{"none", "msb=1+placement"}));
  EXPECT_EQ(shown_mitigations({"placement=a.json", "placement=b.json"}),
            (std::vector<std::string>{"placement=a.json", "placement=b.json"}));
}

TEST(MitigationPlot, HasAPanelForEachMitigationInSavedPercentAndLostPoints) {
  results::SweepResult result = two_mitigations();
  for (results::Point& point : result.points) point.energy_rel = 1.0 - 0.125 * (point.err / 8.0);
  const Drawing drawing = mitigation_drawing(result, "sweep.svg");
  const std::string& data = drawing.data();
  // For each network the front, then its mitigations: percent saved, points lost, V/Vmin. The first
  // network loses 12 points of 8 without and half a point with a mitigation.
  EXPECT_NE(data.find("\n\n12.5 12 0.875\n\n\n12.5 0.5 0.875\n\n"), std::string::npos) << data;
  for (const char* part :
       {"set title \"none\".\"\\n\".\"area 1.000\"",
        "set title \"secded+placement\".\"\\n\".\"area 1.110, cycles +0.10 %\""}) {
    EXPECT_NE(drawing.program.find(part), std::string::npos) << part << "\n" << drawing.program;
  }
}

TEST(MitigationPlot, GnuplotDrawsIt) {
  if (std::system("command -v gnuplot > /dev/null") != 0) GTEST_SKIP() << "gnuplot is missing";
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                     ("mitigations_" + std::to_string(::getpid()) + ".svg");
  const auto problem = draw_plot(two_mitigations(), file);
  ASSERT_FALSE(problem) << *problem;
  const std::string svg = read_file(file);
  EXPECT_NE(svg.find("secded+placement"), std::string::npos);
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  std::filesystem::remove(file);
  std::filesystem::remove(program_file(file));
  std::filesystem::remove(data_file(file));
}

}  // namespace
}  // namespace brownout::report
