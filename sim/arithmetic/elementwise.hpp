// SPDX-License-Identifier: Apache-2.0
// Operators that work on one number at a time: activations and the residual add.
#pragma once
#include <cstdint>

namespace brownout::arithmetic {

enum class Activation { kNone, kRelu, kSign, kClip, kPRelu };

/// NaN and -0 become +0.
inline float relu(float y) { return y > 0.0f ? y : 0.0f; }

inline float sign(float y) { return y > 0.0f ? 1.0f : -1.0f; }

/// NaN stays NaN.
inline float clip(float y, float low, float high) {
  const float above = y < low ? low : y;
  return above > high ? high : above;
}

inline float prelu(float y, float slope) { return y > 0.0f ? y : slope * y; }

/// `low`: the lower bound of a clip, or the slope of a prelu.
inline float activate(Activation activation, float y, float low, float high) {
  switch (activation) {
    case Activation::kNone:
      return y;
    case Activation::kRelu:
      return relu(y);
    case Activation::kSign:
      return sign(y);
    case Activation::kClip:
      return clip(y, low, high);
    case Activation::kPRelu:
      return prelu(y, low);
  }
  return y;
}

/// fl(s·fl(q - z)): the value of a quantized activation.
inline float activation_value(std::uint8_t q, float scale, int zero_point) {
  return scale * static_cast<float>(q - zero_point);
}

/// y + fl(s_r·fl(q_r - z_r)).
inline float residual_add(float y, std::uint8_t q, float scale, int zero_point) {
  return y + activation_value(q, scale, zero_point);
}

}  // namespace brownout::arithmetic
