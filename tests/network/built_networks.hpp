// SPDX-License-Identifier: Apache-2.0
// Networks built by hand, node by node, for the tests of the rooms above.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/network/network.hpp"

namespace brownout::network {

/// Builds a network node by node; parameters get random codes.
class Builder {
 public:
  Builder(network::Shape input, int classes) {
    network_.name = "built";
    network_.input = input;
    network_.transform.mean.assign(static_cast<std::size_t>(input.channels), 0.0f);
    network_.transform.std.assign(static_cast<std::size_t>(input.channels), 1.0f);
    network_.classes = classes;
  }

  /// A parameter of the given coding; `n` empty = random.
  ParameterIndex parameter(network::Role role, std::vector<std::int64_t> shape,
                           network::Coding coding, std::vector<std::int8_t> n = {}) {
    network::Parameter p;
    p.name = "p" + std::to_string(network_.parameters.size());
    p.role = role;
    p.shape = std::move(shape);
    p.coding = coding;
    const Philox random(network_.parameters.size(), Purpose::kTest);
    const int low = network::n_low(coding);
    const auto range = static_cast<std::uint64_t>(network::n_high(coding) - low + 1);
    for (std::int64_t i = 0; n.empty() && i < p.size(); ++i) {
      p.n.push_back(static_cast<std::int8_t>(
          low + static_cast<int>(random(static_cast<std::uint64_t>(i))[0] % range)));
    }
    if (!n.empty()) p.n = std::move(n);
    network_.parameters.push_back(std::move(p));
    return ParameterIndex(network_.parameters.size() - 1);
  }

  /// Appends a node that reads `inputs`, by default the previous value; returns its value.
  ValueIndex add(network::Operator op, std::vector<ValueIndex> inputs = {}) {
    if (inputs.empty()) inputs = {network_.logits()};
    const std::string name = "n" + std::to_string(network_.nodes.size());
    network_.nodes.push_back({name, std::move(op), std::move(inputs)});
    return network_.logits();
  }

  network::Network& network() { return network_; }

 private:
  network::Network network_;
};

/// A small SimpleNet: wide enough for every vector width and for Winograd, group norms, pools.
inline network::Network simple_network() {
  const network::Coding coding{network::Scheme::kRquant, 8, 0.003f, -0.02f};
  Builder b({1, 12, 12}, 10);
  b.add(network::Quantize{1.0f / 255, 0});
  int channels = 1;
  const auto block = [&](int out, int kernel, bool pool) {
    const auto weight =
        b.parameter(network::Role::kWeight, {out, channels, kernel, kernel}, coding);
    const auto bias = b.parameter(network::Role::kBias, {out}, coding);
    const int pad = kernel / 2;
    b.add(network::Conv2d{weight, bias, out, 1, {kernel, kernel}, {1, 1}, {pad, pad, pad, pad}});
    const auto scale = b.parameter(network::Role::kScale, {out}, coding);
    const auto shift = b.parameter(network::Role::kShift, {out}, coding);
    b.add(network::GroupNorm{scale, shift, 8, 1e-5f, true});
    b.add(network::Relu{});
    if (pool) b.add(network::MaxPool{});
    b.add(network::Quantize{4.0f / 255, 0});
    channels = out;
  };
  block(16, 3, false);
  block(32, 3, true);
  block(64, 3, true);
  block(128, 1, false);
  block(32, 1, false);
  b.add(network::Flatten{});
  const auto weight = b.parameter(network::Role::kWeight, {10, 32 * 9}, coding);
  const auto bias = b.parameter(network::Role::kBias, {10}, coding);
  b.add(network::Linear{weight, bias, 10});
  return b.network();
}

/// Random images of a network's shape.
inline std::vector<std::uint8_t> images_for(const network::Network& network, int count) {
  std::vector<std::uint8_t> pixels;
  const Philox random(99, Purpose::kTest);
  for (std::int64_t i = 0; i < count * network.input.size(); ++i) {
    pixels.push_back(static_cast<std::uint8_t>(random(static_cast<std::uint64_t>(i))[0]));
  }
  return pixels;
}

}  // namespace brownout::network
