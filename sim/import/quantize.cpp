// SPDX-License-Identifier: Apache-2.0
// Weights to codes, ranges to quantizers, formulas to tables.
#include "sim/import/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/arithmetic/decode.hpp"
#include "sim/base/error.hpp"
#include "sim/network/formula.hpp"

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

/// Bias correction (Nagel et al. 2019, Section 4.2), from means that were measured.
void correct_bias(const network::Parameter& weight, const std::vector<float>& plain,
                  const std::vector<double>& means, network::Parameter& bias) {
  const std::vector<float> coded = arithmetic::decode_parameter(weight, weight.n);
  const auto outputs = static_cast<std::size_t>(weight.shape[0]);
  const auto inputs = static_cast<std::size_t>(weight.shape[1]);
  const std::size_t taps = plain.size() / outputs / inputs;
  const std::size_t groups = means.size() / inputs;
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = o / (outputs / groups) * inputs;  // input channel of the group
    double shift = 0.0;
    for (std::size_t i = 0; i < inputs; ++i) {
      double change = 0.0;
      for (std::size_t k = 0; k < taps; ++k) {
        const std::size_t at = (o * inputs + i) * taps + k;
        change += double{coded[at]} - double{plain[at]};
      }
      shift += change * means[first + i];
    }
    bias.values[o] = static_cast<float>(double{bias.values[o]} - shift);
  }
}

/// Makes codes of the weights of a matrix operator, and corrects its bias. Returns the noise in dB.
double encode_matrix(network::Network& network, const network::Node& node,
                     const QuantizeOptions& options) {
  const std::vector<network::ParameterIndex> own = network::parameters_of(node.op);
  network::Parameter& weight = network.parameters[own[0]];
  const std::vector<float> plain = weight.values;
  const double db = encode_parameter(weight, options);
  if (!options.means || own.size() < 2) return db;
  const std::vector<double> means = options.means(node.inputs[0]);
  if (!means.empty()) correct_bias(weight, plain, means, network.parameters[own[1]]);
  return db;
}

}  // namespace

void fill_tables(network::Network& network, const std::string& where) {
  for (network::Node& node : network.nodes) {
    auto* lookup = std::get_if<network::Lookup>(&node.op);
    if (lookup == nullptr) continue;
    const network::Quantize& codes = network::quantizer_of(network, node.inputs[0]);
    try {
      lookup->table =
          network::lookup_table(network::Formula(lookup->formula), codes.scale, codes.zero_point);
    } catch (const InputError& error) {
      throw InputError("{}: node \"{}\": {}", where, node.name, error.text());
    }
  }
}

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
    if (role == network::Role::kWeight) return true;
    return !imported.quantized &&
           std::find(options.coded.begin(), options.coded.end(), role) != options.coded.end();
  };
  for (const network::Node& node : result.network.nodes) {
    for (const network::ParameterIndex index : network::parameters_of(node.op)) {
      network::Parameter& parameter = result.network.parameters[index];
      if (!is_coded(parameter.role) || parameter.coding) continue;
      if (parameter.role == network::Role::kWeight) {
        result.noise.push_back({node.name, encode_matrix(result.network, node, options)});
      } else {
        encode_parameter(parameter, options);
      }
    }
  }
  fill_tables(result.network, where);
  network::check(result.network, where);
  return result;
}

}  // namespace brownout::importing
