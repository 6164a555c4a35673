// SPDX-License-Identifier: Apache-2.0
// `brownout estimate`.
#include "sim/estimate/estimate.hpp"

#include <algorithm>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/verb.hpp"
#include "sim/estimate/onnx_layers.hpp"
#include "sim/mapping/dataflow.hpp"
#include "sim/report/estimate_report.hpp"

namespace brownout::cli {

namespace {

struct EstimateOptions {
  CommonOptions common;
  std::string model, topology, array, input, compute_report;
  std::string dataflow = "ws", convention = "physical";
};

std::size_t index_of(const std::string& name, const std::vector<std::string>& names) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

int run(const EstimateOptions& options) {
  if (options.topology.empty() == options.model.empty()) {
    throw InputError("expected --topology FILE or MODEL, got {}",
                     options.topology.empty() ? "neither" : "both");
  }
  estimate::EstimateConfig config;
  const ArraySize array = parse_array("--array", options.array);
  config.rows = array.rows;
  config.columns = array.columns;
  config.dataflow =
      static_cast<estimate::EstimateDataflow>(*mapping::parse_dataflow(options.dataflow));
  config.convention =
      static_cast<estimate::Convention>(index_of(options.convention, estimate::conventions()));
  const std::string& source = options.topology.empty() ? options.model : options.topology;
  const Output output(options.common, {source}, {{"--compute-report", options.compute_report}});

  estimate::OnnxLayers network;
  if (options.topology.empty()) {
    network = estimate::layers_of_onnx(source, parse_extents("--input", options.input));
  } else {
    network.layers = estimate::read_topology(source);
  }
  const estimate::Estimate estimate = estimate::estimate(network.layers, config);
  if (!options.compute_report.empty())
    write_output("--compute-report", options.compute_report, report::compute_report_csv(estimate));
  const std::string remark = report::sparsity_remark(estimate);
  if (!remark.empty()) output.note(fmt::format("{}: {}", source, remark));
  for (const std::string& passed_over : network.remarks) {
    output.note(fmt::format("{}: {}", source, passed_over));
  }
  output.json(report::estimate_json(estimate, source, network.remarks));
  output.text(report::estimate_text(estimate));
  return 0;
}

}  // namespace

Action add_estimate(Verb& verb) {
  const auto options = std::make_shared<EstimateOptions>();
  verb.takes_shipped(
      verb.add_option("MODEL", options->model, "Network: its name, or a file (ONNX) by any tool")
          ->type_name(""),
      kShippedNetworks);
  verb.add_option("--input", options->input,
                  "Channels, height and width of an image, for a file that leaves them open")
      ->type_name("CxHxW");
  verb.add_option("--topology", options->topology, "SCALE-Sim topology (CSV), instead of MODEL")
      ->type_name("FILE");
  verb.add_option("--array", options->array, "Processing elements, for example 32x32")
      ->required()
      ->type_name("RxC");
  verb.add_option("--dataflow", options->dataflow, "Which operand stays")
      ->type_name("NAME")
      ->transform(dataflow_name())
      ->capture_default_str();
  verb.add_option("--convention", options->convention, "Whose cycles")
      ->type_name("NAME")
      ->transform(one_of(estimate::conventions()))
      ->capture_default_str();
  verb.add_option("--compute-report", options->compute_report,
                  "Write the columns of SCALE-Sim's COMPUTE_REPORT.csv")
      ->type_name("FILE");
  add_common(verb, options->common);
  verb.excludes("--topology", {"--input"}, "--topology: has no image; expected no {}");
  return [options] { return run(*options); };
}

}  // namespace brownout::cli
