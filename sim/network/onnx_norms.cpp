// SPDX-License-Identifier: Apache-2.0
// What the ONNX operators of norms mean, and those that change axes for them.
#include "sim/network/onnx_graph.hpp"

namespace brownout::network {

using namespace onnx_format;

GroupNorm* GraphReader::open_group_norm() {
  // Only the last node's value can still be unread, so that no operator sees it half finished.
  const Symbol& symbol = input(0);
  if (symbol.kind != Kind::kActivation || symbol.value != last_value() ||
      last_value() == kInputImage) {
    return nullptr;
  }
  return std::get_if<GroupNorm>(&network_.nodes.back().op);
}

void GraphReader::read_reshape() {
  need_inputs(2, 2);
  Attributes attributes(*node_, place_);
  attributes.expect("allowzero", 0);
  attributes.finish();
  const Symbol first = input(0);
  if (first.kind == Kind::kNormalized) {
    const ValueType& type = type_of(first.value);
    const Shape& shape = type.shape;
    if (first.norm.each_pixel) {
      expect_constant<std::int64_t>(1, {-1, shape.height, shape.width, shape.channels});
      Symbol symbol = first;
      symbol.kind = Kind::kUngrouped;
      define_output(symbol);
      return;
    }
    std::vector<std::int64_t> layout{0, shape.channels};
    if (!type.flat) layout.insert(layout.end(), {shape.height, shape.width});
    expect_constant(1, layout);
    emit(first.norm, {first.value}, first.name);
    define_output(value_symbol(Kind::kActivation, last_value()));
    return;
  }
  if (first.kind == Kind::kPixels) {
    Symbol symbol = value_symbol(Kind::kGrouped, first.value);
    const int channels = type_of(first.value).shape.channels;
    const std::vector<std::int64_t> grouping = constant<std::int64_t>(1);
    if (grouping.size() != 3 || grouping[0] != -1 || grouping[1] < 1 || grouping[1] > channels ||
        channels % grouping[1] != 0 || grouping[2] != channels / grouping[1]) {
      fail("\"{}\" is no layer norm's [-1, groups, channels of a group]", input_name(1));
    }
    symbol.norm.groups = static_cast<int>(grouping[1]);
    symbol.norm.each_pixel = true;
    define_output(symbol);
    return;
  }
  Symbol symbol = value_symbol(Kind::kGrouped, activation(0));
  const std::vector<std::int64_t> grouping = constant<std::int64_t>(1);
  if (grouping.size() != 3 || grouping[0] != 0 || grouping[1] < 1 || grouping[1] > 65536 ||
      grouping[2] != -1) {
    fail("\"{}\" is no group norm's [0, groups, -1]", input_name(1));
  }
  symbol.norm.groups = static_cast<int>(grouping[1]);
  define_output(symbol);
}

void GraphReader::read_instance_norm() {
  need_inputs(3, 3);
  Symbol symbol = input(0, Kind::kGrouped);
  Attributes attributes(*node_, place_);
  symbol.norm.eps = attributes.number("epsilon", 1e-5f);
  attributes.finish();
  const std::size_t groups = symbol.norm.groups;
  expect_constant(1, std::vector<float>(groups, 1.0f));
  expect_constant(2, std::vector<float>(groups, 0.0f));
  symbol.kind = Kind::kNormalized;
  symbol.name = node_->name();
  define_output(symbol);
}

/// Around the norm of each pixel: channels go last and come back.
void GraphReader::read_transpose() {
  need_inputs(1, 1);
  Attributes attributes(*node_, place_);
  const auto order = to_array<4>(attributes.integers("perm", 4, {3, 2, 1, 0}));
  attributes.finish();
  const Symbol first = input(0);
  if (first.kind == Kind::kUngrouped) {
    if (order != kChannelsFirst) fail("expected the order of axes 0, 3, 1, 2 after a layer norm");
    emit(first.norm, {first.value}, first.name);
    define_output(value_symbol(Kind::kActivation, last_value()));
    return;
  }
  if (order != kChannelsLast) fail("expected the order of axes 0, 2, 3, 1 before a layer norm");
  const ValueIndex value = activation(0);
  if (type_of(value).flat) fail("reads a vector, expected an image");
  define_output(value_symbol(Kind::kPixels, value));
}

void GraphReader::read_lrn() {
  need_inputs(1, 1);
  LocalResponseNorm op;
  Attributes attributes(*node_, place_);
  const std::int64_t size = attributes.integer("size", 0);
  if (size < 1 || size > 65536) fail("has a window of {} channels, expected 1 to 65536", size);
  op.size = static_cast<int>(size);
  op.alpha = attributes.number("alpha", 1e-4f);
  op.bias = attributes.number("bias", 1.0f);
  const float beta = attributes.number("beta", 0.75f);
  attributes.finish();
  const std::optional<int> quarters = quarters_of(beta);
  if (!quarters) fail("has exponent {}, expected 0.25, 0.5, ... 2", beta);
  op.quarters = *quarters;
  emit(op, {activation(0)}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

/// The axes of a parameter, or a vector as an image of one pixel.
void GraphReader::read_unsqueeze() {
  need_inputs(2, 2);
  Attributes(*node_, place_).finish();
  if (input(0).kind == Kind::kActivation) {
    expect_constant<std::int64_t>(1, {2, 3});
    emit(Unflatten{}, {activation(0)}, node_->name());
    define_output(value_symbol(Kind::kActivation, last_value()));
    return;
  }
  Symbol symbol = parameter_input(0);
  if (symbol.column) fail("\"{}\" has its axes already", input_name(0));
  expect_constant<std::int64_t>(1, {1, 2});
  symbol.column = true;
  define_output(symbol);
}

void GraphReader::read_batch_norm() {
  need_inputs(5, 5);
  BatchNorm op;
  Attributes attributes(*node_, place_);
  op.eps = attributes.number("epsilon", 1e-5f);
  attributes.number("momentum", 0.9f);  // matters in training only
  attributes.finish();
  const ValueIndex value = activation(0);
  const std::size_t channels = type_of(value).shape.channels;
  if (is_parameter(1)) {
    op.scale = attach(1, Role::kScale);
    op.reparameterized = input(1).plus_one;
  } else {
    expect_constant(1, std::vector<float>(channels, 1.0f));
  }
  if (is_parameter(2)) {
    op.shift = attach(2, Role::kShift);
  } else {
    expect_constant(2, std::vector<float>(channels, 0.0f));
  }
  op.mean = constant<float>(3);
  op.variance = constant<float>(4);
  emit(op, {value}, node_->name());
  define_output(value_symbol(Kind::kActivation, last_value()));
}

}  // namespace brownout::network
