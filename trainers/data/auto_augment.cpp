// SPDX-License-Identifier: Apache-2.0
// The operations follow the definitions of the usual imaging library, because AutoAugment was
// searched with it.
#include "trainers/data/auto_augment.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/error.hpp"

namespace brownout::trainers {
namespace {

std::int64_t floor_divide(std::int64_t number, std::int64_t divisor) {
  const std::int64_t quotient = number / divisor;
  return number % divisor < 0 ? quotient - 1 : quotient;
}

/// `source(y, x, from_y, from_x)` gives the place that a pixel is taken from.
template <typename Source>
void warp(const std::uint8_t* fill, Picture& p, const Source& source) {
  p.spare.resize(p.pixels.size());
  std::uint8_t* to = p.spare.data();
  for (int y = 0; y < p.height; ++y) {
    for (int x = 0; x < p.width; ++x, to += p.channels) {
      std::int64_t from_y = y;
      std::int64_t from_x = x;
      source(y, x, from_y, from_x);
      const bool inside = from_y >= 0 && from_y < p.height && from_x >= 0 && from_x < p.width;
      const std::uint8_t* from =
          inside ? p.pixels.data() + (from_y * p.width + from_x) * p.channels : fill;
      std::copy(from, from + p.channels, to);
    }
  }
  p.pixels.swap(p.spare);
}

/// Every value of a channel by a table of 256.
template <typename Entry>
void by_table(Picture& p, int channel, const Entry& entry) {
  std::array<std::uint8_t, 256> table;
  for (int v = 0; v < 256; ++v) {
    table[static_cast<std::size_t>(v)] = static_cast<std::uint8_t>(entry(v));
  }
  const auto step = static_cast<std::size_t>(p.channels);
  for (std::size_t i = static_cast<std::size_t>(channel); i < p.pixels.size(); i += step) {
    p.pixels[i] = table[p.pixels[i]];
  }
}

template <typename Entry>
void by_table(Picture& p, const Entry& entry) {
  for (int c = 0; c < p.channels; ++c) by_table(p, c, entry);
}

std::array<std::int64_t, 256> histogram(const Picture& p, int channel) {
  std::array<std::int64_t, 256> counts{};
  const auto step = static_cast<std::size_t>(p.channels);
  for (std::size_t i = static_cast<std::size_t>(channel); i < p.pixels.size(); i += step) {
    ++counts[p.pixels[i]];
  }
  return counts;
}

/// Stretches the range of a channel to 0 … 255.
void auto_contrast(Picture& p) {
  for (int c = 0; c < p.channels; ++c) {
    const auto counts = histogram(p, c);
    const auto used = [](std::int64_t count) { return count > 0; };
    const int low =
        static_cast<int>(std::find_if(counts.begin(), counts.end(), used) - counts.begin());
    const int high = 255 - static_cast<int>(std::find_if(counts.rbegin(), counts.rend(), used) -
                                            counts.rbegin());
    const int range = high - low;
    if (range <= 0) continue;
    by_table(p, c,
             [&](int v) { return (std::clamp(v - low, 0, range) * 510 + range) / (2 * range); });
  }
}

/// Makes a channel's values about equally frequent.
void equalize(Picture& p) {
  for (int c = 0; c < p.channels; ++c) {
    const auto counts = histogram(p, c);
    std::int64_t last = 0;
    for (const std::int64_t count : counts) last = count > 0 ? count : last;
    const std::int64_t step =
        (std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) - last) / 255;
    if (step == 0) continue;
    std::int64_t below = step / 2;
    by_table(p, c, [&](int v) {
      const std::int64_t level = std::min<std::int64_t>(below / step, 255);
      below += counts[static_cast<std::size_t>(v)];
      return level;
    });
  }
}

/// ITU-R 601 luma of a pixel.
int luma(const std::uint8_t* pixel, int channels) {
  if (channels == 1) return pixel[0];
  return (299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000;
}

/// Moves away from `base` by a factor of tenths/10.
std::uint8_t enhanced(int value, int base, int tenths) {
  return static_cast<std::uint8_t>(
      std::clamp<std::int64_t>(base + floor_divide(tenths * (value - base) + 5, 10), 0, 255));
}

void color(Picture& p, int tenths) {
  const auto step = static_cast<std::size_t>(p.channels);
  for (std::size_t i = 0; i < p.pixels.size(); i += step) {
    const int grey = luma(p.pixels.data() + i, p.channels);
    for (std::size_t c = 0; c < step; ++c) {
      p.pixels[i + c] = enhanced(p.pixels[i + c], grey, tenths);
    }
  }
}

void contrast(Picture& p, int tenths) {
  const auto step = static_cast<std::size_t>(p.channels);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < p.pixels.size(); i += step) {
    sum += luma(p.pixels.data() + i, p.channels);
  }
  const std::int64_t count = std::int64_t{p.height} * p.width;
  const int mean = static_cast<int>((2 * sum + count) / (2 * count));
  by_table(p, [&](int v) { return enhanced(v, mean, tenths); });
}

/// Moves away from a smoothed image (3×3, the centre counted five times); the border stays.
void sharpness(Picture& p, int tenths) {
  p.spare = p.pixels;
  const int row = p.width * p.channels;
  for (int y = 1; y + 1 < p.height; ++y) {
    for (int i = p.channels; i < row - p.channels; ++i) {
      const std::uint8_t* centre = p.spare.data() + y * row + i;
      int sum = 4 * *centre;
      for (const int dy : {-row, 0, row}) {
        for (const int dx : {-p.channels, 0, p.channels}) sum += centre[dy + dx];
      }
      p.pixels[static_cast<std::size_t>(y * row + i)] = enhanced(*centre, (sum + 6) / 13, tenths);
    }
  }
}

void rotate(int magnitude, bool negative, const std::uint8_t* fill, Picture& p) {
  // Fixed point, so that the last bit of a sine never decides which pixel is nearest.
  constexpr double kOne = 1 << 20;
  const double angle = magnitude * (30.0 / 9.0) * 3.14159265358979323846 / 180.0;
  const std::int64_t cosine = std::llround(kOne * std::cos(angle));
  const std::int64_t sine = std::llround((negative ? -kOne : kOne) * std::sin(angle));
  warp(fill, p, [&](int y, int x, std::int64_t& from_y, std::int64_t& from_x) {
    const std::int64_t dx = 2 * x + 1 - p.width;  // from the centre, in halves
    const std::int64_t dy = 2 * y + 1 - p.height;
    from_x = floor_divide((std::int64_t{p.width} << 20) + cosine * dx + sine * dy, 1 << 21);
    from_y = floor_divide((std::int64_t{p.height} << 20) - sine * dx + cosine * dy, 1 << 21);
  });
}

}  // namespace

