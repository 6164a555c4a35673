// SPDX-License-Identifier: Apache-2.0
// The three transforms of integer Winograd F(4×4, 3×3); convolution_winograd_avx2.cpp says why they
// are exact.
#pragma once
#include <cstddef>
#include <cstdint>

namespace brownout::inference::avx2 {

constexpr int kTile = 4;     // outputs on a side of a tile
constexpr int kPoints = 36;  // products of a tile, per channel pair

/// U = G g Gᵀ for 16 lanes: tap t at taps + t·tap_stride, point p at out + p·point_stride.
void transform_filter(const std::int16_t* taps, std::ptrdiff_t tap_stride, std::int16_t* out,
                      std::ptrdiff_t point_stride);

/// V = Bᵀ d B of a 6×6 window, 16 channels at a time; out: point × depth. Reads and writes whole
/// vectors: what stands behind the last channel is arbitrary (its weights are 0).
void transform_input(const std::int16_t* window, std::ptrdiff_t row_stride,
                     std::ptrdiff_t column_stride, int channels, std::int16_t* out,
                     std::ptrdiff_t depth);

/// Where a tile goes: `rows` × `columns` pixels of `channels` ≤ 16 values.
struct OutputTile {
  std::int32_t* first;
  std::ptrdiff_t row_stride, column_stride;
  int rows, columns, channels;
};

/// acc = Aᵀ M A / 576 of one tile (products: point × 16); `add` adds to what is there.
void transform_output(const std::int32_t* products, const OutputTile& out, bool add);

}  // namespace brownout::inference::avx2
