// SPDX-License-Identifier: Apache-2.0
// Convolutions and linear operators.
#include <algorithm>
#include <cmath>

#include "sim/import/lowering.hpp"

namespace brownout::importing {

namespace {

/// A matrix with its axes exchanged.
template <typename T>
std::vector<T> transposed(const std::vector<T>& matrix, const Dims& dims) {
  const auto rows = static_cast<std::size_t>(dims[0]);
  const auto columns = static_cast<std::size_t>(dims[1]);
  std::vector<T> result(matrix.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = matrix[r * columns + c];
  }
  return result;
}

/// The graph's vector has channels last, the network's has them first.
template <typename T>
std::vector<T> channels_first(const std::vector<T>& weight, const network::Shape& image,
                              int outputs) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const auto pixels =
      static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width);
  std::vector<T> result(weight.size());
  for (std::size_t o = 0; o < static_cast<std::size_t>(outputs); ++o) {
    const std::size_t row = o * channels * pixels;
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t c = 0; c < channels; ++c) {
        result[row + c * pixels + p] = weight[row + p * channels + c];
      }
    }
  }
  return result;
}

}  // namespace

void Lowering::lower_conv() {
  const Lowered x = image_input(0);
  const Dims& shape = dims(1);
  if (shape.size() != 4)
    fail("weights are {}, expected a two-dimensional window", to_string(shape));
  network::Conv2d conv;
  conv.groups = static_cast<int>(node_->integer("group", 1));
  conv.out_channels = static_cast<int>(shape[0]);
  conv.kernel = {static_cast<int>(shape[2]), static_cast<int>(shape[3])};
  const Dims stated = node_->integers("kernel_shape", {shape[2], shape[3]});
  if (stated != Dims{shape[2], shape[3]})
    fail("kernel_shape is {}, its weights are {}", to_string(stated), to_string(shape));
  conv.stride = pair("strides", {1, 1});
  conv.dilation = pair("dilations", {1, 1});
  std::array<int, 2> reach{};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    reach[axis] = (conv.kernel[axis] - 1) * conv.dilation[axis] + 1;
  }
  conv.pads = window_pads(shape_of(node_->inputs[0]), reach, conv.stride);
  for (std::size_t i = 0; i < 4; ++i) conv.pads[i] += x.padding[i];
  DraftNode draft;
  draft.name = node_->name;
  draft.op = conv;
  draft.weight_shape = shape;
  set_weights(draft, 1, true);
  if (node_->has_input(2)) draft.bias = floats(2);
  if (!draft.bias.empty() && static_cast<std::int64_t>(draft.bias.size()) != shape[0])
    fail("{} biases for {} channels", draft.bias.size(), shape[0]);
  draft.inputs = {codes(x)};
  define_image(draft_.add(std::move(draft)));
}

void Lowering::set_weights(DraftNode& draft, std::size_t i, bool outputs_first) {
  const std::optional<QuantizedConstant> constant = quantized_constant(i);
  if (!constant) {
    draft.weight = outputs_first ? floats(i) : transposed(floats(i), dims(i));
    return;
  }
  const std::size_t outputs_axis = outputs_first ? 0 : 1;
  if (constant->scale.size() > 1 && constant->axis != outputs_axis)
    fail("weights have a scale for each index of axis {}, expected axis {}, the outputs",
         constant->axis, outputs_axis);
  CodedWeight coded;
  const std::vector<std::int64_t> q =
      outputs_first ? constant->q : transposed(constant->q, constant->dims);
  const bool centred = std::all_of(constant->zero_point.begin(), constant->zero_point.end(),
                                   [](std::int64_t zero) { return zero == 0; });
  // The cells hold the file's own bytes: two's complement, or unsigned with n = q - 128.
  const std::int64_t offset = constant->unsigned_codes ? 128 : 0;
  coded.coding.scheme = constant->unsigned_codes ? network::Scheme::kUniform
                        : centred                ? network::Scheme::kSymmetric
                                                 : network::Scheme::kAsymmetricSigned;
  coded.coding.bits = 8;
  for (const std::int64_t code : q) {
    if (code < offset - 128 || code > offset + 127)
      fail("a weight is {}, expected {} to {}", code, offset - 128, offset + 127);
    coded.n.push_back(static_cast<std::int8_t>(code - offset));
  }
  for (std::size_t c = 0; c < constant->scale.size(); ++c) {
    const float scale = constant->scale[c];
    const auto steps = static_cast<double>(offset - constant->zero_point[c]);
    coded.channels.push_back({scale, as_float(double{scale} * steps)});
    if (!std::isfinite(scale) || !(scale >= 0.0f)) fail("a scale is {}", scale);
  }
  if (coded.channels.size() == 1) {
    coded.coding.alpha = coded.channels[0].alpha;
    coded.coding.beta = coded.channels[0].beta;
    coded.channels.clear();
  }
  draft.coded_weight = std::move(coded);
}

