// SPDX-License-Identifier: Apache-2.0
// Builds random networks node by node, tracking shapes and rough magnitudes so that activations
// neither vanish nor all saturate.
#include "tests/network/random_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/network/formula.hpp"
#include "sim/network/infer.hpp"
#include "tests/network/random_draws.hpp"
#include "tests/network/random_parameters.hpp"

namespace brownout::network {

namespace {

class Builder {
 public:
  explicit Builder(std::uint64_t seed) : random_(seed, 0), parameters_(random_) {
    network_.name = fmt::format("random-{}", seed);
    network_.input = {random_.integer(1, 4), random_.integer(3, 12), random_.integer(3, 12)};
    network_.classes = random_.integer(2, 10);
    for (int c = 0; c < network_.input.channels; ++c) {
      network_.transform.mean.push_back(static_cast<float>(random_.between(0.1, 0.6)));
      network_.transform.std.push_back(static_cast<float>(random_.between(0.1, 0.5)));
    }
    network_.metadata["seed"] = std::to_string(seed);
    types_.push_back({network_.input, false, false});
    rms_.push_back(2.0);
  }

  Network build() {
    const int blocks = random_.integer(0, 3);
    for (int i = 0; i < blocks; ++i) block();
    if (random_.chance(0.25)) {
      convolutional_tail();
    } else {
      linear_tail();
    }
    return network_;
  }

 private:
  // --- values ---
  const ValueType& type() const { return types_[value_]; }
  double rms() const { return rms_[value_]; }

  /// Appends a node that reads `inputs`; its value becomes the current one.
  void append(const Operator& op, std::vector<ValueIndex> inputs, double rms) {
    const auto number = network_.nodes.size();
    network_.nodes.push_back({fmt::format("{}{}", operator_name(op), number), op, inputs});
    types_.push_back(infer(network_.nodes.back(), types_, network_.name));
    rms_.push_back(std::max(rms, 1e-3));
    value_ = network_.logits();
  }

  ParameterIndex parameter(Role role, std::vector<std::int64_t> shape, double center, double spread,
                           double* rms_out) {
    return parameters_.add(network_, role, std::move(shape), center, spread, rms_out);
  }

  // --- operators ---
  void quantize() {
    const double reach = 3.0 * rms() / 128.0;
    double scale = reach * random_.between(0.4, 2.0);
    if (random_.chance(0.02)) scale = reach * 0.01;
    // Mostly where the values are: 0 after a ReLU, the middle otherwise.
    const bool positive =
        value_ != kInputImage && std::holds_alternative<Relu>(network_.nodes[writer_of(value_)].op);
    int zero_point = positive ? random_.integer(0, 64) : random_.integer(64, 192);
    if (random_.chance(positive ? 0.3 : 0.05)) zero_point = 0;
    if (random_.chance(0.1)) zero_point = random_.integer(0, 255);
    append(Quantize{static_cast<float>(scale), zero_point}, {value_}, rms());
  }

  /// weight, bias → the root mean square of what they compute.
  double matrix_parameters(const std::vector<std::int64_t>& shape, OptionalParameter* weight,
                           OptionalParameter* bias) {
    double reduction = 1.0;
    for (std::size_t i = 1; i < shape.size(); ++i) reduction *= static_cast<double>(shape[i]);
    double weight_rms = 0.0;
    double bias_rms = 0.0;
    const double spread = random_.between(0.5, 2.0) / std::sqrt(reduction);
    *weight = parameter(Role::kWeight, shape, 0.0, spread, &weight_rms);
    if (random_.chance(0.6)) {
      *bias = parameter(Role::kBias, {shape[0]}, 0.0, 0.5 * rms(), &bias_rms);
    }
    return std::sqrt(reduction) * weight_rms * rms() + bias_rms;
  }

  void conv(Conv2d op) {
    const double out = matrix_parameters(
        {op.out_channels, type().shape.channels / op.groups, op.kernel[0], op.kernel[1]},
        &op.weight, &op.bias);
    append(op, {value_}, out);
  }

  void linear(int out_features) {
    Linear op;
    op.out_features = out_features;
    const double out =
        matrix_parameters({out_features, type().shape.channels}, &op.weight, &op.bias);
    append(op, {value_}, out);
  }

