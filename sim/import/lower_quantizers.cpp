// SPDX-License-Identifier: Apache-2.0
// Quantizers that a file brings: its own scales, zero points and integers are kept.
#include <algorithm>
#include <cmath>

#include "sim/import/lowering.hpp"

namespace brownout::importing {

namespace {

bool same_grid(const network::Quantize& a, const network::Quantize& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

}  // namespace

/// Scale and zero point of activations; int8 codes become u8 ones by adding 128.
network::Quantize Lowering::grid_of_node() const {
  const std::vector<float> scale = floats(1);
  std::vector<std::int64_t> zero(1, 0);
  bool is_signed = false;
  if (node_->has_input(2)) {
    const Tensor& tensor = values_.constant(node_->inputs[2]);
    zero = tensor.integers();
    is_signed = std::holds_alternative<std::vector<std::int8_t>>(tensor.data);
    if (!is_signed && !std::holds_alternative<std::vector<std::uint8_t>>(tensor.data))
      fail("codes of activations are neither int8 nor uint8");
  }
  if (!node_->has_input(2) && node_->op == "QuantizeLinear") {
    const std::int64_t type = node_->integer("output_dtype", 0);
    if (type != 0 && type != 2)
      fail("output_dtype is {} without a zero point, expected uint8", type);
  }
  if (scale.size() != 1 || zero.size() != 1)
    fail("{} scales and {} zero points of a value of the image, expected one of each", scale.size(),
         zero.size());
  network::Quantize grid;
  grid.scale = scale[0];
  grid.zero_point = static_cast<int>(zero[0]) + (is_signed ? 128 : 0);
  if (!std::isfinite(grid.scale) || !(grid.scale > 0.0f))
    fail("has scale {}, expected a finite number above 0", grid.scale);
  return grid;
}

/// The numbers that codes can stand for. ONNX Runtime leaves a ReLU to the quantizer after it, and
/// engine "float" passes over quantizers.
network::ValueIndex Lowering::clipped(network::ValueIndex value, const network::Quantize& grid) {
  DraftNode draft;
  draft.name = node_->name + ".clip";
  draft.op = network::Clip{grid.scale * static_cast<float>(-grid.zero_point),
                           grid.scale * static_cast<float>(255 - grid.zero_point)};
  draft.inputs = {value};
  return draft_.add(std::move(draft));
}

void Lowering::lower_quantize() {
  if (after_softmax_.count(node_->outputs[0]) > 0) return lower_identity();
  const network::Quantize grid = grid_of_node();
  const Lowered x = input(0);
  Lowered result = x;
  result.integers = true;
  if (!(x.coded && x.grid && same_grid(*x.grid, grid))) {
    if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
    const bool image = x.value == network::kInputImage && !x.coded;
    if (image && draft_.has_quantizer(x.value)) fail("is a second quantizer of the image");
    if (image && !x.flat) {
      result.value = draft_.quantized(x.value, node_->name, grid);
    } else if (image) {
      Lowered plain = x;
      plain.grid = grid;
      result.value = codes(plain);
    } else {
      // What several operators read has no other quantizer before this one.
      result.value = emit(grid, {clipped(x.coded ? numbers(x) : x.value, grid)});
    }
    result.coded = true;
    result.shared = false;
    result.grid = grid;
  }
  define(result);
}

void Lowering::lower_dequantize() {
  if (after_softmax_.count(node_->outputs[0]) > 0) return lower_identity();
  const network::Quantize grid = grid_of_node();
  Lowered x = input(0);
  if (!x.integers || !x.grid) fail("reads a value that is not quantized");
  if (!same_grid(*x.grid, grid)) {
    fail("has scale {} and zero point {}, its codes were quantized with {} and {}", grid.scale,
         grid.zero_point, x.grid->scale, x.grid->zero_point);
  }
  x.integers = false;
  define(x);
}

std::optional<QuantizedConstant> Lowering::quantized_constant(std::size_t i) const {
  const Node* node = values_.maker(node_->inputs[i]);
  while (node != nullptr && node->op == "Identity") node = values_.maker(node->inputs[0]);
  if (node == nullptr || node->op != "DequantizeLinear") return std::nullopt;
  const Tensor& q = values_.constant(node->inputs[0]);
  QuantizedConstant result;
  result.dims = q.dims;
  result.q = q.integers();
  result.unsigned_codes = std::holds_alternative<std::vector<std::uint8_t>>(q.data);
  if (!result.unsigned_codes && !std::holds_alternative<std::vector<std::int8_t>>(q.data))
    return std::nullopt;
  result.scale = values_.constant(node->inputs[1]).floats();
  result.zero_point.assign(result.scale.size(), 0);
  if (node->has_input(2)) result.zero_point = values_.constant(node->inputs[2]).integers();
  if (result.zero_point.size() != result.scale.size())
    fail("weights have {} scales and {} zero points", result.scale.size(),
         result.zero_point.size());
  if (node->integer("block_size", 0) != 0)
    fail("weights are quantized in blocks of {}, expected a scale for each output or for all",
         node->integer("block_size", 0));
  const std::int64_t axis = node->integer("axis", 1);
  result.axis = static_cast<std::size_t>(
      axis < 0 ? axis + static_cast<std::int64_t>(result.dims.size()) : axis);
  return result;
}

}  // namespace brownout::importing
