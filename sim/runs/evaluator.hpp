// SPDX-License-Identifier: Apache-2.0
// One network on one dataset: the clean pass, and passes with the memories as chips return them.
#pragma once
#include <cstdint>

#include "sim/chips/chip.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/results/chip_result.hpp"
#include "sim/results/die_limit.hpp"
#include "sim/results/precision.hpp"
#include "sim/runs/known_results.hpp"

namespace brownout::runs {

struct EvaluatorOptions {
  int threads = 1;
  /// Work that cannot change a result is not done again (same bits, less time): codes that read
  /// clean, or as on an earlier chip, give that result without another pass, and a pass may begin
  /// after the layers with clean codes.
  bool reuse = false;
  bool list_cells = false;
  bool keep_logits = false;  // in the results
};

class Evaluator {
 public:
  Evaluator(const experiment::Model& model, const experiment::OpenImages& images,
            const experiment::Setup& setup, const experiment::Target& target,
            const EvaluatorOptions& options);

  results::CleanResult clean();
  results::ChipResult on_chip(const chips::Chip& chip, const experiment::Conditions& at,
                              const results::CleanResult& clean);

  /// The same on some images: those of a sample of the evaluator's images. The chip may have no
  /// faults beside those of the weights, and none that draw anew.
  results::SampledChip on_sample(const chips::Chip& chip, const experiment::Conditions& at,
                                 const results::CleanResult& clean,
                                 const results::ImageStrata& strata,
                                 const results::Allocation& allocation,
                                 const std::vector<results::SampledImage>& sample);

  /// Whether a chip stays within a limit, decided on as few images as that takes, in this order.
  /// Chips as above.
  results::DieOutcome within(const chips::Chip& chip, const experiment::Conditions& at,
                             const results::CleanResult& clean, const results::DieLimit& limit,
                             const std::vector<std::int64_t>& order);

  /// Wall time of all passes so far, drawing chips and reading codes included, and their number.
  double seconds() const { return seconds_; }
  std::int64_t passes() const { return passes_; }

 private:
  /// The fields of a result that say what the images made of the codes.
  void run(experiment::Readout readout, const experiment::Conditions& at,
           results::ChipResult& result);
  results::ChipResult describe(const chips::Chip& chip, const experiment::Conditions& at,
                               const experiment::Readout& readout) const;

  const experiment::Model model_;
  EvaluatorOptions options_;
  experiment::Experiment experiment_;
  bool keeps_clean_values_ = false;
  KnownResults known_;
  double seconds_ = 0.0;
  std::int64_t passes_ = 0;
};

}  // namespace brownout::runs
