// SPDX-License-Identifier: Apache-2.0
// `brownout model program`.
#include "sim/mapping/program.hpp"

#include <memory>

#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/mapping/program_commands.hpp"
#include "sim/report/program_report.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

namespace {

struct ProgramOptions {
  CommonOptions common;
  std::string model, accelerator;
  int batch = 1;
  std::int64_t bit_offset = 0;
  bool commands = false;
};

int run(const ProgramOptions& options) {
  const mapping::AcceleratorConfig accelerator = load_named_accelerator(options.accelerator);
  const Output output(options.common, {options.model, accelerator.file});
  const experiment::Model model = experiment::load_model(options.model);
  const mapping::Program program =
      mapping::compile(*model.network, accelerator, options.batch,
                       static_cast<std::uint64_t>(options.bit_offset), options.model);
  const results::ProgramSummary summary = results::summarize(program);
  output.json(report::program_json(model, summary));
  output.text(options.commands ? mapping::program_commands(program)
                               : report::program_text(model, summary));
  return 0;
}

}  // namespace

Action add_model_program(Verb& verb) {
  const auto options = std::make_shared<ProgramOptions>();
  verb.takes_shipped(verb.add_option("MODEL", options->model, "Network: its name or file (ONNX)")
                         ->required()
                         ->type_name(""),
                     kShippedNetworks);
  verb.add_option("--accelerator", options->accelerator, "Accelerator: its name or file (YAML)")
      ->required()
      ->type_name("FILE");
  verb.offers("--accelerator", {{}, &kShippedAccelerators});
  verb.add_option("--batch", options->batch, "Images at a time")
      ->type_name("B")
      ->transform(integer_in(1, runs::kMaxBatch))
      ->capture_default_str();
  verb.add_option("--bit-offset", options->bit_offset, "Cell in which the network begins")
      ->type_name("N")
      ->transform(integer_in(0, runs::kMaxBitOffset))
      ->capture_default_str();
  verb.add_flag("--commands", options->commands, "Every command in order instead of the table");
  add_common(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
