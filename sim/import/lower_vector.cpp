// SPDX-License-Identifier: Apache-2.0
// Operators of the vector unit, changes of shape, and operators that leave no trace.
#include <algorithm>
#include <cmath>
#include <limits>

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

void Lowering::lower_flatten() {
  const std::int64_t axis = node_->integer("axis", 1);
  const std::int64_t first = axis < 0 ? axis + static_cast<std::int64_t>(dims(0).size()) : axis;
  // From axis 0 a batch becomes one vector: that of an image, where the batch is one image.
  if (first != 0 && first != 1) fail("flattens from axis {}", axis);
  lower_reshape();
}

/// Also squeeze and flatten: what counts is the output's shape.
void Lowering::lower_reshape() {
  const Dims& from = dims(0);
  const Dims& to = values_.dims(node_->outputs[0]);
  if (reshape_halves(from, to) || reshape_groups(from, to) || reshape_vector(from, to)) return;
  Lowered x = input(0);
  if (from == to) {
    define(x);
    return;
  }
  if (reshape_image(x, to)) return;
  // A vector, perhaps with axes of one element after it.
  const bool vector_shape = to.size() >= 2 && to.size() <= 3 && to[0] == from[0] &&
                            std::all_of(to.begin() + 2, to.end(), [](auto e) { return e == 1; });
  if (!vector_shape || from.empty() || x.flat)
    fail("makes {} of {}, expected a vector of each image", to_string(to), to_string(from));
  if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
  if (x.value == network::kInputImage) {
    Lowered vector = x;
    vector.flat = true;
    define(vector);
    return;
  }
  Lowered vector = x;
  vector.coded = x.coded || x.shared;
  vector.value = emit(network::Flatten{}, {vector.coded ? codes(x) : x.value});
  vector.flat = true;
  vector.shared = false;
  define(vector);
}

/// An image whose axes change places while its numbers keep their order, because it has one channel
/// or one pixel; an image that gets back an axis of size 1; or the vector that the graph reads, as
/// the image that it is.
bool Lowering::reshape_image(Lowered& x, const Dims& to) {
  const Dims& from = dims(0);
  const Dims first{from[0], x.image.channels, x.image.height, x.image.width};
  const Dims last{from[0], x.image.height, x.image.width, x.image.channels};
  const bool turns = x.image.channels == 1 || x.image.height * x.image.width == 1;
  if (x.flat && !x.coded && x.value == network::kInputImage && to == first) {
    x.flat = false;
    define(x);
    return true;
  }
  if (x.flat || to.size() != 4) return false;
  if (from.size() == 3 ? to != first : !turns || (to != first && to != last)) return false;
  x.channels_last = to != first;
  define(x);
  return true;
}

/// The reshapes around a channel shuffle: channels become two axes, which then become one again.
bool Lowering::reshape_halves(const Dims& from, const Dims& to) {
  const Lowered& open = open_input(0);
  if (from.size() == 4 && to.size() == 5 && !open.flat && !open.channels_last) {
    Lowered x = input(0);
    if (to[1] * to[2] != x.image.channels || to[3] != from[2] || to[4] != from[3]) return false;
    x.halves = {static_cast<int>(to[1]), static_cast<int>(to[2])};
    define(x);
    return true;
  }
  if (open.halves[0] == 0) return false;
  Lowered x = open;
  const auto [first, second] = x.halves;
  if (from.size() != 5 || to.size() != 4 || to[1] != x.image.channels || to[2] != from[3] ||
      to[3] != from[4])
    fail("makes {} of {}, expected an image with as many channels", to_string(to), to_string(from));
  x.halves = {0, 0};
  std::vector<int> channels;
  for (int c = 0; c < x.image.channels; ++c)
    channels.push_back(x.swapped ? c % first * second + c / first : c);
  x.swapped = false;
  define_channels(x, channels, 0);
  return true;
}

