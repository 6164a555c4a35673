// SPDX-License-Identifier: Apache-2.0
// What changes while a training runs: learning rate, clipping limit, rate of bit errors.
#pragma once
#include <cstdint>

#include "trainers/method/training_config.hpp"

namespace brownout::trainers {

/// In epoch `epoch`, counted from 0: times `factor` from each milestone on, or along half a cosine
/// from the start to 0.
double learning_rate(const TrainingConfig& config, int epoch);

/// The limit of all coded weights after `done` of `total` updates, 0 for none: linear from
/// `start` to w_max over the first `until` of the training, w_max afterwards.
double clipping_limit(const TrainingConfig& config, std::uint64_t done, std::uint64_t total);

/// The rate of fresh bit errors in step `done` of `total`: p, or with the curricular variant
/// linear from p/20 to p over the first half of the training.
double bit_error_rate(const TrainingConfig& config, std::uint64_t done, std::uint64_t total);

}  // namespace brownout::trainers
