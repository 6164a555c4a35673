// SPDX-License-Identifier: Apache-2.0
// Formulas of lookup tables as LibTorch expressions, with gradients.
#pragma once
#include <torch/torch.h>

#include "sim/network/formula.hpp"

namespace brownout::trainers {

/// f(x), element by element, computed in fp64 as the formula itself: exp and pow leave fp32's range
/// long before a function such as x/(1 + exp(-x)) does.
torch::Tensor apply_formula(const network::Formula& formula, const torch::Tensor& x);

}  // namespace brownout::trainers
