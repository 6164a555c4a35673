// SPDX-License-Identifier: Apache-2.0
// The weights that a training starts from.
#pragma once
#include <cstdint>
#include <vector>

#include "trainers/architecture.hpp"
#include "trainers/weight_coder.hpp"

namespace brownout::trainers {

/// Kaiming-normal weights (fan in, gain of ReLU); norms and biases start as the identity. Drawn
/// from `seed`, tensor and position alone.
void initialize_weights(const Architecture& net, const std::vector<TensorSpan>& spans,
                        std::uint64_t seed, float* weights);

}  // namespace brownout::trainers
