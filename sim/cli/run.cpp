// SPDX-License-Identifier: Apache-2.0
// `brownout run`: a network on an accelerator, or a finished run priced again.
#include <memory>
#include <set>

#include "sim/base/error.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/run_report.hpp"
#include "sim/runs/eval_settings.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace {

// A timeline with more stretches than this opens slowly in any viewer.
constexpr std::size_t kTimelineSpans = 200'000;

struct RunOptions {
  CommonOptions common;
  SetupOptions setup;
  std::string model, chip, timeline, reprice;
};

int reprice(const RunOptions& options) {
  const std::filesystem::path technology_file = named_technology(options.setup.technology);
  const auto technology = options.setup.voltage.empty()
                              ? std::nullopt
                              : std::optional(technology::Technology::load(
                                    runs::repriced_technology(options.reprice, technology_file)));
  const std::optional<double> voltage =
      voltage_of(options.setup, technology ? &*technology : nullptr);
  const Output output(options.common, {options.reprice, technology_file});
  const runs::Repriced repriced = runs::reprice(options.reprice, technology_file, voltage);
  output.json(report::repriced_json(repriced));
  output.text(report::repriced_text(repriced));
  return 0;
}

runs::RunConfig config_of(const RunOptions& options) {
  if (options.model.empty()) throw InputError("expected a network file MODEL, or --reprice FILE");
  runs::RunConfig config = runs::run_config({options.setup, options.chip, options.common.seed});
  config.model = options.model;
  if (!options.timeline.empty()) config.span_limit = kTimelineSpans;
  return config;
}

int run(const RunOptions& options) {
  if (!options.reprice.empty()) return reprice(options);
  runs::RunConfig config = config_of(options);
  const Output output(
      options.common,
      {config.model, config.setup.target.accelerator->file, file_of(config.setup.technology)},
      {{"--timeline", options.timeline}});
  const runs::AcceleratorRun result =
      runs::run_accelerator(std::move(config), options.common.thread_count(), options.common.quiet);
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

/// A run is priced again by its JSON alone.
void add_run_rules(Verb& verb) {
  const std::set<std::string> fit{"--help", "--reprice", "--technology", "--voltage",
                                  "--json", "--quiet",   "--threads",    "--overwrite"};
  std::vector<std::string> simulating;
  for (const CLI::Option* option : verb.get_options()) {
    const std::string name = option->get_name();
    if (fit.count(name) == 0) simulating.push_back(name);
  }
  verb.excludes("--reprice", simulating, "--reprice: nothing is simulated; expected no {}");
  verb.needs("MODEL", "--accelerator", "expected {} FILE");
}

}  // namespace

Action add_run(Verb& verb) {
  const auto options = std::make_shared<RunOptions>();
  verb.takes_shipped(
      verb.add_option("MODEL", options->model, "Network: its name or file (ONNX)")->type_name(""),
      kShippedNetworks);
  add_target_options(verb, options->setup,
                     {"Accelerator: its name (brownout accelerator list) or file (YAML)",
                      "Images at a time", "1"});
  add_operating_point(verb, options->setup,
                      "Supply of the scaled rail in units of Vmin (default: Vmin, no faults)");
  add_one_chip(verb, options->chip, options->common);
  add_engine(verb, options->setup,
             "functional: numbers by the fast engine, time by the model; rtl: the Verilated core "
             "in the model's place for the array",
             runs::run_engine_names(), "systemc");
  verb.add_option("--timeline", options->timeline,
                  "Write what each module did when, in the Chrome trace format (Perfetto)")
      ->type_name("FILE");
  verb.add_option("--reprice", options->reprice,
                  "Price the JSON of an earlier run again, with --technology and --voltage")
      ->type_name("FILE");
  add_data_options(verb, options->setup);
  add_common(verb, options->common);
  add_run_rules(verb);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
