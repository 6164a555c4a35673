// SPDX-License-Identifier: Apache-2.0
// Each operator is visited once, and every value of an image is kept.
#include "sim/engines/reference_engine.hpp"

#include <algorithm>
#include <optional>

#include "sim/arithmetic/activation.hpp"
#include "sim/arithmetic/input.hpp"
#include "sim/arithmetic/pool.hpp"
#include "sim/datapath/constants.hpp"
#include "sim/engines/reference_faults.hpp"

namespace brownout::engines {

namespace {

/// NHWC; quantized values hold codes, the others fp32.
struct Value {
  std::vector<std::uint8_t> codes;
  std::vector<float> numbers;
};

/// One image on its way through the network.
class Walk {
 public:
  Walk(const network::Network& network, const network::Shapes& shapes, const network::Codes& codes,
       const ReferenceFaults* faults)
      : network_(network), shapes_(shapes), codes_(codes), faults_(faults) {}

  std::vector<float> run(const std::uint8_t* pixels) {
    values_.push_back(input(faults_ != nullptr ? faults_->pixels(pixels).data() : pixels));
    for (const network::NodeIndex number : network_.nodes.indices()) {
      node_ = number;
      const network::Node& node = network_.nodes[number];
      values_.push_back(std::visit([this](const auto& op) { return (*this)(op); }, node.op));
      if (faults_ == nullptr) continue;
      const auto writer = faults_->writer_of(network::value_of(number));
      if (writer) faults_->write(*writer, values_.back().codes, values_.back().numbers);
    }
    return values_.back().numbers;
  }

 private:
  Value input(const std::uint8_t* pixels) const {
    const std::size_t channels = network_.input.channels;
    Value value;
    for (std::size_t i = 0; i < static_cast<std::size_t>(network_.input.size()); ++i) {
      const std::size_t c = i % channels;
      value.numbers.push_back(arithmetic::normalize_pixel(pixels[i], network_.transform.mean[c],
                                                          network_.transform.std[c]));
    }
    return value;
  }

  network::ValueIndex input_index(std::size_t i = 0) const {
    return network_.nodes[node_].inputs[i];
  }
  const Value& operand(std::size_t i = 0) const { return values_[input_index(i)]; }
  const network::Shape& in_shape() const { return shapes_[input_index()]; }
  std::size_t out_size() const { return shapes_[network::value_of(node_)].size(); }

  Value matrix() {
    const mapping::MatrixNode node = mapping::matrix_node(network_, shapes_, node_);
    const arithmetic::Matrix& shape = node.matrix;
    const int zero_point = network::quantizer_of(network_, input_index()).zero_point;
    const std::size_t pixels = shape.window.out_pixels();
    const std::size_t channels = shape.out_channels;
    const std::size_t groups = shape.groups;

    std::vector<std::int32_t> acc(pixels * channels);
    std::vector<std::int32_t> sum(pixels * groups);
    const auto& n = codes_[*node.weight];
    arithmetic::accumulate(shape, operand().codes.data(), zero_point, n.data(), acc.data());
    arithmetic::sum_lane(shape, operand().codes.data(), zero_point, sum.data());

    const auto d = datapath::dequantization(network_, node_);
    const auto bias =
        datapath::parameter_values(network_, codes_, node.bias, shape.out_channels, 0.0f);
    Value out;
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t group = c / static_cast<std::size_t>(shape.group_outputs());
        out.numbers.push_back(
            arithmetic::dequantize(d[c], acc[p * channels + c], sum[p * groups + group], bias[c]));
      }
    }
    if (faults_ != nullptr) read_through_faults(node, zero_point, d, bias, out);
    return out;
  }

  /// The numbers as faulty accumulators change them.
  void read_through_faults(const mapping::MatrixNode& node, int zero_point,
                           const std::vector<arithmetic::Dequantization>& d,
                           const std::vector<float>& bias, Value& out) {
    const mapping::LayerIndex number = faults_->layer_of_matrix(node_);
    const int channels = node.matrix.out_channels;
    const std::int8_t* n = codes_[*node.weight].data();
    for (std::size_t i = 0; i < out.numbers.size(); ++i) {
      const auto channel = static_cast<int>(i) % channels;
      const ReferenceFaults::Drained drained = faults_->accumulate(
          number, operand().codes.data(), zero_point, n, static_cast<int>(i) / channels, channel);
      out.numbers[i] = arithmetic::dequantize(d[channel], drained.acc, drained.sum, bias[channel]);
    }
  }