/// The reshapes around the norm of groups: [N, groups, rest], and back.
bool Lowering::reshape_groups(const Dims& from, const Dims& to) {
  const Lowered& open = open_input(0);
  if (open.grouped > 0) {
    Lowered x = open;
    const Dims image = x.flat ? Dims{from[0], x.image.size()}
                              : Dims{from[0], x.image.channels, x.image.height, x.image.width};
    if (to != image)
      fail("makes {} of {}, expected {}", to_string(to), to_string(from), to_string(image));
    x.grouped = 0;
    define(x);
    return true;
  }
  const auto next =
      std::find_if(graph_.nodes().begin(), graph_.nodes().end(), [&](const Node& node) {
        return !node.inputs.empty() && node.inputs[0] == node_->outputs[0];
      });
  if (to.size() != 3 || next == graph_.nodes().end() || next->op != "InstanceNormalization" ||
      open.channels_last)
    return false;
  Lowered x = input(0);
  const std::int64_t channels = x.flat ? x.image.size() : x.image.channels;
  if (x.padded() || to[1] < 1 || channels % to[1] != 0)
    fail("makes {} of {}, expected groups of the channels", to_string(to), to_string(from));
  x.grouped = static_cast<int>(to[1]);
  define(x);
  return true;
}

/// A vector that gets axes of one element, or loses them: an image of one pixel, channels first or
/// last, or a step on the way to one.
bool Lowering::reshape_vector(const Dims& from, const Dims& to) {
  if (!open_input(0).flat || open_input(0).value == network::kInputImage || from == to)
    return false;
  const auto ones = [](const Dims& dims, std::size_t but) {
    for (std::size_t i = 1; i < dims.size(); ++i) {
      if (i != but && dims[i] != 1) return false;
    }
    return true;
  };
  const std::size_t last = to.size() - 1;
  const bool first_axis = to.size() >= 2 && to.size() <= 4 && ones(to, 1);
  if (to.empty() || from.empty() || to[0] != from[0] ||
      (!first_axis && (last != 3 || !ones(to, 3))))
    return false;
  Lowered x = input(0);
  if (x.channels_last && x.image.size() != x.image.channels && to.size() == 4)
    fail("makes {} of a flattened image with channels last", to_string(to));
  if (to.size() == 4) {
    const bool keep = x.coded || x.shared;
    x.value = emit(network::Unflatten{}, {keep ? codes(x) : x.value});
    x.coded = keep;
    x.shared = false;
    x.flat = false;
    x.channels_last = !first_axis;
    x.image = {static_cast<int>(to[first_axis ? 1 : 3]), 1, 1};
  }
  define(x);
  return true;
}

/// One pixel that becomes as many as an image has; the product with that image does so by itself.
void Lowering::lower_expand() {
  Lowered x = input(0);
  const Dims& to = values_.dims(node_->outputs[0]);
  if (to != dims(0)) {
    if (x.flat || x.channels_last || x.padded() || x.image.height * x.image.width != 1 ||
        to.size() != 4 || to[1] != x.image.channels)
      fail("makes {} of {}, expected the pixels of an image", to_string(to), to_string(dims(0)));
    x.repeats = true;
  }
  define(x);
}

void Lowering::lower_transpose() {
  const Dims order = node_->integers("perm", {});
  if (open_input(0).halves[0] > 0) {
    Lowered halves = open_input(0);
    if (order != Dims{0, 2, 1, 3, 4} || halves.swapped)
      fail("orders axes as {}, expected two halves of the channels to change places",
           to_string(order));
    halves.swapped = true;
    define(halves);
    return;
  }
  Lowered x = input(0);
  if (!x.flat && !x.padded() && !x.channels_last && order == Dims{0, 2, 3, 1}) {
    x.channels_last = true;
  } else if (!x.flat && x.channels_last && order == Dims{0, 3, 1, 2}) {
    x.channels_last = false;
  } else {
    fail("orders axes as {}, expected channels first or last", to_string(order));
  }
  define(x);
}

