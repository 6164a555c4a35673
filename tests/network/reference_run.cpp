// SPDX-License-Identifier: Apache-2.0
// One function per operator, loops as in the definition.
#include "tests/network/reference_run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/network/formula.hpp"

namespace brownout::network {

namespace {

using Values = std::vector<double>;

class Evaluator {
 public:
  Evaluator(const Network& network, const Codes& codes)
      : network_(network), codes_(codes), shapes_(check(network, network.name)) {}

  Values run(const std::uint8_t* pixels) {
    const std::vector<float> image = normalized_image(network_, pixels);
    values_.assign(1, Values(image.begin(), image.end()));
    for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
      const Node& node = network_.nodes[i];
      in_ = shapes_[node.inputs[0]];
      out_ = shapes_[i + 1];
      x_ = &values_[node.inputs[0]];
      node_ = &node;
      Values y = std::visit([this](const auto& op) { return (*this)(op); }, node.op);
      values_.push_back(std::move(y));
    }
    return values_.back();
  }

 private:
  Values decoded(OptionalParameter index) const {
    const ParameterIndex i = *index;
    const Parameter& p = network_.parameters[i];
    Values out(p.values.begin(), p.values.end());
    for (std::size_t e = 0; e < codes_[i].size(); ++e) {
      const auto channel = static_cast<std::int64_t>(e) / p.elements_a_decoding();
      out.push_back(static_cast<double>(decode(p.coding_of(channel), codes_[i][e])));
    }
    return out;
  }
  double at(int c, int y, int x, double outside) const {
    if (y < 0 || x < 0 || y >= in_.height || x >= in_.width) return outside;
    return (*x_)[index(in_, c, y, x)];
  }
  static std::size_t index(const Shape& shape, int c, int y, int x) {
    return static_cast<std::size_t>((std::int64_t{c} * shape.height + y) * shape.width + x);
  }

  Values operator()(const Conv2d& op) const {
    const Values weight = decoded(op.weight);
    const Values bias = op.bias ? decoded(op.bias) : Values();
    const int in_group = in_.channels / op.groups;
    const int out_group = op.out_channels / op.groups;
    Values out;
    for (int o = 0; o < out_.channels; ++o) {
      for (int y = 0; y < out_.height; ++y) {
        for (int x = 0; x < out_.width; ++x) {
          double sum = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(o)];
          std::size_t w = static_cast<std::size_t>(o * in_group * op.kernel[0] * op.kernel[1]);
          for (int i = 0; i < in_group; ++i) {
            for (int ky = 0; ky < op.kernel[0]; ++ky) {
              for (int kx = 0; kx < op.kernel[1]; ++kx) {
                sum += weight[w++] * at(o / out_group * in_group + i,
                                        y * op.stride[0] - op.pads[0] + ky * op.dilation[0],
                                        x * op.stride[1] - op.pads[1] + kx * op.dilation[1], 0.0);
              }
            }
          }
          out.push_back(sum);
        }
      }
    }
    return out;
  }
  Values operator()(const Linear& op) const {
    const Values weight = decoded(op.weight);
    Values out =
        op.bias ? decoded(op.bias) : Values(static_cast<std::size_t>(op.out_features), 0.0);
    for (std::size_t o = 0; o < out.size(); ++o) {
      for (std::size_t i = 0; i < x_->size(); ++i) out[o] += weight[o * x_->size() + i] * (*x_)[i];
    }
    return out;
  }

