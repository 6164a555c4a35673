// SPDX-License-Identifier: Apache-2.0
// Shapes and operand kinds, operator by operator.
#include "sim/network/infer.hpp"

#include <cmath>

#include "sim/base/error.hpp"

namespace brownout::network {

namespace {

// Larger than any window or image in use, small enough that no product below overflows.
constexpr int kMaxExtent = 1 << 20;
constexpr std::size_t kMostInputs = 1024;
constexpr std::int64_t kMaxValueSize = std::int64_t{1} << 28;

std::string text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

class Inference {
 public:
  Inference(const Node& node, const ValueTypes& values, const std::string& where)
      : node_(node), place_(node_place(where, node)) {
    const bool two =
        std::holds_alternative<Add>(node.op) || std::holds_alternative<Multiply>(node.op);
    if (std::holds_alternative<Concat>(node.op)) {
      if (node.inputs.size() < 2 || node.inputs.size() > kMostInputs) {
        throw InputError("{}has {} inputs, expected 2 to {}", place_, node.inputs.size(),
                         kMostInputs);
      }
    } else if (node.inputs.size() != (two ? 2 : 1)) {
      throw InputError("{}has {} inputs, expected {}", place_, node.inputs.size(), two ? 2 : 1);
    }
    for (const ValueIndex input : node.inputs) {
      if (!values.contains(input)) {
        throw InputError("{}reads value {}, expected one computed before it (0 to {})", place_,
                         input.number(), values.size() - 1);
      }
    }
    for (const ValueIndex input : node.inputs) inputs_.push_back(values[input]);
    first_ = inputs_[0];
    if (node.inputs[0] == kInputImage && !std::holds_alternative<Quantize>(node.op)) {
      throw InputError("{}reads the input image, expected a quantize between them", place_);
    }
  }

  ValueType run() {
    ValueType out = std::visit([this](const auto& op) { return (*this)(op); }, node_.op);
    if (out.shape.size() > kMaxValueSize) {
      throw InputError("{}gives a value of {} elements an image, expected at most {}", place_,
                       out.shape.size(), kMaxValueSize);
    }
    return out;
  }

