// SPDX-License-Identifier: Apache-2.0
// The matrix unit by its definition, without blocking or other optimizations.
#include "sim/arithmetic/matrix.hpp"

namespace brownout::arithmetic {

void accumulate(const Matrix& matrix, const std::uint8_t* q, int zero_point, const std::int8_t* n,
                std::int32_t* acc) {
  const Window& window = matrix.window;
  const int inputs = matrix.group_inputs();
  const int taps = window.kernel_h * window.kernel_w;
  for (int y = 0; y < window.out_height; ++y) {
    for (int x = 0; x < window.out_width; ++x) {
      const Span span = visible(window, y, x);
      const int first_row = y * window.stride_h - window.pad_top;
      const int first_column = x * window.stride_w - window.pad_left;
      for (int o = 0; o < matrix.out_channels; ++o) {
        const int first_channel = o / matrix.group_outputs() * inputs;
        std::int32_t total = 0;
        for (int row = span.top; row < span.bottom; ++row) {
          for (int column = span.left; column < span.right; ++column) {
            const int tap = (row - first_row) * window.kernel_w + (column - first_column);
            const std::uint8_t* pixel =
                q + (row * window.in_width + column) * matrix.in_channels + first_channel;
            const std::int8_t* weight = n + o * inputs * taps + tap;
            for (int i = 0; i < inputs; ++i) total += weight[i * taps] * (pixel[i] - zero_point);
          }
        }
        acc[(y * window.out_width + x) * matrix.out_channels + o] = total;
      }
    }
  }
}

void sum_lane(const Matrix& matrix, const std::uint8_t* q, int zero_point, std::int32_t* sum) {
  const Window& window = matrix.window;
  const int inputs = matrix.group_inputs();
  for (int y = 0; y < window.out_height; ++y) {
    for (int x = 0; x < window.out_width; ++x) {
      const Span span = visible(window, y, x);
      for (int g = 0; g < matrix.groups; ++g) {
        std::int32_t total = 0;
        for (int row = span.top; row < span.bottom; ++row) {
          for (int column = span.left; column < span.right; ++column) {
            const std::uint8_t* pixel =
                q + (row * window.in_width + column) * matrix.in_channels + g * inputs;
            for (int i = 0; i < inputs; ++i) total += pixel[i] - zero_point;
          }
        }
        sum[(y * window.out_width + x) * matrix.groups + g] = total;
      }
    }
  }
}

}  // namespace brownout::arithmetic
