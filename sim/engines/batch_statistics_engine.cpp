// SPDX-License-Identifier: Apache-2.0
// Operator after operator over the whole batch, because a norm needs all of its images at once.
#include "sim/engines/batch_statistics_engine.hpp"

#include <algorithm>
#include <map>

#include "sim/arithmetic/activation.hpp"
#include "sim/arithmetic/input.hpp"
#include "sim/arithmetic/pool.hpp"
#include "sim/base/error.hpp"
#include "sim/datapath/aligned.hpp"
#include "sim/datapath/constants.hpp"
#include "sim/engines/float_convolution.hpp"
#include "sim/network/formula.hpp"

namespace brownout::engines {

namespace {

/// Numbers of one value for all images of a batch, NHWC, one image after the other.
using BatchValue = std::vector<float>;

/// The node that reads a value last.
using LastUse = Table<network::ValueIndex, network::NodeIndex>;

/// The network with the codes of one chip.
struct Constants {
  std::map<network::NodeIndex, FloatConvolution> matrices;  // by node
  std::map<network::NodeIndex, datapath::NormParameters> norms;
};

class BatchWalk {
 public:
  BatchWalk(const network::Network& network, const network::Shapes& shapes,
            const Constants& constants, const LastUse& last_use, int images,
            datapath::AlignedBytes& scratch)
      : network_(network),
        shapes_(shapes),
        constants_(constants),
        last_use_(last_use),
        images_(images),
        scratch_(scratch),
        values_(network.nodes.size() + 1) {}

  const BatchValue& run(const std::uint8_t* pixels) {
    const std::size_t channels = network_.input.channels;
    BatchValue& input = values_[0];
    for (std::size_t i = 0; i < images_ * size_of(network::kInputImage); ++i) {
      const std::size_t c = i % channels;
      input.push_back(arithmetic::normalize_pixel(pixels[i], network_.transform.mean[c],
                                                  network_.transform.std[c]));
    }
    for (const network::NodeIndex number : network_.nodes.indices()) {
      node_ = number;
      const network::Node& node = network_.nodes[number];
      BatchValue out = std::visit([this](const auto& op) { return (*this)(op); }, node.op);
      for (const network::ValueIndex value : node.inputs) {
        if (last_use_[value] == number) BatchValue().swap(values_[value]);
      }
      values_[network::value_of(number)] = std::move(out);
    }
    return values_.back();
  }

 private:
  std::size_t size_of(network::ValueIndex value) const { return shapes_[value].size(); }
  network::ValueIndex input_index(std::size_t i = 0) const {
    return network_.nodes[node_].inputs[i];
  }
  const BatchValue& operand(std::size_t i = 0) const { return values_[input_index(i)]; }
  const network::Shape& in_shape() const { return shapes_[input_index()]; }

  /// `function(in, out)` for each image.
  template <typename Function>
  BatchValue each_image(Function function) const {
    const std::size_t in = size_of(input_index());
    const std::size_t out = size_of(network::value_of(node_));
    BatchValue result(images_ * out);
    for (std::size_t i = 0; i < images_; ++i) {
      function(operand().data() + i * in, result.data() + i * out);
    }
    return result;
  }
  template <typename Function>
  BatchValue map(Function function) const {
    BatchValue result = operand();
    for (float& number : result) number = function(number);
    return result;
  }

  BatchValue matrix() const {
    const FloatConvolution& convolution = constants_.matrices.at(node_);
    return each_image([&](const float* x, float* y) { convolution.run(x, y, scratch_.data()); });
  }
  BatchValue operator()(const network::Conv2d&) const { return matrix(); }
  BatchValue operator()(const network::Linear&) const { return matrix(); }

  /// Sums of `pixels` pixels per channel, row-major.
  void sum(const float* y, std::size_t pixels, std::vector<double>& s1,
           std::vector<double>& s2) const {
    const std::size_t channels = s1.size();
    for (std::size_t i = 0; i < pixels * channels; ++i) {
      arithmetic::add_to_sums(y[i], s1[i % channels], s2[i % channels]);
    }
  }
  std::size_t pixels() const {
    return static_cast<std::size_t>(in_shape().height) * static_cast<std::size_t>(in_shape().width);
  }

