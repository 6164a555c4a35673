// SPDX-License-Identifier: Apache-2.0
// `brownout compare`: several networks on the same chips and images, result to text and JSON.
#include "sim/runs/compare.hpp"

#include <memory>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/cli/eval_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/compare_report.hpp"
#include "sim/report/samples_csv.hpp"

namespace brownout::cli {

namespace {

struct CompareOptions : EvalOptions {
  std::vector<std::string> models;
};

int run(const CompareOptions& options) {
  runs::CompareConfig config;
  config.models.assign(options.models.begin(), options.models.end());
  config.common = eval_config(options);
  std::vector<std::filesystem::path> inputs = inputs_of(config.common);
  inputs.insert(inputs.end(), config.models.begin(), config.models.end());
  const Output output(options.common, inputs, {{"--samples", options.samples}});
  const runs::CompareResult result = name_fields({{"models", "MODELS"}}, [&] {
    return runs::run_compare(config, options.common.thread_count(), options.common.quiet);
  });
  if (!options.samples.empty()) {
    std::vector<const runs::EvalResult*> networks;
    for (const runs::EvalResult& network : result.networks) networks.push_back(&network);
    write_output("--samples", options.samples, report::samples_csv(networks));
  }
  output.json(report::compare_json(result));
  output.text(report::compare_text(result));
  return 0;
}

}  // namespace

Action add_compare(Verb& verb) {
  const auto options = std::make_shared<CompareOptions>();
  verb.takes_shipped(
      verb.add_option("MODELS", options->models, "Networks: names or files (ONNX), two or more")
          ->required()
          ->type_name("")
          ->expected(1, runs::kMostCompared)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll),
      kShippedNetworks);
  add_eval_options(verb, *options);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
