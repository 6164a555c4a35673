// SPDX-License-Identifier: Apache-2.0
// From the matrix unit's integers to fp32: y = fl(fl(fl(A·fl(acc)) + fl(B·fl(sum))) + bias).
#pragma once
#include <cstdint>

namespace brownout::arithmetic {

/// A = fl(alpha·s), B = fl(beta·s): the weights' decoding times the scale of the activations.
struct Dequantization {
  float a = 1.0f;
  float b = 0.0f;

  Dequantization() = default;
  Dequantization(float alpha, float beta, float activation_scale)
      : a(alpha * activation_scale), b(beta * activation_scale) {}
};

inline float dequantize(const Dequantization& d, std::int32_t acc, std::int32_t sum, float bias) {
  const float product = d.a * static_cast<float>(acc);
  const float offset = d.b * static_cast<float>(sum);
  const float y = product + offset;
  return y + bias;
}

/// True when fl(B·fl(sum)) can never change a bit of y, so that an engine need not compute `sum`.
/// With B = ±0 the offset is ±0. With A > 0 the product is not -0 (acc = 0 gives +0, and A times a
/// non-zero integer does not underflow), and x + ±0 = x for every x but -0.
inline bool sum_is_idle(const Dequantization& d) { return d.b == 0.0f && d.a > 0.0f; }

}  // namespace brownout::arithmetic