 private:
  ValueType operator()(const Conv2d& op) const {
    need_quantized();
    need_image();
    positive(op.out_channels, "output channels");
    positive(op.groups, "groups");
    if (first_.shape.channels % op.groups != 0 || op.out_channels % op.groups != 0) {
      throw InputError("{}has {} groups, expected a divisor of its {} input and {} output channels",
                       place_, op.groups, first_.shape.channels, op.out_channels);
    }
    std::array<int, 2> reach{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      positive(op.kernel[axis], "as kernel size");
      positive(op.dilation[axis], "as dilation");
      const std::int64_t pixels = (std::int64_t{op.kernel[axis]} - 1) * op.dilation[axis] + 1;
      if (pixels > kMaxExtent) {
        throw InputError("{}has a window that reaches over {} pixels, expected at most {}", place_,
                         pixels, kMaxExtent);
      }
      reach[axis] = static_cast<int>(pixels);
    }
    return {window(op.out_channels, reach, op.stride, op.pads, false), false, false};
  }
  ValueType operator()(const Linear& op) const {
    need_quantized();
    if (!first_.flat) {
      throw InputError("{}reads an image of {}, expected a vector: put a flatten before it", place_,
                       text(first_.shape));
    }
    positive(op.out_features, "output features");
    return {{op.out_features, 1, 1}, true, false};
  }
  ValueType operator()(const GroupNorm& op) const {
    need_float();
    positive(op.groups, "groups");
    if (first_.shape.channels % op.groups != 0) {
      throw InputError("{}has {} groups, expected a divisor of its {} channels", place_, op.groups,
                       first_.shape.channels);
    }
    if (op.each_pixel) need_image();
    check_eps(op.eps);
    return first_;
  }
  ValueType operator()(const BatchNorm& op) const {
    need_float();
    check_eps(op.eps);
    return first_;
  }
  ValueType operator()(const LocalResponseNorm& op) const {
    need_float();
    positive(op.size, "channels in a window");
    if (!std::isfinite(op.alpha) || op.alpha < 0.0f || !std::isfinite(op.bias) ||
        !(op.bias > 0.0f)) {
      throw InputError("{}has alpha {} and bias {}, expected finite numbers, the second above 0",
                       place_, op.alpha, op.bias);
    }
    if (op.quarters < 1 || op.quarters > 8) {
      throw InputError("{}has exponent {}/4, expected 1/4 to 8/4", place_, op.quarters);
    }
    return first_;
  }
  ValueType operator()(const Relu&) const { return elementwise(); }
  ValueType operator()(const Sign&) const { return elementwise(); }
  ValueType operator()(const Clip& op) const {
    if (!std::isfinite(op.low) || !std::isfinite(op.high) || !(op.low < op.high)) {
      throw InputError("{}clips to {} to {}, expected two finite numbers, the first one lower",
                       place_, op.low, op.high);
    }
    return elementwise();
  }
  ValueType operator()(const PRelu& op) const {
    const std::size_t channels = first_.shape.channels;
    if (op.slope.size() != 1 && op.slope.size() != channels) {
      throw InputError("{}has {} slopes, expected 1, or one for each of its {} channels", place_,
                       op.slope.size(), channels);
    }
    for (const float slope : op.slope) {
      if (!std::isfinite(slope)) {
        throw InputError("{}has slope {}, expected a finite number", place_, slope);
      }
    }
    return elementwise();
  }
  ValueType operator()(const Lookup&) const {
    need_quantized();
    return {first_.shape, first_.flat, false};
  }
  ValueType operator()(const Dequantize&) const {
    need_quantized();
    return {first_.shape, first_.flat, false};
  }
  ValueType operator()(const MaxPool& op) const {
    need_float();
    need_image();
    return {window(first_.shape.channels, op.kernel, op.stride, op.pads, true), false, false};
  }
  ValueType operator()(const AveragePool& op) const {
    need_float();
    need_image();
    return {window(first_.shape.channels, op.kernel, op.stride, op.pads, true), false, false};
  }
  ValueType operator()(const Flatten&) const {
    return {{static_cast<int>(first_.shape.size()), 1, 1}, true, first_.quantized};
  }
  ValueType operator()(const Unflatten&) const {
    if (!first_.flat) {
      throw InputError("{}reads an image of {}, expected a vector", place_, text(first_.shape));
    }
    return {first_.shape, false, first_.quantized};
  }
  ValueType operator()(const SelectChannels& op) const {
    if (op.channels.empty() || op.channels.size() > static_cast<std::size_t>(kMaxExtent)) {
      throw InputError("{}selects {} channels, expected 1 to {}", place_, op.channels.size(),
                       kMaxExtent);
    }
    for (const int channel : op.channels) {
      if (channel < 0 || channel >= first_.shape.channels) {
        throw InputError("{}selects channel {}, expected 0 to {}", place_, channel,
                         first_.shape.channels - 1);
      }
    }
    Shape shape = first_.shape;
    shape.channels = static_cast<int>(op.channels.size());
    return {shape, first_.flat, first_.quantized};
  }
  ValueType operator()(const Concat&) const {
    Shape shape = first_.shape;
    std::int64_t channels = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const ValueType& input = inputs_[i];
      need_quantized_operand("joins", i);
      if (input.shape.height != shape.height || input.shape.width != shape.width ||
          input.flat != first_.flat) {
        throw InputError("{}joins {} and {}, expected equal heights and widths", place_,
                         text(shape), text(input.shape));
      }
      channels += input.shape.channels;
    }
    if (channels > kMaxExtent) {
      throw InputError("{}joins {} channels, expected at most {}", place_, channels, kMaxExtent);
    }
    shape.channels = static_cast<int>(channels);
    return {shape, first_.flat, false};
  }
  ValueType operator()(const Add&) const {
    need_float();
    need_quantized_operand("adds", 1);
    const ValueType& residual = inputs_[1];
    if (!(first_.shape == residual.shape) || first_.flat != residual.flat) {
      throw InputError("{}adds {} to {}, expected equal shapes", place_, text(residual.shape),
                       text(first_.shape));
    }
    return first_;
  }
  ValueType operator()(const Multiply&) const {
    need_float();
    need_quantized_operand("multiplies by", 1);
    const ValueType& factor = inputs_[1];
    const bool pixel = factor.shape == Shape{first_.shape.channels, 1, 1};
    if ((!(first_.shape == factor.shape) && !pixel) || first_.flat != factor.flat) {
      throw InputError("{}multiplies {} by {}, expected equal shapes or one pixel", place_,
                       text(first_.shape), text(factor.shape));
    }
    return first_;
  }
  ValueType operator()(const Quantize& op) const {
    need_float();
    if (!std::isfinite(op.scale) || !(op.scale > 0.0f)) {
      throw InputError("{}has scale {}, expected a finite number above 0", place_, op.scale);
    }
    if (op.zero_point < 0 || op.zero_point > 255) {
      throw InputError("{}has zero point {}, expected 0 to 255", place_, op.zero_point);
    }
    return {first_.shape, first_.flat, true};
  }