  /// Any convolution that fits the image.
  Conv2d random_conv() {
    const Shape& in = type().shape;
    Conv2d op;
    op.out_channels = random_.chance(0.15) ? random_.integer(16, 48) : random_.integer(2, 9);
    if (random_.chance(0.25)) {  // depthwise, sometimes with a multiplier
      op.groups = in.channels;
      op.out_channels = in.channels * (random_.chance(0.2) ? 2 : 1);
    } else if (random_.chance(0.25)) {
      op.groups = divisor(in.channels);
      op.out_channels = op.groups * random_.integer(1, 4);
    }
    const std::array<int, 2> extent{in.height, in.width};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      op.kernel[axis] = random_.integer(1, std::min(5, extent[axis]));
      op.stride[axis] = random_.chance(0.6) ? 1 : random_.integer(1, 3);
      op.pads[axis] = random_.integer(0, op.kernel[axis] - 1);
      op.pads[axis + 2] =
          random_.chance(0.6) ? op.pads[axis] : random_.integer(0, op.kernel[axis] - 1);
      if (op.kernel[axis] > 1 && random_.chance(0.2)) {
        const int room = extent[axis] + op.pads[axis] + op.pads[axis + 2] - 1;
        op.dilation[axis] = random_.integer(1, std::min(3, room / (op.kernel[axis] - 1)));
      }
    }
    return op;
  }

  int divisor(int number) {
    int found = random_.integer(1, number);
    while (number % found != 0) --found;
    return found;
  }

  void norm() {
    const int channels = type().shape.channels;
    const auto eps = static_cast<float>(random_.chance(0.7) ? 1e-5 : random_.between(1e-6, 1e-2));
    double scale_rms = 1.0;
    double shift_rms = 0.0;
    const auto add_parameters = [&](auto& op) {
      if (random_.chance(0.75)) {
        op.reparameterized = random_.chance(0.5);
        op.scale =
            parameter(Role::kScale, {channels}, op.reparameterized ? 0.0 : 1.0, 0.5, &scale_rms);
        if (op.reparameterized) scale_rms += 1.0;
      }
      if (random_.chance(0.75)) {
        op.shift = parameter(Role::kShift, {channels}, 0.0, 0.5, &shift_rms);
      }
    };
    if (random_.chance(0.12)) {
      local_response_norm();
      return;
    }
    if (random_.chance(0.6)) {
      GroupNorm op;
      op.groups = divisor(channels);
      // Groups of one value are always 0, so they are rare.
      if (op.groups == type().shape.size() && random_.chance(0.9)) op.groups = 1;
      op.each_pixel = !type().flat && channels > 3 && random_.chance(0.4);
      if (op.each_pixel && channels / op.groups < 3 && random_.chance(0.9)) op.groups = 1;
      op.eps = eps;
      add_parameters(op);
      append(op, {value_}, scale_rms + shift_rms);
      return;
    }
    BatchNorm op;
    op.eps = eps;
    for (int c = 0; c < channels; ++c) {
      op.mean.push_back(static_cast<float>(random_.between(-0.5, 0.5) * rms()));
      const double spread = random_.chance(0.03) ? 0.0 : random_.between(0.4, 2.0) * rms();
      op.variance.push_back(static_cast<float>(spread * spread));
    }
    add_parameters(op);
    append(op, {value_}, scale_rms + shift_rms);
  }

  void local_response_norm() {
    LocalResponseNorm op;
    op.size = random_.integer(1, 7);
    op.alpha = static_cast<float>(random_.between(0.0, 2.0));
    op.bias = static_cast<float>(random_.between(0.5, 2.0));
    op.quarters = random_.integer(1, 8);
    const double s = static_cast<double>(op.bias) + static_cast<double>(op.alpha) * rms() * rms();
    append(op, {value_}, rms() / std::pow(s, 0.25 * op.quarters));
  }

  void activation() {
    const int kind = random_.integer(0, 9);
    if (kind <= 3) append(Relu{}, {value_}, rms());
    if (kind == 4) append(Sign{}, {value_}, 1.0);
    if (kind == 5) append(Clip{}, {value_}, std::min(rms(), 1.0));
    if (kind == 6) append(Clip{0.0f, 6.0f}, {value_}, std::min(rms(), 3.0));
    if (kind == 7) prelu();
    if (kind >= 8) lookup();
  }

