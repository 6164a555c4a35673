// SPDX-License-Identifier: Apache-2.0
// CSV files of a sweep, cell by cell.
#include "sim/report/csv.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "example_sweep.hpp"
#include "sim/report/samples_csv.hpp"

namespace brownout::report {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Csv, PointsHaveOneRowEachAndSayWhichAreOnTheGrid) {
  const std::vector<std::string> lines = lines_of(points_csv(example_sweep()));
  ASSERT_EQ(lines.size(), 1u + 6u + 1u);
  EXPECT_EQ(lines[0].substr(0, 35), "model,voltage,rate,energy_sram_rel,");
  EXPECT_EQ(
      lines[2],
      std::string(
          "net-16-normal-8b,0.875,0.00129,0.765625,1000,10,8,20,0.5,19.75,20.25,21,0.5,20.75,21."
          "25,89.5,") +
          "0.9,0.8,0.01,100,99.5,98,1,,,,none,,,6.5,9.75,0.75,18,22,1.5,20,22" +
          std::string(21, ','));
  EXPECT_NE(lines[7].find(",0,,,,none,,,6.5,"), std::string::npos);
  EXPECT_EQ(lines_of(safe_voltage_csv(example_sweep()))[1],
            "net-16-normal-8b,2.5,0.9375,12.109375,,0.875,1e-05,8,9,none,0.9,0.95,46,1,40,0.5,11.5,"
            "38,,,,,");
  for (const std::string& line : lines) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 57) << line;
  }
}

TEST(Csv, UndefinedValuesAreEmptyCells) {
  results::SweepResult result = example_sweep();
  result.points[0].rerr = {{8.0, {}, {}}, {}, {}};
  result.points[0].prop1_excess.reset();
  const std::string line = lines_of(points_csv(result))[1];
  EXPECT_NE(line.find(",8,8,,,,9,"), std::string::npos);
  EXPECT_NE(line.find(",9.25,,0.9,"), std::string::npos);
  EXPECT_NE(line.find(",6.5,9.75,,,,1.5,8,10"), std::string::npos);
  EXPECT_EQ(lines_of(safe_voltage_csv(result))[2],
            "net-16-randbet-8b,2.5,,,,,,8,,none,0.9,0.95,46,,40,,,,,,,,");
  result.safe.yield.reset();
  EXPECT_EQ(
      lines_of(safe_voltage_csv(result))[1],
      "net-16-normal-8b,2.5,0.9375,12.109375,,0.875,1e-05,8,9,none,mean,,46,,40,0.5,11.5,38,,,,,");
}

TEST(Csv, TheRangeOfLeakageHasColumnsForItsEnds) {
  results::SweepResult result = example_sweep();
  result.points[0].energy_ends = experiment::EnergyEnds{{{1.5, 4.0}}, {{0.75, 0.5}}};
  result.points[0].access_share = 0.125;
  result.points[0].accelerator = "edge";
  result.safe_voltage[0].accelerator = "edge";
  result.safe_voltage[0].energy_uj = 12.5;
  result.safe_voltage[0].latency_ms = 0.25;
  result.safe_voltage[0].energy_saving_total_ends_pct = {{25.0, 50.0}};
  const std::string row = lines_of(points_csv(result))[1],
                    end = ",1.5,4,0.75,0.5,0.125" + std::string(14, ',') + "edge";
  EXPECT_EQ(row.substr(row.size() - end.size()), end);
  const std::string safe = lines_of(safe_voltage_csv(result))[1], ends = ",38,25,50,12.5,0.25,edge";
  EXPECT_EQ(safe.substr(safe.size() - ends.size()), ends);
}

TEST(Csv, APointOnAnAcceleratorHasItsLatencyItsProductAndEveryComponent) {
  results::SweepResult result = example_sweep();
  EnergyLedger energy;
  energy.weight_sram = 0.5;
  energy.dram = 2.0;
  energy.mitigation = 0.25;
  result.points[0].energy = energy;
  result.points[0].latency_ms = 4.0;
  const std::vector<std::string> lines = lines_of(points_csv(result));
  const std::string end = ",4,11,0.5,0,0,0,0,2,0,0,0,0,0.25,";
  EXPECT_EQ(lines[1].substr(lines[1].size() - end.size()), end);
  const std::string names =
      ",latency_ms,energy_delay_uj_ms,energy_weight_sram_uj,energy_activation_sram_uj,"
      "energy_accumulator_sram_uj,energy_macs_uj,energy_vector_uj,energy_dram_uj,"
      "energy_weight_leakage_uj,energy_activation_leakage_uj,energy_accumulator_leakage_uj,"
      "energy_logic_leakage_uj,energy_mitigation_uj,accelerator";
  EXPECT_EQ(lines[0].substr(lines[0].size() - names.size()), names);
}

TEST(Csv, ASampleIsARowThatJoinsItsPoint) {
  results::SweepResult result = example_sweep();
  result.points[1].samples = {{"random:0", {}, 150, 170, 0.75, 90, 80},
                              {"chip.h5,offset=64", 64, 20, 20, 0.5, 9, 8}};
  const std::vector<std::string> lines = lines_of(samples_csv(result));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0],
            "model,mitigation,voltage,rate,chip,place,images,wrong,rerr,rerr_either,confidence,"
            "cells_hit,bits_wrong,accelerator,grid");
  EXPECT_EQ(lines[1], "net-16-normal-8b,none,0.875,0.00129,random:0,,1000,150,15,17,0.75,90,80,,1");
  EXPECT_EQ(lines[2],
            "net-16-normal-8b,none,0.875,0.00129,\"chip.h5,offset=64\",64,1000,20,2,2,0.5,9,8,,1");
}

TEST(Csv, NamesWithCommasAndQuotesAreQuoted) {
  results::SweepResult result = example_sweep();
  result.points[0].model = "a,\"b\"";
  EXPECT_EQ(lines_of(points_csv(result))[1].substr(0, 11), "\"a,\"\"b\"\"\",1");
}

TEST(Csv, TextsThatASpreadsheetWouldComputeAreTextsAndNumbersAreNumbers) {
  results::SweepResult result = example_sweep();
  for (const auto& [name, cell] : {std::pair<std::string, std::string>{"=1+1", "'=1+1,"},
                                   {"+1", "'+1,"},
                                   {"-net", "'-net,"},
                                   {"@SUM(A1)", "'@SUM(A1),"},
                                   {"\tx", "'\tx,"},
                                   {"\rx", "\"'\rx\","},
                                   {"=a,\"b\"", "\"'=a,\"\"b\"\"\","},
                                   {"a=b", "a=b,"},
                                   {"", ","}}) {
    result.points[0].model = name;
    const std::string csv = points_csv(result);
    EXPECT_EQ(csv.compare(csv.find('\n') + 1, cell.size(), cell), 0) << name;
  }
  result.points[0].prop1_excess = -1.5;
  EXPECT_NE(points_csv(result).find(",-1.5,"), std::string::npos);
}

}  // namespace
}  // namespace brownout::report
