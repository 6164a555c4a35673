// SPDX-License-Identifier: Apache-2.0
// Test helper: one small network with known names, for messages that name them.
#pragma once
#include "sim/network/network.hpp"

namespace brownout::network {

/// 1×4×4 image → quantize "q0" → conv "conv1" (weight 2×1×3×3, bias) → group norm "gn1" (scale
/// 1 + a', shift) → relu "relu1" → flatten "flatten1" → quantize "q1" → linear "fc" (weight 3×8).
inline Network small_network() {
  Network network;
  network.name = "small";
  network.input = {1, 4, 4};
  network.classes = 3;
  network.transform = {{0.25f}, {0.5f}};
  const auto coded = [&](const char* name, Role role, std::vector<std::int64_t> shape) {
    Parameter p;
    p.name = name;
    p.role = role;
    p.shape = std::move(shape);
    p.coding = Coding{Scheme::kRquant, 4, 0.125f, 0.5f};
    for (std::int64_t i = 0; i < p.size(); ++i) p.n.push_back(static_cast<std::int8_t>(i % 15 - 7));
    network.parameters.push_back(p);
    return ParameterIndex(network.parameters.size() - 1);
  };
  Conv2d conv;
  conv.weight = coded("conv1.weight", Role::kWeight, {2, 1, 3, 3});
  conv.bias = coded("conv1.bias", Role::kBias, {2});
  conv.out_channels = 2;
  conv.kernel = {3, 3};
  GroupNorm norm;
  norm.scale = coded("gn1.scale", Role::kScale, {2});
  norm.shift = coded("gn1.shift", Role::kShift, {2});
  Linear linear;
  linear.weight = coded("fc.weight", Role::kWeight, {3, 8});
  linear.out_features = 3;
  network.nodes = {{"q0", Quantize{0.5f, 3}, {ValueIndex(0)}},
                   {"conv1", conv, {ValueIndex(1)}},
                   {"gn1", norm, {ValueIndex(2)}},
                   {"relu1", Relu{}, {ValueIndex(3)}},
                   {"flatten1", Flatten{}, {ValueIndex(4)}},
                   {"q1", Quantize{0.25f, 0}, {ValueIndex(5)}},
                   {"fc", linear, {ValueIndex(6)}}};
  return network;
}

}  // namespace brownout::network
