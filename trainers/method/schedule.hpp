// SPDX-License-Identifier: Apache-2.0
// What changes while a training runs: learning rate, clipping limit, rate of bit errors.
#pragma once
#include <cstdint>

#include "trainers/method/training_config.hpp"

namespace brownout::trainers {

/// How long a training is, in steps of a batch each.
struct TrainingLength {
  std::uint64_t steps_per_epoch = 1;
  std::uint64_t steps = 1;  // in all

  /// Whole ones, and the last one that ends early.
  int epochs() const;
};
/// All epochs, or fewer steps if the schedule limits them.
TrainingLength training_length(const ScheduleChoice& schedule, std::uint64_t steps_per_epoch);

/// The step from which a milestone counts: the epoch that it falls in, rounded down. If that is the
/// first one, or if the schedule limits the steps, it is its share of the steps, so that a short
/// training has its milestones too.
std::uint64_t milestone_step(const ScheduleChoice& schedule, double milestone,
                             const TrainingLength& length);

/// In step `done`, counted from 0: times `factor` from each milestone on, or along half a cosine
/// from the start to 0, epoch by epoch (step by step if the schedule limits the steps).
double learning_rate(const TrainingConfig& config, std::uint64_t done,
                     const TrainingLength& length);

/// The limit of all coded weights after `done` of `total` updates, 0 for none: linear from
/// `start` to w_max over the first `until` of the training, w_max afterwards.
double clipping_limit(const TrainingConfig& config, std::uint64_t done, std::uint64_t total);

/// The rate of fresh bit errors in step `done` of `total`: p, or with the curricular variant
/// linear from p/20 to p over the first half of the training.
double bit_error_rate(const TrainingConfig& config, std::uint64_t done, std::uint64_t total);

}  // namespace brownout::trainers
