// SPDX-License-Identifier: Apache-2.0
// What each ONNX operator of a network file means (docs/network-file.md lists the groups).
#include <fmt/format.h>

#include "sim/network/onnx_graph.hpp"

namespace brownout::network {

using namespace onnx_format;

namespace {

template <typename Op>
void read_window(Attributes& attributes, Op& op) {
  op.kernel = to_array<2>(attributes.integers("kernel_shape", 2, {1, 1}));
  op.stride = to_array<2>(attributes.integers("strides", 2, {1, 1}));
  op.pads = to_array<4>(attributes.integers("pads", 4, {0, 0, 0, 0}));
}

}  // namespace

const std::map<std::string, GraphReader::Handler>& GraphReader::handlers() {
  static const std::map<std::string, Handler> known = {
      {"Add", &GraphReader::read_add},
      {"AveragePool", &GraphReader::read_average_pool},
      {"BatchNormalization", &GraphReader::read_batch_norm},
      {"Cast", &GraphReader::read_cast},
      {"Clip", &GraphReader::read_clip},
      {"Concat", &GraphReader::read_concat},
      {"Conv", &GraphReader::read_conv},
      {"DequantizeLinear", &GraphReader::read_dequantize},
      {"Flatten", &GraphReader::read_flatten},
      {"Gather", &GraphReader::read_gather},
      {"Gemm", &GraphReader::read_gemm},
      {"GlobalAveragePool", &GraphReader::read_global_average_pool},
      {"Greater", &GraphReader::read_greater},
      {"Identity", &GraphReader::read_identity},
      {"InstanceNormalization", &GraphReader::read_instance_norm},
      {"LRN", &GraphReader::read_lrn},
      {"MaxPool", &GraphReader::read_max_pool},
      {"Mul", &GraphReader::read_mul},
      {"PRelu", &GraphReader::read_prelu},
      {"QuantizeLinear", &GraphReader::read_quantize},
      {"Relu", &GraphReader::read_relu},
      {"Reshape", &GraphReader::read_reshape},
      {"Transpose", &GraphReader::read_transpose},
      {"Unsqueeze", &GraphReader::read_unsqueeze},
      {"Where", &GraphReader::read_where},
  };
  return known;
}

void GraphReader::read_node(const onnx::NodeProto& node) {
  node_ = &node;
  place_ = fmt::format("{}: node \"{}\" ({}): ", where_, node.name(), node.op_type());
  const auto handler = handlers().find(node.op_type());
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  if (handler == handlers().end() || !standard) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : handlers()) names.push_back(name);
    fail("operator {}{}{} is not supported; supported: {}", node.domain(), standard ? "" : ".",
         node.op_type(), fmt::join(names, ", "));
  }
  if (node.output_size() != 1) fail("has {} outputs, expected 1", node.output_size());
  (this->*handler->second)();
}

/// An Add has four meanings: beta of a parameter, 1 + a' of a scale, a residual, a group norm's
/// shift.
void GraphReader::read_add() {
  need_inputs(2, 2);
  Attributes(*node_, place_).finish();
  const Symbol first = input(0);
  if (first.kind == Kind::kScaled) {
    Symbol symbol = first;
    symbol.kind = Kind::kParameter;
    read_beta(parameter(symbol));
    define_output(symbol);
  } else if (is_parameter(0)) {
    Symbol symbol = parameter_input(0);
    if (symbol.plus_one || symbol.column) fail("adds to a scale that is complete");
    expect_constant<float>(1, {1.0f});
    symbol.plus_one = true;
    define_output(symbol);
  } else if (input(1).kind == Kind::kActivation) {
    emit(Add{}, {activation(0), activation(1)}, node_->name());
    define_output(value_symbol(Kind::kActivation, last_value()));
  } else {
    GroupNorm* norm = open_group_norm();
    if (norm == nullptr || norm->shift) {
      fail("expected a residual, or the shift of a group norm just before");
    }
    norm->shift = attach(1, Role::kShift, !type_of(last_value()).flat);
    input(0).kind = Kind::kMerged;
    define_output(value_symbol(Kind::kActivation, last_value()));
  }
}

/// One beta, or one for each channel that has an alpha.
void GraphReader::read_beta(Parameter& parameter) {
  if (parameter.channels.empty()) {
    parameter.coding->beta = scalar<float>(1);
    return;
  }
  const std::vector<float> betas = constant<float>(1);
  if (betas.size() != parameter.channels.size()) {
    fail("\"{}\" has {} elements, expected one for each of {} alphas", input_name(1), betas.size(),
         parameter.channels.size());
  }
  for (std::size_t c = 0; c < betas.size(); ++c) parameter.channels[c].beta = betas[c];
}

