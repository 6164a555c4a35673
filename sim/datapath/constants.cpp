// SPDX-License-Identifier: Apache-2.0
// Constants of the operators from the network and the codes of a chip.
#include "sim/datapath/constants.hpp"

#include "sim/arithmetic/decode.hpp"
#include "sim/base/error.hpp"

namespace brownout::datapath {

std::vector<arithmetic::Dequantization> dequantization(const network::Network& network,
                                                       network::NodeIndex node) {
  const network::Node& at = network.nodes[node];
  const auto* conv = std::get_if<network::Conv2d>(&at.op);
  const network::OptionalParameter weight =
      conv != nullptr ? conv->weight : std::get<network::Linear>(at.op).weight;
  const network::Parameter& parameter = network.parameters[*weight];
  const float scale = network::quantizer_of(network, at.inputs[0]).scale;
  std::vector<arithmetic::Dequantization> result;
  for (std::int64_t c = 0; c < parameter.shape[0]; ++c) {
    const network::Coding coding = parameter.coding_of(c);
    result.emplace_back(coding.alpha, coding.beta, scale);
  }
  return result;
}

std::vector<float> parameter_values(const network::Network& network, const network::Codes& codes,
                                    network::OptionalParameter index, int count, float absent) {
  if (!index) return std::vector<float>(count, absent);
  return arithmetic::decode_parameter(network.parameters[*index], codes[*index]);
}

NormParameters norm_parameters(const network::Network& network, const network::Codes& codes,
                               network::NodeIndex node, int channels) {
  const auto read = [&](network::OptionalParameter scale, network::OptionalParameter shift,
                        bool reparameterized) {
    NormParameters result;
    result.gamma = parameter_values(network, codes, scale, channels, 1.0f);
    if (scale) {
      for (float& value : result.gamma) value = arithmetic::gamma(value, reparameterized);
    }
    result.shift = parameter_values(network, codes, shift, channels, 0.0f);
    return result;
  };
  const network::Operator& op = network.nodes[node].op;
  if (const auto* group = std::get_if<network::GroupNorm>(&op)) {
    return read(group->scale, group->shift, group->reparameterized);
  }
  const auto& batch = std::get<network::BatchNorm>(op);
  return read(batch.scale, batch.shift, batch.reparameterized);
}

std::vector<arithmetic::Affine> batch_norm(const network::Network& network,
                                           const network::Codes& codes, network::NodeIndex node,
                                           int channels) {
  const auto& op = std::get<network::BatchNorm>(network.nodes[node].op);
  const NormParameters parameters = norm_parameters(network, codes, node, channels);
  std::vector<arithmetic::Affine> result;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    result.push_back(arithmetic::batch_norm_affine(op.mean[c], op.variance[c], op.eps,
                                                   parameters.gamma[c], parameters.shift[c]));
  }
  return result;
}

void check_codes(const network::Network& network, const network::Codes& codes) {
  BROWNOUT_CHECK(codes.size() == network.parameters.size(), "{} tensors of codes, {} parameters",
                 codes.size(), network.parameters.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const network::Parameter& parameter = network.parameters[i];
    const std::size_t expected = parameter.coding ? parameter.n.size() : 0;
    BROWNOUT_CHECK(codes[i].size() == expected, "parameter {} has {} codes, expected {}",
                   parameter.name, codes[i].size(), expected);
  }
}

}  // namespace brownout::datapath
