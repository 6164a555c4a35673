// SPDX-License-Identifier: Apache-2.0
// What a study would run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "sim/experiment/images.hpp"
#include "sim/report/study_report.hpp"
#include "sim/report/table.hpp"
#include "sim/study/study.hpp"

namespace brownout::report {

namespace {

/// The network, or the training and what changes in it.
std::string what_of(const study::Row& row) {
  std::string what = row.network.filename().string();
  if (!row.trainings.empty()) {
    const study::TrainingChoice& first = row.trainings.front();
    what = first.config.filename().string();
    for (const std::string& assignment : first.assignments) {
      if (row.trainings.size() == 1 || assignment.rfind("seed=", 0) != 0) what += " " + assignment;
    }
    if (!first.exported.empty()) {
      what += fmt::format("; exported with {}", fmt::join(first.exported, " "));
    }
  }
  if (row.scale != 1.0) what += fmt::format("; weights times {}", row.scale);
  return what;
}

}  // namespace

std::string study_list(const study::StudyFile& study, const std::vector<std::string>& only) {
  std::string text = study.title + "\n\n";
  Table rows({"row", "seeds", "network or training, and what changes in it"}, {0, 2});
  std::set<std::string> chosen;
  for (const study::Row* const choice : study::chosen_rows(study, only)) {
    const study::Row& row = *choice;
    chosen.insert(row.name);
    rows.add(
        {row.name, std::to_string(std::max<std::size_t>(1, row.trainings.size())), what_of(row)});
  }
  text += rows.text() + "\n";
  Table columns({"evaluation", "on", "columns"}, {0, 1, 2});
  for (const study::NamedEvaluation& named : study.evaluations) {
    const std::vector<std::string> labels = named.evaluation->labels();
    columns.add({named.name,
                 fmt::format("{} ({}), {}", named.evaluation->setting().setup.images.dataset,
                             experiment::to_string(named.evaluation->setting().setup.images.split),
                             named.evaluation->setting().setup.engine),
                 labels.empty() ? "one a layer" : fmt::format("{}", fmt::join(labels, "; "))});
  }
  text += columns.text();
  Table comparisons({"expected higher", "than", "at"}, {0, 1, 2});
  bool compares = false;
  for (const study::ComparisonChoice& choice : study.comparisons) {
    if (chosen.count(choice.higher) == 0 || chosen.count(choice.lower) == 0) continue;
    comparisons.add({choice.higher, choice.lower, choice.evaluation + ", " + choice.label});
    compares = true;
  }
  return compares ? text + "\n" + comparisons.text() : text;
}

}  // namespace brownout::report
