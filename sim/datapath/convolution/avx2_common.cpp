// SPDX-License-Identifier: Apache-2.0
// Gives images their border, and multiplies with AVX2.
#include "sim/datapath/convolution/avx2_common.hpp"

#include <algorithm>

#include "sim/datapath/convolution/avx2.hpp"

namespace brownout::datapath::avx2 {
namespace {

BROWNOUT_AVX2 void widen_run(const std::uint8_t* q, std::size_t count, int zero_point,
                             std::int16_t* out) {
  const __m256i zero = _mm256_set1_epi16(static_cast<std::int16_t>(zero_point));
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i),
                        _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), zero));
  }
  for (; i < count; ++i) out[i] = static_cast<std::int16_t>(q[i] - zero_point);
}

struct Accumulators {
  __m256i low, high;
};

// Two int16 values read as one 32-bit lane.
using PairOfInt16 = int __attribute__((may_alias, aligned(2)));

/// Two adjacent int16 of one row times 2 × 16 weights. It is written in assembler because compilers
/// move the broadcasts of all rows to the front and then spill accumulators, which halves the
/// speed.
BROWNOUT_AVX2_INLINE void multiply_add(Accumulators& sum, const char* pair, __m256i low,
                                       __m256i high) {
  __m256i x, product;
  asm("vpbroadcastd %[pair], %[x]\n\t"
      "vpmaddwd %[low], %[x], %[product]\n\t"
      "vpmaddwd %[high], %[x], %[x]\n\t"
      "vpaddd %[product], %[sum_low], %[sum_low]\n\t"
      "vpaddd %[x], %[sum_high], %[sum_high]"
      : [sum_low] "+x"(sum.low), [sum_high] "+x"(sum.high), [x] "=&x"(x), [product] "=&x"(product)
      : [pair] "m"(*reinterpret_cast<const PairOfInt16*>(pair)), [low] "x"(low), [high] "x"(high));
}

BROWNOUT_AVX2_INLINE void store(std::int32_t* out, const Accumulators& sum) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), sum.low);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 8), sum.high);
}

struct RowPointers {
  const char *r0, *r1, *r2, *r3, *r4, *r5;
};

struct Sums {
  Accumulators a0, a1, a2, a3, a4, a5;
};

BROWNOUT_AVX2_INLINE Sums zero_sums() {
  const Accumulators zero{_mm256_setzero_si256(), _mm256_setzero_si256()};
  return {zero, zero, zero, zero, zero, zero};
}

// Adds the products of `pairs` > 0 pairs at `i` bytes from the rows' pointers.
template <int Rows>
BROWNOUT_AVX2_INLINE void add_products(Sums& sums, const RowPointers& rows, std::ptrdiff_t i,
                                       const std::int16_t* weights, int pairs) {
  const std::int16_t* const end = weights + std::ptrdiff_t{pairs} * 2 * kBlockOutputs;
  do {
    const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights));
    const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights + 16));
    multiply_add(sums.a0, rows.r0 + i, low, high);
    if constexpr (Rows > 1) multiply_add(sums.a1, rows.r1 + i, low, high);
    if constexpr (Rows > 2) multiply_add(sums.a2, rows.r2 + i, low, high);
    if constexpr (Rows > 3) multiply_add(sums.a3, rows.r3 + i, low, high);
    if constexpr (Rows > 4) multiply_add(sums.a4, rows.r4 + i, low, high);
    if constexpr (Rows > 5) multiply_add(sums.a5, rows.r5 + i, low, high);
    weights += 2 * kBlockOutputs;
    i += 4;
  } while (weights != end);
}

template <int Rows>
BROWNOUT_AVX2_INLINE void store_sums(const Sums& sums, std::int32_t* out, std::ptrdiff_t stride) {
  store(out, sums.a0);
  if constexpr (Rows > 1) store(out + stride, sums.a1);
  if constexpr (Rows > 2) store(out + 2 * stride, sums.a2);
  if constexpr (Rows > 3) store(out + 3 * stride, sums.a3);
  if constexpr (Rows > 4) store(out + 4 * stride, sums.a4);
  if constexpr (Rows > 5) store(out + 5 * stride, sums.a5);
}

template <int Rows>
BROWNOUT_AVX2_INLINE void multiply_block(const std::int16_t* const* from,
                                         const Reduction& reduction, const std::int16_t* weights,
                                         std::int32_t* out, std::ptrdiff_t stride) {
  const auto row = [from](int r) { return reinterpret_cast<const char*>(from[r < Rows ? r : 0]); };
  const RowPointers rows{row(0), row(1), row(2), row(3), row(4), row(5)};
  Sums sums = zero_sums();
  for (int s = 0; s < reduction.segments; ++s) {
    add_products<Rows>(sums, rows, reduction.offsets[s], weights, reduction.steps);
    weights += std::ptrdiff_t{reduction.steps} * 2 * kBlockOutputs;
  }
  store_sums<Rows>(sums, out, stride);
}

// `larger` blocks of Size + 1 rows, then the others of Size rows.
template <int Size>
BROWNOUT_AVX2 void multiply_blocks(const std::int16_t* const* rows, int larger, int blocks,
                                   Reduction reduction, const std::int16_t* weights,
                                   std::int32_t* out, std::ptrdiff_t stride) {
  int block = 0;
  if constexpr (Size < kBlockRows) {
    for (; block < larger; ++block, rows += Size + 1, out += (Size + 1) * stride)
      multiply_block<Size + 1>(rows, reduction, weights, out, stride);
  }
  for (; block < blocks; ++block, rows += Size, out += Size * stride)
    multiply_block<Size>(rows, reduction, weights, out, stride);
}

