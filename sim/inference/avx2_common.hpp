// SPDX-License-Identifier: Apache-2.0
// What the AVX2 convolutions share: aligned memory, widened images, the multiply–add kernel.
#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "sim/inference/convolution.hpp"

// Compiled for AVX2 whatever the rest of the program is compiled for; called only where it exists.
#define BROWNOUT_AVX2 __attribute__((target("avx2")))
#define BROWNOUT_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

namespace brownout::inference::avx2 {

constexpr std::size_t kLine = 64;       // bytes of a cache line
constexpr int kBlockOutputs = 16;       // output channels of a kernel call: 2 registers
constexpr int kBlockRows = 6;           // pixels of a kernel call: 12 of 16 registers accumulate
constexpr std::size_t kReadAhead = 64;  // bytes a vector load may pass the end of an image by

inline std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}
inline int divide_up(int value, int by) { return (value + by - 1) / by; }

/// Zeroed memory at a cache line border.
template <typename T>
class AlignedArray {
 public:
  explicit AlignedArray(std::size_t count)
      : data_(static_cast<T*>(::operator new (bytes(count), std::align_val_t{kLine}))) {
    std::memset(data_.get(), 0, bytes(count));
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(T* memory) const { ::operator delete (memory, std::align_val_t{kLine}); }
  };
  static std::size_t bytes(std::size_t count) { return round_up(count * sizeof(T) + 1, kLine); }
  std::unique_ptr<T, Free> data_;
};

/// Hands out cache-line-aligned pieces of the caller's scratch.
class Scratch {
 public:
  explicit Scratch(void* memory)
      : next_(round_up(reinterpret_cast<std::uintptr_t>(memory), kLine)) {}
  template <typename T>
  T* take(std::size_t count) {
    T* const piece = reinterpret_cast<T*>(next_);
    next_ += round_up(count * sizeof(T), kLine);
    return piece;
  }

 private:
  std::uintptr_t next_;
};

/// The image that the kernels read: q − z as int16, NHWC, with its zero border.
struct PaddedImage {
  int height, width, channels;      // of the source
  int top, left;                    // border rows and columns before the source
  int padded_height, padded_width;  // with borders

  std::size_t row() const {
    return static_cast<std::size_t>(padded_width) * static_cast<std::size_t>(channels);
  }
  std::size_t size() const { return row() * static_cast<std::size_t>(padded_height); }
};

/// Writes one image of `image.size()` values.
void widen(const std::uint8_t* q, const PaddedImage& image, int zero_point, std::int16_t* out);

/// A reduction is cut into segments of adjacent values: `pairs` pairs each, at `offsets` (bytes)
/// from the row's first value. Weights: [segment][pair][16 outputs][2].
struct Reduction {
  const std::ptrdiff_t* offsets;
  int segments;
  int pairs;
};

struct Accumulators {
  __m256i low, high;
};

// Two int16 read as one 32-bit lane.
using PairOfInt16 = int __attribute__((may_alias));

/// Two adjacent int16 of one row times 2 × 16 weights. In assembler because compilers hoist the
/// broadcasts of all rows to the front and then spill accumulators, which halves the speed.
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

/// out[r · out_stride + o] = Σ rows[r] · weights for Rows rows and 16 outputs.
template <int Rows>
BROWNOUT_AVX2_INLINE void multiply_rows(const std::int16_t* const* rows, const Reduction& reduction,
                                        const std::int16_t* weights, std::int32_t* out,
                                        std::ptrdiff_t out_stride) {
  static_assert(Rows >= 1 && Rows <= kBlockRows);
  const char* const r0 = reinterpret_cast<const char*>(rows[0]);
  const char* const r1 = reinterpret_cast<const char*>(rows[Rows > 1 ? 1 : 0]);
  const char* const r2 = reinterpret_cast<const char*>(rows[Rows > 2 ? 2 : 0]);
  const char* const r3 = reinterpret_cast<const char*>(rows[Rows > 3 ? 3 : 0]);
  const char* const r4 = reinterpret_cast<const char*>(rows[Rows > 4 ? 4 : 0]);
  const char* const r5 = reinterpret_cast<const char*>(rows[Rows > 5 ? 5 : 0]);
  const Accumulators zero{_mm256_setzero_si256(), _mm256_setzero_si256()};
  Accumulators a0 = zero, a1 = zero, a2 = zero, a3 = zero, a4 = zero, a5 = zero;
  for (int s = 0; s < reduction.segments; ++s) {
    const std::ptrdiff_t end = reduction.offsets[s] + std::ptrdiff_t{reduction.pairs} * 4;
    for (std::ptrdiff_t i = reduction.offsets[s]; i != end; i += 4) {
      const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights));
      const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights + 16));
      weights += 32;
      multiply_add(a0, r0 + i, low, high);
      if constexpr (Rows > 1) multiply_add(a1, r1 + i, low, high);
      if constexpr (Rows > 2) multiply_add(a2, r2 + i, low, high);
      if constexpr (Rows > 3) multiply_add(a3, r3 + i, low, high);
      if constexpr (Rows > 4) multiply_add(a4, r4 + i, low, high);
      if constexpr (Rows > 5) multiply_add(a5, r5 + i, low, high);
    }
  }
  store(out, a0);
  if constexpr (Rows > 1) store(out + out_stride, a1);
  if constexpr (Rows > 2) store(out + 2 * out_stride, a2);
  if constexpr (Rows > 3) store(out + 3 * out_stride, a3);
  if constexpr (Rows > 4) store(out + 4 * out_stride, a4);
  if constexpr (Rows > 5) store(out + 5 * out_stride, a5);
}

/// The same for `count` rows in [1, 6].
BROWNOUT_AVX2 void multiply_some_rows(int count, const std::int16_t* const* rows,
                                      const Reduction& reduction, const std::int16_t* weights,
                                      std::int32_t* out, std::ptrdiff_t out_stride);

/// A mask of the first `count` of 8 lanes.
BROWNOUT_AVX2_INLINE __m256i first_lanes(int count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
}

}  // namespace brownout::inference::avx2
