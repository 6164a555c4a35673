// SPDX-License-Identifier: Apache-2.0
// Operators of the vector unit, pads, and operators that leave no trace.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "sim/base/text.hpp"
#include "sim/import/lowering.hpp"

namespace brownout::importing {

std::array<int, 2> Lowering::pair(const char* attribute, std::array<int, 2> fallback) const {
  const std::vector<std::int64_t> found = node_->integers(attribute, {fallback[0], fallback[1]});
  constexpr std::int64_t kMost = 1 << 20;
  if (found.size() != 2 || found[0] < 1 || found[0] > kMost || found[1] < 1 || found[1] > kMost)
    fail("attribute {} is {}, expected two numbers of at least 1", attribute, to_string(found));
  return {static_cast<int>(found[0]), static_cast<int>(found[1])};
}

void Lowering::need_undilated() const {
  for (const std::int64_t dilation : node_->integers("dilations", {1, 1})) {
    if (dilation != 1) fail("is dilated, which only convolutions can be");
  }
}

std::array<int, 4> Lowering::window_pads(const network::Shape& in, const std::array<int, 2>& kernel,
                                         const std::array<int, 2>& stride) const {
  const network::Shape out = shape_of(node_->outputs[0]);
  const std::vector<std::int64_t> stated = node_->integers("pads", {0, 0, 0, 0});
  const std::string automatic = node_->text("auto_pad", "NOTSET");
  std::array<int, 4> pads{};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const int size = axis == 0 ? in.height : in.width;
    const int count = axis == 0 ? out.height : out.width;
    const int reach = (count - 1) * stride[axis] + kernel[axis];  // of all windows
    int before = 0;
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      const int all = std::max(reach - size, 0);
      before = automatic == "SAME_UPPER" ? all / 2 : all - all / 2;
      pads[axis + 2] = all - before;
    } else if (automatic != "VALID") {
      if (stated.at(axis) < 0 || stated.at(axis + 2) < 0 ||
          stated[axis] + stated[axis + 2] > (1 << 20))
        fail("pads are {}, expected numbers of at least 0", to_string(stated));
      before = static_cast<int>(stated[axis]);
      // With ceil_mode the last window may reach beyond the stated pads.
      pads[axis + 2] = std::max(static_cast<int>(stated[axis + 2]), reach - size - before);
    }
    pads[axis] = before;
  }
  return pads;
}

void Lowering::lower_identity() {
  if (node_->op == "Cast") {
    const std::int64_t to = node_->integer("to", 1);
    if (to != 1 && to != 10 && to != 11 && to != 16) fail("makes integers of numbers");
  }
  define(input(0));
}

/// After a ReLU zeros change no maximum, just as the pads of a max pool.
bool Lowering::never_negative(const Lowered& x) {
  if (x.coded || x.value == network::kInputImage) return false;
  const network::Operator& op = draft_.node_of(x.value).op;
  const auto* clip = std::get_if<network::Clip>(&op);
  return std::holds_alternative<network::Relu>(op) || (clip != nullptr && clip->low >= 0.0f);
}

void Lowering::lower_max_pool() {
  Lowered x = image_input(0);
  const std::array<int, 4> padding = x.padding;
  if (x.padded() && !never_negative(x))
    fail("reads an image that was padded with zeros and may be negative elsewhere");
  x.padding = {0, 0, 0, 0};
  x.value = numbers(x);
  x.coded = false;
  need_undilated();
  network::MaxPool pool;
  pool.kernel = pair("kernel_shape", {1, 1});
  pool.stride = pair("strides", {1, 1});
  pool.pads = window_pads(shape_of(node_->inputs[0]), pool.kernel, pool.stride);
  for (std::size_t i = 0; i < 4; ++i) pool.pads[i] += padding[i];
  Lowered result = same_form(x, emit(pool, {x.value}));
  result.image = shape_of(node_->outputs[0]);
  result.grid = x.grid;  // the largest number is one of them
  result.integers = x.integers;
  define(result);
}

void Lowering::lower_average_pool() {
  if (node_->integer("channels_last", 0) != 0) fail("has channels last, which is not supported");
  Lowered x = image_input(0);
  x.value = numbers(x);
  need_undilated();
  network::AveragePool pool;
  pool.kernel = pair("kernel_shape", {1, 1});
  pool.stride = pair("strides", {1, 1});
  pool.count_pad = node_->integer("count_include_pad", 0) != 0;
  pool.pads = window_pads(shape_of(node_->inputs[0]), pool.kernel, pool.stride);
  const bool own = pool.pads != std::array<int, 4>{0, 0, 0, 0};
  if (x.padded()) {
    // Zeros that were added before count as pixels.
    if (own && !pool.count_pad) fail("pads a padded image, of which it counts one part only");
    pool.count_pad = true;
    for (std::size_t i = 0; i < 4; ++i) pool.pads[i] += x.padding[i];
  }
  if (pool.count_pad && node_->integer("ceil_mode", 0) != 0) {
    const std::vector<std::int64_t> stated = node_->integers("pads", {0, 0, 0, 0});
    for (std::size_t i = 2; i < 4; ++i) {
      if (pool.pads[i] != stated[i] + x.padding[i])
        fail("counts pads and rounds up, so that windows have different divisors");
    }
  }
  define_image(emit(pool, {x.value}));
}

