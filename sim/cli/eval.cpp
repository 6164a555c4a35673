// SPDX-License-Identifier: Apache-2.0
// `brownout eval`: options to EvalConfig, result to text and JSON.
#include "sim/sweep/eval.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/chips/chip.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/data_options.hpp"
#include "sim/cli/mitigation_option.hpp"
#include "sim/cli/supply_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/engines/engine.hpp"
#include "sim/report/results_json.hpp"
#include "sim/report/results_text.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/network_cost.hpp"
#include "sim/sweep/places.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace {

constexpr std::int64_t kDefaultChips = 10;
constexpr std::int64_t kStatisticsBatch = 128;  // as trainings take

struct EvalOptions {
  CommonOptions common;
  DataOptions data;
  std::string model, rate, voltage, technology, chips, engine, p_err, accelerator, batch;
  std::vector<std::string> chip;
  std::string offsets, mitigation, weight_noise;
  std::string only_tensors, only_layers, only_bits;
  SupplyOptions supply;
  bool cells = false;
  bool batch_statistics = false;
};

/// Without a rate or voltage the rail is at Vmin. Memories with a supply of their own may fail all
/// the same, so there is an operating point then.
void set_other_memories(const std::optional<technology::Technology>& technology, bool by_voltage,
                        const sweep::MemoryRates& rates, sweep::EvalConfig& config) {
  chips::OperatingPoint rail{config.voltage.value_or(1.0), config.rate.value_or(0.0)};
  if (by_voltage) rail.rate = technology->bit_error_rate(rail.voltage);
  config.others =
      sweep::memory_points(*config.accelerator, technology ? &*technology : nullptr, rail, rates);
  if (config.rate || !(config.others.any() || rates.any())) return;
  config.rate = 0.0;
  config.voltage = 1.0;
}

/// Rate, voltage and energy: one of the first two is given, and the technology gives the others.
void set_operating_point(const EvalOptions& options, const sweep::MemoryRates& rates,
                         sweep::EvalConfig& config) {
  if (!options.rate.empty() && !options.voltage.empty()) {
    throw InputError("--rate and --voltage: expected one of them, got both");
  }
  const std::filesystem::path usual =
      config.accelerator ? config.accelerator->technology : default_technology();
  const std::filesystem::path file =
      options.technology.empty() ? usual : std::filesystem::path(options.technology);
  config.technology_file = file;
  std::optional<technology::Technology> technology;
  if (!file.empty()) technology = technology::Technology::load(file);
  if (technology) config.technology = technology->name();

  if (!options.voltage.empty()) {
    if (!technology) {
      throw InputError("--voltage: needs a technology; expected --technology FILE");
    }
    config.voltage = parse_voltage(options.voltage, *technology);
    config.rate = sweep::weight_error_rate(*technology, config.accelerator, *config.voltage);
  } else if (!options.rate.empty()) {
    config.rate = parse_number("--rate", options.rate, 0.0, 1.0);
    try {
      if (technology) config.voltage = technology->voltage_at_rate(*config.rate);
    } catch (const InputError&) {
      // Rates beyond the technology are allowed for a random chip; they just have no voltage.
    }
  }
  if (config.accelerator) set_other_memories(technology, !options.voltage.empty(), rates, config);
  // A memory that stays at Vmin has no faults, whatever rate was asked for.
  if (config.rate && !sweep::weights_scaled(config.accelerator)) config.rate = 0.0;
  if (config.voltage) {
    config.energy_sram_rel =
        sweep::weight_energy_relative(*technology, config.accelerator, *config.voltage);
  }
}

/// The chip by its canonical name ("random:7", not "random:07"), or at `offsets` places of its map.
void add_places(const chips::Chip& chip, const std::string& text, const std::string& offsets,
                std::uint64_t seed, std::vector<std::string>& names) {
  if (offsets.empty()) {
    names.push_back(chip.name());
    return;
  }
  if (chip.period() == 0 || text.find(',') != std::string::npos) {
    throw InputError("--offsets: places a profile FILE.h5 several times; got chip {}", text);
  }
  const std::int64_t count = parse_integer("--offsets", offsets, 1, sweep::kMaxChips);
  try {
    const std::vector<std::string> places = sweep::place_names(text, count, seed);
    names.insert(names.end(), places.begin(), places.end());
  } catch (const InputError& error) {
    throw InputError("--offsets: {}", error.what());
  }
}