void Lowering::linear(const Lowered& x, DraftNode draft, int outputs, int inputs) {
  if (!x.flat) fail("reads an image, expected a vector");
  if (x.channels_last) {
    if (draft.coded_weight) {
      draft.coded_weight->n = channels_first(draft.coded_weight->n, x.image, outputs);
    } else {
      draft.weight = channels_first(draft.weight, x.image, outputs);
    }
  }
  draft.name = node_->name;
  network::Linear op;
  op.out_features = outputs;
  draft.op = op;
  draft.weight_shape = {outputs, inputs};
  draft.inputs = {codes(x)};
  Lowered lowered;
  lowered.value = draft_.add(std::move(draft));
  lowered.flat = true;
  lowered.image = {outputs, 1, 1};
  define(lowered);
}

void Lowering::lower_gemm() {
  if (node_->integer("transA", 0) != 0) fail("transA is not supported");
  const bool rows_are_outputs = node_->integer("transB", 0) != 0;
  const double alpha = node_->number("alpha", 1.0f);
  const double beta = node_->number("beta", 1.0f);
  const Dims& shape = dims(1);
  const auto outputs = static_cast<std::size_t>(shape[rows_are_outputs ? 0 : 1]);
  const auto inputs = static_cast<std::size_t>(shape[rows_are_outputs ? 1 : 0]);
  DraftNode draft;
  set_weights(draft, 1, rows_are_outputs);
  if (alpha != 1.0 && draft.coded_weight) fail("scales quantized weights by {}", alpha);
  for (float& w : draft.weight) w = as_float(alpha * double{w});
  if (node_->has_input(2)) {
    draft.bias = floats(2);
    if (draft.bias.size() == 1) draft.bias.assign(outputs, draft.bias[0]);
    if (draft.bias.size() != outputs) fail("{} biases for {} outputs", draft.bias.size(), outputs);
    for (float& b : draft.bias) b = as_float(beta * double{b});
  }
  linear(input(0), std::move(draft), static_cast<int>(outputs), static_cast<int>(inputs));
}

void Lowering::lower_matmul() {
  if (!is_constant(1)) fail("multiplies two values of the image, expected constant weights");
  const Dims& shape = dims(1);
  const bool pixels = dims(0).size() == 4;
  if (shape.size() != 2 || (dims(0).size() != 2 && !pixels))
    fail("multiplies {} and {}, expected vectors and a matrix", to_string(dims(0)),
         to_string(shape));
  const Lowered x = input(0);
  if (pixels && (!x.channels_last || x.padded()))
    fail("multiplies the rows of {}, expected the channels of an image, which come last",
         to_string(dims(0)));
  DraftNode draft;
  set_weights(draft, 1, false);
  if (pixels) {
    pointwise(x, std::move(draft), static_cast<int>(shape[1]), static_cast<int>(shape[0]));
  } else {
    linear(x, std::move(draft), static_cast<int>(shape[1]), static_cast<int>(shape[0]));
  }
}

/// A matrix on the channels of each pixel is a convolution with a window of one pixel.
void Lowering::pointwise(const Lowered& x, DraftNode draft, int outputs, int inputs) {
  network::Conv2d conv;
  conv.out_channels = outputs;
  draft.name = node_->name;
  draft.op = conv;
  draft.weight_shape = {outputs, inputs, 1, 1};
  draft.inputs = {codes(x)};
  Lowered result = same_form(x, draft_.add(std::move(draft)));
  result.image.channels = outputs;
  define(result);
}

}  // namespace brownout::importing
