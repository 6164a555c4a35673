// SPDX-License-Identifier: Apache-2.0
// Each coded tensor has one affine decoding.
#include "sim/import/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"

namespace brownout::importing {

namespace {

/// Makes codes of a plain parameter. Returns its noise in dB.
double encode_parameter(network::Parameter& parameter, const QuantizeOptions& options) {
  const std::vector<float> plain = std::move(parameter.values);
  std::vector<float> clipped = plain;
  if (options.w_max) {
    const auto bound = static_cast<float>(*options.w_max);
    for (float& w : clipped) w = std::clamp(w, -bound, bound);
  }
  parameter.values.clear();
  parameter.coding = network::fit(options.scheme, options.bits, clipped.data(),
                                  static_cast<std::int64_t>(clipped.size()));
  parameter.n.reserve(plain.size());
  double signal = 0.0;
  double noise = 0.0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const int n = network::encode(*parameter.coding, clipped[i], options.rounding);
    parameter.n.push_back(static_cast<std::int8_t>(n));
    const double error = double{network::decode(*parameter.coding, n)} - double{plain[i]};
    signal += double{plain[i]} * double{plain[i]};
    noise += error * error;
  }
  if (noise == 0.0) return std::numeric_limits<double>::infinity();
  return 10.0 * std::log10(signal / noise);
}

}  // namespace

Quantized quantize(const network::Network& network, const std::vector<Range>& ranges,
                   const QuantizeOptions& options, const std::string& where) {
  network::check_bits(options.scheme, options.bits);
  Quantized result;
  result.network = network;
  const auto is_coded = [&](network::Role role) {
    return role == network::Role::kWeight ||
           std::find(options.coded.begin(), options.coded.end(), role) != options.coded.end();
  };
  std::size_t next = 0;
  for (network::Node& node : result.network.nodes) {
    if (auto* quantizer = std::get_if<network::Quantize>(&node.op)) {
      BROWNOUT_CHECK(next < ranges.size(), "{} ranges", ranges.size());
      *quantizer = quantize_of(ranges[next++]);
    }
    for (const network::ParameterIndex index : network::parameters_of(node.op)) {
      network::Parameter& parameter = result.network.parameters[index];
      if (!is_coded(parameter.role)) continue;
      const double db = encode_parameter(parameter, options);
      if (parameter.role == network::Role::kWeight) result.noise.push_back({node.name, db});
    }
  }
  network::check(result.network, where);
  return result;
}

}  // namespace brownout::importing
