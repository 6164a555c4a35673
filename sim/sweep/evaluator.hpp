// SPDX-License-Identifier: Apache-2.0
// One network on one dataset: the clean pass, and passes with the memories as chips return them.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/chips/chip.hpp"
#include "sim/data/dataset.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/results/error_bars.hpp"

namespace brownout::sweep {

/// The network without faults.
struct CleanResult {
  std::int64_t wrong = 0;
  double confidence = 0.0;  // mean probability of the predicted class
  std::string logits_sha256;
  std::vector<std::uint8_t> predictions;
  results::WrongImages wrong_images;
};

/// The network on one chip at one operating point.
struct ChipResult {
  std::string chip;
  std::int64_t wrong = 0;
  std::int64_t wrong_either = 0;  // images wrong clean or wrong perturbed
  results::WrongImages wrong_images;
  double confidence = 0.0;
  weights::ReadStats read;
  weights::ProtectionStats protection;  // with a check code
  mitigation::RepairStats repair;       // with spares or a placement by sensitivity
  experiment::MemoryResults others;     // the other memories
  double cell_rate = 0.0;               // mean over the memory's cells of max(p01, p10), as drawn
  std::uint64_t period = 0;  // cells after which the chip's map repeats in this memory; 0: never
  std::string note;          // what must be said of the chip
  std::optional<chips::Place> place;  // of the memory on a measured die
  std::string logits_sha256;
  std::vector<std::uint64_t> cells;  // word·64 + column of every cell hit, when asked for
};

struct EvaluatorOptions {
  int threads = 1;
  /// Codes that read clean give the clean result without another pass (same bits, less time).
  bool reuse_clean = false;
  bool list_cells = false;
};

class Evaluator {
 public:
  Evaluator(const experiment::Model& model, const experiment::OpenImages& images,
            const experiment::Setup& setup, const experiment::Target& target,
            const EvaluatorOptions& options);

  CleanResult clean();
  ChipResult on_chip(const chips::Chip& chip, const experiment::Conditions& at,
                     const CleanResult& clean);

  /// Wall time of all passes so far, drawing chips and reading codes included, and their number.
  double seconds() const { return seconds_; }
  std::int64_t passes() const { return passes_; }

 private:
  ChipResult describe(const chips::Chip& chip, const experiment::Readout& readout) const;

  const experiment::Model model_;
  const experiment::OpenImages images_;
  EvaluatorOptions options_;
  experiment::Experiment experiment_;
  double seconds_ = 0.0;
  std::int64_t passes_ = 0;
};

/// Of the first images of the data set.
results::WrongImages wrong_images(const std::vector<std::uint8_t>& predictions,
                                  const data::Dataset& data);

bool any_by_voltage(const std::vector<std::unique_ptr<chips::Chip>>& chips);

/// Of several chips: the mean, if any of them fails by voltage.
double configured_rate(const std::vector<std::unique_ptr<chips::Chip>>& chips,
                       const chips::OperatingPoint& at, const std::vector<ChipResult>& results);

/// "random:7" or "random:7,p_err=0.5": chip `index` of the set with this seed.
std::string chip_name(std::uint64_t seed, std::int64_t index, double p_err);

}  // namespace brownout::sweep
