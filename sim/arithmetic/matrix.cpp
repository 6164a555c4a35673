// SPDX-License-Identifier: Apache-2.0
// The matrix unit by its definition, without blocking or other optimizations.
#include "sim/arithmetic/matrix.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace brownout::arithmetic {

namespace {

/// The input pixel that tap `tap` of the window at output pixel (y, x) sees; none in the padding.
std::optional<int> input_pixel(const Window& window, int y, int x, int tap) {
  const int row = y * window.stride_h - window.pad_top + tap / window.kernel_w * window.dilation_h;
  const int column =
      x * window.stride_w - window.pad_left + tap % window.kernel_w * window.dilation_w;
  if (row < 0 || row >= window.in_height || column < 0 || column >= window.in_width) {
    return std::nullopt;
  }
  return row * window.in_width + column;
}

}  // namespace

void accumulate(const Matrix& matrix, const std::uint8_t* q, int zero_point, const std::int8_t* n,
                std::int32_t* acc) {
  const Window& window = matrix.window;
  const int inputs = matrix.group_inputs();
  const int taps = window.kernel_h * window.kernel_w;
  std::fill_n(acc, std::ptrdiff_t{window.out_pixels()} * matrix.out_channels, 0);
  for (int y = 0; y < window.out_height; ++y) {
    for (int x = 0; x < window.out_width; ++x, acc += matrix.out_channels) {
      for (int tap = 0; tap < taps; ++tap) {
        const std::optional<int> seen = input_pixel(window, y, x, tap);
        if (!seen) continue;
        const std::uint8_t* const pixel = q + std::ptrdiff_t{*seen} * matrix.in_channels;
        for (int o = 0; o < matrix.out_channels; ++o) {
          const std::uint8_t* const from = pixel + o / matrix.group_outputs() * inputs;
          const std::int8_t* const weight = n + std::ptrdiff_t{o} * inputs * taps + tap;
          for (int i = 0; i < inputs; ++i) {
            acc[o] += weight[std::ptrdiff_t{i} * taps] * (from[i] - zero_point);
          }
        }
      }
    }
  }
}

void sum_lane(const Matrix& matrix, const std::uint8_t* q, int zero_point, std::int32_t* sum) {
  const Window& window = matrix.window;
  const int inputs = matrix.group_inputs();
  std::fill_n(sum, std::ptrdiff_t{window.out_pixels()} * matrix.groups, 0);
  for (int y = 0; y < window.out_height; ++y) {
    for (int x = 0; x < window.out_width; ++x, sum += matrix.groups) {
      for (int tap = 0; tap < window.kernel_h * window.kernel_w; ++tap) {
        const std::optional<int> seen = input_pixel(window, y, x, tap);
        if (!seen) continue;
        const std::uint8_t* pixel = q + std::ptrdiff_t{*seen} * matrix.in_channels;
        for (int g = 0; g < matrix.groups; ++g) {
          for (int i = 0; i < inputs; ++i) sum[g] += *pixel++ - zero_point;
        }
      }
    }
  }
}

}  // namespace brownout::arithmetic
