// SPDX-License-Identifier: Apache-2.0
// `brownout sensitivity`.
#include <CLI/CLI.hpp>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/engines/engine.hpp"
#include "sim/report/sensitivity_report.hpp"
#include "sim/runs/sensitivity_run.hpp"

namespace brownout::cli {

namespace {

struct SensitivityOptions {
  CommonOptions common;
  SetupOptions setup;
  std::vector<std::string> models;
  std::string rate, chips = "5";
};

int run(const SensitivityOptions& options) {
  const int threads = options.common.thread_count();
  runs::SensitivityConfig config;
  config.models.assign(options.models.begin(), options.models.end());
  config.setup.engine = parse_choice("--engine", options.setup.engine, engines::engine_names());
  config.rate = parse_number("--rate", options.rate, 0.0, 1.0);
  if (config.rate == 0.0) throw InputError("--rate: expected a rate above 0, got {}", options.rate);
  config.chips = parse_integer("--chips", options.chips, 1, runs::kMaxChips);
  config.seed = static_cast<std::uint64_t>(options.common.seed_or(0));
  set_data(options.setup, config.setup);
  config.setup.reads.fresh = false;  // cells of these chips flip at every read

  const Output output(options.common, config.models);
  const runs::SensitivityResult result =
      runs::run_sensitivity(std::move(config), threads, options.common.quiet);
  output.json(report::sensitivity_json(result));
  output.text(report::sensitivity_text(result));
  return 0;
}

}  // namespace

Action add_sensitivity(CLI::App& verb) {
  const auto options = std::make_shared<SensitivityOptions>();
  options->setup.engine = "functional";
  verb.add_option("MODEL", options->models, "Network files (ONNX)")
      ->required()
      ->expected(1, 1000)
      ->type_name("");
  verb.add_option("--rate", options->rate, "Bit error rate of the cells that fail, above 0")
      ->required()
      ->type_name("P");
  verb.add_option("--chips", options->chips, "Random chips (default 5)")->type_name("N");
  verb.add_option("--engine", options->setup.engine, "functional (default), float or reference")
      ->type_name("NAME");
  add_data_options(verb, options->setup);
  add_common(verb, options->common);
  add_seed(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
