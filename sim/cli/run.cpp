// SPDX-License-Identifier: Apache-2.0
// `brownout run`: a network on an accelerator, or a finished run priced again.
#include <CLI/CLI.hpp>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/mitigation_option.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/report/run_report.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace {

// A timeline with more stretches than this opens slowly in any viewer.
constexpr std::size_t kTimelineSpans = 200'000;

struct RunOptions {
  CommonOptions common;
  SetupOptions setup;
  std::string model, voltage, chip, timeline, reprice;
};

int reprice(const RunOptions& options, const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    const std::string name = option->get_name();
    const bool fits = name == "--reprice" || name == "--technology" || name == "--voltage" ||
                      name == "--json" || name == "--quiet" || name == "--threads" ||
                      name == "--overwrite";
    if (option->count() > 0 && !fits) {
      throw InputError("--reprice: nothing is simulated; expected no {}", name);
    }
  }
  std::optional<double> voltage;
  if (!options.voltage.empty()) {
    voltage = parse_voltage(options.voltage, technology::Technology::load(runs::repriced_technology(
                                                 options.reprice, options.setup.technology)));
  }
  const Output output(options.common, {options.reprice, options.setup.technology});
  const runs::Repriced repriced = runs::reprice(options.reprice, options.setup.technology, voltage);
  output.json(report::repriced_json(repriced));
  output.text(report::repriced_text(repriced));
  return 0;
}

/// The voltage of the rail, and which chip fails there.
void set_operating_point(const RunOptions& options, runs::RunConfig& config) {
  if (!options.voltage.empty()) {
    config.voltage = parse_voltage(options.voltage, *config.setup.technology);
  } else if (const auto at_vmin = config.setup.supplies().resolve(std::nullopt)) {
    config.voltage = at_vmin->voltage;  // memories with a supply of their own fail all the same
  }
  config.chip = one_chip(options.common, options.chip, config.voltage.has_value());
}

runs::RunConfig config_of(const RunOptions& options) {
  if (!options.chip.empty()) refuse_seed(options.common, "--chip names the chip itself");
  if (options.model.empty()) throw InputError("expected a network file MODEL, or --reprice FILE");
  if (options.setup.accelerator.empty()) throw InputError("expected --accelerator FILE");
  runs::RunConfig config;
  experiment::Setup& setup = config.setup;
  config.model = options.model;
  setup.target.accelerator = mapping::load_accelerator(options.setup.accelerator);
  set_mitigations(options.setup.mitigation, setup.target);
  setup.engine = parse_choice("--engine", options.setup.engine, runs::run_engine_names());
  set_data(options.setup, setup);
  setup.target.batch =
      static_cast<int>(parse_integer("--batch", options.setup.batch, 1, runs::kMaxBatch));
  setup.rates = set_supplies(options.setup.supply, *setup.target.accelerator);
  setup.technology = load_technology(options.setup.technology.empty()
                                         ? setup.target.accelerator->technology
                                         : std::filesystem::path(options.setup.technology));
  set_operating_point(options, config);
  if (!options.timeline.empty()) config.span_limit = kTimelineSpans;
  return config;
}

int run(const RunOptions& options, const CLI::App& verb) {
  const int threads = options.common.thread_count();
  options.common.seed_or(0);
  if (!options.reprice.empty()) return reprice(options, verb);
  runs::RunConfig config = config_of(options);
  const Output output(
      options.common,
      {config.model, config.setup.target.accelerator->file, file_of(config.setup.technology)},
      {{"--timeline", options.timeline}});
  const runs::AcceleratorRun result =
      runs::run_accelerator(std::move(config), threads, options.common.quiet);
  if (!options.timeline.empty()) {
    write_output("--timeline", options.timeline, report::run_timeline(result));
    if (result.simulated.spans_cut) {
      output.note(fmt::format("{}: holds the first {} stretches; run fewer images for all",
                              options.timeline, kTimelineSpans));
    }
  }
  output.json(report::run_json(result));
  output.text(report::run_text(result));
  return 0;
}

}  // namespace

Action add_run(CLI::App& verb) {
  const auto options = std::make_shared<RunOptions>();
  options->setup.engine = "systemc";
  options->setup.batch = "1";
  verb.add_option("MODEL", options->model, "Network file (ONNX)")->type_name("");
  verb.add_option("--accelerator", options->setup.accelerator, "Accelerator file (YAML)")
      ->type_name("FILE");
  verb.add_option("--technology", options->setup.technology,
                  "Technology file (default: the accelerator's)")
      ->type_name("FILE");
  verb.add_option("--voltage", options->voltage,
                  "Supply of the scaled rail in units of Vmin (default: Vmin, no faults)")
      ->type_name("V");
  verb.add_option("--chip", options->chip,
                  "The chip: random:SEED, physical:SEED or a profile FILE.h5 (default: random:SEED "
                  "of --seed)")
      ->type_name("TEXT");
  verb.add_option("--batch", options->setup.batch, "Images at a time (default 1)")->type_name("B");
  verb.add_option("--engine", options->setup.engine,
                  "systemc (default), functional: numbers by the fast engine, time by the model, "
                  "or rtl: the Verilated core in the model's place for the array")
      ->type_name("NAME");
  verb.add_option("--timeline", options->timeline,
                  "Write what each module did when, in the Chrome trace format (Perfetto)")
      ->type_name("FILE");
  verb.add_option("--reprice", options->reprice,
                  "Price the JSON of an earlier run again, with --technology and --voltage")
      ->type_name("FILE");
  add_mitigation_option(verb, options->setup.mitigation);
  add_supply_options(verb, options->setup.supply);
  add_data_options(verb, options->setup);
  add_common(verb, options->common);
  add_seed(verb, options->common);
  return [options, &verb] { return run(*options, verb); };
}

}  // namespace brownout::cli
