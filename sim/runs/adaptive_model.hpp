// SPDX-License-Identifier: Apache-2.0
// One network's share, with one mitigation, of a sweep that stops when it knows enough: stages of
// chips, each chip on a sample of the images, through the result store.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/results/precision.hpp"
#include "sim/runs/model_sweep.hpp"

namespace brownout::runs {

/// Multiply-adds that take as long as drawing a chip, reading it and preparing its weights, for
/// each cell of the network. Measured once and fixed: the division between chips and images, and so
/// a result, must not depend on the machine.
inline constexpr double kMacsPerCell = 70.0;

/// What evaluations of a network cost, in multiply-adds.
results::SampleCost sample_cost(const experiment::Model& model);

/// What the bench refers to must outlive it.
class AdaptiveModel {
 public:
  /// Runs the clean network if its rows are missing.
  AdaptiveModel(const SweepBench& bench, const SweepTarget& target, std::size_t network,
                const SweepMitigation& mitigation);

  /// Whether the constructor would find all its rows.
  static bool has_clean(const SweepBench& bench, const SweepTarget& target, std::size_t network);

  /// For its safe voltage.
  ModelSweep& sweep() { return sweep_; }
  const ModelSweep& sweep() const { return sweep_; }

  const results::PrecisionPlan& plan() const { return *plan_; }
  /// The parts in which a stage is computed and stored: some of its chips each.
  std::vector<results::SampleStage> blocks(const results::SampleStage& stage) const;
  std::string key(double level, const results::SampleStage& block) const;
  /// Of a block, and of so many images of one chip, relative to each other.
  double cost(const results::SampleStage& block) const;
  double cost(double images) const { return cost_.chip + cost_.image * images; }

  /// Evaluates a block unless its row is there.
  void evaluate(double level, const results::SampleStage& block);
  /// A stage whose blocks are all stored.
  results::SampledStage stored(double level, const results::SampleStage& stage) const;
  /// The point when its last stage is known.
  results::Point point(double level, const std::vector<results::SampledStage>& done,
                       CostCache& costs) const;

 private:
  results::ImageStrata strata();
  std::uint64_t seed(std::int64_t chip) const;

  const SweepBench& bench_;
  const SweepMitigation& mitigation_;
  const experiment::Model& model_;
  ModelSweep sweep_;
  results::SampleCost cost_;
  std::optional<results::ImageStrata> strata_;
  std::optional<results::PrecisionPlan> plan_;
};

}  // namespace brownout::runs
