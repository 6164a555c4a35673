// SPDX-License-Identifier: Apache-2.0
// Names, counts and clean codes of a network; check.cpp validates it.
#include "sim/network/network.hpp"

#include <cstdlib>

#include "sim/base/error.hpp"

namespace brownout::network {

namespace {

struct NameOf {
  const char* operator()(const Conv2d&) const { return "conv"; }
  const char* operator()(const Linear&) const { return "linear"; }
  const char* operator()(const GroupNorm& op) const {
    return op.each_pixel ? "layer_norm" : "group_norm";
  }
  const char* operator()(const BatchNorm&) const { return "batch_norm"; }
  const char* operator()(const LocalResponseNorm&) const { return "local_response_norm"; }
  const char* operator()(const Relu&) const { return "relu"; }
  const char* operator()(const Sign&) const { return "sign"; }
  const char* operator()(const Clip& op) const {
    return op.low == -1.0f && op.high == 1.0f ? "hardtanh" : "clip";
  }
  const char* operator()(const PRelu&) const { return "prelu"; }
  const char* operator()(const Lookup&) const { return "lookup"; }
  const char* operator()(const MaxPool&) const { return "max_pool"; }
  const char* operator()(const AveragePool&) const { return "average_pool"; }
  const char* operator()(const Flatten&) const { return "flatten"; }
  const char* operator()(const Unflatten&) const { return "unflatten"; }
  const char* operator()(const SelectChannels&) const { return "select_channels"; }
  const char* operator()(const Concat&) const { return "concat"; }
  const char* operator()(const Add&) const { return "add"; }
  const char* operator()(const Multiply&) const { return "multiply"; }
  const char* operator()(const Quantize&) const { return "quantize"; }
  const char* operator()(const Dequantize&) const { return "dequantize"; }
};

struct ParametersOf {
  using List = std::array<OptionalParameter, 2>;
  List operator()(const Conv2d& op) const { return {op.weight, op.bias}; }
  List operator()(const Linear& op) const { return {op.weight, op.bias}; }
  List operator()(const GroupNorm& op) const { return {op.scale, op.shift}; }
  List operator()(const BatchNorm& op) const { return {op.scale, op.shift}; }
  template <typename Op>
  List operator()(const Op&) const {
    return {};
  }
};

}  // namespace

std::string to_string(Role role) {
  switch (role) {
    case Role::kWeight:
      return "weight";
    case Role::kBias:
      return "bias";
    case Role::kScale:
      return "scale";
    case Role::kShift:
      return "shift";
  }
  return "";
}

std::int64_t Parameter::size() const {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) product *= extent;
  return product;
}

std::int64_t Parameter::elements_a_decoding() const {
  return channels.empty() ? size() : size() / static_cast<std::int64_t>(channels.size());
}

Coding Parameter::coding_of(std::int64_t channel) const {
  Coding result = *coding;
  if (channels.empty()) return result;
  const Decoding& decoding = channels.at(static_cast<std::size_t>(channel));
  result.alpha = decoding.alpha;
  result.beta = decoding.beta;
  return result;
}

std::optional<int> quarters_of(float exponent) {
  for (int quarters = 1; quarters <= 8; ++quarters) {
    if (exponent == 0.25f * static_cast<float>(quarters)) return quarters;
  }
  return std::nullopt;
}

std::string operator_name(const Operator& op) { return std::visit(NameOf{}, op); }

bool is_matrix(const Operator& op) {
  return std::holds_alternative<Conv2d>(op) || std::holds_alternative<Linear>(op);
}

bool keeps_codes(const Operator& op) {
  return std::holds_alternative<Flatten>(op) || std::holds_alternative<Unflatten>(op) ||
         std::holds_alternative<SelectChannels>(op);
}

std::vector<ParameterIndex> parameters_of(const Operator& op) {
  std::vector<ParameterIndex> all;
  for (const OptionalParameter& parameter : std::visit(ParametersOf{}, op)) {
    if (parameter) all.push_back(*parameter);
  }
  return all;
}

std::int64_t Network::coded_parameters() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters) {
    if (parameter.coding) count += parameter.size();
  }
  return count;
}

std::int64_t Network::coded_bits() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters) {
    if (parameter.coding) count += parameter.size() * parameter.coding->bits;
  }
  return count;
}

int Network::bits() const {
  int common = 0;
  for (const Parameter& parameter : parameters) {
    if (!parameter.coding) continue;
    if (common != 0 && common != parameter.coding->bits) return 0;
    common = parameter.coding->bits;
  }
  return common;
}

bool is_quantized(const Network& network, ValueIndex value) {
  while (value != kInputImage) {
    BROWNOUT_CHECK(network.nodes.contains(writer_of(value)), "value {} of {}", value.number(),
                   network.nodes.size());
    const Node& node = network.nodes[writer_of(value)];
    if (std::holds_alternative<Quantize>(node.op)) return true;
    if (!keeps_codes(node.op)) return false;
    value = node.inputs.at(0);
  }
  return false;
}

const Quantize& quantizer_of(const Network& network, ValueIndex value) {
  while (value != kInputImage) {
    const Node& node = network.nodes[writer_of(value)];
    if (const auto* quantize = std::get_if<Quantize>(&node.op)) return *quantize;
    if (!keeps_codes(node.op)) break;
    value = node.inputs[0];
  }
  BROWNOUT_CHECK(false, "value {} holds no codes", value.number());
  std::abort();
}

Codes clean_codes(const Network& network) {
  Codes codes;
  codes.reserve(network.parameters.size());
  for (const Parameter& parameter : network.parameters) codes.push_back(parameter.n);
  return codes;
}

}  // namespace brownout::network
