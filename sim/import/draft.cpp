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

network::OptionalParameter attach_weight(network::Network& network, const DraftNode& node) {
  if (!node.coded_weight) {
    return attach(network, node, "weight", network::Role::kWeight, node.weight_shape, node.weight);
  }
  network::Parameter parameter;
  parameter.name = node.name + ".weight";
  parameter.role = network::Role::kWeight;
  parameter.shape = node.weight_shape;
  parameter.coding = node.coded_weight->coding;
  parameter.channels = node.coded_weight->channels;
  parameter.n = node.coded_weight->n;
  network.parameters.push_back(std::move(parameter));
  return network::ParameterIndex(network.parameters.size() - 1);
}

std::vector<std::int64_t> vector_of(const std::vector<float>& values) {
  return {static_cast<std::int64_t>(values.size())};
}

template <typename Norm>
void attach_norm(network::Network& network, const DraftNode& node, Norm& norm) {
  using network::Role;
  norm.scale = attach(network, node, "scale", Role::kScale, vector_of(node.scale), node.scale);
  norm.shift = attach(network, node, "shift", Role::kShift, vector_of(node.shift), node.shift);
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
  if (node.place.empty()) node.place = place_;
  nodes_.push_back(std::move(node));
  return last_value();
}

bool Draft::has_quantizer(network::ValueIndex value) const { return quantizers_.count(value) > 0; }

network::ValueIndex Draft::quantized(network::ValueIndex value, const std::string& name,
                                     const std::optional<network::Quantize>& grid) {
  const auto found = quantizers_.find(value);
  if (found != quantizers_.end()) return found->second;
  DraftNode node;
  node.name = name + ".codes";
  node.op = grid.value_or(network::Quantize{});
  node.open = !grid;
  node.inputs = {value};
  const network::ValueIndex codes = add(std::move(node));
  quantizers_[value] = codes;
  return codes;
}

/// Those that the last value depends on.
Table<network::NodeIndex, bool> Draft::needed_nodes() const {
  Table<network::NodeIndex, bool> needed(nodes_.size(), false);
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (i + 1 == nodes_.size()) needed[i] = true;
    if (!needed[i]) continue;
    for (const network::ValueIndex input : nodes_[i].inputs) {
      if (input != network::kInputImage) needed[network::writer_of(input)] = true;
    }
  }
  return needed;
}

ImportedNetwork Draft::finish(network::Network network) && {
  using network::Role;
  ImportedNetwork result;
  const Table<network::NodeIndex, bool> needed = needed_nodes();
  Table<network::ValueIndex, network::ValueIndex> renumbered(nodes_.size() + 1);
  for (const network::NodeIndex number : nodes_.indices()) {
    if (!needed[number]) continue;
    DraftNode& draft = nodes_[number];
    for (network::ValueIndex& input : draft.inputs) input = renumbered[input];
    renumbered[network::value_of(number)] = network::ValueIndex(network.nodes.size() + 1);
    if (auto* conv = std::get_if<network::Conv2d>(&draft.op)) {
      conv->weight = attach_weight(network, draft);
      conv->bias = attach(network, draft, "bias", Role::kBias, vector_of(draft.bias), draft.bias);
    } else if (auto* linear = std::get_if<network::Linear>(&draft.op)) {
      linear->weight = attach_weight(network, draft);
      linear->bias = attach(network, draft, "bias", Role::kBias, vector_of(draft.bias), draft.bias);
    } else if (auto* batch = std::get_if<network::BatchNorm>(&draft.op)) {
      attach_norm(network, draft, *batch);
    } else if (auto* group = std::get_if<network::GroupNorm>(&draft.op)) {
      attach_norm(network, draft, *group);
      group->reparameterized = !group->scale;  // files cannot tell without a scale
    }
    if (draft.open) result.open.emplace_back(network.nodes.size());
    result.places.push_back(draft.place);
    network.nodes.push_back({draft.name, draft.op, draft.inputs});
  }
  result.network = std::move(network);
  return result;
}

}  // namespace brownout::importing
