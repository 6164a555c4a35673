// SPDX-License-Identifier: Apache-2.0
// The matrix unit: exact int32 sums of n·(q - z), and of (q - z), by plain loops.
#pragma once
#include <cstdint>

#include "sim/arithmetic/window.hpp"

namespace brownout::arithmetic {

/// A convolution. A linear layer on C·H·W inputs is one with in_channels = C·H·W on one pixel; a
/// depthwise convolution has groups == in_channels.
struct Matrix {
  Window window;
  int in_channels = 1;
  int out_channels = 1;
  int groups = 1;

  int group_inputs() const { return in_channels / groups; }
  int group_outputs() const { return out_channels / groups; }
};

/// One image. q: pixels × in_channels (NHWC); n: OIHW. acc: out pixels × out_channels,
/// acc = sum of n·(q - z); padding adds 0. The caller has checked K·2^(m-1)·255 <= 2^31 - 1.
void accumulate(const Matrix& matrix, const std::uint8_t* q, int zero_point, const std::int8_t* n,
                std::int32_t* acc);

/// The `sum` lane of one image: out pixels × groups, sum of (q - z) over the window of a group.
void sum_lane(const Matrix& matrix, const std::uint8_t* q, int zero_point, std::int32_t* sum);

}  // namespace brownout::arithmetic
