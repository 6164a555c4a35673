// SPDX-License-Identifier: Apache-2.0
// The weights that a training starts with.
#pragma once
#include <cstdint>
#include <vector>

#include "trainers/method/architecture.hpp"
#include "trainers/method/weight_coder.hpp"

namespace brownout::trainers {

enum class Initialization {
  kKaimingNormal,  // weights N(0, 2/fan in), biases 0 (RandBET)
  kFanInUniform,   // weights and biases U(±1/sqrt(fan in)), PyTorch's default (MCEL)
};

/// Weights and biases as `kind` says, norms as the identity. They depend only on `seed`, tensor and
/// position.
void initialize_weights(Initialization kind, const Architecture& net,
                        const std::vector<TensorSpan>& spans, std::uint64_t seed, float* weights);

}  // namespace brownout::trainers
