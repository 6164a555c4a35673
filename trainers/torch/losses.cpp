// SPDX-License-Identifier: Apache-2.0
// Cross entropy, MCEL and the modified hinge loss.
#include "trainers/torch/losses.hpp"

namespace brownout::trainers {
namespace {

using torch::Tensor;

/// RandBET's target: 1 - e for the true class, e/(classes - 1) for every other one.
Tensor cross_entropy(const Tensor& z, const Tensor& targets, double smoothing) {
  if (smoothing <= 0.0) return torch::nn::functional::cross_entropy(z, targets);
  const Tensor log_probability = torch::log_softmax(z, 1);
  const Tensor chosen = log_probability.gather(1, targets.unsqueeze(1)).squeeze(1);
  const double other = smoothing / static_cast<double>(z.size(1) - 1);
  return -((1.0 - smoothing - other) * chosen + other * log_probability.sum(1)).mean();
}

/// MCEL, Section 4: z' = K·tanh(z/K); the true class must win by m to cost nothing.
Tensor bounded_margin(const LossChoice& c, const Tensor& z, const Tensor& targets) {
  const Tensor bounded = c.bound * torch::tanh(z / c.bound);
  const Tensor margin = torch::zeros_like(z).scatter_(1, targets.unsqueeze(1), c.margin);
  return bounded - margin;
}

Tensor hinge(const Tensor& z, const Tensor& targets, double b) {
  const Tensor sign = torch::full_like(z, -1.0).scatter_(1, targets.unsqueeze(1), 1.0);
  return (torch::relu(b - sign * z) / b).mean();
}

}  // namespace

Tensor compute_loss(const LossChoice& c, const Tensor& logits, const Tensor& targets) {
  const Tensor z = c.learn_scale || c.logit_scale == 1.0 ? logits : logits * c.logit_scale;
  switch (c.kind) {
    case LossChoice::Kind::kMcel:
      return cross_entropy(bounded_margin(c, z, targets), targets, c.label_smoothing);
    case LossChoice::Kind::kHinge:
      return hinge(z, targets, c.hinge_bound);
    case LossChoice::Kind::kCrossEntropy:
      break;
  }
  return cross_entropy(z, targets, c.label_smoothing);
}

}  // namespace brownout::trainers