  ValueType elementwise() const {
    need_float();
    return first_;
  }
  void need_quantized_operand(const char* verb, std::size_t i) const {
    if (inputs_[i].quantized) return;
    throw InputError("{}{} value {}, which is not quantized; expected a quantize before it", place_,
                     verb, node_.inputs[i].number());
  }
  void need_quantized() const {
    if (!first_.quantized) {
      throw InputError("{}reads value {}, which is not quantized; expected a quantize before it",
                       place_, node_.inputs[0].number());
    }
  }
  void need_float() const {
    if (first_.quantized) {
      throw InputError("{}reads value {}, which is quantized; expected a value before its quantize",
                       place_, node_.inputs[0].number());
    }
  }
  void need_image() const {
    if (first_.flat) throw InputError("{}reads a flattened value, expected an image", place_);
  }
  void positive(int number, const char* what) const {
    if (number < 1 || number > kMaxExtent) {
      throw InputError("{}has {} {}, expected 1 to {}", place_, number, what, kMaxExtent);
    }
  }
  void check_eps(float eps) const {
    if (!std::isfinite(eps) || !(eps > 0.0f)) {
      throw InputError("{}has epsilon {}, expected a finite number above 0", place_, eps);
    }
  }

  /// Output shape of a window; `inside`: every window must hold a pixel of the image.
  Shape window(int channels, const std::array<int, 2>& kernel, const std::array<int, 2>& stride,
               const std::array<int, 4>& pads, bool inside) const {
    const std::array<int, 2> extent{first_.shape.height, first_.shape.width};
    std::array<int, 2> out{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      positive(kernel[axis], "as kernel size");
      positive(stride[axis], "as stride");
      for (const int pad : {pads[axis], pads[axis + 2]}) {
        if (pad < 0 || pad > kMaxExtent || (inside && pad >= kernel[axis])) {
          throw InputError("{}has padding {}, expected 0 to {}", place_, pad,
                           inside ? kernel[axis] - 1 : kMaxExtent);
        }
      }
      const int padded = extent[axis] + pads[axis] + pads[axis + 2];
      if (padded < kernel[axis]) {
        throw InputError("{}has a window of {} on an image of {}, expected one that fits", place_,
                         kernel[axis], padded);
      }
      out[axis] = (padded - kernel[axis]) / stride[axis] + 1;
    }
    return {channels, out[0], out[1]};
  }

  const Node& node_;
  std::string place_;
  std::vector<ValueType> inputs_;
  ValueType first_;
};

}  // namespace

std::string node_place(const std::string& where, const Node& node) {
  return fmt::format("{}: node \"{}\" ({}): ", where, node.name, operator_name(node.op));
}

ValueType infer(const Node& node, const ValueTypes& values, const std::string& where) {
  return Inference(node, values, where).run();
}

}  // namespace brownout::network