  template <typename Norm>
  void scale_and_shift(const Norm& op, Values& out) const {
    const std::size_t plane = out.size() / static_cast<std::size_t>(in_.channels);
    const Values scale = op.scale ? decoded(op.scale) : Values();
    const Values shift = op.shift ? decoded(op.shift) : Values();
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!scale.empty()) out[i] *= scale[i / plane] + (op.reparameterized ? 1.0 : 0.0);
      if (!shift.empty()) out[i] += shift[i / plane];
    }
  }
  /// `count` numbers from `begin` on, `step` apart, get mean 0 and deviation 1.
  static void normalize(Values& out, std::size_t begin, std::size_t count, std::size_t step,
                        float eps) {
    double mean = 0.0;
    double variance = 0.0;
    const auto at = [&](std::size_t i) -> double& { return out[begin + i * step]; };
    for (std::size_t i = 0; i < count; ++i) mean += at(i);
    mean /= static_cast<double>(count);
    for (std::size_t i = 0; i < count; ++i) variance += (at(i) - mean) * (at(i) - mean);
    variance /= static_cast<double>(count);
    const double r = 1.0 / std::sqrt(variance + static_cast<double>(eps));
    for (std::size_t i = 0; i < count; ++i) at(i) = (at(i) - mean) * r;
  }
  Values operator()(const GroupNorm& op) const {
    Values out = *x_;
    const std::size_t size = out.size() / static_cast<std::size_t>(op.groups);
    const std::size_t plane = out.size() / static_cast<std::size_t>(in_.channels);
    for (std::size_t begin = 0; begin < out.size(); begin += size) {
      if (!op.each_pixel) {
        normalize(out, begin, size, 1, op.eps);
        continue;
      }
      for (std::size_t pixel = 0; pixel < plane; ++pixel) {
        normalize(out, begin + pixel, size / plane, plane, op.eps);
      }
    }
    scale_and_shift(op, out);
    return out;
  }
  Values operator()(const LocalResponseNorm& op) const {
    Values out;
    for (int c = 0; c < in_.channels; ++c) {
      for (int y = 0; y < in_.height; ++y) {
        for (int x = 0; x < in_.width; ++x) {
          double squares = 0.0;
          for (int i = 0; i < op.size; ++i) {
            const int channel = c - (op.size - 1) / 2 + i;
            if (channel < 0 || channel >= in_.channels) continue;
            squares += std::pow(at(channel, y, x, 0.0), 2.0);
          }
          const double s =
              static_cast<double>(op.bias) + static_cast<double>(op.alpha) * squares / op.size;
          out.push_back(at(c, y, x, 0.0) / std::pow(s, op.quarters / 4.0));
        }
      }
    }
    return out;
  }
  Values operator()(const BatchNorm& op) const {
    Values out = *x_;
    const std::size_t plane = out.size() / static_cast<std::size_t>(in_.channels);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto variance = static_cast<double>(op.variance[i / plane]);
      out[i] = (out[i] - static_cast<double>(op.mean[i / plane])) /
               std::sqrt(variance + static_cast<double>(op.eps));
    }
    scale_and_shift(op, out);
    return out;
  }

  template <typename Function>
  Values each(Function function) const {
    Values out = *x_;
    for (double& value : out) value = function(value);
    return out;
  }
  Values operator()(const Relu&) const {
    return each([](double y) { return std::max(y, 0.0); });
  }
  Values operator()(const Sign&) const {
    return each([](double y) { return y > 0.0 ? 1.0 : -1.0; });
  }
  Values operator()(const Clip& op) const {
    return each([&](double y) {
      return std::clamp(y, static_cast<double>(op.low), static_cast<double>(op.high));
    });
  }
  Values operator()(const PRelu& op) const {
    Values out = *x_;
    const std::size_t plane = out.size() / static_cast<std::size_t>(in_.channels);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const float slope = op.slope.size() == 1 ? op.slope[0] : op.slope[i / plane];
      if (out[i] <= 0.0) out[i] *= static_cast<double>(slope);
    }
    return out;
  }
  /// The table is that of the formula, so both give the same.
  Values operator()(const Lookup& op) const {
    const Formula formula(op.formula);
    return each([&](double y) { return formula(y); });
  }
  Values operator()(const Dequantize&) const { return *x_; }
  Values operator()(const SelectChannels& op) const {
    Values out;
    const std::size_t plane = x_->size() / static_cast<std::size_t>(in_.channels);
    for (const int channel : op.channels) {
      const auto first =
          x_->begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(channel) * plane);
      out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(plane));
    }
    return out;
  }
  Values operator()(const Concat&) const {
    Values out;
    for (const ValueIndex input : node_->inputs) {
      out.insert(out.end(), values_[input].begin(), values_[input].end());
    }
    return out;
  }
  Values operator()(const Multiply&) const {
    Values out = *x_;
    const Values& factor = values_[node_->inputs[1]];
    const std::size_t each = out.size() / factor.size();  // pixels that share a factor
    for (std::size_t i = 0; i < out.size(); ++i) out[i] *= factor[i / each];
    return out;
  }

  /// Calls visit(inside, value) for the window's pixels; reduce() gives the output.
  template <typename Op, typename Reduce>
  Values pool(const Op& op, Reduce reduce) const {
    Values out;
    for (int c = 0; c < out_.channels; ++c) {
      for (int y = 0; y < out_.height; ++y) {
        for (int x = 0; x < out_.width; ++x) {
          Values window;
          for (int ky = 0; ky < op.kernel[0]; ++ky) {
            for (int kx = 0; kx < op.kernel[1]; ++kx) {
              const double value =
                  at(c, y * op.stride[0] - op.pads[0] + ky, x * op.stride[1] - op.pads[1] + kx,
                     -std::numeric_limits<double>::infinity());
              if (std::isfinite(value)) window.push_back(value);
            }
          }
          out.push_back(reduce(window));
        }
      }
    }
    return out;
  }
  Values operator()(const MaxPool& op) const {
    return pool(
        op, [](const Values& window) { return *std::max_element(window.begin(), window.end()); });
  }
  Values operator()(const AveragePool& op) const {
    return pool(op, [&](const Values& window) {
      double sum = 0.0;
      for (const double value : window) sum += value;
      return sum /
             (op.count_pad ? op.kernel[0] * op.kernel[1] : static_cast<double>(window.size()));
    });
  }

  Values operator()(const Flatten&) const { return *x_; }
  Values operator()(const Unflatten&) const { return *x_; }
  Values operator()(const Add&) const {
    Values out = *x_;
    const Values& residual = values_[node_->inputs[1]];
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += residual[i];
    return out;
  }
  Values operator()(const Quantize& op) const {
    const auto scale = static_cast<double>(op.scale);
    return each([&](double y) {
      const double q = std::clamp(std::nearbyint(y / scale) + op.zero_point, 0.0, 255.0);
      return static_cast<double>(op.scale * static_cast<float>(q - op.zero_point));
    });
  }

  const Network& network_;
  const Codes& codes_;
  Shapes shapes_;
  Table<ValueIndex, Values> values_;
  const Values* x_ = nullptr;  // the node at work, its first input, the shapes around it
  const Node* node_ = nullptr;
  Shape in_;
  Shape out_;
};

}  // namespace

std::vector<float> normalized_image(const Network& network, const std::uint8_t* pixels) {
  const Shape& shape = network.input;
  std::vector<float> image;
  for (int c = 0; c < shape.channels; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    for (int i = 0; i < shape.height * shape.width; ++i) {
      const float x = static_cast<float>(pixels[i * shape.channels + c]) / 255.0f;
      image.push_back((x - network.transform.mean[channel]) / network.transform.std[channel]);
    }
  }
  return image;
}

std::vector<double> reference_logits(const Network& network, const Codes& codes,
                                     const std::uint8_t* pixels) {
  return Evaluator(network, codes).run(pixels);
}

}  // namespace brownout::network
