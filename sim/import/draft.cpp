// SPDX-License-Identifier: Apache-2.0
// Names, quantizers and the order of parameters.
#include "sim/import/draft.hpp"

#include <fmt/format.h>

namespace brownout::importing {

namespace {

/// Attaches a parameter; none if it has no values.
network::OptionalParameter attach(network::Network& network, const DraftNode& node,
                                  const char* part, network::Role role,
                                  std::vector<std::int64_t> shape,
                                  const std::vector<float>& values) {
  if (values.empty()) return std::nullopt;
  network::Parameter parameter;
  parameter.name = node.name + '.' + part;
  parameter.role = role;
  parameter.shape = std::move(shape);
  parameter.values = values;
  network.parameters.push_back(std::move(parameter));
  return network::ParameterIndex(network.parameters.size() - 1);
}

std::vector<std::int64_t> vector_of(const std::vector<float>& values) {
  return {static_cast<std::int64_t>(values.size())};
}

}  // namespace

std::string Draft::free_name(const std::string& wanted) {
  std::string name;
  for (const char c : wanted) name += c > ' ' && c < 127 && c != '#' ? c : '_';
  if (name.empty()) name = "node";
  std::string free = name;
  for (int i = 2; free == "image" || !names_.insert(free).second; ++i) {
    free = fmt::format("{}_{}", name, i);
  }
  return free;
}

network::ValueIndex Draft::add(DraftNode node) {
  node.name = free_name(node.name);
  nodes_.push_back(std::move(node));
  return last_value();
}

bool Draft::has_quantizer(network::ValueIndex value) const { return quantizers_.count(value) > 0; }

network::ValueIndex Draft::quantized(network::ValueIndex value, const std::string& name) {
  const auto found = quantizers_.find(value);
  if (found != quantizers_.end()) return found->second;
  DraftNode node;
  node.name = name + ".codes";
  node.op = network::Quantize{};
  node.inputs = {value};
  const network::ValueIndex codes = add(std::move(node));
  quantizers_[value] = codes;
  return codes;
}

void Draft::finish(network::Network& network) && {
  using network::Role;
  for (DraftNode& draft : nodes_) {
    if (auto* conv = std::get_if<network::Conv2d>(&draft.op)) {
      conv->weight =
          attach(network, draft, "weight", Role::kWeight, draft.weight_shape, draft.weight);
      conv->bias = attach(network, draft, "bias", Role::kBias, vector_of(draft.bias), draft.bias);
    } else if (auto* linear = std::get_if<network::Linear>(&draft.op)) {
      linear->weight =
          attach(network, draft, "weight", Role::kWeight, draft.weight_shape, draft.weight);
      linear->bias = attach(network, draft, "bias", Role::kBias, vector_of(draft.bias), draft.bias);
    } else if (auto* norm = std::get_if<network::BatchNorm>(&draft.op)) {
      norm->scale =
          attach(network, draft, "scale", Role::kScale, vector_of(draft.scale), draft.scale);
      norm->shift =
          attach(network, draft, "shift", Role::kShift, vector_of(draft.shift), draft.shift);
    }
    network.nodes.push_back({draft.name, draft.op, draft.inputs});
  }
}

}  // namespace brownout::importing
