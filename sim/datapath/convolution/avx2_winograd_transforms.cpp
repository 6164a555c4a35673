// SPDX-License-Identifier: Apache-2.0
// Winograd transforms in AVX2, each first along the columns, then along the rows.
#include "sim/datapath/convolution/avx2_winograd_transforms.hpp"

namespace brownout::datapath::avx2 {
namespace {

constexpr int kSide = 6;                          // inputs and points on a side of a tile
constexpr int kPointRow = kSide * kBlockOutputs;  // products from one row of points to the next

BROWNOUT_AVX2_INLINE __m256i load16(const std::int16_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
BROWNOUT_AVX2_INLINE void store16(std::int16_t* p, __m256i v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
}
BROWNOUT_AVX2_INLINE __m256i load8(const std::int32_t* p) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
}
BROWNOUT_AVX2_INLINE __m256i add16(__m256i a, __m256i b) { return _mm256_add_epi16(a, b); }
BROWNOUT_AVX2_INLINE __m256i sub16(__m256i a, __m256i b) { return _mm256_sub_epi16(a, b); }
BROWNOUT_AVX2_INLINE __m256i times16(__m256i a, int power) { return _mm256_slli_epi16(a, power); }
BROWNOUT_AVX2_INLINE __m256i add32(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }
BROWNOUT_AVX2_INLINE __m256i sub32(__m256i a, __m256i b) { return _mm256_sub_epi32(a, b); }
BROWNOUT_AVX2_INLINE __m256i times32(__m256i a, int power) { return _mm256_slli_epi32(a, power); }

// The six columns of one row between the two halves of a transform.
struct Row {
  __m256i x0, x1, x2, x3, x4, x5;
};

// Bᵀ of six values to to + i·step.
BROWNOUT_AVX2_INLINE void input_row(const Row& d, std::int16_t* to, std::ptrdiff_t step) {
  const __m256i d42 = sub16(d.x4, d.x2), d31 = sub16(d.x3, d.x1);
  const __m256i even = sub16(d.x4, times16(d.x2, 2)), odd = sub16(d.x3, times16(d.x1, 2));
  const __m256i twice = times16(d31, 1);
  store16(to, add16(d42, times16(sub16(d.x0, d.x2), 2)));             // 4d0 − 5d2 + d4
  store16(to + step, add16(even, odd));                               // −4d1 − 4d2 + d3 + d4
  store16(to + 2 * step, sub16(even, odd));                           // 4d1 − 4d2 − d3 + d4
  store16(to + 3 * step, add16(d42, twice));                          // −2d1 − d2 + 2d3 + d4
  store16(to + 4 * step, sub16(d42, twice));                          // 2d1 − d2 − 2d3 + d4
  store16(to + 5 * step, sub16(sub16(d.x5, d.x3), times16(d31, 2)));  // 4d1 − 5d3 + d5
}

// The transforms of the data take one or two rows of all six columns at a time. These stay in
// registers between the halves; 36 stores would take longer than the arithmetic.

// Hides how an address was computed: otherwise compilers compute those of all columns in advance
// and spill.
BROWNOUT_AVX2_INLINE const std::int16_t* next(const std::int16_t* p, std::ptrdiff_t step) {
  p += step;
  asm("" : "+r"(p));
  return p;
}

// One column's value in row 0 or 5 of Bᵀ d: 4a − 5b + c of every second value from `from` on.
BROWNOUT_AVX2_INLINE __m256i outer(const std::int16_t* from, std::ptrdiff_t row) {
  const __m256i a = load16(from), b = load16(from + 2 * row), c = load16(from + 4 * row);
  return add16(sub16(c, b), times16(sub16(a, b), 2));
}

BROWNOUT_AVX2_INLINE Row outer_row(const std::int16_t* from, std::ptrdiff_t row,
                                   std::ptrdiff_t column) {
  Row d;
  d.x0 = outer(from, row);
  d.x1 = outer(from = next(from, column), row);
  d.x2 = outer(from = next(from, column), row);
  d.x3 = outer(from = next(from, column), row);
  d.x4 = outer(from = next(from, column), row);
  d.x5 = outer(next(from, column), row);
  return d;
}

struct TwoRows {
  Row first, second;
};

// One column's values in rows 1 and 2 (near), or 3 and 4; `one` and `three` point at those inputs.
template <bool near>
BROWNOUT_AVX2_INLINE void inner(const std::int16_t* one, const std::int16_t* three,
                                std::ptrdiff_t row, __m256i& first, __m256i& second) {
  const __m256i d1 = load16(one), d2 = load16(one + row);
  const __m256i d3 = load16(three), d4 = load16(three + row);
  const __m256i even = sub16(d4, near ? times16(d2, 2) : d2);
  const __m256i odd = near ? sub16(d3, times16(d1, 2)) : times16(sub16(d3, d1), 1);
  first = add16(even, odd);
  second = sub16(even, odd);
}

template <bool near>
BROWNOUT_AVX2_INLINE TwoRows inner_rows(const std::int16_t* window, std::ptrdiff_t row,
                                        std::ptrdiff_t column) {
  const std::int16_t* one = window + row;
  const std::int16_t* three = one + 2 * row;
  TwoRows d;
  inner<near>(one, three, row, d.first.x0, d.second.x0);
  one = next(one, column), three = next(three, column);
  inner<near>(one, three, row, d.first.x1, d.second.x1);
  one = next(one, column), three = next(three, column);
  inner<near>(one, three, row, d.first.x2, d.second.x2);
  one = next(one, column), three = next(three, column);
  inner<near>(one, three, row, d.first.x3, d.second.x3);
  one = next(one, column), three = next(three, column);
  inner<near>(one, three, row, d.first.x4, d.second.x4);
  one = next(one, column), three = next(three, column);
  inner<near>(one, three, row, d.first.x5, d.second.x5);
  return d;
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

// Aᵀ of six products (the last stands for half of itself), divided by 576, to to + i·step.
BROWNOUT_AVX2_INLINE void output_row(const Row& m, std::int32_t* to, std::ptrdiff_t step) {
  const __m256i inverse_of_9 = _mm256_set1_epi32(0x38E38E39);  // modulo 2³²
  const __m256i s = add32(m.x1, m.x2), d = sub32(m.x1, m.x2);
  const __m256i far_s = add32(m.x3, m.x4), far_d = sub32(m.x3, m.x4);
  const __m256i y[kTile] = {add32(add32(m.x0, s), far_s), add32(d, times32(far_d, 1)),
                            add32(s, times32(far_s, 2)),
                            add32(d, times32(add32(times32(far_d, 2), m.x5), 1))};
  for (int x = 0; x < kTile; ++x)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + x * step),
                        _mm256_srai_epi32(_mm256_mullo_epi32(y[x], inverse_of_9), 6));
}

// One column's values in rows 0 and 2 of Aᵀ M, from the sums of the points ±1 and ±2.
BROWNOUT_AVX2_INLINE void even_rows(const std::int32_t* m, __m256i& row0, __m256i& row2) {
  const __m256i s = add32(load8(m + kPointRow), load8(m + 2 * kPointRow));
  const __m256i far_s = add32(load8(m + 3 * kPointRow), load8(m + 4 * kPointRow));
  row0 = add32(add32(load8(m), s), far_s);
  row2 = add32(s, times32(far_s, 2));
}

// Rows 1 and 3, from the differences.
BROWNOUT_AVX2_INLINE void odd_rows(const std::int32_t* m, __m256i& row1, __m256i& row3) {
  const __m256i d = sub32(load8(m + kPointRow), load8(m + 2 * kPointRow));
  const __m256i far_d = sub32(load8(m + 3 * kPointRow), load8(m + 4 * kPointRow));
  row1 = add32(d, times32(far_d, 1));
  row3 = add32(d, times32(add32(times32(far_d, 2), load8(m + 5 * kPointRow)), 1));
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
  const std::ptrdiff_t out_row = kSide * depth;
  for (int c = 0; c < channels; c += 16, window += 16, out += 16) {
    input_row(outer_row(window, row_stride, column_stride), out, depth);
    const TwoRows near = inner_rows<true>(window, row_stride, column_stride);
    input_row(near.first, out + out_row, depth);
    input_row(near.second, out + 2 * out_row, depth);
    const TwoRows far = inner_rows<false>(window, row_stride, column_stride);
    input_row(far.first, out + 3 * out_row, depth);
    input_row(far.second, out + 4 * out_row, depth);
    input_row(outer_row(window + row_stride, row_stride, column_stride), out + 5 * out_row, depth);
  }
}

BROWNOUT_AVX2 void transform_output(const std::int32_t* products, std::int32_t* out,
                                    std::ptrdiff_t row_stride, std::ptrdiff_t column_stride) {
  for (int c = 0; c < kBlockOutputs; c += 8, products += 8, out += 8) {
    Row a, b;
    even_rows(products, a.x0, b.x0);
    even_rows(products + kBlockOutputs, a.x1, b.x1);
    even_rows(products + 2 * kBlockOutputs, a.x2, b.x2);
    even_rows(products + 3 * kBlockOutputs, a.x3, b.x3);
    even_rows(products + 4 * kBlockOutputs, a.x4, b.x4);
    even_rows(products + 5 * kBlockOutputs, a.x5, b.x5);
    output_row(a, out, column_stride);
    output_row(b, out + 2 * row_stride, column_stride);
    odd_rows(products, a.x0, b.x0);
    odd_rows(products + kBlockOutputs, a.x1, b.x1);
    odd_rows(products + 2 * kBlockOutputs, a.x2, b.x2);
    odd_rows(products + 3 * kBlockOutputs, a.x3, b.x3);
    odd_rows(products + 4 * kBlockOutputs, a.x4, b.x4);
    odd_rows(products + 5 * kBlockOutputs, a.x5, b.x5);
    output_row(a, out + row_stride, column_stride);
    output_row(b, out + 3 * row_stride, column_stride);
  }
}

}  // namespace brownout::datapath::avx2
