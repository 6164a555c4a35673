// SPDX-License-Identifier: Apache-2.0
// The public Experiment: an EvalBench of sim/runs that is made by the first evaluation.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "brownout/experiment.hpp"
#include "sim/api/evaluation_results.hpp"
#include "sim/api/experiment_settings.hpp"
#include "sim/api/one_run.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/results/places.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout {

std::vector<std::string> random_chips(int count, std::uint64_t seed) {
  api::check_random_chips(count, seed);
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    names.push_back(results::chip_name(seed, static_cast<std::uint64_t>(i), 1.0));
  }
  return names;
}

struct Experiment::Parts {
  Parts(const Network& network, const ExperimentConfig& config)
      : model(network.internal()),
        settings(api::eval_settings(config)),
        setup(runs::eval_setup(settings)),
        threads(api::thread_count(config.threads)),
        keep_logits(config.keep_logits),
        list_cells(config.list_cells) {
    // What would be found at the end of the first run, or at its operating point.
    if (setup.target.accelerator) needed(setup.simulator);
    runs::EvalConfig first;
    first.setup = setup;
    runs::expect_able_engine(first);
  }

  runs::EvalConfig config_at(const Conditions& at, const runs::ChipChoice& chips) const {
    if (at.voltage && at.rate)
      throw InputError("{} and {}: expected one of them, got both", Field{"voltage"},
                       Field{"rate"});
    runs::EvalSettings conditions = settings;
    if (at.voltage) conditions.setup.voltage = api::number_text(*at.voltage);
    if (at.rate)
      conditions.rate = parse_number(field_text("rate"), api::number_text(*at.rate), 0.0, 1.0);
    conditions.chips = chips;
    runs::EvalConfig config;
    config.model = model->file;
    config.network = model;
    config.setup = setup;
    config.keep_logits = keep_logits;
    config.list_cells = list_cells;
    config.files = files;
    runs::set_conditions(conditions, config);
    return config;
  }

  EvalResult run(const Conditions& at, const runs::ChipChoice& chips) {
    const api::OneRunOfAll mine(this, running);
    const api::OneRun simulating(setup.target.accelerator ? setup.simulator.get() : nullptr);
    runs::EvalConfig config = config_at(at, chips);
    if (!bench) bench.emplace(config, threads);
    const runs::EvalResult result = bench->run(std::move(config), /*quiet=*/true);
    files = result.config.files;
    return api::public_result(result);
  }

  std::shared_ptr<const experiment::Model> model;
  runs::EvalSettings settings;
  experiment::Setup setup;
  int threads;
  bool keep_logits, list_cells;
  chips::ChipFiles files;  // of chips, read so far
  std::optional<runs::EvalBench> bench;
  std::atomic<bool> running{false};
};

Experiment::Experiment(const Network& network, const ExperimentConfig& config)
    : parts_(api::library_call({}, [&] { return std::make_unique<Parts>(network, config); })) {}
Experiment::~Experiment() = default;
Experiment::Experiment(Experiment&&) noexcept = default;
Experiment& Experiment::operator=(Experiment&&) noexcept = default;

EvalResult Experiment::run(const Conditions& at, const std::vector<std::string>& chips,
                           const ProgressFunction& progress) {
  runs::ChipChoice choice;
  choice.named = chips;
  return api::library_call(progress, [&] { return parts_->run(at, choice); });
}

EvalResult Experiment::run_random(const Conditions& at, int count, std::uint64_t seed,
                                  const ProgressFunction& progress) {
  return api::library_call(progress, [&] {
    api::check_random_chips(count, seed);
    runs::ChipChoice choice;
    choice.count = count;
    choice.seed = static_cast<std::int64_t>(seed);
    return parts_->run(at, choice);
  });
}

}  // namespace brownout
