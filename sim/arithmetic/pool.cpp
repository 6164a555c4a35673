// SPDX-License-Identifier: Apache-2.0
// Max and average pools by their definition.
#include "sim/arithmetic/pool.hpp"

#include <limits>

namespace brownout::arithmetic {

void max_pool(const Window& window, int channels, const float* y, float* out) {
  for (int oy = 0; oy < window.out_height; ++oy) {
    for (int ox = 0; ox < window.out_width; ++ox) {
      const Span span = visible(window, oy, ox);
      for (int c = 0; c < channels; ++c) {
        float best = -std::numeric_limits<float>::infinity();
        for (int row = span.top; row < span.bottom; ++row) {
          for (int column = span.left; column < span.right; ++column) {
            const float value = y[(row * window.in_width + column) * channels + c];
            best = value > best ? value : best;
          }
        }
        out[(oy * window.out_width + ox) * channels + c] = best;
      }
    }
  }
}

void average_pool(const Window& window, int channels, bool count_pad, const float* y, float* out) {
  for (int oy = 0; oy < window.out_height; ++oy) {
    for (int ox = 0; ox < window.out_width; ++ox) {
      const Span span = visible(window, oy, ox);
      const int count = count_pad ? window.kernel_h * window.kernel_w : span.pixels();
      for (int c = 0; c < channels; ++c) {
        double total = 0.0;
        for (int row = span.top; row < span.bottom; ++row) {
          for (int column = span.left; column < span.right; ++column) {
            total += static_cast<double>(y[(row * window.in_width + column) * channels + c]);
          }
        }
        out[(oy * window.out_width + ox) * channels + c] = static_cast<float>(total / count);
      }
    }
  }
}

}  // namespace brownout::arithmetic
