// SPDX-License-Identifier: Apache-2.0
// One network's share of a sweep with one mitigation, through the result store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sim/base/progress.hpp"
#include "sim/chips/chip.hpp"
#include "sim/experiment/network_cost.hpp"
#include "sim/experiment/supplies.hpp"
#include "sim/results/point.hpp"
#include "sim/results/records.hpp"
#include "sim/results/safe_voltage.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/evaluator.hpp"
#include "sim/runs/sweep_chips.hpp"
#include "sim/runs/sweep_inputs.hpp"

namespace brownout::runs {

/// Cycles and counts of one network on the accelerator, simulated once for all mitigations that
/// take the same number of cycles.
class CostCache {
 public:
  CostCache(const SweepConfig& config, SweepNetwork& network, std::int64_t images)
      : config_(config), network_(network), images_(images) {}

  const experiment::NetworkCost& of(const mitigation::Mitigations& mitigations);
  /// The energy of all parts, unprotected, at Vmin.
  EnergyRange at_vmin() { return of({}).at_vmin(*config_.setup.technology); }
  /// What that is computed from.
  experiment::PriceBasis basis_at_vmin() { return of({}).basis_at_vmin(*config_.setup.technology); }

 private:
  const SweepConfig& config_;
  SweepNetwork& network_;
  std::int64_t images_;
  std::map<int, experiment::NetworkCost> by_stages_;  // by the stages that mitigations add
};

/// What all networks of a sweep share.
struct SweepBench {
  const SweepConfig& config;
  const std::vector<SweepTarget>& targets;
  const SweepInputs& inputs;
  const chips::Chip& first_chip;
  results::Store& store;
  int threads;
  Progress& progress;
};

/// Errors are those of the first target that shares them, under its keys in the store; cycles and
/// energy are the target's own. The evaluator is built only when a row is missing. What the bench
/// refers to must outlive it.
class ModelSweep {
 public:
  ModelSweep(const SweepBench& bench, const SweepTarget& target, std::size_t network,
             const SweepMitigation& mitigation, CostCache& costs);

  const results::SearchLevels& levels() const { return levels_; }
  /// The voltages between which nothing changes, as levels of the rail; empty if there are none.
  const std::vector<double>& steps() const { return steps_; }

  /// The result of one chip at a voltage; `computed` says whether it was missing.
  results::ChipResult chip(const chips::Chip& chip, double voltage, bool& computed);

  /// Whether a chip loses at most what may be lost.
  bool within_limit(const chips::Chip& chip, double voltage);
  bool within_limit(const results::ChipResult& result) const;

  /// The point at a voltage on the given chips; `computed` says whether any of it was missing.
  /// `results` may be null.
  results::Point point(const Chips& chips, double voltage, bool& computed,
                       std::vector<results::ChipResult>* results = nullptr);

  /// Counts one more chip as done, whether computed or found.
  void tick(double voltage);

  std::int64_t ticks() const { return ticks_; }
  double seconds() const { return evaluator_ ? evaluator_->seconds() : 0.0; }
  std::int64_t passes() const { return evaluator_ ? evaluator_->passes() : 0; }

 private:
  void add_cost(results::Point& point);
  Evaluator& evaluator();
  results::CleanResult clean();

  const SweepBench& bench_;
  const SweepConfig& config_;
  const SweepTarget& target_;
  const experiment::Setup& setup_;
  const SweepTarget& error_target_;
  SweepNetwork& error_network_;
  const experiment::Model& model_;
  const SweepMitigation& mitigation_;
  CostCache& costs_;
  std::int64_t images_;
  experiment::Supplies supplies_;  // with the boost of the mitigation
  mitigation::Protection protection_;
  results::Store& store_;
  results::RecordKeys keys_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<double> steps_;
  results::SearchLevels levels_;
  results::CleanResult clean_;
  std::int64_t ticks_ = 0;
};

}  // namespace brownout::runs
