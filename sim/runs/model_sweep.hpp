// SPDX-License-Identifier: Apache-2.0
// One network's share of a sweep with one mitigation, through the result store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/progress.hpp"
#include "sim/chips/chip.hpp"
#include "sim/experiment/network_cost.hpp"
#include "sim/experiment/supplies.hpp"
#include "sim/results/added_rows.hpp"
#include "sim/results/die_limit.hpp"
#include "sim/results/point.hpp"
#include "sim/results/records.hpp"
#include "sim/results/row_store.hpp"
#include "sim/results/safe_voltage.hpp"
#include "sim/runs/evaluator.hpp"
#include "sim/runs/sweep_chips.hpp"
#include "sim/runs/sweep_inputs.hpp"

namespace brownout::runs {

/// Cycles and counts of one network on an accelerator, through the store. They are simulated once
/// for all mitigations that take the same number of cycles.
class CostCache {
 public:
  CostCache(const SweepConfig& config, const SweepTarget& target, SweepNetwork& network,
            std::int64_t images, results::RowStore& store)
      : config_(config), target_(target), network_(network), images_(images), store_(store) {}

  const experiment::NetworkCost& of(const mitigation::Mitigations& mitigations);
  /// Of the row in the store that it takes.
  std::string key(const mitigation::Mitigations& mitigations) const;
  /// The energy of all parts, unprotected, at Vmin.
  EnergyRange at_vmin() { return of({}).at_vmin(*config_.setup.technology); }
  /// What that is computed from.
  experiment::PriceBasis basis_at_vmin() { return of({}).basis_at_vmin(*config_.setup.technology); }

 private:
  const SweepConfig& config_;
  const SweepTarget& target_;
  SweepNetwork& network_;
  std::int64_t images_;
  results::RowStore& store_;
  std::map<int, experiment::NetworkCost> by_stages_;  // by the stages that mitigations add
};

/// A level of the sweep for progress displays: "0.8333 Vmin", "1 % bit errors".
std::string level_text(const SweepConfig& config, double level);

/// What all networks of a sweep share.
struct SweepBench {
  const SweepConfig& config;
  const std::vector<SweepTarget>& targets;
  const SweepInputs& inputs;
  const chips::Chip& first_chip;
  results::RowStore& store;
  int threads;
  Progress& progress;
  results::AddedRows* added = nullptr;  // rows of other ranks, which count as computed; null: none
};

/// A `level` is a voltage in units of Vmin, or a bit error rate in a sweep over rates. Errors are
/// those of the first target that shares them, under its keys in the store; cycles and energy are
/// the target's own. The evaluator is built only when a row is missing. What the bench refers to
/// must outlive it.
class ModelSweep {
 public:
  ModelSweep(const SweepBench& bench, const SweepTarget& target, std::size_t network,
             const SweepMitigation& mitigation);

  /// Whether the clean row of a network is stored. If not, the constructor computes it.
  static bool has_clean(const SweepBench& bench, const SweepTarget& target, std::size_t network);

  /// The voltages among which the safe voltage is searched; none over rates.
  const results::SearchLevels& levels() const { return levels_; }
  /// The voltages between which nothing changes, as levels of the rail; empty if there are none.
  const std::vector<double>& steps() const { return steps_; }

  /// The key of that result.
  std::string key(const chips::Chip& chip, double level) const;
  /// Computes and stores the result of one chip, which must be missing.
  results::ChipResult add_chip(const chips::Chip& chip, double level);
  /// The result of one chip; `computed` says whether it was missing.
  results::ChipResult chip(const chips::Chip& chip, double level, bool& computed);

  /// Whether a chip loses at most what may be lost.
  bool within_limit(const chips::Chip& chip, double level);
  /// The same on as few images as it takes, in a sweep with a precision.
  results::DieOutcome decide(const chips::Chip& chip, double level);
  bool within_limit(const results::ChipResult& result) const;

  /// The errors at a level on the given chips, without energies and cycles; `computed` says
  /// whether any of it was missing. `results` may be null.
  results::Point errors(const Chips& chips, double level, bool& computed,
                        std::vector<results::ChipResult>* results = nullptr);
  /// The same with all that the accelerator has to it: cycles, and energies at voltages.
  results::Point point(const Chips& chips, double level, CostCache& costs, bool& computed,
                       std::vector<results::ChipResult>* results = nullptr);

  /// Gives a point whose errors are known the rest: names, level, energies, and all that the
  /// accelerator has to it. `read`: means over its chips; only random chips.
  void complete(double level, const weights::ReadStats& read, CostCache& costs,
                results::Point& point) const;

  const results::CleanResult& clean_result() const { return clean_; }
  const results::RecordKeys& keys() const { return keys_; }
  experiment::Conditions conditions(double level) const {
    return config_.by_rate() ? supplies_.at_rate(level) : supplies_.at(level);
  }
  /// The rail under these conditions, as rows of the store are told.
  static results::SweptPoint swept(const experiment::Conditions& at) {
    return {at.voltage, at.supply.rate};
  }
  /// Made when it is first asked for.
  Evaluator& evaluator();

  /// Counts one more chip as done, whether computed or found.
  void tick(double level);

  std::int64_t ticks() const { return ticks_; }
  double seconds() const { return evaluator_ ? evaluator_->seconds() : 0.0; }
  std::int64_t passes() const { return evaluator_ ? evaluator_->passes() : 0; }

 private:
  void add_cost(CostCache& costs, results::Point& point) const;
  /// Chips with steps give one result from a step up to the next: the voltage that is evaluated.
  double evaluated(double level) const {
    return steps_.empty() ? level : levels_.voltages[levels_.at(level)];
  }
  void price(CostCache& costs, results::Point& point) const;
  results::CleanResult clean();

  const SweepBench& bench_;
  const SweepConfig& config_;
  const SweepTarget& target_;
  const experiment::Setup& setup_;
  const SweepTarget& error_target_;
  SweepNetwork& error_network_;
  const experiment::Model& model_;
  const SweepMitigation& mitigation_;
  std::int64_t images_;
  experiment::Supplies supplies_;  // with the boost of the mitigation
  mitigation::Protection protection_;
  results::RowStore& store_;
  results::RecordKeys keys_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<double> steps_;
  results::SearchLevels levels_;
  results::CleanResult clean_;
  std::int64_t ticks_ = 0;
};

}  // namespace brownout::runs
