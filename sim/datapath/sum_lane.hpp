// SPDX-License-Identifier: Apache-2.0
// The `sum` lane of whole images: sums over channels first, then over the window. They equal
// arithmetic::sum_lane, since exact integers may be added in any order.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/arithmetic/matrix.hpp"

namespace brownout::datapath {

/// Memory of one worker; `grow` makes it large enough for a matrix. Vector kernels may write up to
/// 8 elements past what they compute.
struct SumScratch {
  std::vector<std::int32_t> channels;  // in pixels × groups: sums over a group's channels
  std::vector<std::int32_t> rows;      // in_height × out_width × groups: over a window's columns
  std::vector<std::int32_t> windows;   // out pixels × groups
  std::vector<std::int32_t> row;       // one padded row

  void grow(const arithmetic::Matrix& matrix);
};

/// scratch.channels: per pixel and group the sum of (q - z) over the group's channels.
void portable_channel_sums(const std::uint8_t* q, int pixels, int channels, int groups,
                           int zero_point, std::int32_t* sums);

/// offsets = fl(B·fl(sum)) per output pixel and group, from scratch.channels.
void portable_window_offsets(const arithmetic::Matrix& matrix, float b, SumScratch& scratch,
                             float* offsets);

/// The same with AVX2, which the processor must have. `offsets` has room for 8 more.
void avx2_channel_sums(const std::uint8_t* q, int pixels, int channels, int groups, int zero_point,
                       std::int32_t* sums);
void avx2_window_offsets(const arithmetic::Matrix& matrix, float b, SumScratch& scratch,
                         float* offsets);

/// A 1×1 window that moves by one pixel: its sums are the channel sums.
inline bool is_pointwise(const arithmetic::Window& window) {
  return window.kernel_h == 1 && window.kernel_w == 1 && window.stride_h == 1 &&
         window.stride_w == 1 && window.pad_top == 0 && window.pad_left == 0 &&
         window.in_pixels() == window.out_pixels();
}

}  // namespace brownout::datapath
