// SPDX-License-Identifier: Apache-2.0
// The same ranges as the command's options, with the same messages.
#include "sim/api/experiment_settings.hpp"

#include <fmt/ranges.h>

#include "sim/base/parallel.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/data/data_file.hpp"
#include "sim/data/dataset.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::api {

namespace {

template <typename Integer>
std::int64_t integer_in(const char* field, Integer value, std::int64_t low, std::int64_t high) {
  return parse_integer(field_text(field), std::to_string(value), low, high);
}

void check_dataset(const std::string& name) {
  if (data::names_data_file(name)) return;
  std::vector<std::string> names = data::dataset_names();
  names.emplace_back("FILE.yaml");
  parse_choice(field_text("dataset"), name, names);
}

/// A list as the command takes it; "": all.
std::string names_text(const char* field, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name.empty()) throw InputError("{}: expected a value, got \"\"", Field{field});
  }
  return fmt::format("{}", fmt::join(names, ","));
}

}  // namespace

std::string number_text(double number) { return fmt::format("{}", number); }

int thread_count(int threads) {
  if (threads == 0) return hardware_threads();
  return static_cast<int>(integer_in("threads", threads, 0, runs::kMaxThreads));
}

void check_random_chips(int count, std::uint64_t seed) {
  integer_in("chips", count, 1, runs::kMaxChips);
  integer_in("seed", seed, 0, runs::kMaxSeed);
}

runs::SetupSettings setup_settings(const ExperimentConfig& config,
                                   const std::vector<std::string>& engines,
                                   const std::string& usual) {
  runs::SetupSettings settings;
  settings.engine =
      parse_choice(field_text("engine"), config.engine.empty() ? usual : config.engine, engines);
  check_dataset(config.dataset);
  settings.dataset = config.dataset;
  settings.split = parse_choice(field_text("split"), config.split, {"train", "test"});
  settings.data = config.data;
  if (config.images != 0)
    settings.images = integer_in("images", config.images, 1, runs::kMaxImages);
  settings.bit_offset = integer_in("bit_offset", config.bit_offset, 0, runs::kMaxBitOffset);
  settings.evaluation_seed =
      integer_in("evaluation_seed", config.evaluation_seed, 0, runs::kMaxSeed);
  settings.reads = config.fresh_reads ? "fresh" : "frozen";
  settings.simulator = config.simulator;
  settings.accelerator = config.accelerator;
  settings.mitigation = config.mitigation;
  if (config.batch) {
    settings.batch = static_cast<int>(integer_in("batch", *config.batch, 1, runs::kMaxBatch));
  }
  for (const auto& [memory, supply] : config.supplies) {
    settings.supplies.push_back(memory + "=" + supply);
  }
  for (const auto& [memory, rate] : config.memory_rates) {
    settings.memory_rates.push_back(memory + "=" + number_text(rate));
  }
  settings.technology = config.technology;
  return settings;
}

runs::EvalSettings eval_settings(const ExperimentConfig& config) {
  runs::EvalSettings settings;
  settings.setup = setup_settings(config, experiment::evaluation_engine_names(), "functional");
  settings.batch_statistics = config.batch_statistics;
  if (config.batch_statistics && !config.accelerator.empty())
    throw InputError("{}: expected no {}", Field{"batch_statistics"}, Field{"accelerator"});
  settings.only_tensors = names_text("only_tensors", config.only_tensors);
  settings.only_layers = names_text("only_layers", config.only_layers);
  settings.only_bits = config.only_bits;
  return settings;
}

}  // namespace brownout::api
