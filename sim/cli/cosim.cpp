// SPDX-License-Identifier: Apache-2.0
// `brownout cosim`: behavioural array and RTL side by side.
#include <fmt/format.h>

#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/cosim/core_fit.hpp"
#include "sim/cosim/waves.hpp"
#include "sim/report/cosim_report.hpp"
#include "sim/runs/cosim_run.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMaxCycle = std::int64_t{1} << 40;
constexpr char kDefaults[] = "the default accelerator";

struct CosimOptions {
  CommonOptions common;
  SetupOptions setup;
  std::string model, layer, array, chip;
  std::string trace, trace_window, export_folder;
};

/// The accelerator and its mitigations.
void set_target(const CosimOptions& options, experiment::TargetConfig& target) {
  mapping::AcceleratorConfig& accelerator = target.accelerator.emplace();
  if (!options.setup.accelerator.empty()) {
    accelerator = load_named_accelerator(options.setup.accelerator);
  } else {
    accelerator.name = "default";
    accelerator.file = kDefaults;  // for messages
    accelerator.technology = default_technology();
  }
  if (!options.array.empty()) {
    const ArraySize size = parse_array("--array", options.array);
    const std::string problem = cosim::core_problem(size.rows, size.columns);
    const bool needed = options.export_folder.empty() || !options.trace.empty();
    if (needed && !problem.empty()) throw InputError("--array: {}", problem);
    accelerator.array.rows = size.rows;
    accelerator.array.columns = size.columns;
  }
  set_mitigations(options.setup, target);
}

/// The voltage of the rail, and which chip fails there. The technology is read if one of the
/// memories may fail.
void set_operating_point(const CosimOptions& options, runs::CosimConfig& config) {
  experiment::Setup& setup = config.setup;
  const bool own =
      setup.rates.any() || experiment::supplies_of(setup.target.accelerator).any_fixed();
  if (!options.setup.voltage.empty() || own) {
    setup.technology = technology_of(options.setup, setup);
    if (!setup.technology) {
      throw InputError("--voltage: needs a technology; expected --technology FILE");
    }
    // Without a voltage memories with a supply of their own fail all the same.
    config.voltage = voltage_of(options.setup, setup.technology.get()).value_or(1.0);
  }
  config.chip = runs::one_chip(options.chip, options.common.seed, config.voltage.has_value());
}

/// A wave file is not written in order, which neither a device nor a pipe allows.
void expect_regular(const std::string& option, const std::string& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status) || fs::is_regular_file(status) || fs::is_directory(status)) return;
  throw InputError("{}: {}: expected a regular file, found a device or pipe", option, file);
}

void set_trace(const CosimOptions& options, runs::CosimConfig& config) {
  if (options.trace.empty()) return;
  const std::string& window = options.trace_window;
  const std::size_t colon = window.find(':');
  if (colon == std::string::npos) {
    throw InputError("--trace-window: expected cycles FROM:TO, got {}", in_quotes(window));
  }
  config.trace_from = parse_integer("--trace-window: FROM", window.substr(0, colon), 0, kMaxCycle);
  config.trace_to = parse_integer("--trace-window: TO", window.substr(colon + 1), 0, kMaxCycle);
  config.trace = options.trace;
  expect_regular("--trace", options.trace);
  try {
    cosim::wave_format(config.trace);
  } catch (const InputError& error) {
    throw InputError("--trace: {}", error.what());
  }
  config.mismatch_trace = config.trace;
  config.mismatch_trace.replace_extension(".mismatch" + config.trace.extension().string());
}

runs::CosimConfig config_of(const CosimOptions& options) {
  runs::CosimConfig config;
  experiment::Setup& setup = config.setup;
  config.model = options.model;
  setup.simulator = options.setup.simulator;
  set_target(options, setup.target);
  set_supplies(options.setup, setup);
  if (!options.setup.accelerator.empty()) {
    config.accelerator_file = setup.target.accelerator->file;
  }
  set_data(options.setup, setup);
  setup.target.batch = options.setup.batch.value_or(1);
  config.layer = options.layer;
  set_operating_point(options, config);
  set_trace(options, config);
  config.export_folder = options.export_folder;
  return config;
}

int run(const CosimOptions& options) {
  runs::CosimConfig config = config_of(options);
  std::vector<NamedFile> outputs{{"--trace", options.trace}};
  if (!options.trace.empty()) {
    outputs.push_back({"--trace's waves of a mismatch", config.mismatch_trace.string()});
  }
  const Output output(options.common,
                      {config.model, config.accelerator_file, file_of(config.setup.technology)},
                      outputs);
  const runs::CosimRun result = runs::run_cosim(std::move(config), options.common.quiet);
  output.json(report::cosim_json(result));
  output.text(report::cosim_text(result));
  return result.first_mismatch ? 1 : 0;
}

}  // namespace

Action add_cosim(Verb& verb) {
  const auto options = std::make_shared<CosimOptions>();
  options->setup.images = 1;
  verb.takes_shipped(verb.add_option("MODEL", options->model, "Network: its name or file (ONNX)")
                         ->required()
                         ->type_name(""),
                     kShippedNetworks);
  verb.add_option("--layer", options->layer, "Compare this layer only (default all)")
      ->type_name("NAME");
  verb.add_option("--array", options->array,
                  "Processing elements; one of the sizes that were built, with --export any size "
                  "(default: the accelerator's)")
      ->type_name("RxC");
  add_target_options(verb, options->setup,
                     {"Accelerator: its name or file (YAML; default: the default of every key)",
                      "Images at a time", "1"});
  add_operating_point(verb, options->setup,
                      "Supply of the scaled rail in units of Vmin (default: Vmin, no faults)");
  add_one_chip(verb, options->chip, options->common);
  verb.add_option("--trace", options->trace, "Write waves of the RTL: .fst (FST) or .vcd (VCD)")
      ->type_name("FILE");
  verb.add_option("--trace-window", options->trace_window, "Cycles of the run that --trace covers")
      ->type_name("FROM:TO");
  verb.add_option("--export", options->export_folder,
                  "Write the layer's first job as memory files that replay in any Verilog "
                  "simulator; with --layer. Needs no RTL in this build")
      ->type_name("DIR");
  add_data_options(verb, options->setup, "1");
  add_common(verb, options->common);
  verb.needs("--trace-window", "--trace", "--trace-window: needs a file; expected {} FILE");
  verb.needs("--trace", "--trace-window", "--trace: needs cycles; expected {} FROM:TO");
  verb.needs("--export", "--layer", "--export: writes one layer; expected {} NAME");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
