// SPDX-License-Identifier: Apache-2.0
// Separable window sums; the inner loops run over contiguous memory and vectorize.
#include "sim/datapath/sum_lane.hpp"

#include <algorithm>
#include <cstddef>

namespace brownout::datapath {

namespace {

constexpr std::size_t kSumSlack = 16;

void add(const std::int32_t* from, std::ptrdiff_t count, std::int32_t* to) {
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] += from[i];
}

/// Sums over the columns of each window, for all input rows.
void row_sums(const arithmetic::Window& window, int groups, const std::int32_t* from,
              std::int32_t* to) {
  const std::ptrdiff_t out_row = std::ptrdiff_t{window.out_width} * groups;
  std::fill(to, to + window.in_height * out_row, 0);
  for (int y = 0; y < window.in_height; ++y) {
    for (int k = 0; k < window.kernel_w; ++k) {
      // Output column x reads input column x·stride + shift.
      const int shift = k * window.dilation_w - window.pad_left;
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
    from += std::ptrdiff_t{window.in_width} * groups;
    to += out_row;
  }
}

}  // namespace

void SumScratch::grow(const arithmetic::Matrix& matrix) {
  const arithmetic::Window& window = matrix.window;
  const auto at_least = [](std::vector<std::int32_t>& memory, std::int64_t size) {
    memory.resize(std::max(memory.size(), static_cast<std::size_t>(size) + kSumSlack));
  };
  at_least(channels, std::int64_t{window.in_pixels()} * matrix.groups);
  at_least(rows, std::int64_t{window.in_height} * window.out_width * matrix.groups);
  at_least(windows, std::int64_t{window.out_pixels()} * matrix.groups);
  at_least(row, std::max(window.pad_left + window.in_width, window.out_width + window.kernel_w));
}

void portable_channel_sums(const std::uint8_t* q, int pixels, int channels, int groups,
                           int zero_point, std::int32_t* sums) {
  const int members = channels / groups;
  const int offset = zero_point * members;
  if (members == 1) {
    for (int i = 0; i < pixels * groups; ++i) sums[i] = q[i] - offset;
    return;
  }
  for (int i = 0; i < pixels * groups; ++i) {
    std::int32_t total = 0;
    for (int c = 0; c < members; ++c) total += q[c];
    sums[i] = total - offset;
    q += members;
  }
}

void portable_window_offsets(const arithmetic::Matrix& matrix, float b, SumScratch& scratch,
                             float* offsets) {
  const arithmetic::Window& window = matrix.window;
  const std::ptrdiff_t out_row = std::ptrdiff_t{window.out_width} * matrix.groups;
  const std::ptrdiff_t outputs = window.out_height * out_row;
  const std::int32_t* sums = scratch.channels.data();
  if (!is_pointwise(window)) {
    row_sums(window, matrix.groups, sums, scratch.rows.data());
    std::int32_t* to = scratch.windows.data();
    sums = to;
    std::fill(to, to + outputs, 0);
    for (int y = 0; y < window.out_height; ++y, to += out_row) {
      const int top = y * window.stride_h - window.pad_top;
      for (int k = 0; k < window.kernel_h; ++k) {
        const int row = top + k * window.dilation_h;
        if (row >= 0 && row < window.in_height)
          add(scratch.rows.data() + row * out_row, out_row, to);
      }
    }
  }
  for (std::ptrdiff_t i = 0; i < outputs; ++i) offsets[i] = b * static_cast<float>(sums[i]);
}

}  // namespace brownout::datapath
