// SPDX-License-Identifier: Apache-2.0
// One row a sample, which is one network on one chip (or place of one die) at one point. The
// columns that points.csv and a study's table.csv have too have their names and values, so that the
// files join.
#pragma once
#include <string>
#include <vector>

#include "sim/results/sweep_result.hpp"
#include "sim/runs/eval.hpp"
#include "sim/study/study_result.hpp"

namespace brownout::report {

std::string samples_csv(const results::SweepResult& result);
/// Of networks at one point.
std::string samples_csv(const std::vector<const runs::EvalResult*>& networks);
/// `rerr` is empty where a column of the study is no error in percent; `value` is always there.
std::string samples_csv(const study::StudyResult& result);

}  // namespace brownout::report
