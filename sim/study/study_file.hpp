// SPDX-License-Identifier: Apache-2.0
// configs/studies/*.yaml: trainings and networks (rows), what is measured on them (columns), and
// which differences matter.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/study/evaluation.hpp"

namespace brownout::study {

/// One training of a row: its configuration with everything the study changes in it.
struct TrainingChoice {
  std::filesystem::path config;
  std::vector<std::string> assignments;  // as for YamlMap::load; the seed is among them
  std::vector<std::string> exported;     // more of them for the export only
  std::string where;                     // of the row in the study, for messages
};

struct Row {
  std::string name;
  std::string where;                      // "study.yaml:7:5: rows[0]", for messages
  std::filesystem::path network;          // an existing one, or
  std::vector<TrainingChoice> trainings;  // one for each seed
  double scale = 1.0;                     // factor on all weights
  std::vector<std::string> evaluations;   // names; empty: all
  /// The paper's figures, by evaluation: one value for each of its columns, none where there is no
  /// figure.
  std::map<std::string, std::vector<std::optional<double>>> published;

  bool uses(const std::string& evaluation) const;
};

struct NamedEvaluation {
  std::string name;
  std::shared_ptr<const Evaluation> evaluation;
};

/// `higher` is expected to have higher values than `lower`; the two are paired on the same chips.
struct ComparisonChoice {
  std::string higher, lower;
  std::string evaluation;
  std::string label;  // of the column
};

struct StudyFile {
  std::filesystem::path file;
  std::string name;    // stem of the file
  std::string title;   // "RandBET, Table 4"
  std::string source;  // what `published` is from; may be empty
  std::string published_title = "paper";
  int training_threads = 1;
  std::vector<Row> rows;
  std::vector<NamedEvaluation> evaluations;
  std::vector<ComparisonChoice> comparisons;

  const Row* find_row(const std::string& row) const;
  const Evaluation* find_evaluation(const std::string& evaluation) const;
};

/// Strict. Files that it names must exist, and training configurations must be YAML to which the
/// changes can be applied. Only the trainer knows what they mean.
StudyFile load_study(const std::filesystem::path& file);

}  // namespace brownout::study