  /// `members` channels share the statistics of s1 and s2, over `count` pixels each.
  std::vector<arithmetic::Affine> affine(const std::vector<double>& s1,
                                         const std::vector<double>& s2, std::size_t members,
                                         std::size_t count, float eps) const {
    const datapath::NormParameters& parameters = constants_.norms.at(node_);
    std::vector<arithmetic::Affine> result;
    for (std::size_t c = 0; c < s1.size(); ++c) {
      const std::size_t first = c / members * members;
      const auto statistics = arithmetic::group_statistics(
          &s1[first], &s2[first], static_cast<int>(members), static_cast<int>(count), eps);
      result.push_back(
          arithmetic::group_norm_affine(statistics, parameters.gamma[c], parameters.shift[c]));
    }
    return result;
  }

  static void apply(const std::vector<arithmetic::Affine>& affine, std::size_t pixels,
                    const float* x, float* y) {
    const std::size_t channels = affine.size();
    for (std::size_t i = 0; i < pixels * channels; ++i) {
      y[i] = arithmetic::apply(affine[i % channels], x[i]);
    }
  }

  BatchValue operator()(const network::LocalResponseNorm& op) const {
    const int channels = in_shape().channels;
    return each_image([&](const float* x, float* y) {
      for (std::size_t pixel = 0; pixel < pixels(); ++pixel, x += channels, y += channels) {
        for (int c = 0; c < channels; ++c) {
          y[c] = x[c] * arithmetic::local_response_factor(op, x, channels, c);
        }
      }
    });
  }

  BatchValue operator()(const network::GroupNorm& op) const {
    const std::size_t channels = in_shape().channels;
    return each_image([&](const float* x, float* y) {
      if (op.each_pixel) {
        for (std::size_t pixel = 0; pixel < pixels(); ++pixel, x += channels, y += channels) {
          std::vector<double> s1(channels, 0.0);
          std::vector<double> s2(channels, 0.0);
          sum(x, 1, s1, s2);
          apply(affine(s1, s2, channels / static_cast<std::size_t>(op.groups), 1, op.eps), 1, x, y);
        }
        return;
      }
      std::vector<double> s1(channels, 0.0);
      std::vector<double> s2(channels, 0.0);
      sum(x, pixels(), s1, s2);
      const std::size_t members = channels / static_cast<std::size_t>(op.groups);
      apply(affine(s1, s2, members, pixels(), op.eps), pixels(), x, y);
    });
  }

  /// Images are added in their order, so that the statistics do not depend on threads.
  BatchValue operator()(const network::BatchNorm& op) const {
    const std::size_t channels = in_shape().channels;
    std::vector<double> s1(channels, 0.0);
    std::vector<double> s2(channels, 0.0);
    sum(operand().data(), images_ * pixels(), s1, s2);
    const auto norm = affine(s1, s2, 1, images_ * pixels(), op.eps);
    return each_image([&](const float* x, float* y) { apply(norm, pixels(), x, y); });
  }

  template <typename Op, typename = std::enable_if_t<arithmetic::kIsActivation<Op>>>
  BatchValue operator()(const Op& op) const {
    const arithmetic::ActivationBounds bounds = arithmetic::bounds_of(op);
    const std::size_t channels = in_shape().channels;
    BatchValue result = operand();
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = arithmetic::activate(arithmetic::kActivationOf<Op>, result[i],
                                       bounds.low_of(i % channels), bounds.high);
    }
    return result;
  }

  BatchValue operator()(const network::Lookup& op) const {
    const network::Formula formula(op.formula);
    return map([&](float v) { return static_cast<float>(formula(static_cast<double>(v))); });
  }
  BatchValue operator()(const network::Dequantize&) const { return operand(); }

  BatchValue operator()(const network::SelectChannels& op) const {
    const std::size_t channels = in_shape().channels;
    return each_image([&](const float* x, float* y) {
      for (std::size_t pixel = 0; pixel < pixels(); ++pixel, x += channels) {
        for (const int channel : op.channels) *y++ = x[channel];
      }
    });
  }

  BatchValue operator()(const network::Concat&) const {
    BatchValue result(images_ * size_of(network::value_of(node_)));
    const std::size_t channels = shapes_[network::value_of(node_)].channels;
    std::size_t first = 0;
    for (std::size_t i = 0; i < network_.nodes[node_].inputs.size(); ++i) {
      const std::size_t own = shapes_[input_index(i)].channels;
      for (std::size_t k = 0; k < operand(i).size(); ++k) {
        result[k / own * channels + first + k % own] = operand(i)[k];
      }
      first += own;
    }
    return result;
  }

