// SPDX-License-Identifier: Apache-2.0
// `brownout model inspect`.
#include <memory>

#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/network_report.hpp"

namespace brownout::cli {

namespace {

struct InspectOptions {
  CommonOptions common;
  std::string model;
};

int run(const InspectOptions& options) {
  const Output output(options.common, {options.model});
  const experiment::Model model = experiment::load_model(options.model);
  output.json(report::network_json(model));
  output.text(report::network_text(model));
  return 0;
}

}  // namespace

Action add_model_inspect(Verb& verb) {
  const auto options = std::make_shared<InspectOptions>();
  verb.takes_shipped(verb.add_option("MODEL", options->model, "Network: its name or file (ONNX)")
                         ->required()
                         ->type_name(""),
                     kShippedNetworks);
  add_common(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