  void prelu() {
    PRelu op;
    const int slopes = random_.chance(0.5) ? 1 : type().shape.channels;
    for (int c = 0; c < slopes; ++c) {
      op.slope.push_back(static_cast<float>(random_.between(-0.5, 0.5)));
    }
    append(op, {value_}, rms());
  }

  /// Any function, behind a quantizer whose codes others may read, too.
  void lookup() {
    static const char* const formulas[] = {"x sigmoid",
                                           "x x sigmoid *",
                                           "x tanh",
                                           "x 3 + 0 max 6 min x * 6 /",
                                           "x 2 sqrt / erf 1 + x * 2 /",
                                           "x exp 1 - x max 4 min"};
    quantize();
    const Quantize& codes = quantizer_of(network_, value_);
    Lookup op;
    op.formula = formulas[random_.integer(0, 5)];
    op.table = lookup_table(Formula(op.formula), codes.scale, codes.zero_point);
    double squares = 0.0;
    for (int i = 0; i < 256; ++i) {
      const double y = op.table[static_cast<std::size_t>(i)];
      squares += y * y;
    }
    const double out = std::min(std::sqrt(squares / 256.0), 2.0 * rms() + 1.0);
    append(op, {value_}, out);
  }

  /// A quantized value as numbers again.
  void dequantize() {
    quantize();
    append(Dequantize{}, {value_}, rms());
  }

  /// Another order of the channels, or a part of them, some perhaps twice.
  void select() {
    SelectChannels op;
    const int channels = type().shape.channels;
    const int selected = random_.integer(1, channels + 1);
    for (int c = 0; c < selected; ++c) op.channels.push_back(random_.integer(0, channels - 1));
    if (random_.chance(0.6)) {
      quantize();
      append(op, {value_}, rms());
      append(Dequantize{}, {value_}, rms());
    } else {
      append(op, {value_}, rms());
    }
  }

  /// The value beside itself, quantized in another way, and beside a convolution of it.
  void concat() {
    const ValueIndex before = value_;
    const double own = rms();
    std::vector<ValueIndex> parts;
    for (int i = random_.integer(2, 4); i > 0; --i) {
      value_ = before;
      quantize();
      const ValueIndex codes = value_;
      if (i == 1 && random_.chance(0.6)) {
        conv(same_conv(random_.integer(1, 6), 1));
        quantize();
      }
      parts.push_back(value_);
      value_ = codes;
    }
    append(Concat{}, parts, own);
  }

  /// y·f, with f of all pixels or of one that is squeezed out of y.
  void multiply() {
    const ValueIndex before = value_;
    const double own = rms();
    if (random_.chance(0.7)) global_pool();
    const bool vectors = type().shape.height * type().shape.width == 1 && random_.chance(0.5);
    quantize();
    if (vectors) {
      append(Flatten{}, {value_}, rms());
      linear(type().shape.channels);
    } else {
      conv(pointwise(type().shape.channels));
    }
    if (random_.chance(0.5)) lookup();
    const bool first = random_.chance(0.5);  // the vector becomes an image, then codes
    if (vectors && first) append(Unflatten{}, {value_}, rms());
    quantize();
    if (vectors && !first) append(Unflatten{}, {value_}, rms());
    const ValueIndex factor = value_;
    value_ = before;
    append(Multiply{}, {before, factor}, own * rms_[factor]);
  }

  Conv2d pointwise(int out_channels) {
    Conv2d op;
    op.out_channels = out_channels;
    return op;
  }

  /// Operators that join and arrange values.
  void arrange() {
    const int kind = random_.integer(0, 5);
    if (kind == 0) dequantize();
    if (kind == 1) select();
    if (kind == 2) concat();
    if (kind == 3) multiply();
  }

  template <typename Pool>
  void pool_with(Pool op) {
    const std::array<int, 2> extent{type().shape.height, type().shape.width};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      op.kernel[axis] = random_.integer(1, std::min(3, extent[axis]));
      op.stride[axis] = random_.integer(1, 3);
      op.pads[axis] = random_.integer(0, op.kernel[axis] - 1);
      op.pads[axis + 2] = random_.integer(0, op.kernel[axis] - 1);
    }
    append(op, {value_}, rms());
  }

