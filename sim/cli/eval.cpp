// SPDX-License-Identifier: Apache-2.0
// `brownout eval`: options to EvalConfig, result to text and JSON.
#include "sim/runs/eval.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/chips/chip.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/mitigation_option.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/engines/engine.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/report/results_json.hpp"
#include "sim/report/results_text.hpp"
#include "sim/results/places.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace {

constexpr std::int64_t kDefaultChips = 10;
constexpr std::int64_t kStatisticsBatch = 128;  // as trainings take

struct EvalOptions {
  CommonOptions common;
  SetupOptions setup;
  std::string model, rate, voltage, chips, p_err;
  std::vector<std::string> chip;
  std::string offsets, weight_noise;
  std::string only_tensors, only_layers, only_bits;
  bool cells = false;
  bool batch_statistics = false;
};

/// Rate or voltage: one of them is given, and the technology gives the other.
void set_operating_point(const EvalOptions& options, runs::EvalConfig& config) {
  experiment::Setup& setup = config.setup;
  if (!options.rate.empty() && !options.voltage.empty()) {
    throw InputError("--rate and --voltage: expected one of them, got both");
  }
  const std::filesystem::path usual =
      setup.target.accelerator ? setup.target.accelerator->technology : default_technology();
  setup.technology = load_technology(
      options.setup.technology.empty() ? usual : std::filesystem::path(options.setup.technology));
  if (!options.voltage.empty()) {
    if (!setup.technology) {
      throw InputError("--voltage: needs a technology; expected --technology FILE");
    }
    config.voltage = parse_voltage(options.voltage, *setup.technology);
  } else if (!options.rate.empty()) {
    config.rate = parse_number("--rate", options.rate, 0.0, 1.0);
  }
}

/// The chip by its canonical name ("random:7", not "random:07"), or at `offsets` places of its map.
void add_places(const chips::Chip& chip, const std::string& text, const std::string& offsets,
                std::uint64_t seed, runs::EvalConfig& config, std::vector<std::string>& names) {
  if (offsets.empty()) {
    names.push_back(chip.name());
    return;
  }
  if (chip.period() == 0 || text.find(',') != std::string::npos) {
    throw InputError("--offsets: places a profile FILE.h5 several times; got chip {}", text);
  }
  const std::int64_t count = parse_integer("--offsets", offsets, 1, runs::kMaxChips);
  try {
    const std::vector<std::string> places = results::place_names(config.files, text, count, seed);
    names.insert(names.end(), places.begin(), places.end());
  } catch (const InputError& error) {
    throw InputError("--offsets: {}", error.what());
  }
}

/// Without an operating point nothing fails, so that nothing says which chips or cells do.
void refuse_chips(const EvalOptions& options, const runs::EvalConfig& config) {
  const char* given = !options.chip.empty()                 ? "--chip"
                      : !options.chips.empty()              ? "--chips"
                      : !options.p_err.empty()              ? "--p-err"
                      : !options.offsets.empty()            ? "--offsets"
                      : !options.common.seed.empty()        ? "--seed"
                      : !config.setup.reads.selection.all() ? "--only-tensors, -layers, -bits"
                                                            : nullptr;
  if (given != nullptr) {
    throw InputError("{}: needs an operating point; expected --rate or --voltage", given);
  }
}

/// Chips named one by one, or places of them.
void set_named_chips(const EvalOptions& options, runs::EvalConfig& config) {
  if (!options.chips.empty() || !options.p_err.empty()) {
    throw InputError("--chip: names the chips itself; expected no --chips or --p-err");
  }
  if (options.offsets.empty() && !options.common.seed.empty()) {
    throw InputError(
        "--seed: draws random chips and places of a profile; expected none beside --chip without "
        "--offsets");
  }
  if (!options.offsets.empty() && options.chip.size() > 1) {
    throw InputError(
        "--offsets: places one profile several times; expected one --chip, got {}. Places of "
        "several dies are not chips of one kind",
        options.chip.size());
  }
  const auto seed = static_cast<std::uint64_t>(options.common.seed_or(0));
  if (!options.offsets.empty()) config.seed = seed;
  std::vector<std::string> names;
  std::vector<std::pair<memory::Die, std::string>> dies;  // one die is one chip, however spelled
  for (const std::string& text : options.chip) {
    const std::unique_ptr<chips::Chip> chip = config.files.make(text);
    if (chip->by_voltage() && !options.rate.empty()) {
      throw InputError("--rate: chip {} fails by voltage; expected --voltage", chip->name());
    }
    if (chip->by_voltage() && !options.setup.supply.rates.empty()) {
      throw InputError("--memory-rate: chip {} fails by voltage; expected --supply", chip->name());
    }
    for (const auto& [die, name] : dies) {
      if (!(die == chip->die()) || name == chip->name()) continue;
      throw InputError("--chip: {} is the die of {}; expected each die once", chip->name(), name);
    }
    dies.emplace_back(chip->die(), chip->name());
    add_places(*chip, text, options.offsets, seed, config, names);
  }
  for (const std::string& name : names) {
    if (std::find(config.chips.begin(), config.chips.end(), name) != config.chips.end()) {
      throw InputError("--chip: {} is named twice", name);
    }
    config.chips.push_back(name);
  }
}

