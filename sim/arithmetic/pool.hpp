// SPDX-License-Identifier: Apache-2.0
// Max and average pools of one image, NHWC, channel by channel.
#pragma once
#include "sim/arithmetic/window.hpp"

namespace brownout::arithmetic {

/// Pads with -inf. A later pixel wins only when it is greater, so NaN never does.
/// y: in pixels × channels; out: out pixels × channels.
void max_pool(const Window& window, int channels, const float* y, float* out);

/// fp64 row-major sum divided by the count, then fp32. The count is the pixels inside the image,
/// or the whole window when `count_pad`.
void average_pool(const Window& window, int channels, bool count_pad, const float* y, float* out);

}  // namespace brownout::arithmetic
