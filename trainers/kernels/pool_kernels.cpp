// SPDX-License-Identifier: Apache-2.0
// Loops over channels innermost: they are contiguous and vectorize.
#include "trainers/kernels/pool_kernels.hpp"

#include <algorithm>
#include <cmath>

#include "trainers/kernels/vector_clones.hpp"

namespace brownout::trainers {

BROWNOUT_CLONES
void max_pool_forward(const PoolShape& s, const float* x, float* y, std::int32_t* taken) {
  const int channels = s.channels;
  for (int oy = 0; oy < s.out_height; ++oy) {
    for (int ox = 0; ox < s.out_width; ++ox) {
      float* __restrict best = y + (std::int64_t{oy} * s.out_width + ox) * channels;
      std::int32_t* __restrict at = taken + (std::int64_t{oy} * s.out_width + ox) * channels;
      for (int c = 0; c < channels; ++c) best[c] = -INFINITY;
      for (int c = 0; c < channels; ++c) at[c] = -1;
      for (int ky = 0; ky < s.kernel_y; ++ky) {
        const int iy = oy * s.stride_y - s.pad_y + ky;
        if (iy < 0 || iy >= s.height) continue;
        for (int kx = 0; kx < s.kernel_x; ++kx) {
          const int ix = ox * s.stride_x - s.pad_x + kx;
          if (ix < 0 || ix >= s.width) continue;
          const float* __restrict from = x + (std::int64_t{iy} * s.width + ix) * channels;
          const std::int32_t position = ky * s.kernel_x + kx;
          for (int c = 0; c < channels; ++c) {
            const bool larger = from[c] > best[c];
            best[c] = larger ? from[c] : best[c];
            at[c] = larger ? position : at[c];
          }
        }
      }
    }
  }
}

BROWNOUT_CLONES
void max_pool_backward(const PoolShape& s, const float* dy, const std::int32_t* taken, float* dx) {
  const int channels = s.channels;
  std::fill(dx, dx + std::int64_t{s.height} * s.width * channels, 0.0f);
  for (int oy = 0; oy < s.out_height; ++oy) {
    for (int ox = 0; ox < s.out_width; ++ox) {
      const std::int64_t out = (std::int64_t{oy} * s.out_width + ox) * channels;
      const float* __restrict d = dy + out;
      const std::int32_t* __restrict at = taken + out;
      for (int ky = 0; ky < s.kernel_y; ++ky) {
        const int iy = oy * s.stride_y - s.pad_y + ky;
        if (iy < 0 || iy >= s.height) continue;
        for (int kx = 0; kx < s.kernel_x; ++kx) {
          const int ix = ox * s.stride_x - s.pad_x + kx;
          if (ix < 0 || ix >= s.width) continue;
          float* __restrict to = dx + (std::int64_t{iy} * s.width + ix) * channels;
          const std::int32_t position = ky * s.kernel_x + kx;
          for (int c = 0; c < channels; ++c) to[c] += at[c] == position ? d[c] : 0.0f;
        }
      }
    }
  }
}

}  // namespace brownout::trainers
