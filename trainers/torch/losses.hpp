// SPDX-License-Identifier: Apache-2.0
// The losses, as LibTorch expressions of a batch's logits.
#pragma once
#include <torch/torch.h>

#include "trainers/method/loss_choice.hpp"

namespace brownout::trainers {

/// Mean over the batch; `logits` [count][classes], already scaled where the scale is learned;
/// `targets` [count] of int64.
torch::Tensor compute_loss(const LossChoice& choice, const torch::Tensor& logits,
                           const torch::Tensor& targets);

}  // namespace brownout::trainers