void set_chips(const EvalOptions& options, sweep::EvalConfig& config) {
  if (!config.rate) {
    const char* given = !options.chip.empty()          ? "--chip"
                        : !options.chips.empty()       ? "--chips"
                        : !options.p_err.empty()       ? "--p-err"
                        : !options.offsets.empty()     ? "--offsets"
                        : !options.common.seed.empty() ? "--seed"
                        : !config.selection.all()      ? "--only-tensors, -layers, -bits"
                                                       : nullptr;
    if (given != nullptr) {
      throw InputError("{}: needs an operating point; expected --rate or --voltage", given);
    }
    return;
  }
  if (!options.chip.empty()) {
    if (!options.chips.empty() || !options.p_err.empty()) {
      throw InputError("--chip: names the chips itself; expected no --chips or --p-err");
    }
    if (options.offsets.empty() && !options.common.seed.empty()) {
      throw InputError(
          "--seed: draws random chips and places of a profile; expected none beside --chip without "
          "--offsets");
    }
    const auto seed = static_cast<std::uint64_t>(options.common.seed_or(0));
    if (!options.offsets.empty()) config.seed = seed;
    std::vector<std::string> names;
    for (const std::string& text : options.chip) {
      const std::unique_ptr<chips::Chip> chip = chips::make_chip(text);
      if (chip->by_voltage() && !options.rate.empty()) {
        throw InputError("--rate: chip {} fails by voltage; expected --voltage", chip->name());
      }
      if (chip->by_voltage() && !options.supply.rates.empty()) {
        throw InputError("--memory-rate: chip {} fails by voltage; expected --supply",
                         chip->name());
      }
      add_places(*chip, text, options.offsets, seed, names);
    }
    for (const std::string& name : names) {
      if (std::find(config.chips.begin(), config.chips.end(), name) != config.chips.end()) {
        throw InputError("--chip: {} is named twice", name);
      }
      config.chips.push_back(name);
    }
    return;
  }
  if (!options.offsets.empty()) {
    throw InputError("--offsets: places a profile several times; expected --chip FILE.h5");
  }
  const double p_err =
      options.p_err.empty() ? 1.0 : parse_number("--p-err", options.p_err, sweep::kMinPErr, 1.0);
  for (const double rate : {*config.rate, config.others.input.rate, config.others.activations.rate,
                            config.others.accumulators.rate}) {
    if (rate <= p_err) continue;
    throw InputError("--p-err: expected at least the bit error rate {}, got {}", rate, p_err);
  }
  const std::int64_t count = options.chips.empty()
                                 ? kDefaultChips
                                 : parse_integer("--chips", options.chips, 1, sweep::kMaxChips);
  const auto seed = static_cast<std::uint64_t>(options.common.seed_or(0));
  config.seed = seed;
  config.p_err = p_err;
  for (std::int64_t i = 0; i < count; ++i) {
    config.chips.push_back(sweep::chip_name(seed, i, p_err));
  }
}

/// Noise moves the weights themselves: there are no cells, and no engine that computes on codes can
/// run.
void set_weight_noise(const EvalOptions& options, sweep::EvalConfig& config) {
  if (config.engine != "float") {
    throw InputError(
        "--weight-noise: moves weights off their codes, which engine {} computes on; "
        "expected --engine float",
        config.engine);
  }
  for (const auto& [name, given] :
       {std::pair{"--rate", !options.rate.empty()},
        std::pair{"--voltage", !options.voltage.empty()},
        std::pair{"--chip", !options.chip.empty()}, std::pair{"--p-err", !options.p_err.empty()},
        std::pair{"--offsets", !options.offsets.empty()}, std::pair{"--cells", options.cells},
        std::pair{"--mitigation", !options.mitigation.empty()},
        std::pair{"--accelerator", !options.accelerator.empty()},
        std::pair{"--only-tensors", !options.only_tensors.empty()},
        std::pair{"--only-layers", !options.only_layers.empty()},
        std::pair{"--only-bits", !options.only_bits.empty()},
        std::pair{"--supply", !options.supply.supplies.empty()},
        std::pair{"--memory-rate", !options.supply.rates.empty()}}) {
    if (given)
      throw InputError("--weight-noise: is no bit error of a memory; expected no {}", name);
  }
  config.weight_noise = parse_number("--weight-noise", options.weight_noise, 0.0, 10.0);
  const std::int64_t draws = options.chips.empty()
                                 ? kDefaultChips
                                 : parse_integer("--chips", options.chips, 1, sweep::kMaxChips);
  config.seed = static_cast<std::uint64_t>(options.common.seed_or(0));
  for (std::int64_t i = 0; i < draws; ++i) {
    config.chips.push_back(fmt::format("noise:{}", *config.seed + static_cast<std::uint64_t>(i)));
  }
}

void set_batch(const EvalOptions& options, sweep::EvalConfig& config) {
  config.batch_statistics = options.batch_statistics;
  const std::int64_t usual = config.batch_statistics ? kStatisticsBatch : 1;
  config.batch = static_cast<int>(
      options.batch.empty() ? usual : parse_integer("--batch", options.batch, 1, sweep::kMaxBatch));
  if (!config.batch_statistics) return;
  if (config.engine != "float") {
    throw InputError(
        "--batch-statistics: batch norms compute with running statistics in engine {}; expected "
        "--engine float",
        config.engine);
  }
  for (const auto& [name, given] : {std::pair{"--accelerator", !options.accelerator.empty()},
                                    std::pair{"--weight-noise", !options.weight_noise.empty()}}) {
    if (given) throw InputError("--batch-statistics: expected no {}", name);
  }
}

