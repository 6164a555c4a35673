// SPDX-License-Identifier: Apache-2.0
// Pillow's ImagingResample for 8-bit pixels (src/libImaging/Resample.c), filter "bilinear".
#include "sim/data/own/resample.hpp"

#include <algorithm>
#include <cmath>

namespace brownout::data::own {

namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;

/// The input pixels of an output pixel, and how much each counts, in units of 2^-22.
struct Weights {
  int first = 0;
  std::vector<std::int32_t> each;
};

std::vector<Weights> weights_of(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double support = std::max(scale, 1.0);
  std::vector<Weights> all(static_cast<std::size_t>(to));
  for (int o = 0; o < to; ++o) {
    const double center = (o + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), from);
    std::vector<double> exact;
    double sum = 0.0;
    for (int i = first; i < last; ++i) {
      const double distance = std::fabs((i - center + 0.5) * (1.0 / support));
      exact.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
      sum += exact.back();
    }
    Weights& weights = all[static_cast<std::size_t>(o)];
    weights.first = first;
    for (const double weight : exact) {
      const double share = sum != 0.0 ? weight / sum : weight;
      weights.each.push_back(static_cast<std::int32_t>(0.5 + share * (1 << kPrecisionBits)));
    }
  }
  return all;
}

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

/// The array as lines × size × inner: sizes before and after the axis that changes.
struct Axis {
  std::size_t lines, inner;
};

std::vector<std::uint8_t> resize_axis(const std::uint8_t* from, Axis axis, int size, int to_size) {
  const std::vector<Weights> weights = weights_of(size, to_size);
  const auto extent = static_cast<std::size_t>(size);
  std::vector<std::uint8_t> to(axis.lines * axis.inner * weights.size());
  std::vector<std::int32_t> sums(axis.inner);
  std::uint8_t* out = to.data();
  for (std::size_t line = 0; line < axis.lines; ++line) {
    for (const Weights& one : weights) {
      std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
      const std::uint8_t* in =
          from + (line * extent + static_cast<std::size_t>(one.first)) * axis.inner;
      for (const std::int32_t weight : one.each) {
        for (std::size_t k = 0; k < axis.inner; ++k) sums[k] += weight * *in++;
      }
      for (const std::int32_t sum : sums) *out++ = rounded(sum);
    }
  }
  return to;
}

}  // namespace

std::vector<std::uint8_t> resize_bilinear(const std::uint8_t* from, int width, int height,
                                          int channels, int to_width, int to_height) {
  const auto c = static_cast<std::size_t>(channels), h = static_cast<std::size_t>(height);
  const std::vector<std::uint8_t> rows =
      to_width == width
          ? std::vector<std::uint8_t>(from, from + h * static_cast<std::size_t>(width) * c)
          : resize_axis(from, {h, c}, width, to_width);
  if (to_height == height) return rows;
  return resize_axis(rows.data(), {1, static_cast<std::size_t>(to_width) * c}, height, to_height);
}

}  // namespace brownout::data::own
