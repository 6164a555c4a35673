// SPDX-License-Identifier: Apache-2.0
// Loops without branches and without library functions, compiled for AVX2 as well.
#include "sim/chips/physical_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/memory/geometric.hpp"
#include "sim/memory/normal.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BROWNOUT_BATCH __attribute__((target_clones("avx2", "default")))
#else
#define BROWNOUT_BATCH
#endif

namespace brownout::chips::physical {
namespace {

/// Any number for 0.
inline std::uint32_t lowest_bit(std::uint64_t bits) {
  return static_cast<std::uint32_t>(__builtin_ctzll(bits | std::uint64_t{1} << 63));
}

/// -ln((2x + 1)/2^24), in [6e-8, 16.7), to about 1e-7 of its value.
inline float negative_log_23(std::uint32_t x) {
  // 2x + 1 = m·2^e with m in [√½, √2).
  constexpr std::uint32_t kSqrtHalf = 0x3f3504f3;
  const std::uint32_t d = bits_of(static_cast<float>(static_cast<std::int32_t>(2 * x + 1)));
  const std::uint32_t i = d - kSqrtHalf;
  const float m = float_of((i & 0x7fffff) + kSqrtHalf);
  const auto below = static_cast<float>(24 - static_cast<std::int32_t>(i >> 23));
  // ln m = 2·artanh(s) = 2s·(1 + z/3 + z²/5 + …), z = s² <= 0.0295: the sixth term is below 3e-9.
  const float s = (m - 1.0f) / (m + 1.0f);
  const float z = s * s;
  const float series = z * (1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7 + z * (1.0f / 9))));
  const float two_s = s + s;
  return below * 0x1.62e43p-1f - (two_s + two_s * series);
}

BROWNOUT_BATCH
void polynomial(const std::uint64_t* numbers, int count, const float* c, float* g) {
  for (int i = 0; i < count; ++i) {
    const float t = 2.0f * unit_open_23(place_bits(numbers[i])) - 1.0f;
    g[i] = c[0] +
           t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * (c[5] + t * (c[6] + t * c[7]))))));
  }
}

BROWNOUT_BATCH
void margins_of(const std::uint64_t* numbers, const float* g, int count, const Margins& by,
                float* margins) {
  const float above_0 = by.above[0], above_1 = by.above[1];
  const float deviation_0 = by.deviation[0], deviation_1 = by.deviation[1];
  const std::uint32_t limit = by.limit;
  for (int i = 0; i < count; ++i) {
    const bool first = direction_bits(numbers[i]) < limit;
    margins[i] = (first ? above_0 : above_1) + (first ? deviation_0 : deviation_1) * g[i];
  }
}

/// `highest` = number of intervals. The knots after it: unlisted, then those of direction 1.
BROWNOUT_BATCH
void positions(const float* margins, const std::uint64_t* numbers, std::uint32_t limit, int count,
               float scale, float low, std::int32_t highest, std::int32_t* knots, float* rests) {
  const auto high = static_cast<float>(highest);
  const auto unlisted = static_cast<std::uint32_t>(highest + 1);
  for (int i = 0; i < count; ++i) {
    const float position = margins[i] * scale - low;
    float inside = position > 0.0f ? position : 0.0f;
    inside = inside < high ? inside : high;
    const auto knot = static_cast<std::int32_t>(inside);
    rests[i] = inside - static_cast<float>(knot);
    // All bits or none, because comparisons of floats would keep the loop from vectorizing.
    const std::uint32_t below = 0 - (bits_of(position) >> 31);
    const std::uint32_t second = 0 - ((limit - 1 - direction_bits(numbers[i])) >> 31);
    knots[i] = static_cast<std::int32_t>(
        ((static_cast<std::uint32_t>(knot) & ~below) | (unlisted & below)) +
        ((unlisted + 1) & second));
  }
}

}  // namespace

BROWNOUT_BATCH
void fill_gaps(const std::uint64_t* numbers, int count, float scale, std::int32_t* gaps) {
  for (int i = 0; i < count; ++i)
    gaps[i] = static_cast<std::int32_t>(negative_log_23(gap_bits(numbers[i])) * scale);
}