/// A Mul is the scale of a group norm, or a product of two values.
void GraphReader::read_mul() {
  need_inputs(2, 2);
  Attributes(*node_, place_).finish();
  if (input(1).kind == Kind::kActivation) {
    emit(Multiply{}, {activation(0), activation(1)}, node_->name());
    define_output(value_symbol(Kind::kActivation, last_value()));
    return;
  }
  GroupNorm* norm = open_group_norm();
  if (norm == nullptr || norm->scale || norm->shift) {
    fail("expected the scale of a group norm just before");
  }
  norm->scale = attach(1, Role::kScale, !type_of(last_value()).flat);
  norm->reparameterized = input(1).plus_one;
  input(0).kind = Kind::kMerged;
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_conv() {
  need_inputs(2, 3);
  Conv2d op;
  const ValueIndex value = activation(0);
  op.weight = attach(1, Role::kWeight);
  if (has_input(2)) op.bias = attach(2, Role::kBias);
  const std::vector<std::int64_t>& dims = network_.parameters[*op.weight].shape;
  if (dims.size() != 4 || dims[0] > 65536 || dims[2] > 65536 || dims[3] > 65536) {
    fail("its weight \"{}\" has shape [{}], expected O×I×H×W of at most 65536 each", input_name(1),
         fmt::join(dims, ", "));
  }
  op.out_channels = static_cast<int>(dims[0]);
  Attributes attributes(*node_, place_);
  read_window(attributes, op);
  if (!attributes.has("kernel_shape")) {
    op.kernel = {static_cast<int>(dims[2]), static_cast<int>(dims[3])};
  }
  const std::int64_t groups = attributes.integer("group", 1);
  if (groups < 1 || groups > 65536) fail("has {} groups, expected 1 to 65536", groups);
  op.groups = static_cast<int>(groups);
  op.dilation = to_array<2>(attributes.integers("dilations", 2, {1, 1}));
  if (attributes.text("auto_pad", "NOTSET") != "NOTSET") fail("auto_pad is not supported");
  attributes.finish();
  emit(op, {value}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_gemm() {
  need_inputs(2, 3);
  Linear op;
  const ValueIndex value = activation(0);
  op.weight = attach(1, Role::kWeight);
  if (has_input(2)) op.bias = attach(2, Role::kBias);
  Attributes attributes(*node_, place_);
  attributes.expect("transA", 0);
  if (attributes.integer("transB", 0) != 1) fail("attribute transB is 0, supported is 1");
  if (attributes.number("alpha", 1.0f) != 1.0f || attributes.number("beta", 1.0f) != 1.0f) {
    fail("alpha or beta is not 1, which is not supported");
  }
  attributes.finish();
  const std::vector<std::int64_t>& dims = network_.parameters[*op.weight].shape;
  if (dims.size() != 2 || dims[0] > (1 << 20)) {
    fail("its weight \"{}\" has shape [{}], expected outputs × inputs", input_name(1),
         fmt::join(dims, ", "));
  }
  op.out_features = static_cast<int>(dims[0]);
  emit(op, {value}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_max_pool() {
  need_inputs(1, 1);
  MaxPool op;
  Attributes attributes(*node_, place_);
  if (!attributes.has("kernel_shape")) fail("has no kernel_shape");
  read_window(attributes, op);
  attributes.expect("ceil_mode", 0);
  attributes.expect("storage_order", 0);
  if (attributes.integers("dilations", 2, {1, 1}) != std::vector<int>{1, 1}) {
    fail("is dilated, which is not supported");
  }
  if (attributes.text("auto_pad", "NOTSET") != "NOTSET") fail("auto_pad is not supported");
  attributes.finish();
  emit(op, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_average_pool() {
  need_inputs(1, 1);
  AveragePool op;
  Attributes attributes(*node_, place_);
  if (!attributes.has("kernel_shape")) fail("has no kernel_shape");
  read_window(attributes, op);
  attributes.expect("ceil_mode", 0);
  op.count_pad = attributes.integer("count_include_pad", 0) != 0;
  if (attributes.text("auto_pad", "NOTSET") != "NOTSET") fail("auto_pad is not supported");
  attributes.finish();
  emit(op, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_global_average_pool() {
  need_inputs(1, 1);
  Attributes(*node_, place_).finish();
  const ValueIndex value = activation(0);
  AveragePool op;
  op.kernel = {type_of(value).shape.height, type_of(value).shape.width};
  op.stride = {1, 1};
  emit(op, {value}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_flatten() {
  need_inputs(1, 1);
  Attributes attributes(*node_, place_);
  attributes.expect("axis", 1);
  attributes.finish();
  emit(Flatten{}, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_relu() {
  need_inputs(1, 1);
  Attributes(*node_, place_).finish();
  emit(Relu{}, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_clip() {
  need_inputs(3, 3);
  Attributes(*node_, place_).finish();
  emit(Clip{scalar<float>(1), scalar<float>(2)}, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_prelu() {
  need_inputs(2, 2);
  Attributes(*node_, place_).finish();
  emit(PRelu{constant<float>(1)}, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_concat() {
  need_inputs(2, 1 << 20);
  Attributes attributes(*node_, place_);
  attributes.expect("axis", 1);
  attributes.finish();
  std::vector<ValueIndex> values;
  for (int i = 0; i < node_->input_size(); ++i) values.push_back(activation(i));
  emit(Concat{}, std::move(values), node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

/// The numbers of a quantized value.
void GraphReader::read_identity() {
  need_inputs(1, 1);
  Attributes(*node_, place_).finish();
  emit(Dequantize{}, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

/// The codes of a lookup as positions in its table.
void GraphReader::read_cast() {
  need_inputs(1, 1);
  Attributes attributes(*node_, place_);
  attributes.expect("to", onnx::TensorProto::INT32);
  attributes.finish();
  define_output(value_symbol(Kind::kIndex, input(0, Kind::kCodes).value));
}

/// A lookup in a table, or a choice of channels.
void GraphReader::read_gather() {
  need_inputs(2, 2);
  Attributes attributes(*node_, place_);
  if (input(1).kind == Kind::kIndex) {
    attributes.expect("axis", 0);
    attributes.finish();
    const auto formula = formulas_.find(node_->name());
    if (formula == formulas_.end()) fail("{} has no formula of it", kFormulasKey);
    used_formulas_.insert(node_->name());
    emit(Lookup{formula->second, constant<float>(0)}, {input(1).value}, node_->name());
  } else {
    attributes.expect("axis", 1);
    attributes.finish();
    SelectChannels op;
    for (const std::int64_t channel : constant<std::int64_t>(1)) {
      if (channel < 0 || channel > (1 << 20)) fail("selects channel {}", channel);
      op.channels.push_back(static_cast<int>(channel));
    }
    emit(op, {activation(0)}, node_->name());
  }
  define_output(value_symbol(Kind::kActivation, last_value()));
}

/// Sign is Where(y > 0, 1, -1).
void GraphReader::read_greater() {
  need_inputs(2, 2);
  Attributes(*node_, place_).finish();
  const ValueIndex value = activation(0);
  expect_constant<float>(1, {0.0f});
  define_output(value_symbol(Kind::kPositive, value));
}

void GraphReader::read_where() {
  need_inputs(3, 3);
  Attributes(*node_, place_).finish();
  const ValueIndex value = input(0, Kind::kPositive).value;
  expect_constant<float>(1, {1.0f});
  expect_constant<float>(2, {-1.0f});
  emit(Sign{}, {value}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

void GraphReader::read_quantize() {
  need_inputs(3, 3);
  Attributes(*node_, place_).finish();
  const ValueIndex value = activation(0);
  Quantize op;
  op.scale = scalar<float>(1);
  op.zero_point = scalar<std::uint8_t>(2);
  if (type_of(value).quantized) {  // the same codes again, for a lookup
    const Quantize& own = quantizer_of(network_, value);
    if (own.scale != op.scale || own.zero_point != op.zero_point) {
      fail("quantizes codes of scale {} and zero point {} with {} and {}, expected the same",
           own.scale, own.zero_point, op.scale, op.zero_point);
    }
    define_output(value_symbol(Kind::kCodes, value));
    return;
  }
  emit(op, {value}, node_->name());
  define_output(value_symbol(Kind::kCodes, last_value()));
}

/// Of u8 codes: it must undo their QuantizeLinear. Of an int8 initializer: alpha·n of a parameter.
void GraphReader::read_dequantize() {
  need_inputs(2, 3);
  Attributes attributes(*node_, place_);
  const Symbol first = input(0);
  if (first.kind == Kind::kCodes) {
    attributes.finish();
    need_inputs(3, 3);
    const Quantize& op = quantizer_of(network_, first.value);
    expect_constant<float>(1, {op.scale});
    expect_constant<std::uint8_t>(2, {static_cast<std::uint8_t>(op.zero_point)});
    define_output(value_symbol(Kind::kActivation, first.value));
    return;
  }
  const std::string& name = input_name(0);
  const auto declared = declared_.find(name);
  if (first.kind != Kind::kConstant || declared == declared_.end()) {
    fail("input 0 (\"{}\") is {}, expected quantized codes or a tensor that {} lists", name,
         to_string(first.kind), kTensorsKey);
  }
  if (has_input(2)) expect_constant<std::int8_t>(2, {0});
  Symbol symbol;
  symbol.kind = Kind::kScaled;
  symbol.parameter = add_parameter(*first.tensor);
  Parameter& added = parameter(symbol);
  added.n = tensor_data<std::int8_t>(*first.tensor, tensor_place(name));
  added.coding = Coding{declared->second.scheme, declared->second.bits, 1.0f, 0.0f};
  const std::vector<float> alphas = constant<float>(1);
  if (alphas.size() == 1) {
    added.coding->alpha = alphas[0];
  } else {
    attributes.expect("axis", 0);
    for (const float alpha : alphas) added.channels.push_back({alpha, 0.0f});
  }
  attributes.finish();
  define_output(symbol);
}

}  // namespace brownout::network
