// SPDX-License-Identifier: Apache-2.0
// A group of one image fits the first-level cache, so every pass after the first is nearly free.
#include "trainers/norm_kernels.hpp"

#include <cmath>

#include "trainers/vector_clones.hpp"

namespace brownout::trainers {

BROWNOUT_CLONES
void group_norm_forward(const GroupNormShape& shape, const float* x, const float* gamma,
                        const float* beta, float* y, float* mean, float* rstd) {
  const int per_group = shape.channels / shape.groups;
  const std::int64_t pixels = shape.pixels;
  for (int g = 0; g < shape.groups; ++g) {
    double s1 = 0.0;
    double s2 = 0.0;
    for (int c = g * per_group; c < (g + 1) * per_group; ++c) {
      const float* xc = x + c * pixels;
      float a = 0.0f;
      float b = 0.0f;
#pragma omp simd reduction(+ : a, b)
      for (std::int64_t i = 0; i < pixels; ++i) {
        a += xc[i];
        b += xc[i] * xc[i];
      }
      s1 += static_cast<double>(a);
      s2 += static_cast<double>(b);
    }
    const double count = static_cast<double>(per_group) * static_cast<double>(pixels);
    const double m = s1 / count;
    const double variance = s2 / count - m * m;
    const float r = static_cast<float>(
        1.0 / std::sqrt((variance > 0.0 ? variance : 0.0) + static_cast<double>(shape.eps)));
    const float mf = static_cast<float>(m);
    mean[g] = mf;
    rstd[g] = r;
    for (int c = g * per_group; c < (g + 1) * per_group; ++c) {
      const float* xc = x + c * pixels;
      float* yc = y + c * pixels;
      const float k = r * gamma[c];
      const float b = beta[c];
      const float floor = shape.relu ? 0.0f : -INFINITY;
#pragma omp simd
      for (std::int64_t i = 0; i < pixels; ++i) {
        const float v = (xc[i] - mf) * k + b;
        yc[i] = v > floor ? v : floor;
      }
    }
  }
}

BROWNOUT_CLONES
void group_norm_backward(const GroupNormShape& shape, const float* dy, const float* x,
                         const float* gamma, const float* beta, const float* mean,
                         const float* rstd, float* dx, float* dgamma, float* dbeta) {
  const int per_group = shape.channels / shape.groups;
  const std::int64_t pixels = shape.pixels;
  for (int g = 0; g < shape.groups; ++g) {
    const float mf = mean[g];
    const float r = rstd[g];
    double sum_a = 0.0;  // Σ gamma·d
    double sum_b = 0.0;  // Σ gamma·d·x̂
    for (int c = g * per_group; c < (g + 1) * per_group; ++c) {
      const float* xc = x + c * pixels;
      const float* dyc = dy + c * pixels;
      float* dxc = dx + c * pixels;
      const float k = r * gamma[c];
      const float b = beta[c];
      const float floor = shape.relu ? 0.0f : -INFINITY;
      float sa = 0.0f;
      float sb = 0.0f;
#pragma omp simd reduction(+ : sa, sb)
      for (std::int64_t i = 0; i < pixels; ++i) {
        const float centred = xc[i] - mf;
        const float d = centred * k + b > floor ? dyc[i] : 0.0f;
        dxc[i] = d;
        sa += d;
        sb += d * centred;
      }
      sb *= r;
      dgamma[c] = sb;
      dbeta[c] = sa;
      sum_a += static_cast<double>(gamma[c]) * static_cast<double>(sa);
      sum_b += static_cast<double>(gamma[c]) * static_cast<double>(sb);
    }
    const double count = static_cast<double>(per_group) * static_cast<double>(pixels);
    // dx = r·(gamma·d − mean(gamma·d) − x̂·mean(gamma·d·x̂))
    const float offset = static_cast<float>(static_cast<double>(r) * sum_a / count);
    const float slope =
        static_cast<float>(static_cast<double>(r) * static_cast<double>(r) * sum_b / count);
    for (int c = g * per_group; c < (g + 1) * per_group; ++c) {
      const float* xc = x + c * pixels;
      float* dxc = dx + c * pixels;
      const float k = r * gamma[c];
#pragma omp simd
      for (std::int64_t i = 0; i < pixels; ++i) {
        dxc[i] = k * dxc[i] - offset - (xc[i] - mf) * slope;
      }
    }
  }
}

}  // namespace brownout::trainers
