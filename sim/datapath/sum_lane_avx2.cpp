// SPDX-License-Identifier: Apache-2.0
// The `sum` lane with AVX2: byte sums by vpsadbw, window sums in registers.
#include <immintrin.h>

#include <algorithm>

#include "sim/datapath/simd.hpp"
#include "sim/datapath/sum_lane.hpp"

namespace brownout::datapath {

namespace {

constexpr int kLanes = 8;

BROWNOUT_AVX2_INLINE __m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

/// Four partial sums (64-bit lanes) of `count` bytes, a multiple of 32.
BROWNOUT_AVX2_INLINE __m256i partial_sums(const std::uint8_t* q, int count) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i sums = _mm256_sad_epu8(load(q), zero);
  for (int i = 32; i < count; i += 32) {
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(load(q + i), zero));
  }
  return sums;
}

/// The low halves of the 64-bit lanes of a and b, within each 128-bit half: a0 a1 b0 b1.
BROWNOUT_AVX2_INLINE __m256i low_halves(__m256i a, __m256i b) {
  return _mm256_castps_si256(
      _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), _MM_SHUFFLE(2, 0, 2, 0)));
}

/// Totals of four runs of `count` bytes, a multiple of 32, that lie back to back.
BROWNOUT_AVX2_INLINE __m128i four_sums(const std::uint8_t* q, int count) {
  const __m256i first = low_halves(partial_sums(q, count), partial_sums(q + count, count));
  const __m256i second =
      low_halves(partial_sums(q + 2 * count, count), partial_sums(q + 3 * count, count));
  const __m256i pairs = _mm256_hadd_epi32(first, second);
  return _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
}

/// Totals of four runs of 16 bytes.
BROWNOUT_AVX2_INLINE __m128i four_short_sums(const std::uint8_t* q) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i pairs =
      low_halves(_mm256_sad_epu8(load(q), zero), _mm256_sad_epu8(load(q + 32), zero));
  const __m256i sums = _mm256_hadd_epi32(pairs, pairs);  // 0 2 0 2 | 1 3 1 3
  return _mm_unpacklo_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

/// Sums over the columns of each window of one padded row.
BROWNOUT_AVX2_INLINE void row_sums(const std::int32_t* row, int kernel, int outputs,
                                   std::int32_t* to) {
  for (int x = 0; x < outputs; x += kLanes) {
    __m256i sum = load(row + x);
    for (int k = 1; k < kernel; ++k) sum = _mm256_add_epi32(sum, load(row + x + k));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + x), sum);
  }
}

}  // namespace

BROWNOUT_AVX2 void avx2_channel_sums(const std::uint8_t* q, int pixels, int channels, int groups,
                                     int zero_point, std::int32_t* sums) {
  const int members = channels / groups;
  const int runs = pixels * groups;
  int i = 0;
  if (members % 32 == 0 || members == 16) {
    const __m128i offset = _mm_set1_epi32(zero_point * members);
    for (; i + 4 <= runs; i += 4) {
      const std::uint8_t* from = q + std::ptrdiff_t{i} * members;
      const __m128i totals = members == 16 ? four_short_sums(from) : four_sums(from, members);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(sums + i), _mm_sub_epi32(totals, offset));
    }
  }
  if (i == runs) return;
  portable_channel_sums(q + std::ptrdiff_t{i} * members, 1, (runs - i) * members, runs - i,
                        zero_point, sums + i);
}

BROWNOUT_AVX2 void avx2_window_offsets(const arithmetic::Matrix& matrix, float b,
                                       SumScratch& scratch, float* offsets) {
  const arithmetic::Window& window = matrix.window;
  if (matrix.groups != 1 || window.stride_w != 1 || window.dilated() || is_pointwise(window)) {
    portable_window_offsets(matrix, b, scratch, offsets);
    return;
  }
  // Rows are written 8 outputs at a time, from the front. The next row overwrites what is written
  // too far, and all buffers have room after the last row.
  std::fill(scratch.row.begin(), scratch.row.end(), 0);
  for (int y = 0; y < window.in_height; ++y) {
    const std::int32_t* from = scratch.channels.data() + y * window.in_width;
    std::copy(from, from + window.in_width, scratch.row.data() + window.pad_left);
    row_sums(scratch.row.data(), window.kernel_w, window.out_width,
             scratch.rows.data() + y * window.out_width);
  }
  const __m256 factor = _mm256_set1_ps(b);
  for (int y = 0; y < window.out_height; ++y) {
    const int top = y * window.stride_h - window.pad_top;
    const int first = std::max(top, 0);
    const int last = std::min(top + window.kernel_h, window.in_height);
    for (int x = 0; x < window.out_width; x += kLanes) {
      __m256i sum = _mm256_setzero_si256();
      for (int row = first; row < last; ++row) {
        sum = _mm256_add_epi32(sum, load(scratch.rows.data() + row * window.out_width + x));
      }
      _mm256_storeu_ps(offsets + y * window.out_width + x,
                       _mm256_mul_ps(factor, _mm256_cvtepi32_ps(sum)));
    }
  }
}

}  // namespace brownout::datapath
