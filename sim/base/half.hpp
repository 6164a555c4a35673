// SPDX-License-Identifier: Apache-2.0
// Numbers of IEEE half precision.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace brownout {

/// Every one of them is a float.
inline float from_half(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits} >> 15;
  const std::uint32_t exponent = std::uint32_t{bits} >> 10 & 31;
  const std::uint32_t fraction = bits & 1023u;
  float magnitude = 0.0f;
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction | 1024u), static_cast<int>(exponent) - 25);
  }
  return sign != 0 ? -magnitude : magnitude;
}

}  // namespace brownout
