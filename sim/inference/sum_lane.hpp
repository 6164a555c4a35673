// SPDX-License-Identifier: Apache-2.0
// The `sum` lane of whole images: sums over channels first, then over the window.
#pragma once
#include <cstdint>

#include "sim/arithmetic/matrix.hpp"

namespace brownout::inference {

/// From sums over each group's channels (in pixels × groups, q - z already) to sums over windows
/// (out pixels × groups). `rows` is scratch: in_height × out_width × groups. Equal to
/// arithmetic::sum_lane, since integers add in any order.
void window_sums(const arithmetic::Window& window, int groups, const std::int32_t* channel_sums,
                 std::int32_t* rows, std::int32_t* sums);

/// A 1×1 window that moves by one pixel: its sums are the channel sums.
inline bool is_pointwise(const arithmetic::Window& window) {
  return window.kernel_h == 1 && window.kernel_w == 1 && window.stride_h == 1 &&
         window.stride_w == 1 && window.pad_top == 0 && window.pad_left == 0 &&
         window.in_pixels() == window.out_pixels();
}

}  // namespace brownout::inference
