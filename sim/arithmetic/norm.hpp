// SPDX-License-Identifier: Apache-2.0
// Group and batch norm: both end in out = fl(fl(fl(y - mean)·factor) + shift) per channel. Local
// response norm: out = fl(y·factor).
#pragma once
#include <algorithm>
#include <cmath>

#include "sim/network/network.hpp"

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

/// The statistics of `channels` channels of one pixel alone: channels in ascending order.
inline GroupStatistics pixel_statistics(const float* y, int channels, float eps) {
  double s1 = 0.0;
  double s2 = 0.0;
  for (int c = 0; c < channels; ++c) add_to_sums(y[c], s1, s2);
  return group_statistics(&s1, &s2, 1, channels, eps);
}

/// The factor of channel c of a pixel with `channels` channels: fl(1/s^(quarters/4)) with
/// s = bias + alpha/size·S, where S is the sum of y² over the window in ascending order. All of it
/// is fp64; a fourth root is the square root of the square root, its powers are products from the
/// left.
inline float local_response_factor(const network::LocalResponseNorm& op, const float* y,
                                   int channels, int c) {
  const int first = c - (op.size - 1) / 2;
  double squares = 0.0;
  for (int i = std::max(first, 0); i < std::min(first + op.size, channels); ++i) {
    const double wide = y[i];
    squares += wide * wide;
  }
  const double share = static_cast<double>(op.alpha) / op.size;
  const double root = std::sqrt(std::sqrt(static_cast<double>(op.bias) + share * squares));
  double power = root;
  for (int i = 1; i < op.quarters; ++i) power *= root;
  return static_cast<float>(1.0 / power);
}

/// k = fl(gamma/sqrt(double(variance) + eps)), running statistics.
inline Affine batch_norm_affine(float mean, float variance, float eps, float gamma, float shift) {
  const double deviation = std::sqrt(static_cast<double>(variance) + static_cast<double>(eps));
  return {mean, static_cast<float>(static_cast<double>(gamma) / deviation), shift};
}

}  // namespace brownout::arithmetic