void set_random_chips(const EvalOptions& options, const experiment::Conditions& at,
                      runs::EvalConfig& config) {
  if (!options.offsets.empty()) {
    throw InputError("--offsets: places a profile several times; expected --chip FILE.h5");
  }
  const double p_err =
      options.p_err.empty() ? 1.0 : parse_number("--p-err", options.p_err, runs::kMinPErr, 1.0);
  for (const double rate : {at.supply.rate, at.others.input.rate, at.others.activations.rate,
                            at.others.accumulators.rate}) {
    if (rate <= p_err) continue;
    throw InputError("--p-err: expected at least the bit error rate {}, got {}", rate, p_err);
  }
  const std::int64_t count = options.chips.empty()
                                 ? kDefaultChips
                                 : parse_integer("--chips", options.chips, 1, runs::kMaxChips);
  config.seed = static_cast<std::uint64_t>(options.common.seed_or(0));
  config.p_err = p_err;
  for (std::int64_t i = 0; i < count; ++i) {
    config.chips.push_back(results::chip_name(*config.seed, i, p_err));
  }
}

void set_chips(const EvalOptions& options, runs::EvalConfig& config) {
  const std::optional<experiment::Conditions> at =
      config.setup.supplies().resolve(config.voltage, config.rate);
  if (!at) {
    refuse_chips(options, config);
  } else if (!options.chip.empty()) {
    set_named_chips(options, config);
  } else {
    set_random_chips(options, *at, config);
  }
}

/// Noise moves the weights themselves: there are no cells, and no engine that computes on codes can
/// run.
void set_weight_noise(const EvalOptions& options, runs::EvalConfig& config) {
  if (config.setup.engine != "float") {
    throw InputError(
        "--weight-noise: moves weights off their codes, which engine {} computes on; "
        "expected --engine float",
        config.setup.engine);
  }
  for (const auto& [name, given] :
       {std::pair{"--rate", !options.rate.empty()},
        std::pair{"--voltage", !options.voltage.empty()},
        std::pair{"--chip", !options.chip.empty()}, std::pair{"--p-err", !options.p_err.empty()},
        std::pair{"--offsets", !options.offsets.empty()}, std::pair{"--cells", options.cells},
        std::pair{"--mitigation", !options.setup.mitigation.empty()},
        std::pair{"--accelerator", !options.setup.accelerator.empty()},
        std::pair{"--only-tensors", !options.only_tensors.empty()},
        std::pair{"--only-layers", !options.only_layers.empty()},
        std::pair{"--only-bits", !options.only_bits.empty()},
        std::pair{"--supply", !options.setup.supply.supplies.empty()},
        std::pair{"--memory-rate", !options.setup.supply.rates.empty()}}) {
    if (given)
      throw InputError("--weight-noise: is no bit error of a memory; expected no {}", name);
  }
  config.weight_noise = parse_number("--weight-noise", options.weight_noise, 0.0, 10.0);
  const std::int64_t draws = options.chips.empty()
                                 ? kDefaultChips
                                 : parse_integer("--chips", options.chips, 1, runs::kMaxChips);
  config.seed = static_cast<std::uint64_t>(options.common.seed_or(0));
  for (std::int64_t i = 0; i < draws; ++i) {
    config.chips.push_back(fmt::format("noise:{}", *config.seed + static_cast<std::uint64_t>(i)));
  }
}

