// SPDX-License-Identifier: Apache-2.0
// Winograd transforms in AVX2: each is a one-dimensional transform of the columns, then of the
// rows.
#include "sim/inference/avx2_winograd_transforms.hpp"

#include "sim/inference/avx2_common.hpp"

namespace brownout::inference::avx2 {
namespace {

constexpr int kSide = 6;  // inputs and points on a side of a tile

BROWNOUT_AVX2_INLINE __m256i load16(const std::int16_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
BROWNOUT_AVX2_INLINE void store16(std::int16_t* p, __m256i v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
}
BROWNOUT_AVX2_INLINE __m256i add16(__m256i a, __m256i b) { return _mm256_add_epi16(a, b); }
BROWNOUT_AVX2_INLINE __m256i sub16(__m256i a, __m256i b) { return _mm256_sub_epi16(a, b); }
BROWNOUT_AVX2_INLINE __m256i times16(__m256i a, int power) { return _mm256_slli_epi16(a, power); }
BROWNOUT_AVX2_INLINE __m256i add32(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }
BROWNOUT_AVX2_INLINE __m256i sub32(__m256i a, __m256i b) { return _mm256_sub_epi32(a, b); }
BROWNOUT_AVX2_INLINE __m256i times32(__m256i a, int power) { return _mm256_slli_epi32(a, power); }

// Six values at from + i·step become the six of Bᵀ at to + i·to_step.
BROWNOUT_AVX2_INLINE void input_line(const std::int16_t* from, std::ptrdiff_t step,
                                     std::int16_t* to, std::ptrdiff_t to_step) {
  const __m256i d0 = load16(from), d1 = load16(from + step), d2 = load16(from + 2 * step);
  const __m256i d3 = load16(from + 3 * step), d4 = load16(from + 4 * step);
  const __m256i d5 = load16(from + 5 * step);
  const __m256i d42 = sub16(d4, d2), d31 = sub16(d3, d1);
  const __m256i even = sub16(d4, times16(d2, 2)), odd = sub16(d3, times16(d1, 2));
  const __m256i twice = times16(d31, 1);
  store16(to, add16(d42, times16(sub16(d0, d2), 2)));                // 4d0 − 5d2 + d4
  store16(to + to_step, add16(even, odd));                           // −4d1 − 4d2 + d3 + d4
  store16(to + 2 * to_step, sub16(even, odd));                       // 4d1 − 4d2 − d3 + d4
  store16(to + 3 * to_step, add16(d42, twice));                      // −2d1 − d2 + 2d3 + d4
  store16(to + 4 * to_step, sub16(d42, twice));                      // 2d1 − d2 − 2d3 + d4
  store16(to + 5 * to_step, sub16(sub16(d5, d3), times16(d31, 2)));  // 4d1 − 5d3 + d5
}

// Three taps become the six values of the scaled G.
BROWNOUT_AVX2_INLINE void filter_line(const std::int16_t* from, std::ptrdiff_t step,
                                      std::int16_t* to, std::ptrdiff_t to_step) {
  const __m256i g0 = load16(from), g1 = load16(from + step), g2 = load16(from + 2 * step);
  const __m256i ends = add16(g0, g2), minus_four = _mm256_set1_epi16(-4);
  const __m256i far = add16(g0, times16(g2, 2)), near = times16(g1, 1);
  store16(to, _mm256_mullo_epi16(g0, _mm256_set1_epi16(6)));
  store16(to + to_step, _mm256_mullo_epi16(add16(ends, g1), minus_four));
  store16(to + 2 * to_step, _mm256_mullo_epi16(sub16(ends, g1), minus_four));
  store16(to + 3 * to_step, add16(far, near));
  store16(to + 4 * to_step, sub16(far, near));
  store16(to + 5 * to_step, _mm256_mullo_epi16(g2, _mm256_set1_epi16(12)));
}

struct Four {
  __m256i y0, y1, y2, y3;
};

// Six products become four outputs by Aᵀ (the last product stands for half of itself).
BROWNOUT_AVX2_INLINE Four output_line(__m256i m0, __m256i m1, __m256i m2, __m256i m3, __m256i m4,
                                      __m256i m5) {
  const __m256i s = add32(m1, m2), d = sub32(m1, m2);
  const __m256i far_s = add32(m3, m4), far_d = sub32(m3, m4);
  return {add32(add32(m0, s), far_s), add32(d, times32(far_d, 1)), add32(s, times32(far_s, 2)),
          add32(d, times32(add32(times32(far_d, 2), m5), 1))};
}

}  // namespace

BROWNOUT_AVX2 void transform_filter(const std::int16_t* taps, std::ptrdiff_t tap_stride,
                                    std::int16_t* out, std::ptrdiff_t point_stride) {
  alignas(32) std::int16_t half[kSide][3][16];
  for (int x = 0; x < 3; ++x)
    filter_line(taps + x * tap_stride, 3 * tap_stride, half[0][x], 3 * 16);
  for (int y = 0; y < kSide; ++y)
    filter_line(half[y][0], 16, out + y * kSide * point_stride, point_stride);
}

BROWNOUT_AVX2 void transform_input(const std::int16_t* window, std::ptrdiff_t row_stride,
                                   std::ptrdiff_t column_stride, int channels, std::int16_t* out,
                                   std::ptrdiff_t depth) {
  alignas(32) std::int16_t half[kSide][kSide][16];
  for (int c = 0; c < channels; c += 16) {
    for (int x = 0; x < kSide; ++x)
      input_line(window + x * column_stride + c, row_stride, half[0][x], kSide * 16);
    for (int y = 0; y < kSide; ++y) input_line(half[y][0], 16, out + y * kSide * depth + c, depth);
  }
}

BROWNOUT_AVX2 void transform_output(const std::int32_t* products, const OutputTile& out, bool add) {
  alignas(32) std::int32_t half[kTile][kSide][8];
  const __m256i inverse_of_9 = _mm256_set1_epi32(0x38E38E39);  // modulo 2³²
  for (int c = 0; c < out.channels; c += 8) {
    for (int x = 0; x < kSide; ++x) {
      const auto* m = reinterpret_cast<const __m256i*>(products + x * kBlockOutputs + c);
      constexpr int kRow = kSide * kBlockOutputs / 8;
      const Four y = output_line(_mm256_load_si256(m), _mm256_load_si256(m + kRow),
                                 _mm256_load_si256(m + 2 * kRow), _mm256_load_si256(m + 3 * kRow),
                                 _mm256_load_si256(m + 4 * kRow), _mm256_load_si256(m + 5 * kRow));
      _mm256_store_si256(reinterpret_cast<__m256i*>(half[0][x]), y.y0);
      _mm256_store_si256(reinterpret_cast<__m256i*>(half[1][x]), y.y1);
      _mm256_store_si256(reinterpret_cast<__m256i*>(half[2][x]), y.y2);
      _mm256_store_si256(reinterpret_cast<__m256i*>(half[3][x]), y.y3);
    }
    for (int row = 0; row < out.rows; ++row) {
      const auto* m = reinterpret_cast<const __m256i*>(half[row][0]);
      const Four y = output_line(m[0], m[1], m[2], m[3], m[4], m[5]);
      const __m256i columns[kTile] = {y.y0, y.y1, y.y2, y.y3};
      std::int32_t* to = out.first + row * out.row_stride + c;
      for (int column = 0; column < out.columns; ++column, to += out.column_stride) {
        __m256i acc = _mm256_srai_epi32(_mm256_mullo_epi32(columns[column], inverse_of_9), 6);
        if (out.channels - c >= 8) {
          if (add) acc = add32(acc, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(to)));
          _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), acc);
        } else {
          const __m256i mask = first_lanes(out.channels - c);
          if (add) acc = add32(acc, _mm256_maskload_epi32(to, mask));
          _mm256_maskstore_epi32(to, mask, acc);
        }
      }
    }
  }
}

}  // namespace brownout::inference::avx2
