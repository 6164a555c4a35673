// SPDX-License-Identifier: Apache-2.0
// `brownout run`: a network on an accelerator, or a finished run priced again.
#include <CLI/CLI.hpp>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/data_options.hpp"
#include "sim/cli/mitigation_option.hpp"
#include "sim/cli/supply_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/report/run_report.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace {

// A timeline with more stretches than this opens slowly in any viewer.
constexpr std::size_t kTimelineSpans = 200'000;

struct RunOptions {
  CommonOptions common;
  DataOptions data;
  std::string model, accelerator, technology, voltage, chip, batch, engine, timeline, reprice,
      mitigation;
  SupplyOptions supply;
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
    voltage =
        parse_voltage(options.voltage, technology::Technology::load(report::repriced_technology(
                                           options.reprice, options.technology)));
  }
  const Output output(options.common, {options.reprice, options.technology});
  const report::Repriced repriced = report::reprice(options.reprice, options.technology, voltage);
  output.json(repriced.json);
  output.text(repriced.text);
  return 0;
}

int run(const RunOptions& options, const CLI::App& verb) {
  const int threads = options.common.thread_count();
  const std::int64_t seed = options.common.seed_or(0);
  if (!options.reprice.empty()) return reprice(options, verb);
  if (!options.chip.empty()) refuse_seed(options.common, "--chip names the chip itself");
  if (options.model.empty()) throw InputError("expected a network file MODEL, or --reprice FILE");
  if (options.accelerator.empty()) throw InputError("expected --accelerator FILE");
  sweep::RunConfig config;
  config.model = options.model;
  config.accelerator = mapping::load_accelerator(options.accelerator);
  set_mitigations(options.mitigation, config.accelerator);
  config.technology_file = options.technology;
  if (options.technology.empty()) config.technology_file = config.accelerator.technology;
  config.engine = parse_choice("--engine", options.engine, sweep::run_engine_names());
  set_data(options.data, config);
  config.batch = static_cast<int>(parse_integer("--batch", options.batch, 1, sweep::kMaxBatch));
  config.memory_rates = set_supplies(options.supply, config.accelerator);
  const technology::Technology technology = technology::Technology::load(config.technology_file);
  if (!options.voltage.empty()) {
    config.voltage = parse_voltage(options.voltage, technology);
  } else if (config.memory_rates.any() ||
             sweep::memory_points(config.accelerator, &technology, {}).any()) {
    config.voltage = 1.0;  // of the rail; memories with a supply of their own fail all the same
  }
  if (config.voltage) {
    config.chip = options.chip.empty() ? sweep::chip_name(static_cast<std::uint64_t>(seed), 0, 1.0)
                                       : options.chip;
  } else if (!options.chip.empty()) {
    throw InputError("--chip: needs an operating point; expected --voltage V");
  } else {
    refuse_seed(options.common, "nothing fails without an operating point; expected --voltage V");
  }
  if (!options.timeline.empty()) {
    config.span_limit = kTimelineSpans;
  }

  const Output output(options.common,
                      {config.model, config.accelerator.file, config.technology_file},
                      {{"--timeline", options.timeline}});
  const sweep::AcceleratorRun result =
      sweep::run_accelerator(std::move(config), threads, options.common.quiet);
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
  options->engine = "systemc";
  options->batch = "1";
  verb.add_option("MODEL", options->model, "Network file (ONNX)")->type_name("");
  verb.add_option("--accelerator", options->accelerator, "Accelerator file (YAML)")
      ->type_name("FILE");
  verb.add_option("--technology", options->technology,
                  "Technology file (default: the accelerator's)")
      ->type_name("FILE");
  verb.add_option("--voltage", options->voltage,
                  "Supply of the scaled rail in units of Vmin (default: Vmin, no faults)")
      ->type_name("V");
  verb.add_option("--chip", options->chip,
                  "The chip: random:SEED, physical:SEED or a profile FILE.h5 (default: random:SEED "
                  "of --seed)")
      ->type_name("TEXT");
  verb.add_option("--batch", options->batch, "Images at a time (default 1)")->type_name("B");
  verb.add_option("--engine", options->engine,
                  "systemc (default), functional: numbers by the fast engine, time by the model, "
                  "or rtl: the Verilated core in the model's place for the array")
      ->type_name("NAME");
  verb.add_option("--timeline", options->timeline,
                  "Write what each module did when, in the Chrome trace format (Perfetto)")
      ->type_name("FILE");
  verb.add_option("--reprice", options->reprice,
                  "Price the JSON of an earlier run again, with --technology and --voltage")
      ->type_name("FILE");
  add_mitigation_option(verb, options->mitigation);
  add_supply_options(verb, options->supply);
  add_data_options(verb, options->data);
  add_common(verb, options->common);
  add_seed(verb, options->common);
  return [options, &verb] { return run(*options, verb); };
}

}  // namespace brownout::cli