void change_picture(Change change, int magnitude, bool negative, const std::uint8_t* fill,
                    Picture& p) {
  BROWNOUT_CHECK(magnitude >= 0 && magnitude <= 9, "magnitude {}", magnitude);
  BROWNOUT_CHECK(p.channels == 1 || p.channels == 3, "{} channels", p.channels);
  const std::int64_t amount = negative ? -magnitude : magnitude;
  const int tenths = 10 + static_cast<int>(amount);
  switch (change) {
    case Change::kShearX:  // x + 1/2 + amount/30 · (y + 1/2)
      return warp(fill, p, [&](int y, int x, std::int64_t&, std::int64_t& from_x) {
        from_x = floor_divide(30 * (2 * x + 1) + amount * (2 * y + 1), 60);
      });
    case Change::kShearY:
      return warp(fill, p, [&](int y, int x, std::int64_t& from_y, std::int64_t&) {
        from_y = floor_divide(30 * (2 * y + 1) + amount * (2 * x + 1), 60);
      });
    case Change::kTranslateX:  // x + 1/2 + 150/331 · width · amount/9
      return warp(fill, p, [&](int, int x, std::int64_t&, std::int64_t& from_x) {
        from_x = floor_divide(2979 * (2 * x + 1) + 300 * p.width * amount, 5958);
      });
    case Change::kTranslateY:
      return warp(fill, p, [&](int y, int, std::int64_t& from_y, std::int64_t&) {
        from_y = floor_divide(2979 * (2 * y + 1) + 300 * p.height * amount, 5958);
      });
    case Change::kRotate:
      return rotate(magnitude, negative, fill, p);
    case Change::kAutoContrast:
      return auto_contrast(p);
    case Change::kInvert:
      return by_table(p, [](int v) { return 255 - v; });
    case Change::kEqualize:
      return equalize(p);
    case Change::kSolarize:
      return by_table(p, [&](int v) { return 9 * v < 256 * (9 - magnitude) ? v : 255 - v; });
    case Change::kPosterize: {
      const int dropped = (8 * magnitude + 9) / 18;  // 4 · magnitude/9, rounded
      return by_table(p, [&](int v) { return v >> dropped << dropped; });
    }
    case Change::kContrast:
      return contrast(p, tenths);
    case Change::kColor:
      return color(p, tenths);
    case Change::kBrightness:
      return by_table(p, [&](int v) { return enhanced(v, 0, tenths); });
    case Change::kSharpness:
      return sharpness(p, tenths);
  }
}

