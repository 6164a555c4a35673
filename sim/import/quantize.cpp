// SPDX-License-Identifier: Apache-2.0
// Weights to codes, ranges to quantizers, formulas to tables.
#include "sim/import/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/import/bias_correction.hpp"

namespace brownout::importing {

namespace {

/// One coding for the tensor, or one for each output channel.
void fit_coding(const std::vector<float>& values, const QuantizeOptions& options, bool by_channel,
                network::Parameter& parameter) {
  parameter.coding = network::fit(options.scheme, options.bits, values.data(),
                                  static_cast<std::int64_t>(values.size()));
  const std::int64_t channels = parameter.shape[0];
  if (!by_channel || channels < 2 || options.scheme == network::Scheme::kBinary) return;
  const std::int64_t each = static_cast<std::int64_t>(values.size()) / channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    const network::Coding own =
        network::fit(options.scheme, options.bits, values.data() + c * each, each);
    parameter.channels.push_back({own.alpha, own.beta});
  }
  parameter.coding->alpha = 1.0f;
  parameter.coding->beta = 0.0f;
}

/// Makes codes of a plain parameter. Returns its noise in dB.
double encode_parameter(network::Parameter& parameter, const QuantizeOptions& options) {
  const std::vector<float> plain = std::move(parameter.values);
  std::vector<float> clipped = plain;
  if (options.w_max) {
    const auto bound = static_cast<float>(*options.w_max);
    for (float& w : clipped) w = std::clamp(w, -bound, bound);
  }
  parameter.values.clear();
  fit_coding(clipped, options, options.by_channel && parameter.role == network::Role::kWeight,
             parameter);
  const std::int64_t each = parameter.elements_a_decoding();
  parameter.n.reserve(plain.size());
  double signal = 0.0;
  double noise = 0.0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const network::Coding coding = parameter.coding_of(static_cast<std::int64_t>(i) / each);
    const int n = network::encode(coding, clipped[i], options.rounding);
    parameter.n.push_back(static_cast<std::int8_t>(n));
    const double error = double{network::decode(coding, n)} - double{plain[i]};
    signal += double{plain[i]} * double{plain[i]};
    noise += error * error;
  }
  if (noise == 0.0) return std::numeric_limits<double>::infinity();
  return 10.0 * std::log10(signal / noise);
}

/// Makes codes of the plain weights of a matrix operator, and corrects its bias.
void encode_matrix(network::NodeIndex matrix, const QuantizeOptions& options, Quantized& result) {
  const network::Node& node = result.network.nodes[matrix];
  network::Parameter& weight = result.network.parameters[network::parameters_of(node.op)[0]];
  const std::vector<float> plain = weight.values;
  result.noise.push_back({node.name, encode_parameter(weight, options)});
  if (!options.means) return;
  const std::vector<double> means = options.means(node.inputs[0]);
  if (!means.empty() && correct_bias(result.network, matrix, plain, means))
    ++result.corrected_biases;
}

}  // namespace

Quantized quantize(const ImportedNetwork& imported, const std::vector<Range>& ranges,
                   const QuantizeOptions& options, const std::string& where) {
  network::check_bits(options.scheme, options.bits);
  BROWNOUT_CHECK(ranges.size() == imported.open.size(), "{} ranges of {} quantizers", ranges.size(),
                 imported.open.size());
  Quantized result;
  result.network = imported.network;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    result.network.nodes[imported.open[i]].op = quantize_of(ranges[i]);
  }
  const auto is_coded = [&](network::Role role) {
    return !imported.quantized &&
           std::find(options.coded.begin(), options.coded.end(), role) != options.coded.end();
  };
  for (const network::NodeIndex number : result.network.nodes.indices()) {
    network::Node& node = result.network.nodes[number];
    const std::vector<network::ParameterIndex> own = network::parameters_of(node.op);
    if (network::is_matrix(node.op) && !result.network.parameters[own[0]].coding)
      encode_matrix(number, options, result);
    for (const network::ParameterIndex index : network::parameters_of(node.op)) {
      network::Parameter& parameter = result.network.parameters[index];
      if (!parameter.coding && is_coded(parameter.role)) encode_parameter(parameter, options);
    }
    if (auto* lookup = std::get_if<network::Lookup>(&node.op)) {
      const network::NodeIndex codes = quantizer_node(result.network, node.inputs[0]);
      fill_table(*lookup, std::get<network::Quantize>(result.network.nodes[codes].op),
                 options.seen ? options.seen(codes) : std::nullopt, imported.places[number]);
    }
  }
  network::check(result.network, where);
  return result;
}

}  // namespace brownout::importing