void Lowering::average(const Lowered& x, bool keep_image) {
  Lowered result = x;
  if (x.image.height * x.image.width > 1) {
    network::AveragePool pool;
    pool.kernel = {x.image.height, x.image.width};
    pool.stride = pool.kernel;
    result = same_form(x, emit(pool, {x.value}));
  }
  result.image = {x.image.channels, 1, 1};
  if (!keep_image) {
    DraftNode flatten;
    flatten.name = node_->name + ".flat";
    flatten.op = network::Flatten{};
    flatten.inputs = {result.value};
    result.value = draft_.add(std::move(flatten));
    result.flat = true;
    result.shared = false;
    result.channels_last = false;
  }
  define(result);
}

void Lowering::lower_global_average_pool() {
  if (node_->integer("channels_last", 0) != 0) fail("has channels last, which is not supported");
  average(number_image(0), true);
}

void Lowering::lower_global_max_pool() {
  const Lowered x = number_image(0);
  network::MaxPool pool;
  pool.kernel = {x.image.height, x.image.width};
  pool.stride = {1, 1};
  Lowered result = same_form(x, emit(pool, {x.value}));
  result.image = {x.image.channels, 1, 1};
  define(result);
}

/// Over height and width, at once or one after the other.
void Lowering::lower_reduce_mean() {
  const Lowered x = number_input(0);
  const auto rank = static_cast<std::int64_t>(dims(0).size());
  std::vector<std::int64_t> axes = values_.setting(*node_, 1, "axes");
  for (std::int64_t& axis : axes) axis = axis < 0 ? axis + rank : axis;
  std::sort(axes.begin(), axes.end());
  const bool keep = node_->integer("keepdims", 1) != 0;
  const std::int64_t height = x.channels_last ? 1 : 2;
  // Of three axes the last one is what an earlier mean left of the two.
  const bool left = rank == 3 && !x.channels_last && axes == Dims{2} &&
                    dims(0)[1] == x.image.channels && std::min(x.image.height, x.image.width) == 1;
  if (!x.flat && (left || (rank == 4 && axes == Dims{height, height + 1}))) {
    average(x, keep);
    return;
  }
  const bool one = axes == Dims{height} || axes == Dims{height + 1};
  if (x.flat || rank != 4 || !one || (x.channels_last && !keep))
    fail("reduces axes {} of {}, expected height and width of an image", to_string(axes),
         to_string(dims(0)));
  network::AveragePool pool;
  pool.kernel = axes[0] == height ? std::array<int, 2>{x.image.height, 1}
                                  : std::array<int, 2>{1, x.image.width};
  pool.stride = pool.kernel;
  Lowered result = same_form(x, emit(pool, {x.value}));
  result.image.height /= pool.kernel[0];
  result.image.width /= pool.kernel[1];
  define(result);
}

void Lowering::lower_pad() {
  Lowered x = input(0);
  if (x.flat) fail("reads {}, expected an image", to_string(dims(0)));
  if (node_->text("mode", "constant") != "constant") fail("pads with pixels, expected zeros");
  float value = node_->number("value", 0.0f);
  if (node_->has_input(2)) {
    const std::vector<float> numbers = floats(2);
    if (numbers.size() != 1) fail("pads with {} numbers, expected one", numbers.size());
    value = numbers[0];
  }
  if (value != 0.0f) fail("pads with {}, expected zeros", value);
  if (node_->has_input(3)) fail("pads chosen axes, expected all");
  const std::vector<std::int64_t> pads = values_.setting(*node_, 1, "pads");
  const std::size_t height = x.channels_last ? 1 : 2;
  const std::size_t channels = x.channels_last ? 3 : 1;
  if (pads.size() != 8 || pads[0] != 0 || pads[channels] != 0 || pads[4] != 0 ||
      pads[4 + channels] != 0)
    fail("pads are {}, expected height and width of images{}", to_string(pads),
         x.channels_last ? " with channels last" : "");
  const std::int64_t own[] = {pads[height], pads[height + 1], pads[4 + height],
                              pads[4 + height + 1]};
  for (std::size_t i = 0; i < 4; ++i) {
    if (own[i] < 0 || own[i] > (1 << 20)) fail("pads are {}", to_string(pads));
    x.padding[i] += static_cast<int>(own[i]);
  }
  // `image` stays that of the value itself; padding joins the next window operator.
  define(x);
}

