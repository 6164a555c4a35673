// SPDX-License-Identifier: Apache-2.0
// The parts around the operators: the graph's inputs and outputs, its values, constants and
// parameters.
#include "sim/network/onnx_graph.hpp"

#include <fmt/format.h>

namespace brownout::network {

using namespace onnx_format;

const char* to_string(Symbol::Kind kind) {
  switch (kind) {
    case Symbol::Kind::kConstant:
      return "a constant";
    case Symbol::Kind::kScaled:
      return "a parameter without its beta";
    case Symbol::Kind::kParameter:
      return "a parameter";
    case Symbol::Kind::kActivation:
      return "an activation";
    case Symbol::Kind::kCodes:
      return "quantized codes";
    case Symbol::Kind::kGrouped:
      return "grouped channels";
    case Symbol::Kind::kNormalized:
      return "normalized groups";
    case Symbol::Kind::kPixels:
      return "an image with channels last";
    case Symbol::Kind::kUngrouped:
      return "a normalized image with channels last";
    case Symbol::Kind::kPositive:
      return "a comparison with 0";
    case Symbol::Kind::kIndex:
      return "positions in a table";
    case Symbol::Kind::kMerged:
      return "a part of a group norm";
  }
  return "";
}

void GraphReader::run() {
  place_ = where_ + ": ";
  read_constants();
  read_input();
  for (const auto& node : graph_.node()) later_.insert(node.output().begin(), node.output().end());
  for (const auto& node : graph_.node()) read_node(node);
  place_ = where_ + ": ";
  read_output();
  check_used();
  order_parameters();
}

void GraphReader::read_constants() {
  if (graph_.sparse_initializer_size() > 0) fail("sparse initializers are not supported");
  for (const auto& tensor : graph_.initializer()) {
    Symbol symbol;
    symbol.tensor = &tensor;
    define(tensor.name(), symbol);
  }
}

/// The extents after the batch dimension.
std::vector<int> GraphReader::extents(const onnx::ValueInfoProto& info) const {
  if (!info.type().has_tensor_type() ||
      info.type().tensor_type().elem_type() != onnx::TensorProto::FLOAT) {
    fail("\"{}\" is no float tensor", info.name());
  }
  const auto& shape = info.type().tensor_type().shape();
  if (shape.dim_size() != 2 && shape.dim_size() != 4) {
    fail("\"{}\" has {} dimensions, expected N×C or N×C×H×W", info.name(), shape.dim_size());
  }
  std::vector<int> found;
  for (int i = 1; i < shape.dim_size(); ++i) {
    if (shape.dim(i).has_dim_param()) {
      fail("\"{}\" has the symbolic extent \"{}\" in dimension {}, expected a number", info.name(),
           shape.dim(i).dim_param(), i);
    }
    const std::int64_t extent = shape.dim(i).dim_value();
    if (extent < 1 || extent > 65536) {
      fail("\"{}\" has extent {} in dimension {}, expected 1 to 65536", info.name(), extent, i);
    }
    found.push_back(static_cast<int>(extent));
  }
  return found;
}

void GraphReader::read_input() {
  if (graph_.input_size() != 1) fail("found {} inputs, expected 1: the image", graph_.input_size());
  const std::vector<int> image = extents(graph_.input(0));
  if (image.size() != 3) fail("its input has no height and width, expected N×C×H×W");
  network_.input = {image[0], image[1], image[2]};
  types_.push_back({network_.input, false, false});
  define(graph_.input(0).name(), value_symbol(Kind::kActivation, kInputImage));
}

void GraphReader::read_output() {
  if (graph_.output_size() != 1) {
    fail("found {} outputs, expected 1: the logits", graph_.output_size());
  }
  const auto& output = graph_.output(0);
  const auto found = symbols_.find(output.name());
  if (network_.nodes.empty() || found == symbols_.end() ||
      found->second.kind != Kind::kActivation || found->second.value != last_value()) {
    fail("its output \"{}\" is not what the last operator gives", output.name());
  }
  found->second.used = true;
  const std::vector<int> logits = extents(output);
  if ((logits.size() == 1) != types_.back().flat) {
    fail("its output \"{}\" is declared with {} dimensions, the last operator gives {}",
         output.name(), logits.size() + 1, types_.back().flat ? 2 : 4);
  }
  network_.classes = logits[0];
}

void GraphReader::check_used() const {
  for (const auto& [name, symbol] : symbols_) {
    if (!symbol.used) fail("\"{}\" ({}) is never used", name, to_string(symbol.kind));
  }
  for (const auto& [name, formula] : formulas_) {
    if (used_formulas_.count(name) == 0)
      fail("{} lists \"{}\", which is no lookup", kFormulasKey, name);
  }
  for (const auto& [name, tensor] : declared_) {
    if (attached_.count(name) == 0) {
      fail("{} lists \"{}\", which is no parameter of an operator", kTensorsKey, name);
    }
  }
}

/// Parameters were found in file order; code order is by node: weight, bias, scale, shift.
void GraphReader::order_parameters() {
  Table<ParameterIndex, Parameter> ordered;
  const auto move = [&](OptionalParameter& index) {
    if (!index) return;
    Parameter& parameter = network_.parameters[*index];
    index = ParameterIndex(ordered.size());
    ordered.push_back(std::move(parameter));
  };
  const auto move_both = [&](OptionalParameter& first, OptionalParameter& second) {
    move(first);
    move(second);
  };
  for (Node& node : network_.nodes) {
    if (auto* conv = std::get_if<Conv2d>(&node.op)) move_both(conv->weight, conv->bias);
    if (auto* linear = std::get_if<Linear>(&node.op)) move_both(linear->weight, linear->bias);
    if (auto* norm = std::get_if<GroupNorm>(&node.op)) move_both(norm->scale, norm->shift);
    if (auto* norm = std::get_if<BatchNorm>(&node.op)) move_both(norm->scale, norm->shift);
  }
  if (ordered.size() != network_.parameters.size()) {
    fail("{} parameters have no operator", network_.parameters.size() - ordered.size());
  }
  network_.parameters = std::move(ordered);
}

void GraphReader::define(const std::string& name, const Symbol& symbol) {
  if (name.empty()) fail("a value has no name");
  if (!symbols_.emplace(name, symbol).second) fail("\"{}\" is defined twice", name);
}

void GraphReader::need_inputs(int low, int high) const {
  if (node_->input_size() < low || node_->input_size() > high) {
    fail("has {} inputs, expected {}", node_->input_size(),
         low == high ? std::to_string(low) : fmt::format("{} or {}", low, high));
  }
}

Symbol& GraphReader::input(int i) {
  const std::string& name = input_name(i);
  const auto found = symbols_.find(name);
  if (found == symbols_.end()) {
    if (later_.count(name) > 0) {
      fail("reads \"{}\" before it is computed: the nodes are out of order or form a cycle", name);
    }
    fail("reads \"{}\", which nothing computes", name);
  }
  found->second.used = true;
  return found->second;
}

Symbol& GraphReader::input(int i, Kind kind) {
  Symbol& symbol = input(i);
  if (symbol.kind != kind) {
    fail("input {} (\"{}\") is {}, expected {}", i, input_name(i), to_string(symbol.kind),
         to_string(kind));
  }
  return symbol;
}

std::string GraphReader::tensor_place(const std::string& name) const {
  return fmt::format("{}: initializer \"{}\": ", where_, name);
}

ParameterIndex GraphReader::add_parameter(const onnx::TensorProto& tensor) {
  Parameter added;
  added.name = tensor.name();
  added.shape.assign(tensor.dims().begin(), tensor.dims().end());
  network_.parameters.push_back(std::move(added));
  return ParameterIndex(network_.parameters.size() - 1);
}

Parameter& GraphReader::parameter(const Symbol& symbol) {
  return network_.parameters[symbol.parameter];
}

bool GraphReader::is_parameter(int i) {
  const Symbol& symbol = input(i);
  return symbol.kind == Kind::kParameter ||
         (symbol.kind == Kind::kConstant && !is_derived(input_name(i)));
}

Symbol& GraphReader::parameter_input(int i) {
  Symbol& symbol = input(i);
  if (symbol.kind == Kind::kConstant && is_parameter(i)) {
    const std::string& name = input_name(i);
    if (declared_.count(name) > 0) {
      fail("reads \"{}\" directly; {} says it is coded, expected DequantizeLinear and Add", name,
           kTensorsKey);
    }
    std::vector<float> values = tensor_data<float>(*symbol.tensor, tensor_place(name));
    symbol.parameter = add_parameter(*symbol.tensor);
    symbol.kind = Kind::kParameter;
    parameter(symbol).values = std::move(values);
  }
  return input(i, Kind::kParameter);
}

ParameterIndex GraphReader::attach(int i, Role role, bool column) {
  const Symbol& symbol = parameter_input(i);
  Parameter& found = parameter(symbol);
  if (!attached_.insert(found.name).second) {
    fail("uses parameter \"{}\", which already has an operator", found.name);
  }
  const std::string role_name = brownout::network::to_string(role);
  const auto declared = declared_.find(found.name);
  if (declared != declared_.end() && declared->second.role != role_name) {
    fail("uses \"{}\" as its {}, {} says {}", found.name, role_name, kTensorsKey,
         declared->second.role);
  }
  if (symbol.plus_one && role != Role::kScale) {
    fail("uses \"{}\" + 1 as its {}, only scales are reparameterized", found.name, role_name);
  }
  if (symbol.column != column) {
    fail("uses \"{}\" {} Unsqueeze, expected it {}", found.name, symbol.column ? "with" : "without",
         symbol.column ? "without" : "with");
  }
  found.role = role;
  return symbol.parameter;
}

void GraphReader::emit(const Operator& op, std::vector<ValueIndex> inputs,
                       const std::string& name) {
  network_.nodes.push_back({name, op, std::move(inputs)});
  types_.push_back(infer(network_.nodes.back(), types_, where_));
}

Symbol GraphReader::value_symbol(Kind kind, ValueIndex value) const {
  Symbol symbol;
  symbol.kind = kind;
  symbol.value = value;
  return symbol;
}

}  // namespace brownout::network