  Value operator()(const network::Conv2d&) { return matrix(); }
  Value operator()(const network::Linear&) { return matrix(); }

  template <typename Function>
  Value map(Function function) const {
    Value out;
    out.numbers.reserve(operand().numbers.size());
    for (std::size_t i = 0; i < operand().numbers.size(); ++i) {
      out.numbers.push_back(function(operand().numbers[i], i));
    }
    return out;
  }

  /// The norm of each pixel: one affine a channel and pixel, of numbers before they are staged.
  Value pixel_norm(const network::GroupNorm& op) const {
    const int channels = in_shape().channels;
    const int members = channels / op.groups;
    const datapath::NormParameters parameters =
        datapath::norm_parameters(network_, codes_, node_, channels);
    const std::vector<float>& y = operand().numbers;
    Value out{{}, y};
    if (faults_ != nullptr) faults_->stage(node_, out.numbers);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(channels);
      const std::size_t first = i - c % static_cast<std::size_t>(members);
      const auto statistics = arithmetic::pixel_statistics(&y[first], members, op.eps);
      out.numbers[i] = arithmetic::apply(
          arithmetic::group_norm_affine(statistics, parameters.gamma[c], parameters.shift[c]),
          out.numbers[i]);
    }
    return out;
  }

  Value operator()(const network::LocalResponseNorm& op) const {
    const auto channels = static_cast<std::size_t>(in_shape().channels);
    const std::vector<float>& y = operand().numbers;
    Value out{{}, y};
    if (faults_ != nullptr) faults_->stage(node_, out.numbers);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t c = i % channels;
      const float factor = arithmetic::local_response_factor(
          op, &y[i - c], static_cast<int>(channels), static_cast<int>(c));
      out.numbers[i] = out.numbers[i] * factor;
    }
    return out;
  }

  Value operator()(const network::GroupNorm& op) const {
    if (op.each_pixel) return pixel_norm(op);
    const std::size_t channels = in_shape().channels;
    const std::vector<float>& y = operand().numbers;
    std::vector<double> s1(channels, 0.0);
    std::vector<double> s2(channels, 0.0);
    for (std::size_t i = 0; i < y.size(); ++i) {
      arithmetic::add_to_sums(y[i], s1[i % channels], s2[i % channels]);
    }
    const datapath::NormParameters parameters =
        datapath::norm_parameters(network_, codes_, node_, in_shape().channels);
    const std::size_t members = channels / static_cast<std::size_t>(op.groups);
    std::vector<arithmetic::Affine> affine;
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t first = c / members * members;
      const auto statistics =
          arithmetic::group_statistics(&s1[first], &s2[first], static_cast<int>(members),
                                       in_shape().height * in_shape().width, op.eps);
      affine.push_back(
          arithmetic::group_norm_affine(statistics, parameters.gamma[c], parameters.shift[c]));
    }
    // The sums are those of the numbers on their way into a staging memory, not of what is read
    // back.
    Value out{{}, y};
    if (faults_ != nullptr) faults_->stage(node_, out.numbers);
    for (std::size_t i = 0; i < out.numbers.size(); ++i) {
      out.numbers[i] = arithmetic::apply(affine[i % channels], out.numbers[i]);
    }
    return out;
  }

  Value operator()(const network::BatchNorm&) const {
    const std::size_t channels = in_shape().channels;
    const auto affine = datapath::batch_norm(network_, codes_, node_, in_shape().channels);
    return map([&](float v, std::size_t i) { return arithmetic::apply(affine[i % channels], v); });
  }

  template <typename Op, typename = std::enable_if_t<arithmetic::kIsActivation<Op>>>
  Value operator()(const Op& op) const {
    const arithmetic::ActivationBounds bounds = arithmetic::bounds_of(op);
    const std::size_t channels = in_shape().channels;
    return map([&](float v, std::size_t i) {
      return arithmetic::activate(arithmetic::kActivationOf<Op>, v, bounds.low_of(i % channels),
                                  bounds.high);
    });
  }

  Value operator()(const network::Lookup& op) const {
    Value out;
    for (const std::uint8_t q : operand().codes) out.numbers.push_back(op.table[q]);
    return out;
  }
  Value operator()(const network::Dequantize&) const { return {{}, numbers_of(0)}; }

  /// The numbers of a quantized operand.
  std::vector<float> numbers_of(std::size_t i) const {
    const network::Quantize& quantize = network::quantizer_of(network_, input_index(i));
    std::vector<float> numbers;
    for (const std::uint8_t q : operand(i).codes) {
      numbers.push_back(arithmetic::activation_value(q, quantize.scale, quantize.zero_point));
    }
    return numbers;
  }

  Value operator()(const network::SelectChannels& op) const {
    const std::size_t channels = in_shape().channels;
    const auto select = [&](const auto& from) {
      std::decay_t<decltype(from)> to;
      for (std::size_t pixel = 0; pixel < from.size(); pixel += channels) {
        for (const int channel : op.channels) {
          to.push_back(from[pixel + static_cast<std::size_t>(channel)]);
        }
      }
      return to;
    };
    return {select(operand().codes), select(operand().numbers)};
  }

  Value operator()(const network::Concat&) const {
    Value out;
    out.numbers.resize(out_size());
    const std::size_t channels = shapes_[network::value_of(node_)].channels;
    std::size_t first = 0;
    for (std::size_t i = 0; i < network_.nodes[node_].inputs.size(); ++i) {
      const std::vector<float> numbers = numbers_of(i);
      const std::size_t own = shapes_[input_index(i)].channels;
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        out.numbers[k / own * channels + first + k % own] = numbers[k];
      }
      first += own;
    }
    return out;
  }

  Value operator()(const network::Multiply&) const {
    const std::vector<float> factor = numbers_of(1);  // of all pixels, or of one
    return map([&](float v, std::size_t i) { return v * factor[i % factor.size()]; });
  }

  Value operator()(const network::MaxPool&) const {
    Value out;
    out.numbers.resize(out_size());
    arithmetic::max_pool(mapping::pool_window(network_, shapes_, node_), in_shape().channels,
                         operand().numbers.data(), out.numbers.data());
    return out;
  }
  Value operator()(const network::AveragePool& op) const {
    Value out;
    out.numbers.resize(out_size());
    arithmetic::average_pool(mapping::pool_window(network_, shapes_, node_), in_shape().channels,
                             op.count_pad, operand().numbers.data(), out.numbers.data());
    return out;
  }

  Value operator()(const network::Unflatten&) const { return operand(); }

  Value operator()(const network::Flatten&) const {
    const std::size_t channels = in_shape().channels;
    const auto to_chw = [&](const auto& from) {
      auto to = from;
      const std::size_t pixels = from.size() / channels;
      for (std::size_t i = 0; i < from.size(); ++i) {
        to[i % channels * pixels + i / channels] = from[i];
      }
      return to;
    };
    return {to_chw(operand().codes), to_chw(operand().numbers)};
  }

  Value operator()(const network::Add&) const {
    const network::Quantize& residual = network::quantizer_of(network_, input_index(1));
    const std::vector<std::uint8_t>& q = operand(1).codes;
    return map([&](float v, std::size_t i) {
      return arithmetic::residual_add(v, q[i], residual.scale, residual.zero_point);
    });
  }

  Value operator()(const network::Quantize& op) const {
    Value out;
    for (const float y : operand().numbers) {
      out.codes.push_back(arithmetic::requantize(y, op.scale, op.zero_point));
    }
    return out;
  }

  const network::Network& network_;
  const network::Shapes& shapes_;
  const network::Codes& codes_;
  const ReferenceFaults* faults_;
  Table<network::ValueIndex, Value> values_;
  network::NodeIndex node_;
};

}  // namespace

ReferenceEngine::ReferenceEngine(network::SharedNetwork network)
    : network_(std::move(network)), shapes_(network::check(*network_, network_->name)) {}

void ReferenceEngine::set_codes(const network::Codes& codes) {
  datapath::check_codes(*network_, codes);
  codes_ = codes;
}

void ReferenceEngine::run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
                          int /*worker*/) {
  for (int i = 0; i < count; ++i) {
    std::optional<ReferenceFaults> faults;
    if (faults_.any()) faults.emplace(*network_, faults_, first + i);
    const auto result = Walk(*network_, shapes_, codes_, faults ? &*faults : nullptr)
                            .run(pixels + i * network_->input.size());
    logits = std::copy(result.begin(), result.end(), logits);
    if (!faults) continue;
    const std::lock_guard<std::mutex> lock(counting_);
    bits_wrong_ += faults->bits_wrong();
  }
}

}  // namespace brownout::engines