BROWNOUT_BATCH
std::size_t list_bits(const std::uint64_t* words, std::uint32_t count, std::uint32_t* bits) {
  std::uint32_t* next = bits;
  for (std::uint32_t word = 0; word < count; ++word) {
    std::uint64_t left = words[word];
    std::uint32_t* const begin = next;
    next += __builtin_popcountll(left);
    for (int i = 0; i < kListedAtOnce; ++i) {
      begin[i] = word * 64 + lowest_bit(left);
      left &= left - 1;
    }
    for (std::uint32_t* more = begin + kListedAtOnce; left != 0; left &= left - 1)
      *more++ = word * 64 + lowest_bit(left);
  }
  return next - bits;
}

Quantiles::Quantiles(int octave) : octave_(octave) {
  if (octave == 0 || octave == memory::kLastOctave) return;
  // Interpolates at the Chebyshev nodes; sums of Chebyshev polynomials, then powers.
  constexpr double kPi = 3.14159265358979323846;
  std::array<double, kTerms> values{}, powers{};
  for (int i = 0; i < kTerms; ++i) {
    const double f = 0.5 + 0.5 * std::cos(kPi * (i + 0.5) / kTerms);
    values[i] = memory::normal_upper(std::ldexp(1.0 + f, -(octave + 1)));
  }
  std::array<double, kTerms> before{}, chebyshev{1.0};  // T(k - 1), T(k) by powers
  for (int k = 0; k < kTerms; ++k) {
    double sum = 0.0;
    for (int i = 0; i < kTerms; ++i) sum += values[i] * std::cos(kPi * k * (i + 0.5) / kTerms);
    const double weight = sum * (k == 0 ? 1.0 : 2.0) / kTerms;
    std::array<double, kTerms> next{};
    for (std::size_t n = 0; n < kTerms; ++n) {
      powers[n] += weight * chebyshev[n];
      if (n > 0) next[n] = (k == 0 ? 1.0 : 2.0) * chebyshev[n - 1];
      next[n] -= before[n];
    }
    before = chebyshev;
    chebyshev = next;
  }
  for (std::size_t n = 0; n < kTerms; ++n) terms_[n] = static_cast<float>(powers[n]);
}

const Quantiles& Quantiles::of(int octave) {
  static const std::vector<Quantiles> all = [] {
    std::vector<Quantiles> made;
    for (int j = 0; j <= memory::kLastOctave; ++j) made.push_back(Quantiles(j));
    return made;
  }();
  return all[octave];
}

void Quantiles::fill(const std::uint64_t* numbers, int count, float* g) const {
  if (octave_ > 0 && octave_ < memory::kLastOctave) {
    polynomial(numbers, (count + 7) / 8 * 8, terms_.data(), g);
    return;
  }
  // g has no limit here. Either there are few candidates, or so many errors that nothing is fast.
  for (int i = 0; i < count; ++i) {
    const double f = static_cast<double>(unit_open_23(place_bits(numbers[i])));
    g[i] = static_cast<float>(memory::normal_upper(octave_ == 0 ? 0.5 + 0.5 * f : 0x1p-16 * f));
  }
}

void Margins::fill(const std::uint64_t* numbers, const float* g, int count, float* margins) const {
  margins_of(numbers, g, count, *this, margins);
}

Probabilities::Probabilities(double read_noise) {
  const double steps = kIntervals / (kHighest - kLowest);
  // Without noise, every margin above 0 is beyond the table, and every one below 0 is before it.
  scale_ = read_noise > 0.0 ? static_cast<float>(steps / read_noise) : 1e30f;
  low_ = read_noise > 0.0 ? static_cast<float>(steps * kLowest) : 1.0f;
}

const Probabilities::Knots& Probabilities::knots() {
  static const Knots made = [] {
    Knots table{};
    constexpr double kStep = (kHighest - kLowest) / kIntervals;
    for (std::size_t i = 0; i <= kIntervals; ++i)
      table[i].value =
          static_cast<float>(memory::normal_cdf(kLowest + kStep * static_cast<double>(i)));
    // Neighbours are within a factor of two, so the difference is exact. value + rise is the next
    // value, so that probabilities never fall from one interval to the next.
    for (std::size_t i = 0; i < kIntervals; ++i)
      table[i].rise = table[i + 1].value - table[i].value;
    for (std::size_t i = 0; i <= kIntervals; ++i)
      table[kDirection + i] = {-table[i].value, -table[i].rise};
    return table;
  }();
  return made;
}

void Probabilities::locate(const float* margins, const std::uint64_t* numbers, std::uint32_t limit,
                           int count, std::int32_t* knots, float* rests) const {
  positions(margins, numbers, limit, count, scale_, low_, kIntervals, knots, rests);
}

}  // namespace brownout::chips::physical
