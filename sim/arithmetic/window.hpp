// SPDX-License-Identifier: Apache-2.0
// The geometry of a sliding window; convolutions and pools use it in the same way.
#pragma once
#include <algorithm>

namespace brownout::arithmetic {

/// Output pixel (y, x) sees input rows y·stride - pad_top + k·dilation for k in [0, kernel),
/// columns likewise. Pixels outside the image are padding.
struct Window {
  int in_height = 1, in_width = 1;
  int out_height = 1, out_width = 1;
  int kernel_h = 1, kernel_w = 1;
  int stride_h = 1, stride_w = 1;
  int pad_top = 0, pad_left = 0;
  int dilation_h = 1, dilation_w = 1;

  bool dilated() const { return dilation_h != 1 || dilation_w != 1; }
  /// Pixels from the first row (column) that a kernel sees to its last one.
  int reach_h() const { return (kernel_h - 1) * dilation_h + 1; }
  int reach_w() const { return (kernel_w - 1) * dilation_w + 1; }
  int in_pixels() const { return in_height * in_width; }
  int out_pixels() const { return out_height * out_width; }
};

/// Half-open ranges of the input rows and columns inside the image that one output pixel of an
/// undilated window sees.
struct Span {
  int top, bottom, left, right;
  int pixels() const { return std::max(bottom - top, 0) * std::max(right - left, 0); }
};

inline Span visible(const Window& window, int out_y, int out_x) {
  const int y = out_y * window.stride_h - window.pad_top;
  const int x = out_x * window.stride_w - window.pad_left;
  return {std::max(y, 0), std::min(y + window.kernel_h, window.in_height), std::max(x, 0),
          std::min(x + window.kernel_w, window.in_width)};
}

}  // namespace brownout::arithmetic
