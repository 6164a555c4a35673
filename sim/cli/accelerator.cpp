// SPDX-License-Identifier: Apache-2.0
// `brownout accelerator list` and `show`.
#include <memory>

#include "sim/base/shipped.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/report/accelerator_report.hpp"

namespace brownout::cli {

namespace {

struct AcceleratorOptions {
  CommonOptions common;
  std::string accelerator;
};

int list_accelerators(const AcceleratorOptions& options) {
  const Output output(options.common, shipped_files(kShippedAccelerators));
  std::vector<results::AcceleratorSummary> accelerators;
  for (const std::filesystem::path& file : shipped_files(kShippedAccelerators)) {
    accelerators.push_back(results::summarize(mapping::load_accelerator(file)));
  }
  output.json(report::accelerators_json(accelerators));
  output.text(report::accelerators_text(accelerators));
  return 0;
}

int show_accelerator(const AcceleratorOptions& options) {
  const mapping::AcceleratorConfig accelerator =
      mapping::load_accelerator(find_shipped(kShippedAccelerators, options.accelerator, "NAME"));
  const Output output(options.common, {accelerator.file, accelerator.technology});
  const results::AcceleratorSummary summary = results::summarize(accelerator);
  output.json(report::accelerator_json(summary));
  output.text(report::accelerator_text(summary));
  return 0;
}

}  // namespace

Action add_accelerator_list(Verb& verb) {
  const auto options = std::make_shared<AcceleratorOptions>();
  add_common(verb, options->common);
  return [options] { return list_accelerators(*options); };
}

Action add_accelerator_show(Verb& verb) {
  const auto options = std::make_shared<AcceleratorOptions>();
  verb.add_option("NAME", options->accelerator, "Name of a shipped accelerator, or a file (YAML)")
      ->required()
      ->type_name("");
  verb.offers("NAME", {{}, &kShippedAccelerators});
  add_common(verb, options->common);
  return [options] { return show_accelerator(*options); };
}

}  // namespace brownout::cli
