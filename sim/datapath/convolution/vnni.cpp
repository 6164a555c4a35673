// SPDX-License-Identifier: Apache-2.0
// The multiply–add kernels with AVX-512 VNNI. `vpdpwssd` multiplies 2 × 16 pairs of int16,
// `vpdpbusd` 4 × 16 pairs of unsigned and signed bytes, and both add them to 16 sums in one
// instruction. The sums wrap modulo 2³² and never saturate, so they are those of the other kernels
// bit for bit.
#include <immintrin.h>

#include <array>
#include <utility>

#include "sim/datapath/convolution/avx2_common.hpp"
#include "sim/datapath/simd.hpp"

namespace brownout::datapath::avx2 {
namespace {

// Rows of a kernel call: 12 sums, or 24 of two panels, hide the latency of the instruction, and 12
// pointers stay in registers.
constexpr int kRows = 12;
constexpr std::ptrdiff_t kStepBytes = 4;
constexpr std::ptrdiff_t kPanelStepBytes = kStepBytes * kBlockOutputs;

// Panels of 16 outputs, all `bytes` long, what their sums start with, and the outputs of the last.
struct Panels {
  const char* weights;
  std::ptrdiff_t bytes;
  const std::int32_t* start;
  __mmask16 last;
};

// A step of a row, read as one 32-bit lane.
using Lane = int __attribute__((may_alias, aligned(1)));

/// One step of a row times those of some panels. In assembler because compilers move the broadcasts
/// of all rows to the front and then spill sums, which halves the speed.
template <typename Value, int Count>
BROWNOUT_VNNI_INLINE void multiply_add(__m512i (&sums)[Count], const char* step,
                                       const __m512i (&weights)[Count]) {
  __m512i x;
  asm("vpbroadcastd %[step], %[x]"
      : [x] "=v"(x)
      : [step] "m"(*reinterpret_cast<const Lane*>(step)));
#pragma GCC unroll 2
  for (int p = 0; p < Count; ++p) {
    if constexpr (sizeof(Value) == 1) {
      asm("vpdpbusd %[weights], %[x], %[sum]"
          : [sum] "+v"(sums[p])
          : [x] "v"(x), [weights] "v"(weights[p]));
    } else {
      asm("vpdpwssd %[weights], %[x], %[sum]"
          : [sum] "+v"(sums[p])
          : [x] "v"(x), [weights] "v"(weights[p]));
    }
  }
}

template <typename Value, int Count, int Rows>
BROWNOUT_VNNI void multiply_block(const Value* const* from, const Reduction& reduction,
                                  const Panels& panels, std::int32_t* out, std::ptrdiff_t stride) {
  const char* rows[Rows];
  __m512i sums[Rows][Count];
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) {
    rows[r] = reinterpret_cast<const char*>(from[r]);
#pragma GCC unroll 2
    for (int p = 0; p < Count; ++p) {
      sums[r][p] = _mm512_loadu_si512(panels.start + p * kBlockOutputs);
    }
  }
  const char* weights = panels.weights;
  for (int s = 0; s < reduction.segments; ++s) {
    std::ptrdiff_t i = reduction.offsets[s];
    const char* const end = weights + reduction.steps * kPanelStepBytes;
    do {
      __m512i step[Count];
#pragma GCC unroll 2
      for (int p = 0; p < Count; ++p) step[p] = _mm512_load_si512(weights + p * panels.bytes);
#pragma GCC unroll 12
      for (int r = 0; r < Rows; ++r) multiply_add<Value>(sums[r], rows[r] + i, step);
      weights += kPanelStepBytes;
      i += kStepBytes;
    } while (weights != end);
  }
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r, out += stride) {
#pragma GCC unroll 2
    for (int p = 0; p < Count; ++p) {
      const __mmask16 lanes = p + 1 == Count ? panels.last : static_cast<__mmask16>(0xffff);
      _mm512_mask_storeu_epi32(out + p * kBlockOutputs, lanes, sums[r][p]);
    }
  }
}

template <typename Value, int Count, std::size_t... Row>
constexpr auto blocks_of(std::index_sequence<Row...>) {
  return std::array{multiply_block<Value, Count, static_cast<int>(Row) + 1>...};
}

template <typename Value, int Count>
void multiply(const Value* const* rows, int count, const Reduction& reduction, const Panels& panels,
              std::int32_t* out, std::ptrdiff_t stride) {
  static constexpr auto kOfSize = blocks_of<Value, Count>(std::make_index_sequence<kRows>());
  for (int done = 0, size = 0; done < count; done += size) {
    size = next_part(count - done, kRows);
    kOfSize[static_cast<std::size_t>(size) - 1](rows + done, reduction, panels, out + done * stride,
                                                stride);
  }
}

}  // namespace

void multiply_rows_vnni(const std::int16_t* const* rows, int count, const Reduction& reduction,
                        const std::int16_t* weights, std::int32_t* out, std::ptrdiff_t out_stride) {
  static constexpr std::int32_t kZeros[kBlockOutputs] = {};
  const Panels panel{reinterpret_cast<const char*>(weights), 0, kZeros, 0xffff};
  multiply<std::int16_t, 1>(rows, count, reduction, panel, out, out_stride);
}

void multiply_bytes_vnni(const std::uint8_t* const* rows, int count, const Reduction& reduction,
                         const BytePanels& panels, int outputs, std::int32_t* out,
                         std::ptrdiff_t out_stride) {
  const int count_of_last = (outputs - 1) % kBlockOutputs + 1;
  const Panels both{reinterpret_cast<const char*>(panels.weights),
                    static_cast<std::ptrdiff_t>(panels.size), panels.start,
                    static_cast<__mmask16>((1U << count_of_last) - 1)};
  const auto run = outputs > kBlockOutputs ? multiply<std::uint8_t, 2> : multiply<std::uint8_t, 1>;
  run(rows, count, reduction, both, out, out_stride);
}

}  // namespace brownout::datapath::avx2