  void pool() {
    if (random_.chance(0.5)) {
      pool_with(MaxPool{});
    } else {
      AveragePool op;
      op.count_pad = random_.chance(0.5);
      pool_with(op);
    }
  }

  void global_pool() {
    const std::array<int, 2> window{type().shape.height, type().shape.width};
    if (random_.chance(0.5)) {
      append(AveragePool{window, {1, 1}, {0, 0, 0, 0}, false}, {value_}, rms());
    } else {
      append(MaxPool{window, {1, 1}, {0, 0, 0, 0}}, {value_}, rms());
    }
  }

  /// Quantize → matrix operator → vector operators; the value stays fp32.
  void block() {
    const ValueIndex before = value_;
    quantize();
    const int kind = random_.integer(0, 3);
    if (kind == 0) residual_block(before);
    if (kind == 1) projection_block();
    if (kind >= 2) {
      conv(random_conv());
      if (random_.chance(0.6)) norm();
      if (random_.chance(0.7)) activation();
      if (random_.chance(0.4)) pool();
    }
    arrange();
  }

  Conv2d same_conv(int out_channels, int stride) {
    Conv2d op;
    op.out_channels = out_channels;
    const int radius = random_.integer(0, 1);
    op.kernel = {2 * radius + 1, 2 * radius + 1};
    op.pads = {radius, radius, radius, radius};
    op.stride = {stride, stride};
    return op;
  }

  /// y = conv(q) + q, or + a second quantization of the same value.
  void residual_block(ValueIndex before) {
    const ValueIndex quantized = value_;
    ValueIndex residual = value_;
    if (random_.chance(0.4)) {
      value_ = before;
      quantize();
      residual = value_;
      value_ = quantized;
    }
    conv(same_conv(type().shape.channels, 1));
    if (random_.chance(0.6)) norm();
    append(Add{}, {value_, residual}, rms() + rms_[residual]);
    if (random_.chance(0.7)) activation();
  }

  /// y = conv(q) + quantize(norm(conv1x1(q))).
  void projection_block() {
    const ValueIndex quantized = value_;
    const int channels = random_.integer(1, 8);
    const int stride = random_.integer(1, 2);
    Conv2d projection;
    projection.out_channels = channels;
    projection.stride = {stride, stride};
    conv(projection);
    if (random_.chance(0.5)) norm();
    quantize();
    const ValueIndex residual = value_;
    value_ = quantized;
    conv(same_conv(channels, stride));
    if (random_.chance(0.5)) norm();
    append(Add{}, {value_, residual}, rms() + rms_[residual]);
    if (random_.chance(0.7)) activation();
  }

  void linear_tail() {
    if (value_ != kInputImage && random_.chance(0.4)) global_pool();
    if (value_ == kInputImage || random_.chance(0.5)) {
      quantize();
      append(Flatten{}, {value_}, rms());
    } else {
      append(Flatten{}, {value_}, rms());
      quantize();
    }
    if (random_.chance(0.5)) {
      linear(random_.integer(2, 40));
      if (random_.chance(0.6)) norm();
      if (random_.chance(0.7)) activation();
      quantize();
      if (random_.chance(0.3)) {  // a residual of vectors
        const ValueIndex residual = value_;
        linear(type().shape.channels);
        append(Add{}, {value_, residual}, rms() + rms_[residual]);
        quantize();
      }
    }
    linear(network_.classes);
    if (random_.chance(0.2)) norm();
  }

  void convolutional_tail() {
    quantize();
    Conv2d op;
    op.out_channels = network_.classes;
    conv(op);
    if (random_.chance(0.3)) norm();
    global_pool();
    if (random_.chance(0.5)) append(Flatten{}, {value_}, rms());
  }

  Random random_;
  Network network_;
  RandomParameters parameters_;
  ValueTypes types_;
  Table<ValueIndex, double> rms_;
  ValueIndex value_;
};

}  // namespace

Network random_network(std::uint64_t seed) { return Builder(seed).build(); }

}  // namespace brownout::network
