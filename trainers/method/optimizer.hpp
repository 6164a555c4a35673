// SPDX-License-Identifier: Apache-2.0
// SGD (momentum, Nesterov) and Adam over the flat weight array, as PyTorch defines them.
#pragma once
#include <cstdint>
#include <vector>

#include "trainers/method/training_config.hpp"

namespace brownout::trainers {

class Optimizer {
 public:
  Optimizer(const OptimizerChoice& choice, std::int64_t size);

  /// One update; `gradient` is without weight decay, `step` counts from 0.
  void update(std::uint64_t step, double learning_rate, const float* gradient, float* weights);

  /// Momentum, or first and second moments: part of a checkpoint.
  const std::vector<std::vector<float>>& state() const { return state_; }
  std::vector<std::vector<float>>& state() { return state_; }

 private:
  OptimizerChoice choice_;
  std::vector<std::vector<float>> state_;
};

/// Each value of the perturbed gradient, limited to ±gradient_clamp.
void clamp_gradient(const BitErrorChoice& choice, std::int64_t size, float* perturbed);

/// The gradient of an update: clean, or (clean + clamped perturbed) · factor, written into `clean`.
void combine_gradients(const BitErrorChoice& choice, std::int64_t size, const float* perturbed,
                       float* clean);

}  // namespace brownout::trainers
