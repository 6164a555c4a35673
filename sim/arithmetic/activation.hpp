// SPDX-License-Identifier: Apache-2.0
// Which operators of networks are activations, and which function each is.
#pragma once
#include <cstddef>
#include <type_traits>
#include <variant>
#include <vector>

#include "sim/arithmetic/elementwise.hpp"
#include "sim/network/network.hpp"

namespace brownout::arithmetic {

/// kNone for all other operators.
template <typename Op>
inline constexpr Activation kActivationOf = Activation::kNone;
template <>
inline constexpr Activation kActivationOf<network::Relu> = Activation::kRelu;
template <>
inline constexpr Activation kActivationOf<network::Sign> = Activation::kSign;
template <>
inline constexpr Activation kActivationOf<network::Clip> = Activation::kClip;
template <>
inline constexpr Activation kActivationOf<network::PRelu> = Activation::kPRelu;

template <typename Op>
inline constexpr bool kIsActivation = kActivationOf<Op> != Activation::kNone;

inline Activation activation_of(const network::Operator& op) {
  return std::visit([](const auto& one) { return kActivationOf<std::decay_t<decltype(one)>>; }, op);
}

/// The numbers that an activation needs: low and high of a clip, or the slopes of a prelu as low.
/// One of each, or one for each channel.
struct ActivationBounds {
  std::vector<float> low{0.0f};
  float high = 0.0f;

  float low_of(std::size_t channel) const { return low.size() == 1 ? low[0] : low[channel]; }
};

inline ActivationBounds bounds_of(const network::Operator& op) {
  if (const auto* clip = std::get_if<network::Clip>(&op)) return {{clip->low}, clip->high};
  if (const auto* prelu = std::get_if<network::PRelu>(&op)) return {prelu->slope, 0.0f};
  return {};
}

}  // namespace brownout::arithmetic