  BatchValue operator()(const network::Multiply&) const {
    const BatchValue& factor = operand(1);
    const std::size_t image = size_of(input_index());
    const std::size_t own = size_of(input_index(1));
    BatchValue result = operand();
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = result[i] * factor[i / image * own + i % image % own];
    }
    return result;
  }

  BatchValue operator()(const network::MaxPool&) const {
    const auto window = mapping::pool_window(network_, shapes_, node_);
    return each_image(
        [&](const float* x, float* y) { arithmetic::max_pool(window, in_shape().channels, x, y); });
  }
  BatchValue operator()(const network::AveragePool& op) const {
    const auto window = mapping::pool_window(network_, shapes_, node_);
    return each_image([&](const float* x, float* y) {
      arithmetic::average_pool(window, in_shape().channels, op.count_pad, x, y);
    });
  }

  BatchValue operator()(const network::Unflatten&) const { return operand(); }

  BatchValue operator()(const network::Flatten&) const {
    const std::size_t channels = in_shape().channels;
    return each_image([&](const float* x, float* y) {
      for (std::size_t i = 0; i < pixels() * channels; ++i) {
        y[i % channels * pixels() + i / channels] = x[i];
      }
    });
  }

  BatchValue operator()(const network::Add&) const {
    BatchValue result = operand();
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = result[i] + operand(1)[i];
    return result;
  }
  BatchValue operator()(const network::Quantize&) const {
    return operand();
  }  // activations are float

  const network::Network& network_;
  const network::Shapes& shapes_;
  const Constants& constants_;
  const LastUse& last_use_;
  std::size_t images_;
  datapath::AlignedBytes& scratch_;
  Table<network::ValueIndex, BatchValue> values_;
  network::NodeIndex node_;
};

class BatchStatisticsEngine : public Engine {
 public:
  BatchStatisticsEngine(network::SharedNetwork network, int threads, int batch)
      : owner_(std::move(network)),
        network_(*owner_),
        shapes_(network::check(network_, network_.name)),
        batch_(batch),
        last_use_(network_.nodes.size() + 1) {
    BROWNOUT_CHECK(threads >= 1 && batch >= 1, "threads {}, batch {}", threads, batch);
    std::size_t scratch = 0;
    bool batch_norm = false;
    for (const network::NodeIndex node : network_.nodes.indices()) {
      const network::Operator& op = network_.nodes[node].op;
      for (const network::ValueIndex value : network_.nodes[node].inputs) last_use_[value] = node;
      batch_norm = batch_norm || std::holds_alternative<network::BatchNorm>(op);
      if (!network::is_matrix(op)) continue;
      const auto made =
          constants_.matrices.emplace(node, mapping::matrix_node(network_, shapes_, node));
      scratch = std::max(scratch, made.first->second.scratch_bytes());
    }
    if (!batch_norm) {
      throw InputError(
          "the network has no batch norm whose running statistics those of a batch could replace");
    }
    for (int i = 0; i < threads; ++i) scratch_.emplace_back(scratch);
  }

  void set_codes(const network::Codes& codes) override {
    datapath::check_codes(network_, codes);
    for (auto& [node, convolution] : constants_.matrices) convolution.set_codes(network_, codes);
    for (const network::NodeIndex node : network_.nodes.indices()) {
      const network::Operator& op = network_.nodes[node].op;
      if (!std::holds_alternative<network::BatchNorm>(op) &&
          !std::holds_alternative<network::GroupNorm>(op)) {
        continue;
      }
      constants_.norms[node] = datapath::norm_parameters(network_, codes, node,
                                                         shapes_[network::value_of(node)].channels);
    }
  }

  void run(const std::uint8_t* pixels, std::int64_t /*first*/, int count, float* logits,
           int worker) override {
    BatchWalk walk(network_, shapes_, constants_, last_use_, count, scratch_.at(worker));
    const BatchValue& result = walk.run(pixels);
    std::copy(result.begin(), result.end(), logits);
  }

  int preferred_batch() const override { return batch_; }
  std::string name() const override { return "float"; }

 private:
  network::SharedNetwork owner_;
  const network::Network& network_;  // that it owns
  network::Shapes shapes_;
  int batch_;
  LastUse last_use_;
  Constants constants_;
  std::vector<datapath::AlignedBytes> scratch_;  // by worker
};

}  // namespace

std::unique_ptr<Engine> make_batch_statistics_engine(network::SharedNetwork network, int threads,
                                                     int batch) {
  return std::make_unique<BatchStatisticsEngine>(std::move(network), threads, batch);
}

}  // namespace brownout::engines
