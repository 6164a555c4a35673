// SPDX-License-Identifier: Apache-2.0
// What the AVX2 convolutions share: aligned memory, widened images, the multiply–add kernels.
#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "sim/datapath/convolution/convolution.hpp"
#include "sim/datapath/simd.hpp"

namespace brownout::datapath::avx2 {

constexpr std::size_t kLine = 64;       // bytes of a cache line
constexpr int kBlockOutputs = 16;       // output channels of a kernel call: 2 registers
constexpr int kBlockRows = 6;           // pixels of a kernel call: 12 of 16 registers accumulate
constexpr int kTile = 4;                // outputs on a side of a Winograd tile
constexpr int kPoints = 36;             // products of a Winograd tile, per channel pair
constexpr std::size_t kReadAhead = 64;  // bytes that a vector load may read beyond the end of an
                                        // image

inline std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}
inline int divide_up(int value, int by) { return (value + by - 1) / by; }
/// The next part when `left` is cut into as few parts as possible, at most `most` each, all of
/// nearly the same size.
inline int next_part(int left, int most) { return divide_up(left, divide_up(left, most)); }

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
    T* const piece = reinterpret_cast<T*>(next_);  // NOLINT(performance-no-int-to-ptr)
    next_ += round_up(count * sizeof(T), kLine);
    return piece;
  }

 private:
  std::uintptr_t next_;
};

/// The image that the kernels read, NHWC with its border.
struct PaddedImage {
  int height, width, channels;      // of the source
  int top, left;                    // border rows and columns before the source
  int padded_height, padded_width;  // with borders

  std::size_t row() const {
    return static_cast<std::size_t>(padded_width) * static_cast<std::size_t>(channels);
  }
  std::size_t size() const { return row() * padded_height; }
};

PaddedImage padded_image(const ConvolutionShape& shape);

/// Writes one image of `image.size()` values: q − z with a border of 0.
void widen(const std::uint8_t* q, const PaddedImage& image, int zero_point, std::int16_t* out);
/// The same of the codes: q with a border of z.
void copy_codes(const std::uint8_t* q, const PaddedImage& image, int zero_point, std::uint8_t* out);

/// A reduction is cut into segments of adjacent values, at `offsets` (bytes) from the row's first
/// value. A segment is read in steps of 32 bits: 2 int16 or 4 bytes. Weights:
/// [segment][step][16 outputs][2 or 4].
struct Reduction {
  const std::ptrdiff_t* offsets;
  int segments;
  int steps;
};

/// out[r · out_stride + o] = Σ rows[r] · weights for `count` rows and 16 outputs. The sums wrap
/// modulo 2³².
using MultiplyRows = void (*)(const std::int16_t* const* rows, int count,
                              const Reduction& reduction, const std::int16_t* weights,
                              std::int32_t* out, std::ptrdiff_t out_stride);
void multiply_rows_avx2(const std::int16_t* const* rows, int count, const Reduction& reduction,
                        const std::int16_t* weights, std::int32_t* out, std::ptrdiff_t out_stride);
void multiply_rows_vnni(const std::int16_t* const* rows, int count, const Reduction& reduction,
                        const std::int16_t* weights, std::int32_t* out, std::ptrdiff_t out_stride);
/// The fastest of the two that this processor can run; it has AVX2.
MultiplyRows fastest_multiply_rows();

/// The products of Winograd tiles at every point: tiles are count × point × depth, of which the
/// first 2·pairs count; weights point × pair × 16 outputs × 2; out tile × point × 16.
void multiply_tiles_avx2(const std::int16_t* tiles, int count, std::ptrdiff_t depth, int pairs,
                         const std::int16_t* weights, std::int32_t* out);

/// Panels of 16 outputs each, for unsigned bytes times signed ones, and what their sums start with.
struct BytePanels {
  const std::int8_t* weights;
  std::size_t size;  // bytes from one panel to the next
  const std::int32_t* start;
};

constexpr int kBytePanels = 2;  // that are multiplied together

/// out[r · out_stride + o] = start[o] + Σ rows[r] · weights for `count` rows and `outputs` ≤
/// kBytePanels · 16 outputs. The sums wrap modulo 2³².
void multiply_bytes_vnni(const std::uint8_t* const* rows, int count, const Reduction& reduction,
                         const BytePanels& panels, int outputs, std::int32_t* out,
                         std::ptrdiff_t out_stride);

/// The same for any number of outputs; the number of panels is a multiple of kBytePanels, and each
/// ends with weights of 0 up to a multiple of 16 steps. `gathered` has room for `gathered_bytes`.
void multiply_bytes_amx(const std::uint8_t* const* rows, int count, const Reduction& reduction,
                        const BytePanels& panels, int outputs, std::int32_t* out,
                        std::ptrdiff_t out_stride, std::uint8_t* gathered);
std::size_t gathered_bytes(const Reduction& reduction, int rows);

/// A mask of the first `count` of 8 lanes.
BROWNOUT_AVX2_INLINE __m256i first_lanes(int count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
}

}  // namespace brownout::datapath::avx2
