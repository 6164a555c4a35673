// SPDX-License-Identifier: Apache-2.0
// Operators that have kernels of our own on the CPU, in channels-last layout; elsewhere, and
// without own_kernels() (kernels/choice.hpp), LibTorch's.
#pragma once
#include <torch/torch.h>

#include "sim/network/network.hpp"

namespace brownout::trainers {

/// Convolution: Winograd or matrix products if shapes and processor allow, else LibTorch's. `bias`
/// may be undefined.
torch::Tensor convolve(const network::Conv2d& op, const torch::Tensor& x,
                       const torch::Tensor& weight, const torch::Tensor& bias);

/// Group norm, over images or of each pixel, and, when `relu`, the ReLU after it.
torch::Tensor normalize_groups(const network::GroupNorm& op, const torch::Tensor& x,
                               const torch::Tensor& gamma, const torch::Tensor& beta, bool relu);

/// Local response norm over channels.
torch::Tensor normalize_response(const network::LocalResponseNorm& op, const torch::Tensor& x);

/// 1 above 0, else -1. The gradient passes unchanged where hardtanh has one, |x| <= 1.
torch::Tensor sign_through(const torch::Tensor& x);

torch::Tensor pool_maximum(const network::MaxPool& op, const torch::Tensor& x);
torch::Tensor pool_average(const network::AveragePool& op, const torch::Tensor& x);

}  // namespace brownout::trainers
