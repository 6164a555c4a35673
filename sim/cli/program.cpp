// SPDX-License-Identifier: Apache-2.0
// `brownout model program`.
#include "sim/mapping/program.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/report/program_report.hpp"
#include "sim/sweep/configuration.hpp"

namespace brownout::cli {

namespace {

constexpr std::int64_t kMaxBatch = 65536;

struct ProgramOptions {
  CommonOptions common;
  std::string model, accelerator, batch, bit_offset;
  bool commands = false;
};

int run(const ProgramOptions& options) {
  options.common.thread_count();
  const std::int64_t batch =
      options.batch.empty() ? 1 : parse_integer("--batch", options.batch, 1, kMaxBatch);
  const std::int64_t bit_offset =
      options.bit_offset.empty()
          ? 0
          : parse_integer("--bit-offset", options.bit_offset, 0, sweep::kMaxBitOffset);
  const Output output(options.common, {options.model, options.accelerator});
  const mapping::AcceleratorConfig accelerator = mapping::load_accelerator(options.accelerator);
  const experiment::Model model = experiment::load_model(options.model);
  const mapping::Program program =
      mapping::compile(*model.network, accelerator, static_cast<int>(batch),
                       static_cast<std::uint64_t>(bit_offset), options.model);
  output.json(report::program_json(model, program));
  output.text(options.commands ? report::program_commands(program)
                               : report::program_text(model, program));
  return 0;
}

}  // namespace

Action add_model_program(CLI::App& verb) {
  const auto options = std::make_shared<ProgramOptions>();
  verb.add_option("MODEL", options->model, "Network file (ONNX)")->required()->type_name("");
  verb.add_option("--accelerator", options->accelerator, "Accelerator file (YAML)")
      ->required()
      ->type_name("FILE");
  verb.add_option("--batch", options->batch, "Images at a time (default 1)")->type_name("B");
  verb.add_option("--bit-offset", options->bit_offset,
                  "Cell in which the network begins (default 0)")
      ->type_name("N");
  verb.add_flag("--commands", options->commands, "Every command in order instead of the table");
  add_common(verb, options->common);
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