const std::array<SubPolicy, kSubPolicies>& cifar10_policy() {
  using C = Change;
  static const std::array<SubPolicy, kSubPolicies> policy = {{
      {{{C::kInvert, 1, 7}, {C::kContrast, 2, 6}}},
      {{{C::kRotate, 7, 2}, {C::kTranslateX, 3, 9}}},
      {{{C::kSharpness, 8, 1}, {C::kSharpness, 9, 3}}},
      {{{C::kShearY, 5, 8}, {C::kTranslateY, 7, 9}}},
      {{{C::kAutoContrast, 5, 8}, {C::kEqualize, 9, 2}}},
      {{{C::kShearY, 2, 7}, {C::kPosterize, 3, 7}}},
      {{{C::kColor, 4, 3}, {C::kBrightness, 6, 7}}},
      {{{C::kSharpness, 3, 9}, {C::kBrightness, 7, 9}}},
      {{{C::kEqualize, 6, 5}, {C::kEqualize, 5, 1}}},
      {{{C::kContrast, 6, 7}, {C::kSharpness, 6, 5}}},
      {{{C::kColor, 7, 7}, {C::kTranslateX, 5, 8}}},
      {{{C::kEqualize, 3, 7}, {C::kAutoContrast, 4, 8}}},
      {{{C::kTranslateY, 4, 3}, {C::kSharpness, 2, 6}}},
      {{{C::kBrightness, 9, 6}, {C::kColor, 2, 8}}},
      {{{C::kSolarize, 5, 2}, {C::kInvert, 0, 3}}},
      {{{C::kEqualize, 2, 0}, {C::kAutoContrast, 6, 0}}},
      {{{C::kEqualize, 2, 8}, {C::kEqualize, 6, 4}}},
      {{{C::kColor, 9, 9}, {C::kEqualize, 6, 6}}},
      {{{C::kAutoContrast, 8, 4}, {C::kSolarize, 2, 8}}},
      {{{C::kBrightness, 1, 3}, {C::kColor, 7, 0}}},
      {{{C::kSolarize, 4, 5}, {C::kAutoContrast, 9, 3}}},
      {{{C::kTranslateY, 9, 9}, {C::kTranslateY, 7, 9}}},
      {{{C::kAutoContrast, 9, 2}, {C::kSolarize, 8, 3}}},
      {{{C::kEqualize, 8, 8}, {C::kInvert, 1, 3}}},
      {{{C::kTranslateY, 7, 9}, {C::kAutoContrast, 9, 1}}},
  }};
  return policy;
}

}  // namespace brownout::trainers
