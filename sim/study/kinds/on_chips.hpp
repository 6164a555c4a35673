// SPDX-License-Identifier: Apache-2.0
// Wrong images of one network, clean and on chips. Each result is computed once and then kept in
// the store.
#pragma once
#include <memory>
#include <optional>

#include "sim/chips/chip.hpp"
#include "sim/runs/evaluator.hpp"
#include "sim/study/evaluation.hpp"

namespace brownout::study {

class OnChips {
 public:
  /// `statistics_batch`: read_statistics_batch.
  OnChips(const experiment::Model& model, const Setting& setting, const Bench& bench,
          int statistics_batch, weights::Selection selection);
  ~OnChips();

  const results::CleanResult& clean();
  struct Perturbed {
    results::WrongImages wrong;
    Drawn drawn;
  };
  Perturbed on(const chips::Chip& chip, const experiment::Conditions& at);

  /// Percent.
  double error(const results::WrongImages& wrong) const;

 private:
  runs::Evaluator& evaluator();

  const experiment::Model model_;
  const Setting& setting_;
  const Bench& bench_;
  experiment::OpenImages images_;
  experiment::Setup setup_;  // with batch statistics and selection
  std::optional<experiment::Target> target_;
  std::unique_ptr<runs::Evaluator> evaluator_;  // made when a row is missing
  std::optional<results::CleanResult> clean_;
};

/// The keys batch_statistics (batch norms use the mean and variance of each batch of images) and
/// batch: the number of images in a batch; 0 for the running statistics.
int read_statistics_batch(YamlMap& map, const Setting& setting);

}  // namespace brownout::study