template <int Rows>
BROWNOUT_AVX2_INLINE void multiply_tile_block(const char* first, std::ptrdiff_t row_step, int pairs,
                                              const std::int16_t* weights, std::int32_t* out) {
  const char* const fourth = first + 3 * row_step;
  const RowPointers rows{first,  first + row_step,  first + 2 * row_step,
                         fourth, fourth + row_step, fourth + 2 * row_step};
  Sums sums = zero_sums();
  add_products<Rows>(sums, rows, 0, weights, pairs);
  store_sums<Rows>(sums, out, kPoints * kBlockOutputs);
}

template <int Size>
BROWNOUT_AVX2 void multiply_tile_blocks(const std::int16_t* tiles, int larger, int blocks,
                                        std::ptrdiff_t depth, int pairs,
                                        const std::int16_t* weights, std::int32_t* out) {
  const std::ptrdiff_t row_step = kPoints * depth * 2;
  constexpr std::ptrdiff_t kOutStep = kPoints * kBlockOutputs;
  for (int point = 0; point < kPoints; ++point) {
    const char* first = reinterpret_cast<const char*>(tiles + point * depth);
    std::int32_t* to = out + point * kBlockOutputs;
    int block = 0;
    if constexpr (Size < kBlockRows) {
      for (; block < larger; ++block, first += (Size + 1) * row_step, to += (Size + 1) * kOutStep)
        multiply_tile_block<Size + 1>(first, row_step, pairs, weights, to);
    }
    for (; block < blocks; ++block, first += Size * row_step, to += Size * kOutStep)
      multiply_tile_block<Size>(first, row_step, pairs, weights, to);
    weights += std::ptrdiff_t{pairs} * 2 * kBlockOutputs;
  }
}

// `count` rows in blocks of nearly equal size, because a last block of one row would cost as much
// as one of two.
struct Blocks {
  explicit Blocks(int count) : blocks(divide_up(count, kBlockRows)) {
    size = count / blocks;
    larger = count % blocks;
  }
  int blocks, size, larger;
};

// Writes one image with its border. `copy(from, count, to)` writes what lies inside.
template <typename T, typename Copy>
void with_border(const std::uint8_t* q, const PaddedImage& image, T border, const Copy& copy,
                 T* out) {
  const std::size_t channels = image.channels;
  const std::size_t body = image.width * channels;
  if (image.padded_height == image.height && image.padded_width == image.width) {
    copy(q, body * image.height, out);
    return;
  }
  const std::size_t row = image.row();
  const std::size_t before = image.left * channels;
  const std::size_t after = row - before - body;
  const std::size_t top = image.top * row;
  std::fill_n(out, top, border);
  out += top;
  for (int y = 0; y < image.height; ++y, q += body, out += row) {
    std::fill_n(out, before, border);
    copy(q, body, out + before);
    std::fill_n(out + before + body, after, border);
  }
  const int bottom = image.padded_height - image.top - image.height;
  std::fill_n(out, bottom * row, border);
}

}  // namespace

void multiply_rows_avx2(const std::int16_t* const* rows, int count, const Reduction& reduction,
                        const std::int16_t* weights, std::int32_t* out, std::ptrdiff_t out_stride) {
  constexpr decltype(&multiply_blocks<1>) kOfSize[] = {multiply_blocks<1>, multiply_blocks<2>,
                                                       multiply_blocks<3>, multiply_blocks<4>,
                                                       multiply_blocks<5>, multiply_blocks<6>};
  const Blocks cut(count);
  kOfSize[cut.size - 1](rows, cut.larger, cut.blocks, reduction, weights, out, out_stride);
}

void multiply_tiles_avx2(const std::int16_t* tiles, int count, std::ptrdiff_t depth, int pairs,
                         const std::int16_t* weights, std::int32_t* out) {
  constexpr decltype(&multiply_tile_blocks<1>) kOfSize[] = {
      multiply_tile_blocks<1>, multiply_tile_blocks<2>, multiply_tile_blocks<3>,
      multiply_tile_blocks<4>, multiply_tile_blocks<5>, multiply_tile_blocks<6>};
  const Blocks cut(count);
  kOfSize[cut.size - 1](tiles, cut.larger, cut.blocks, depth, pairs, weights, out);
}
PaddedImage padded_image(const ConvolutionShape& shape) {
  return {shape.in_height,
          shape.in_width,
          shape.in_channels,
          shape.pad_top,
          shape.pad_left,
          shape.in_height + shape.pad_top + shape.pad_bottom,
          shape.in_width + shape.pad_left + shape.pad_right};
}

void widen(const std::uint8_t* q, const PaddedImage& image, int zero_point, std::int16_t* out) {
  const auto copy = [zero_point](const std::uint8_t* from, std::size_t count, std::int16_t* to) {
    widen_run(from, count, zero_point, to);
  };
  with_border(q, image, std::int16_t{0}, copy, out);
}

void copy_codes(const std::uint8_t* q, const PaddedImage& image, int zero_point,
                std::uint8_t* out) {
  const auto copy = [](const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
    std::memcpy(to, from, count);
  };
  with_border(q, image, static_cast<std::uint8_t>(zero_point), copy, out);
}

MultiplyRows fastest_multiply_rows() {
  return vnni_available() ? multiply_rows_vnni : multiply_rows_avx2;
}

}  // namespace brownout::datapath::avx2
