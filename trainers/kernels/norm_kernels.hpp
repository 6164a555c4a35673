// SPDX-License-Identifier: Apache-2.0
// Group norm of one NHWC image with an optional ReLU after it, forward and backward.
#pragma once
#include <cstdint>

namespace brownout::trainers {

/// x, y: one image, pixels × channels. gamma, beta per channel; mean and rstd per group.
struct GroupNormShape {
  int channels = 0;
  int groups = 1;
  std::int64_t pixels = 0;
  float eps = 1e-5f;
  bool relu = false;
};

void group_norm_forward(const GroupNormShape& shape, const float* x, const float* gamma,
                        const float* beta, float* y, float* mean, float* rstd);

/// dx of one image; adds nothing: dgamma and dbeta receive this image's own sums.
void group_norm_backward(const GroupNormShape& shape, const float* dy, const float* x,
                         const float* gamma, const float* beta, const float* mean,
                         const float* rstd, float* dx, float* dgamma, float* dbeta);

}  // namespace brownout::trainers
