// SPDX-License-Identifier: Apache-2.0
// `brownout eval`: options to EvalConfig, result to text and JSON.
#include "sim/runs/eval.hpp"

#include <memory>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/npy_output.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/eval_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/results_json.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/samples_csv.hpp"

namespace brownout::cli {

namespace {

struct OneEval : EvalOptions {
  std::string model, logits;
  bool cells = false;
};

void write_logits(const std::string& file, const runs::EvalResult& result) {
  const std::vector<float> logits = runs::all_logits(result);
  const auto passes = static_cast<std::int64_t>(result.chips.size()) + 1;
  const std::int64_t classes = static_cast<std::int64_t>(logits.size()) / passes / result.images;
  write_output("--logits", file, npy_bytes({passes, result.images, classes}, logits));
}

int run(const OneEval& options) {
  runs::EvalConfig config = eval_config(options);
  config.model = options.model;
  config.list_cells = options.cells;
  config.keep_logits = !options.logits.empty();
  std::vector<std::filesystem::path> inputs = inputs_of(config);
  inputs.push_back(config.model);
  const Output output(options.common, inputs,
                      {{"--logits", options.logits}, {"--samples", options.samples}});
  const runs::EvalResult result =
      runs::run_eval(std::move(config), options.common.thread_count(), options.common.quiet);
  if (!options.logits.empty()) write_logits(options.logits, result);
  if (!options.samples.empty()) {
    write_output("--samples", options.samples, report::samples_csv({&result}));
  }
  if (result.voltage && !result.config.setup.technology) {
    output.note(fmt::format(
        "note: {:.6g} Vmin is outside the range of the technology: the chips themselves say what "
        "fails there, and nothing says what an access takes",
        *result.voltage));
  }
  output.json(report::eval_json(result));
  output.text(report::eval_text(result));
  return 0;
}

}  // namespace

Action add_eval(Verb& verb) {
  const auto options = std::make_shared<OneEval>();
  verb.takes_shipped(verb.add_option("MODEL", options->model, "Network: its name or file (ONNX)")
                         ->required()
                         ->type_name(""),
                     kShippedNetworks);
  add_eval_options(verb, *options);
  verb.add_option(
          "--logits", options->logits,
          "Write the logits (NumPy): of the clean network first, then of each chip; passes x "
          "images x classes")
      ->type_name("FILE.npy");
  verb.add_flag("--cells", options->cells, "List the cells hit in per_chip of the JSON");
  verb.excludes("--weight-noise", {"--cells", "--logits"},
                "--weight-noise: is no bit error of a memory; expected no {}");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
