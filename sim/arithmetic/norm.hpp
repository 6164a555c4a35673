// SPDX-License-Identifier: Apache-2.0
// Group and batch norm: both end in out = fl(fl(fl(y - mean)·factor) + shift) per channel.
#pragma once
#include <cmath>

namespace brownout::arithmetic {

/// The last operation of both norms, with one set of constants per channel.
struct Affine {
  float mean = 0.0f;
  float factor = 1.0f;
  float shift = 0.0f;
};

inline float apply(const Affine& affine, float y) {
  const float centred = y - affine.mean;
  const float scaled = centred * affine.factor;
  return scaled + affine.shift;
}

/// Adds a pixel to a channel's sums in fp64: row-major, starting from +0. y² is exact in fp64.
inline void add_to_sums(float y, double& s1, double& s2) {
  const double wide = y;
  s1 += wide;
  s2 += wide * wide;
}

/// Mean and reciprocal deviation of one group, both rounded to fp32.
struct GroupStatistics {
  float mean = 0.0f;
  float reciprocal = 1.0f;
};

/// `s1`, `s2`: sums of the group's channels, added in ascending order; `pixels` is height × width.
inline GroupStatistics group_statistics(const double* s1, const double* s2, int channels,
                                        int pixels, float eps) {
  double total = 0.0;
  double squares = 0.0;
  for (int c = 0; c < channels; ++c) {
    total += s1[c];
    squares += s2[c];
  }
  const double count = static_cast<double>(channels) * pixels;
  const double mean = total / count;
  const double excess = squares / count - mean * mean;
  const double variance = excess > 0.0 ? excess : 0.0;
  return {static_cast<float>(mean),
          static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(eps)))};
}

inline Affine group_norm_affine(const GroupStatistics& group, float gamma, float shift) {
  return {group.mean, group.reciprocal * gamma, shift};
}

/// k = fl(gamma/sqrt(double(variance) + eps)), running statistics.
inline Affine batch_norm_affine(float mean, float variance, float eps, float gamma, float shift) {
  const double deviation = std::sqrt(static_cast<double>(variance) + static_cast<double>(eps));
  return {mean, static_cast<float>(static_cast<double>(gamma) / deviation), shift};
}

}  // namespace brownout::arithmetic
