// SPDX-License-Identifier: Apache-2.0
// What a training minimizes, as the block `loss` of its file says.
#pragma once
#include <string>

#include "sim/base/yaml.hpp"

namespace brownout::trainers {

/// z are a network's logits times `logit_scale`, y the true class.
struct LossChoice {
  enum class Kind {
    kCrossEntropy,
    kMcel,  // cross entropy of K·tanh(z/K) with m taken from the true class's (MCEL)
    kHinge  // modified hinge loss: mean over classes of max(0, b - t·z)/b, t = 1 for y, else -1
  };
  Kind kind = Kind::kCrossEntropy;
  double logit_scale = 1.0;
  bool learn_scale = false;      // like a weight, from logit_scale on and never below it
  double label_smoothing = 0.0;  // e: the target is 1 - e for y and e/(classes - 1) for the others
  double bound = 100.0;          // K
  double margin = 64.0;          // m, below 2K: no pair of bounded logits is further apart
  double hinge_bound = 128.0;    // b
};

/// The block `loss`.
LossChoice read_loss(YamlMap map);

/// The block as YAML; "" for plain cross entropy.
std::string describe(const LossChoice& choice);

}  // namespace brownout::trainers