/// Left out with the quantizers after it; changes of shape stay.
void Lowering::lower_softmax() {
  const Lowered x = input(0);
  const auto rank = static_cast<std::int64_t>(dims(0).size());
  const std::int64_t axis = node_->integer("axis", graph_.opset() < 13 ? 1 : -1);
  const std::int64_t classes = x.channels_last && !x.flat ? rank - 1 : 1;
  if ((axis < 0 ? axis + rank : axis) != classes)
    fail("is over axis {} of {}, expected the classes", axis, to_string(dims(0)));
  static const std::set<std::string> passed{
      "QuantizeLinear", "DequantizeLinear", "Identity", "Cast", "Flatten", "Reshape", "Squeeze"};
  std::string value = node_->outputs[0];
  while (value != graph_.outputs()[0]) {
    const auto reads = [&](const Node& node) {
      return std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
    };
    const auto next = std::find_if(graph_.nodes().begin(), graph_.nodes().end(), reads);
    if (next == graph_.nodes().end() || passed.count(next->op) == 0)
      fail("is followed by other operators, expected it at the end, where it is left out");
    value = next->outputs[0];
    after_softmax_.insert(value);
  }
  define(x);
}

/// Leaves no trace, unless it drops something in use.
void Lowering::lower_dropout() {
  if (node_->has_input(2)) {
    if (!is_constant(2)) fail("its training_mode depends on the image, expected false");
    const std::vector<std::int64_t> mode = values_.constant(node_->inputs[2]).integers();
    if (mode.size() != 1 || mode[0] != 0) fail("has training_mode true, expected false");
  }
  define(input(0));
}

const std::map<std::string, Lowering::Handler>& Lowering::handlers() {
  static const std::map<std::string, Handler> table{
      {"Abs", &Lowering::lower_function},
      {"Add", &Lowering::lower_add},
      {"AveragePool", &Lowering::lower_average_pool},
      {"BatchNormalization", &Lowering::lower_batch_norm},
      {"Ceil", &Lowering::lower_function},
      {"Cast", &Lowering::lower_identity},
      {"Celu", &Lowering::lower_elu},
      {"Clip", &Lowering::lower_clip},
      {"Concat", &Lowering::lower_concat},
      {"Conv", &Lowering::lower_conv},
      {"DequantizeLinear", &Lowering::lower_dequantize},
      {"Div", &Lowering::lower_div},
      {"Dropout", &Lowering::lower_dropout},
      {"Elu", &Lowering::lower_elu},
      {"Erf", &Lowering::lower_function},
      {"Exp", &Lowering::lower_function},
      {"Expand", &Lowering::lower_expand},
      {"Flatten", &Lowering::lower_flatten},
      {"Floor", &Lowering::lower_function},
      {"Gather", &Lowering::lower_gather},
      {"Gelu", &Lowering::lower_gelu},
      {"Gemm", &Lowering::lower_gemm},
      {"GlobalAveragePool", &Lowering::lower_global_average_pool},
      {"GlobalMaxPool", &Lowering::lower_global_max_pool},
      {"GroupNormalization", &Lowering::lower_group_norm},
      {"HardSigmoid", &Lowering::lower_hard_sigmoid},
      {"HardSwish", &Lowering::lower_hard_sigmoid},
      {"Identity", &Lowering::lower_identity},
      {"InstanceNormalization", &Lowering::lower_instance_norm},
      {"LRN", &Lowering::lower_lrn},
      {"LayerNormalization", &Lowering::lower_layer_norm},
      {"LeakyRelu", &Lowering::lower_leaky_relu},
      {"Log", &Lowering::lower_function},
      {"LogSoftmax", &Lowering::lower_softmax},
      {"MatMul", &Lowering::lower_matmul},
      {"Max", &Lowering::lower_extreme},
      {"MaxPool", &Lowering::lower_max_pool},
      {"Mean", &Lowering::lower_sum},
      {"Min", &Lowering::lower_extreme},
      {"Mish", &Lowering::lower_function},
      {"Mul", &Lowering::lower_mul},
      {"Neg", &Lowering::lower_function},
      {"PRelu", &Lowering::lower_prelu},
      {"Pad", &Lowering::lower_pad},
      {"Pow", &Lowering::lower_power},
      {"QuantizeLinear", &Lowering::lower_quantize},
      {"Reciprocal", &Lowering::lower_function},
      {"ReduceMean", &Lowering::lower_reduce_mean},
      {"Relu", &Lowering::lower_relu},
      {"Reshape", &Lowering::lower_reshape},
      {"Round", &Lowering::lower_function},
      {"Selu", &Lowering::lower_elu},
      {"Sigmoid", &Lowering::lower_function},
      {"Sign", &Lowering::lower_function},
      {"Slice", &Lowering::lower_slice},
      {"Softmax", &Lowering::lower_softmax},
      {"Softplus", &Lowering::lower_function},
      {"Softsign", &Lowering::lower_function},
      {"Split", &Lowering::lower_split},
      {"Sqrt", &Lowering::lower_function},
      {"Squeeze", &Lowering::lower_reshape},
      {"Sub", &Lowering::lower_sub},
      {"Sum", &Lowering::lower_sum},
      {"Tanh", &Lowering::lower_function},
      {"ThresholdedRelu", &Lowering::lower_function},
      {"Transpose", &Lowering::lower_transpose},
      {"Unsqueeze", &Lowering::lower_reshape},
  };
  return table;
}

}  // namespace brownout::importing
