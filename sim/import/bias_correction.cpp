// SPDX-License-Identifier: Apache-2.0
// Means of rounding errors, and a bias where there was none.
#include "sim/import/bias_correction.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>

#include "sim/arithmetic/decode.hpp"

namespace brownout::importing {

namespace {

/// Of each output.
std::vector<double> mean_shifts(const network::Parameter& weight, const std::vector<float>& plain,
                                const std::vector<double>& means) {
  const std::vector<float> coded = arithmetic::decode_parameter(weight, weight.n);
  const auto outputs = static_cast<std::size_t>(weight.shape[0]);
  const auto inputs = static_cast<std::size_t>(weight.shape[1]);
  const std::size_t taps = plain.size() / outputs / inputs;
  const std::size_t groups = means.size() / inputs;
  std::vector<double> shifts(outputs, 0.0);
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = o / (outputs / groups) * inputs;  // input channel of the group
    for (std::size_t i = 0; i < inputs; ++i) {
      double change = 0.0;
      for (std::size_t k = 0; k < taps; ++k) {
        const std::size_t at = (o * inputs + i) * taps + k;
        change += double{coded[at]} - double{plain[at]};
      }
      shifts[o] += change * means[first + i];
    }
  }
  return shifts;
}

/// Calls `visit` with every parameter that the operator may have.
template <typename Visit>
void visit_parameters(network::Operator& op, const Visit& visit) {
  std::visit(
      [&](auto& one) {
        using Kind = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Kind, network::Conv2d> ||
                      std::is_same_v<Kind, network::Linear>) {
          visit(one.weight);
          visit(one.bias);
        } else if constexpr (std::is_same_v<Kind, network::GroupNorm> ||
                             std::is_same_v<Kind, network::BatchNorm>) {
          visit(one.scale);
          visit(one.shift);
        }
      },
      op);
}

/// Zeros after the operator's weight; all later parameters move by one.
network::ParameterIndex add_bias(network::Network& network, network::Node& matrix) {
  const network::ParameterIndex weight = network::parameters_of(matrix.op)[0];
  const network::ParameterIndex bias(weight.number() + 1);
  for (network::Node& node : network.nodes) {
    visit_parameters(node.op, [&](network::OptionalParameter& index) {
      if (index && !(*index < bias)) ++*index;
    });
  }
  network::Parameter zeros;
  zeros.name = matrix.name + ".bias";
  zeros.role = network::Role::kBias;
  zeros.shape = {network.parameters[weight].shape[0]};
  zeros.values.assign(static_cast<std::size_t>(zeros.shape[0]), 0.0f);
  network.parameters.insert(
      std::next(network.parameters.begin(), static_cast<std::ptrdiff_t>(bias.number())),
      std::move(zeros));
  if (auto* conv = std::get_if<network::Conv2d>(&matrix.op)) conv->bias = bias;
  if (auto* linear = std::get_if<network::Linear>(&matrix.op)) linear->bias = bias;
  return bias;
}

}  // namespace

bool correct_bias(network::Network& network, network::NodeIndex matrix,
                  const std::vector<float>& plain, const std::vector<double>& means) {
  network::Node& node = network.nodes[matrix];
  const std::vector<network::ParameterIndex> own = network::parameters_of(node.op);
  const std::vector<double> shifts = mean_shifts(network.parameters[own[0]], plain, means);
  if (std::all_of(shifts.begin(), shifts.end(), [](double shift) { return shift == 0.0; }))
    return false;
  const network::ParameterIndex index = own.size() > 1 ? own[1] : add_bias(network, node);
  std::vector<float>& bias = network.parameters[index].values;
  for (std::size_t o = 0; o < shifts.size(); ++o) {
    bias[o] = static_cast<float>(double{bias[o]} - shifts[o]);
  }
  return true;
}

}  // namespace brownout::importing