void Lowering::lower_pad() {
  Lowered x = image_input(0);
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
  if (pads.size() != 8 || pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0)
    fail("pads are {}, expected height and width of images", to_string(pads));
  const std::int64_t own[] = {pads[2], pads[3], pads[6], pads[7]};
  for (std::size_t i = 0; i < 4; ++i) {
    if (own[i] < 0 || own[i] > (1 << 20)) fail("pads are {}", to_string(pads));
    x.padding[i] += static_cast<int>(own[i]);
  }
  // `image` stays that of the value itself; padding joins the next window operator.
  define(x);
}

/// Left out with everything after it, which may only be quantizers of the shares.
void Lowering::lower_softmax() {
  const auto rank = static_cast<std::int64_t>(dims(0).size());
  const std::int64_t axis = node_->integer("axis", graph_.opset() < 13 ? 1 : -1);
  if (axis != 1 && axis + rank != 1)
    fail("is over axis {} of {}, expected the classes", axis, to_string(dims(0)));
  std::string value = node_->outputs[0];
  while (value != graph_.outputs()[0]) {
    const auto reads = [&](const Node& node) {
      return std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
    };
    const auto next = std::find_if(graph_.nodes().begin(), graph_.nodes().end(), reads);
    const bool quantizer =
        next != graph_.nodes().end() &&
        (next->op == "QuantizeLinear" || next->op == "DequantizeLinear" || next->op == "Identity");
    if (!quantizer)
      fail("is followed by other operators, expected it at the end, where it is left out");
    value = next->outputs[0];
    after_softmax_.insert(value);
  }
  define(input(0));
}

const std::map<std::string, Lowering::Handler>& Lowering::handlers() {
  static const std::map<std::string, Handler> table{
      {"Abs", &Lowering::lower_function},
      {"Add", &Lowering::lower_add},
      {"AveragePool", &Lowering::lower_average_pool},
      {"BatchNormalization", &Lowering::lower_batch_norm},
      {"Cast", &Lowering::lower_identity},
      {"Celu", &Lowering::lower_elu},
      {"Clip", &Lowering::lower_clip},
      {"Concat", &Lowering::lower_concat},
      {"Conv", &Lowering::lower_conv},
      {"DequantizeLinear", &Lowering::lower_dequantize},
      {"Div", &Lowering::lower_div},
      {"Dropout", &Lowering::lower_identity},
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
      {"Max", &Lowering::lower_two_numbers},
      {"MaxPool", &Lowering::lower_max_pool},
      {"Min", &Lowering::lower_two_numbers},
      {"Mish", &Lowering::lower_function},
      {"Mul", &Lowering::lower_mul},
      {"Neg", &Lowering::lower_function},
      {"PRelu", &Lowering::lower_prelu},
      {"Pad", &Lowering::lower_pad},
      {"Pow", &Lowering::lower_two_numbers},
      {"QuantizeLinear", &Lowering::lower_quantize},
      {"Reciprocal", &Lowering::lower_function},
      {"ReduceMean", &Lowering::lower_reduce_mean},
      {"Relu", &Lowering::lower_relu},
      {"Reshape", &Lowering::lower_reshape},
      {"Round", &Lowering::lower_function},
      {"Selu", &Lowering::lower_elu},
      {"Sigmoid", &Lowering::lower_function},
      {"Slice", &Lowering::lower_slice},
      {"Softmax", &Lowering::lower_softmax},
      {"Softplus", &Lowering::lower_function},
      {"Split", &Lowering::lower_split},
      {"Sqrt", &Lowering::lower_function},
      {"Squeeze", &Lowering::lower_reshape},
      {"Sub", &Lowering::lower_sub},
      {"Sum", &Lowering::lower_sum},
      {"Tanh", &Lowering::lower_function},
      {"Transpose", &Lowering::lower_transpose},
      {"Unsqueeze", &Lowering::lower_reshape},
  };
  return table;
}

}  // namespace brownout::importing
