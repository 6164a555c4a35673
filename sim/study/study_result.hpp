// SPDX-License-Identifier: Apache-2.0
// Everything a study found: rows of cells, comparisons, and what the numbers were measured on.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/results/comparison.hpp"
#include "sim/results/error_bars.hpp"
#include "sim/results/places.hpp"
#include "sim/study/evaluation.hpp"
#include "sim/study/study_file.hpp"

namespace brownout::study {

/// One number of a row.
struct Cell {
  std::string evaluation;
  Value header;                                    // without samples
  std::vector<std::vector<double>> samples;        // per network and chip
  results::ErrorTables wrong;                      // of an error: likewise, which images
  std::vector<results::PositionSpread> positions;  // per network
  results::ErrorSpread spread;  // one network: over its chips; several: over the networks' means

  std::vector<std::vector<Drawn>> drawn;  // per network; what each sample was measured on

  /// Of a sample; empty where nothing was drawn.
  Drawn drawn_at(std::size_t network, std::size_t sample) const;
  bool is_error() const { return !wrong.empty(); }
  std::optional<double> published;
};

struct RowNetwork {
  std::string name;  // stem of the file
  std::filesystem::path file;
  std::string sha256;  // with the scaling, where there is one
};

struct RowResult {
  std::string name;
  std::string problem;  // why there are no numbers at all
  /// Evaluations that were not possible, and why.
  std::vector<std::pair<std::string, std::string>> misfits;
  std::vector<RowNetwork> networks;
  std::vector<Cell> cells;
  std::vector<std::vector<NamedHistogram>> histograms;  // per network

  const Cell* find(const std::string& evaluation, const std::string& label) const;
  bool complete() const { return problem.empty() && misfits.empty(); }
};

struct ComparisonResult {
  ComparisonChoice choice;
  std::optional<results::Difference>
      difference;  // none: a row has no numbers, or was not asked for
};

/// What the table says beside its numbers.
struct EvaluationNote {
  std::string name;
  Setting setting;
  std::int64_t images = 0;
  bool labelled = true;  // else the clean predictions are the labels
  std::string axis;
  std::string drawn;          // "10 chips from seed 0"
  bool places = false;        // of one die, where others have chips
  std::vector<double> steps;  // of the axis: Evaluation::steps
};

struct StudyResult {
  std::filesystem::path file;
  std::string name, title, source, published_title;
  std::vector<EvaluationNote> evaluations;
  std::vector<RowResult> rows;  // those asked for
  std::vector<ComparisonResult> comparisons;
  double seconds = 0.0;

  /// Of all rows.
  std::vector<results::ErrorSpread> errors_of(const std::string& evaluation) const;
  /// Of all rows and networks, the one whose bit positions differ most; none where that is known
  /// nowhere.
  std::optional<results::PositionSpread> widest_positions(const std::string& evaluation) const;
};

}  // namespace brownout::study
