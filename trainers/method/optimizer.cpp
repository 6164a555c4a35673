// SPDX-License-Identifier: Apache-2.0
// Plain loops over arrays of floats; the compiler vectorizes them.
#include "trainers/method/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "trainers/kernels/vector_clones.hpp"

namespace brownout::trainers {
namespace {

BROWNOUT_CLONES
void sgd(std::size_t count, float rate, float momentum, float decay, bool nesterov, bool first,
         const float* gradient, float* velocity, float* weights) {
  const float keep = first ? 0.0f : momentum;  // PyTorch's buffer starts as the first gradient
  if (nesterov) {
    for (std::size_t i = 0; i < count; ++i) {
      const float g = gradient[i] + decay * weights[i];
      velocity[i] = keep * velocity[i] + g;
      weights[i] -= rate * (g + momentum * velocity[i]);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const float g = gradient[i] + decay * weights[i];
      velocity[i] = keep * velocity[i] + g;
      weights[i] -= rate * velocity[i];
    }
  }
}

BROWNOUT_CLONES
void adam(std::size_t count, float rate, float beta1, float beta2, float epsilon, float decay,
          float correction, const float* gradient, float* first, float* second, float* weights) {
  for (std::size_t i = 0; i < count; ++i) {
    const float g = gradient[i] + decay * weights[i];
    first[i] = beta1 * first[i] + (1.0f - beta1) * g;
    second[i] = beta2 * second[i] + (1.0f - beta2) * g * g;
    weights[i] -= rate * first[i] / (std::sqrt(second[i]) * correction + epsilon);
  }
}

BROWNOUT_CLONES
void combine(std::size_t count, float limit, float factor, const float* perturbed, float* clean) {
  for (std::size_t i = 0; i < count; ++i) {
    const float p = perturbed[i];
    const float clamped = p < -limit ? -limit : (p > limit ? limit : p);
    clean[i] = (clean[i] + clamped) * factor;
  }
}

}  // namespace

Optimizer::Optimizer(const OptimizerChoice& choice, std::int64_t size) : choice_(choice) {
  const bool adam_kind = choice.kind == OptimizerChoice::Kind::kAdam;
  state_.assign(adam_kind ? 2 : 1, std::vector<float>(static_cast<std::size_t>(size), 0.0f));
}

void Optimizer::update(std::uint64_t step, double learning_rate, const float* gradient,
                       float* weights) {
  const std::size_t count = state_[0].size();
  const float decay = static_cast<float>(choice_.weight_decay);
  if (choice_.kind == OptimizerChoice::Kind::kSgd) {
    sgd(count, static_cast<float>(learning_rate), static_cast<float>(choice_.momentum), decay,
        choice_.nesterov, step == 0, gradient, state_[0].data(), weights);
    return;
  }
  const double t = static_cast<double>(step) + 1.0;
  const double rate = learning_rate / (1.0 - std::pow(choice_.beta1, t));
  const double correction = 1.0 / std::sqrt(1.0 - std::pow(choice_.beta2, t));
  adam(count, static_cast<float>(rate), static_cast<float>(choice_.beta1),
       static_cast<float>(choice_.beta2), static_cast<float>(choice_.epsilon), decay,
       static_cast<float>(correction), gradient, state_[0].data(), state_[1].data(), weights);
}

void clamp_gradient(const BitErrorChoice& choice, std::int64_t size, float* perturbed) {
  if (choice.gradient_clamp <= 0.0) return;
  const float limit = static_cast<float>(choice.gradient_clamp);
  for (std::int64_t i = 0; i < size; ++i) perturbed[i] = std::clamp(perturbed[i], -limit, limit);
}

void combine_gradients(const BitErrorChoice& choice, std::int64_t size, const float* perturbed,
                       float* clean) {
  const float limit =
      choice.gradient_clamp > 0.0 ? static_cast<float>(choice.gradient_clamp) : INFINITY;
  combine(static_cast<std::size_t>(size), limit, choice.average ? 0.5f : 1.0f, perturbed, clean);
}

}  // namespace brownout::trainers
