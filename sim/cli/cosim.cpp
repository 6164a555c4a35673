// SPDX-License-Identifier: Apache-2.0
// `brownout cosim`: behavioural array and RTL side by side.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/data_options.hpp"
#include "sim/cli/mitigation_option.hpp"
#include "sim/cli/supply_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/cosim/waves.hpp"
#include "sim/report/cosim_report.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMaxCycle = std::int64_t{1} << 40;
constexpr char kDefaults[] = "the default accelerator";

struct CosimOptions {
  CommonOptions common;
  DataOptions data;
  std::string model, layer, accelerator, array, technology, voltage, chip, batch;
  std::string trace, trace_window, export_folder, mitigation;
  SupplyOptions supply;
};

mapping::AcceleratorConfig accelerator_of(const CosimOptions& options) {
  mapping::AcceleratorConfig accelerator;
  if (!options.accelerator.empty()) {
    accelerator = mapping::load_accelerator(options.accelerator);
  } else {
    accelerator.name = "default";
    accelerator.file = kDefaults;  // for messages
    accelerator.technology = default_technology();
  }
  if (!options.array.empty()) {
    const std::vector<cosim::CoreShape> built = cosim::built_cores();
    const auto size = std::find_if(built.begin(), built.end(), [&](const cosim::CoreShape& core) {
      return options.array == fmt::format("{}x{}", core.rows, core.columns);
    });
    if (size != built.end()) {
      accelerator.array.rows = size->rows;
      accelerator.array.columns = size->columns;
    } else if (!built.empty()) {
      throw InputError("--array: the RTL was built as {}, found {}", cosim::built_core_names(),
                       in_quotes(options.array));
    }
  }
  set_mitigations(options.mitigation, accelerator);
  cosim::check_core(accelerator);
  return accelerator;
}

/// A memory that fails although the rail is at Vmin.
bool supplies_of_their_own(const mapping::AcceleratorConfig& accelerator) {
  const auto own = [](const mapping::MemorySupply& supply) {
    return !supply.scaled && supply.vmin != 1.0;
  };
  return own(accelerator.input.supply) || own(accelerator.activations.supply) ||
         own(accelerator.accumulators.supply);
}

/// A wave file is not written in order, which neither a device nor a pipe allows.
void expect_regular(const std::string& option, const std::string& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status) || fs::is_regular_file(status) || fs::is_directory(status)) return;
  throw InputError("{}: {}: expected a regular file, found a device or pipe", option, file);
}

void set_trace(const CosimOptions& options, sweep::CosimConfig& config) {
  if (options.trace.empty() != options.trace_window.empty()) {
    throw InputError(options.trace.empty() ? "--trace-window: needs a file; expected --trace FILE"
                                           : "--trace: needs cycles; expected --trace-window "
                                             "FROM:TO");
  }
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
  config.mismatch_trace = fs::path(options.trace).replace_extension(".mismatch.fst");
}

int run(const CosimOptions& options) {
  options.common.thread_count();
  const std::int64_t seed = options.common.seed_or(0);
  if (!options.chip.empty()) refuse_seed(options.common, "--chip names the chip itself");
  sweep::CosimConfig config;
  config.model = options.model;
  config.accelerator = accelerator_of(options);
  config.memory_rates = set_supplies(options.supply, config.accelerator);
  config.accelerator_file = options.accelerator;
  set_data(options.data, config);
  config.batch = static_cast<int>(parse_integer("--batch", options.batch, 1, sweep::kMaxBatch));
  config.layer = options.layer;
  config.technology_file =
      options.technology.empty() ? config.accelerator.technology : fs::path(options.technology);
  const auto technology = [&] {
    if (config.technology_file.empty()) {
      throw InputError("--voltage: needs a technology; expected --technology FILE");
    }
    return technology::Technology::load(config.technology_file);
  };
  if (!options.voltage.empty()) {
    config.voltage = parse_voltage(options.voltage, technology());
  } else if (config.memory_rates.any() || supplies_of_their_own(config.accelerator)) {
    technology();          // there is one
    config.voltage = 1.0;  // of the rail; memories with a supply of their own fail all the same
  } else {
    config.technology_file.clear();
  }
  if (config.voltage) {
    config.chip = options.chip.empty() ? sweep::chip_name(static_cast<std::uint64_t>(seed), 0, 1.0)
                                       : options.chip;
  } else if (!options.chip.empty()) {
    throw InputError("--chip: needs an operating point; expected --voltage V");
  } else {
    refuse_seed(options.common, "nothing fails without an operating point; expected --voltage V");
  }
  set_trace(options, config);
  if (!options.export_folder.empty() && config.layer.empty()) {
    throw InputError("--export: writes one layer; expected --layer NAME");
  }
  config.export_folder = options.export_folder;

  std::vector<NamedFile> outputs{{"--trace", options.trace}};
  if (!options.trace.empty()) {
    outputs.push_back({"--trace's waves of a mismatch", config.mismatch_trace.string()});
  }
  const Output output(options.common,
                      {config.model, config.accelerator_file, config.technology_file}, outputs);
  const sweep::CosimRun result = sweep::run_cosim(std::move(config), options.common.quiet);
  output.json(report::cosim_json(result));
  output.text(report::cosim_text(result));
  return result.first_mismatch ? 1 : 0;
}

}  // namespace

Action add_cosim(CLI::App& verb) {
  const auto options = std::make_shared<CosimOptions>();
  options->batch = "1";
  options->data.images = "1";
  verb.add_option("MODEL", options->model, "Network file (ONNX)")->required()->type_name("");
  verb.add_option("--layer", options->layer, "Compare this layer only (default all)")
      ->type_name("NAME");
  verb.add_option("--array", options->array,
                  "Processing elements; one of the sizes that were built (default: the "
                  "accelerator's)")
      ->type_name("RxC");
  verb.add_option("--accelerator", options->accelerator,
                  "Accelerator file (YAML; default: the default of every key)")
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
  verb.add_option("--trace", options->trace, "Write waves of the RTL: .fst (FST) or .vcd (VCD)")
      ->type_name("FILE");
  verb.add_option("--trace-window", options->trace_window, "Cycles of the run that --trace covers")
      ->type_name("FROM:TO");
  verb.add_option("--export", options->export_folder,
                  "Write the layer's first job as memory files that replay in any Verilog "
                  "simulator; with --layer")
      ->type_name("DIR");
  add_mitigation_option(verb, options->mitigation);
  add_supply_options(verb, options->supply);
  add_data_options(verb, options->data);
  verb.get_option("--images")->description("First N images (default 1)");
  add_common(verb, options->common);
  add_seed(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
