// SPDX-License-Identifier: Apache-2.0
// Which operators of networks are activations, and which function each is.
#pragma once
#include <type_traits>
#include <variant>

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
inline constexpr Activation kActivationOf<network::Hardtanh> = Activation::kHardtanh;

template <typename Op>
inline constexpr bool kIsActivation = kActivationOf<Op> != Activation::kNone;

inline Activation activation_of(const network::Operator& op) {
  return std::visit([](const auto& one) { return kActivationOf<std::decay_t<decltype(one)>>; }, op);
}

}  // namespace brownout::arithmetic
