// SPDX-License-Identifier: Apache-2.0
// Pixels to activations: x = fl((pixel/255 - mean)/std) in fp64, and its quantized look-up table.
#pragma once
#include <array>
#include <cstdint>

#include "sim/arithmetic/requantize.hpp"

namespace brownout::arithmetic {

inline float normalize_pixel(std::uint8_t pixel, float mean, float std) {
  const double share = static_cast<double>(pixel) / 255.0;
  return static_cast<float>((share - static_cast<double>(mean)) / static_cast<double>(std));
}

/// Code of every pixel value of one channel.
inline std::array<std::uint8_t, 256> input_table(float mean, float std, float scale,
                                                 int zero_point) {
  std::array<std::uint8_t, 256> table{};
  for (int pixel = 0; pixel < 256; ++pixel) {
    const float x = normalize_pixel(static_cast<std::uint8_t>(pixel), mean, std);
    table[static_cast<std::size_t>(pixel)] = requantize(x, scale, zero_point);
  }
  return table;
}

}  // namespace brownout::arithmetic
