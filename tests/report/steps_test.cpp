// SPDX-License-Identifier: Apache-2.0
// Curves over the voltage for a chip with steps.
#include <gtest/gtest.h>

#include "example_sweep.hpp"
#include "sim/report/plot.hpp"
#include "sim/report/study_plot.hpp"

namespace brownout::report {
namespace {

const std::vector<double> kSteps{0.8, 0.85, 0.9};

TEST(Steps, ASweepsCurveIsFlatBetweenThem) {
  results::SweepResult result = example_sweep();
  result.steps = {0.7, 0.8, 0.87, 0.95};
  const std::string data = sweep_drawing(result, "sweep.svg").data();
  // 0.75 lies in the step of 0.7, 0.875 in that of 0.87, 1 above the last; 0.8 was not measured.
  EXPECT_NE(data.find("\n0.7 90 89.5 90.5\n0.8 90 89.5 90.5\n0.87 20 19.5 20.5\n0.95 20 19.5 20.5\n"
                      "0.95 8 7.5 8.5\n1 8 7.5 8.5\n"),
            std::string::npos)
      << data;
  EXPECT_NE(data.find("\n0.75 90 89.5 90.5\n0.875 20 19.5 20.5\n1 8 7.5 8.5\n"), std::string::npos)
      << data;
}

TEST(Steps, SoIsThatOfAStudy) {
  study::StudyResult result;
  study::EvaluationNote& note = result.evaluations.emplace_back();
  note.name = "profile";
  note.axis = "voltage";
  study::RowResult& row = result.rows.emplace_back();
  row.name = "network";
  for (const auto& [voltage, error] : {std::pair{0.82, 30.0}, std::pair{0.88, 10.0}}) {
    study::Cell& cell = row.cells.emplace_back();
    cell.evaluation = "profile";
    cell.header.at = voltage;
    cell.spread.mean = error;
  }
  EXPECT_NE(
      study_drawing(result, "study.svg")->data().find("\n0.82 30 30 30 NaN\n0.88 10 10 10 NaN\n"),
      std::string::npos);
  result.evaluations[0].steps = kSteps;
  const std::string data = study_drawing(result, "study.svg")->data();
  EXPECT_NE(
      data.find("\n0.8 30 30 30 NaN\n0.85 30 30 30 NaN\n0.85 10 10 10 NaN\n0.9 10 10 10 NaN\n"),
      std::string::npos)
      << data;
  // The dots are at the measured voltages.
  EXPECT_NE(data.find("\n0.82 30 30 30 NaN\n0.88 10 10 10 NaN\n"), std::string::npos) << data;
}

}  // namespace
}  // namespace brownout::report
