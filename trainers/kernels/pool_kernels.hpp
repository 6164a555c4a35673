// SPDX-License-Identifier: Apache-2.0
// Max pooling of one NHWC image, forward and backward.
#pragma once
#include <cstdint>

namespace brownout::trainers {

struct PoolShape {
  int channels = 0;
  int height = 0, width = 0;  // of the input
  int out_height = 0, out_width = 0;
  int kernel_y = 2, kernel_x = 2, stride_y = 2, stride_x = 2, pad_y = 0, pad_x = 0;
};

/// `taken` receives the window position (row-major) of each maximum; the first one wins a tie.
void max_pool_forward(const PoolShape& shape, const float* x, float* y, std::int32_t* taken);
void max_pool_backward(const PoolShape& shape, const float* dy, const std::int32_t* taken,
                       float* dx);

}  // namespace brownout::trainers
