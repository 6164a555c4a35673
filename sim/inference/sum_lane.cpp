// SPDX-License-Identifier: Apache-2.0
// Separable window sums; the inner loops run over contiguous memory and vectorize.
#include "sim/inference/sum_lane.hpp"

#include <algorithm>
#include <cstddef>

namespace brownout::inference {

namespace {

void add(const std::int32_t* from, std::ptrdiff_t count, std::int32_t* to) {
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] += from[i];
}

}  // namespace

void window_sums(const arithmetic::Window& window, int groups, const std::int32_t* channel_sums,
                 std::int32_t* rows, std::int32_t* sums) {
  const std::ptrdiff_t in_row = std::ptrdiff_t{window.in_width} * groups;
  const std::ptrdiff_t out_row = std::ptrdiff_t{window.out_width} * groups;
  std::fill(rows, rows + window.in_height * out_row, 0);
  for (int y = 0; y < window.in_height; ++y) {
    const std::int32_t* from = channel_sums + y * in_row;
    std::int32_t* to = rows + y * out_row;
    for (int k = 0; k < window.kernel_w; ++k) {
      // Output column x reads input column x·stride + shift.
      const int shift = k - window.pad_left;
      if (window.stride_w == 1) {
        const int first = std::max(0, -shift);
        const int last = std::min(window.out_width, window.in_width - shift);
        if (last <= first) continue;
        add(from + std::ptrdiff_t{first + shift} * groups, std::ptrdiff_t{last - first} * groups,
            to + std::ptrdiff_t{first} * groups);
        continue;
      }
      for (int x = 0; x < window.out_width; ++x) {
        const int column = x * window.stride_w + shift;
        if (column < 0 || column >= window.in_width) continue;
        add(from + std::ptrdiff_t{column} * groups, groups, to + std::ptrdiff_t{x} * groups);
      }
    }
  }
  std::fill(sums, sums + window.out_height * out_row, 0);
  for (int y = 0; y < window.out_height; ++y) {
    const int top = y * window.stride_h - window.pad_top;
    const int first = std::max(top, 0);
    const int last = std::min(top + window.kernel_h, window.in_height);
    for (int row = first; row < last; ++row) add(rows + row * out_row, out_row, sums + y * out_row);
  }
}

}  // namespace brownout::inference
