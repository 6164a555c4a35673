// SPDX-License-Identifier: Apache-2.0
// The multiply–add kernels with AVX-512 VNNI: `vpdpwssd` multiplies 2 × 16 pairs of int16 and adds
// them to 16 sums in one instruction. Its sums wrap modulo 2³² and never saturate, as those of the
// AVX2 kernels do, so both give the same bits.
#include <immintrin.h>

#include "sim/datapath/convolution/avx2_common.hpp"
#include "sim/datapath/simd.hpp"

namespace brownout::datapath::avx2 {
namespace {

// Rows of a kernel call: 8 sums hide the latency of the instruction, and 8 pointers stay in
// registers.
constexpr int kRows = 8;

// Two int16 read as one 32-bit lane.
using PairOfInt16 = int __attribute__((may_alias, aligned(2)));

/// Two adjacent int16 of one row times 2 × 16 weights. In assembler because compilers hoist the
/// broadcasts out of the instruction.
BROWNOUT_VNNI_INLINE void multiply_add(__m512i& sum, const char* pair, __m512i weights) {
  asm("vpdpwssd %[pair]%{1to16%}, %[weights], %[sum]"
      : [sum] "+v"(sum)
      : [pair] "m"(*reinterpret_cast<const PairOfInt16*>(pair)), [weights] "v"(weights));
}

// Adds the products of `pairs` > 0 pairs at `i` bytes from the rows' pointers.
template <int Rows>
BROWNOUT_VNNI_INLINE void add_products(__m512i (&sums)[Rows], const char* const (&rows)[Rows],
                                       std::ptrdiff_t i, const std::int16_t* weights, int pairs) {
  const std::int16_t* const end = weights + std::ptrdiff_t{pairs} * 2 * kBlockOutputs;
  do {
    const __m512i panel = _mm512_load_si512(weights);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) multiply_add(sums[r], rows[r] + i, panel);
    weights += 2 * kBlockOutputs;
    i += 4;
  } while (weights != end);
}

template <int Rows>
BROWNOUT_VNNI_INLINE void store_sums(const __m512i (&sums)[Rows], std::int32_t* out,
                                     std::ptrdiff_t stride) {
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) _mm512_storeu_si512(out + r * stride, sums[r]);
}

template <int Rows>
BROWNOUT_VNNI void multiply_block(const std::int16_t* const* from, const Reduction& reduction,
                                  const std::int16_t* weights, std::int32_t* out,
                                  std::ptrdiff_t stride) {
  const char* rows[Rows];
  __m512i sums[Rows];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    rows[r] = reinterpret_cast<const char*>(from[r]);
    sums[r] = _mm512_setzero_si512();
  }
  for (int s = 0; s < reduction.segments; ++s) {
    add_products<Rows>(sums, rows, reduction.offsets[s], weights, reduction.pairs);
    weights += std::ptrdiff_t{reduction.pairs} * 2 * kBlockOutputs;
  }
  store_sums<Rows>(sums, out, stride);
}

template <int Rows>
BROWNOUT_VNNI void multiply_tile_block(const char* first, std::ptrdiff_t row_step, int pairs,
                                       const std::int16_t* weights, std::int32_t* out) {
  const char* rows[Rows];
  __m512i sums[Rows];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    rows[r] = first + r * row_step;
    sums[r] = _mm512_setzero_si512();
  }
  add_products<Rows>(sums, rows, 0, weights, pairs);
  store_sums<Rows>(sums, out, kPoints * kBlockOutputs);
}

// Rows of the next block when `left` are to be done: blocks of nearly equal size.
int next_block(int left) { return divide_up(left, divide_up(left, kRows)); }

void multiply_rows_vnni(const std::int16_t* const* rows, int count, const Reduction& reduction,
                        const std::int16_t* weights, std::int32_t* out, std::ptrdiff_t stride) {
  constexpr decltype(&multiply_block<1>) kOfSize[kRows] = {
      multiply_block<1>, multiply_block<2>, multiply_block<3>, multiply_block<4>,
      multiply_block<5>, multiply_block<6>, multiply_block<7>, multiply_block<8>};
  for (int done = 0, size = 0; done < count; done += size) {
    size = next_block(count - done);
    kOfSize[size - 1](rows + done, reduction, weights, out + done * stride, stride);
  }
}

void multiply_tiles_vnni(const std::int16_t* tiles, int count, std::ptrdiff_t depth, int pairs,
                         const std::int16_t* weights, std::int32_t* out) {
  constexpr decltype(&multiply_tile_block<1>) kOfSize[kRows] = {
      multiply_tile_block<1>, multiply_tile_block<2>, multiply_tile_block<3>,
      multiply_tile_block<4>, multiply_tile_block<5>, multiply_tile_block<6>,
      multiply_tile_block<7>, multiply_tile_block<8>};
  const std::ptrdiff_t row_step = kPoints * depth * 2;
  for (int point = 0; point < kPoints; ++point) {
    const char* const first = reinterpret_cast<const char*>(tiles + point * depth);
    std::int32_t* const to = out + point * kBlockOutputs;
    for (int done = 0, size = 0; done < count; done += size) {
      size = next_block(count - done);
      kOfSize[size - 1](first + done * row_step, row_step, pairs, weights,
                        to + std::ptrdiff_t{done} * kPoints * kBlockOutputs);
    }
    weights += std::ptrdiff_t{pairs} * 2 * kBlockOutputs;
  }
}

}  // namespace

const Kernels& vnni_kernels() {
  static constexpr Kernels kernels{"vnni", multiply_rows_vnni, multiply_tiles_vnni};
  return kernels;
}

}  // namespace brownout::datapath::avx2
