// SPDX-License-Identifier: Apache-2.0
// fp32 -> u8: q = z + int(clamp(rint(y/s), -z, 255 - z)), NaN -> z. A true division.
#pragma once
#include <cmath>
#include <cstdint>

namespace brownout::arithmetic {

inline std::uint8_t requantize(float y, float scale, int zero_point) {
  const float steps = std::rint(y / scale);
  if (std::isnan(steps)) return static_cast<std::uint8_t>(zero_point);
  const auto low = static_cast<float>(-zero_point);
  const auto high = static_cast<float>(255 - zero_point);
  const float clamped = steps < low ? low : (steps > high ? high : steps);
  return static_cast<std::uint8_t>(zero_point + static_cast<int>(clamped));
}

}  // namespace brownout::arithmetic