int run(const EvalOptions& options) {
  const int threads = options.common.thread_count();
  options.common.seed_or(0);
  sweep::EvalConfig config;
  config.model = options.model;
  config.engine = parse_choice("--engine", options.engine, sweep::evaluation_engine_names());
  set_data(options.data, config);
  config.list_cells = options.cells;
  config.selection.tensors = parse_names("--only-tensors", options.only_tensors);
  config.selection.layers = parse_names("--only-layers", options.only_layers);
  if (!options.only_bits.empty()) {
    weights::parse_bits(options.only_bits, "--only-bits", config.selection);
  }
  if (!options.accelerator.empty()) {
    config.accelerator = mapping::load_accelerator(options.accelerator);
    set_mitigations(options.mitigation, *config.accelerator);
    config.mitigations = config.accelerator->weights.mitigations;
  } else if (config.engine == sweep::kSystemcEngine) {
    throw InputError("--engine systemc: needs an accelerator; expected --accelerator FILE");
  } else if (!options.mitigation.empty()) {
    config.mitigations = memory::parse_mitigations(options.mitigation, "--mitigation");
  }
  if (config.mitigations.boost_vmin > 0.0 && !options.rate.empty()) {
    throw InputError("mitigation boost: needs a supply to add to; expected --voltage, not --rate");
  }
  set_batch(options, config);
  if (!options.weight_noise.empty()) {
    set_weight_noise(options, config);
  } else {
    set_operating_point(options, set_supplies(options.supply, config.accelerator), config);
    set_chips(options, config);
  }

  std::vector<std::filesystem::path> inputs{config.model, config.technology_file};
  if (config.accelerator) inputs.push_back(config.accelerator->file);
  const Output output(options.common, inputs);
  const sweep::EvalResult result =
      sweep::run_eval(std::move(config), threads, options.common.quiet);
  output.json(report::eval_json(result));
  output.text(report::eval_text(result));
  return 0;
}

}  // namespace

Action add_eval(CLI::App& verb) {
  const auto options = std::make_shared<EvalOptions>();
  options->engine = "functional";
  verb.add_option("MODEL", options->model, "Network file (ONNX)")->required()->type_name("");
  verb.add_option("--rate", options->rate, "Bit error rate, a fraction in [0, 1]")->type_name("P");
  verb.add_option("--voltage", options->voltage,
                  "Supply voltage in units of Vmin; the technology gives the rate. Neither: the "
                  "clean network alone")
      ->type_name("V");
  verb.add_option("--technology", options->technology,
                  "Technology file (default: the accelerator's, else profiles/14nm-finfet.yaml)")
      ->type_name("FILE");
  verb.add_option("--chips", options->chips, "Random chips (default 10)")->type_name("N");
  verb.add_option("--chip", options->chip,
                  "A chip: random:SEED, physical:SEED or a profile FILE.h5; may be repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--p-err", options->p_err,
                  "Faulty cells err with this probability per evaluation (default 1)")
      ->type_name("P");
  verb.add_option("--engine", options->engine,
                  "functional (default), float, reference, or systemc on an accelerator")
      ->type_name("NAME");
  verb.add_option("--accelerator", options->accelerator,
                  "Accelerator file (YAML): placement, cycles and energy of an inference on it")
      ->type_name("FILE");
  verb.add_option("--batch", options->batch,
                  "Images at a time on the accelerator, and between fresh reads (default 1), or of "
                  "batch statistics (default 128)")
      ->type_name("B");
  verb.add_flag("--batch-statistics", options->batch_statistics,
                "With --engine float: batch norms take mean and variance of each batch of images "
                "in place of the running ones");
  add_mitigation_option(verb, options->mitigation);
  add_supply_options(verb, options->supply);
  verb.add_option(
          "--offsets", options->offsets,
          "Place the memory N times on the profile's map, at random places of --seed that are even "
          "over the bit positions")
      ->type_name("N");
  verb.add_option("--weight-noise", options->weight_noise,
                  "Instead of bit errors, with --engine float: each weight moves by up to this "
                  "fraction of its tensor's range; --chips draws")
      ->type_name("X");
  verb.add_option("--only-tensors", options->only_tensors,
                  "Only cells of these tensors fail (names joined by commas)")
      ->type_name("A,B");
  verb.add_option("--only-layers", options->only_layers,
                  "Only cells of these layers' tensors fail (names joined by commas)")
      ->type_name("A,B");
  verb.add_option("--only-bits", options->only_bits,
                  "Only cells of these bits of the codes fail: 6 or 6-7, 0 is the lowest")
      ->type_name("L-H");
  verb.add_flag("--cells", options->cells, "List the cells hit in per_chip of the JSON");
  add_data_options(verb, options->data);
  add_common(verb, options->common);
  add_seed(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