void set_batch(const EvalOptions& options, runs::EvalConfig& config) {
  config.setup.batch_statistics = options.batch_statistics;
  const std::int64_t usual = options.batch_statistics ? kStatisticsBatch : 1;
  config.setup.target.batch =
      static_cast<int>(options.setup.batch.empty()
                           ? usual
                           : parse_integer("--batch", options.setup.batch, 1, runs::kMaxBatch));
  if (!options.batch_statistics) return;
  if (config.setup.engine != "float") {
    throw InputError(
        "--batch-statistics: batch norms compute with running statistics in engine {}; expected "
        "--engine float",
        config.setup.engine);
  }
  for (const auto& [name, given] : {std::pair{"--accelerator", !options.setup.accelerator.empty()},
                                    std::pair{"--weight-noise", !options.weight_noise.empty()}}) {
    if (given) throw InputError("--batch-statistics: expected no {}", name);
  }
}

/// The accelerator, and what protects the weights on it or without it.
void set_target(const EvalOptions& options, experiment::Setup& setup) {
  experiment::TargetConfig& target = setup.target;
  if (!options.setup.accelerator.empty()) {
    target.accelerator = mapping::load_accelerator(options.setup.accelerator);
  } else if (setup.engine == experiment::kSystemcEngine) {
    throw InputError("--engine systemc: needs an accelerator; expected --accelerator FILE");
  }
  set_mitigations(options.setup.mitigation, target);
  if (target.mitigations().boost_vmin > 0.0 && !options.rate.empty()) {
    throw InputError("mitigation boost: needs a supply to add to; expected --voltage, not --rate");
  }
}

void set_selection(const EvalOptions& options, weights::Selection& selection) {
  selection.tensors = parse_names("--only-tensors", options.only_tensors);
  selection.layers = parse_names("--only-layers", options.only_layers);
  if (options.only_bits.empty()) return;
  weights::parse_bits(options.only_bits, "--only-bits", selection);
}

runs::EvalConfig config_of(const EvalOptions& options) {
  runs::EvalConfig config;
  experiment::Setup& setup = config.setup;
  config.model = options.model;
  setup.engine =
      parse_choice("--engine", options.setup.engine, experiment::evaluation_engine_names());
  set_data(options.setup, setup);
  config.list_cells = options.cells;
  set_selection(options, setup.reads.selection);
  set_target(options, setup);
  set_batch(options, config);
  if (!options.weight_noise.empty()) {
    set_weight_noise(options, config);
  } else {
    setup.rates = set_supplies(options.setup.supply, setup.target.accelerator);
    set_operating_point(options, config);
    set_chips(options, config);
  }
  return config;
}

int run(const EvalOptions& options) {
  const int threads = options.common.thread_count();
  options.common.seed_or(0);
  runs::EvalConfig config = config_of(options);
  std::vector<std::filesystem::path> inputs{config.model, file_of(config.setup.technology)};
  const auto& accelerator = config.setup.target.accelerator;
  if (accelerator) inputs.push_back(accelerator->file);
  const Output output(options.common, inputs);
  const runs::EvalResult result = runs::run_eval(std::move(config), threads, options.common.quiet);
  output.json(report::eval_json(result));
  output.text(report::eval_text(result));
  return 0;
}

}  // namespace

Action add_eval(CLI::App& verb) {
  const auto options = std::make_shared<EvalOptions>();
  options->setup.engine = "functional";
  verb.add_option("MODEL", options->model, "Network file (ONNX)")->required()->type_name("");
  verb.add_option("--rate", options->rate, "Bit error rate, a fraction in [0, 1]")->type_name("P");
  verb.add_option("--voltage", options->voltage,
                  "Supply voltage in units of Vmin; the technology gives the rate. Neither: the "
                  "clean network alone")
      ->type_name("V");
  verb.add_option("--technology", options->setup.technology,
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
  verb.add_option("--engine", options->setup.engine,
                  "functional (default), float, reference, or systemc on an accelerator")
      ->type_name("NAME");
  verb.add_option("--accelerator", options->setup.accelerator,
                  "Accelerator file (YAML): placement, cycles and energy of an inference on it")
      ->type_name("FILE");
  verb.add_option("--batch", options->setup.batch,
                  "Images at a time on the accelerator, and between fresh reads (default 1), or of "
                  "batch statistics (default 128)")
      ->type_name("B");
  verb.add_flag("--batch-statistics", options->batch_statistics,
                "With --engine float: batch norms take mean and variance of each batch of images "
                "in place of the running ones");
  add_mitigation_option(verb, options->setup.mitigation);
  add_supply_options(verb, options->setup.supply);
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
  add_data_options(verb, options->setup);
  add_common(verb, options->common);
  add_seed(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
