// SPDX-License-Identifier: Apache-2.0
// Functions of the step alone, so that a resumed training needs no state for them.
#include "trainers/method/schedule.hpp"

#include <algorithm>
#include <cmath>

namespace brownout::trainers {
namespace {

/// From `start` to `end` over the first `share` of `total` steps, then `end`.
double ramp(double start, double end, double share, std::uint64_t done, std::uint64_t total) {
  const double steps = share * static_cast<double>(total);
  const double way = steps > 0.0 ? std::min(static_cast<double>(done) / steps, 1.0) : 1.0;
  return start + (end - start) * way;
}

}  // namespace

int TrainingLength::epochs() const {
  return static_cast<int>((steps + steps_per_epoch - 1) / steps_per_epoch);
}

TrainingLength training_length(const ScheduleChoice& schedule, std::uint64_t steps_per_epoch) {
  TrainingLength length{steps_per_epoch,
                        steps_per_epoch * static_cast<std::uint64_t>(schedule.epochs)};
  if (schedule.steps) {
    length.steps = std::min(length.steps, static_cast<std::uint64_t>(*schedule.steps));
  }
  return length;
}

std::uint64_t milestone_step(const ScheduleChoice& schedule, double milestone,
                             const TrainingLength& length) {
  const auto floor_of = [](double value) {
    return static_cast<std::uint64_t>(std::floor(value + 1e-9));
  };
  const std::uint64_t epoch = floor_of(milestone * schedule.epochs);
  if (!schedule.steps && epoch > 0) return epoch * length.steps_per_epoch;
  return floor_of(milestone * static_cast<double>(length.steps));
}

double learning_rate(const TrainingConfig& config, std::uint64_t done,
                     const TrainingLength& length) {
  const ScheduleChoice& schedule = config.schedule;
  double rate = config.optimizer.learning_rate;
  if (schedule.cosine) {
    constexpr double kPi = 3.14159265358979323846;
    if (schedule.steps) {
      const double way = static_cast<double>(done) / static_cast<double>(length.steps);
      return rate * 0.5 * (1.0 + std::cos(kPi * way));
    }
    const auto epoch = static_cast<int>(done / length.steps_per_epoch);
    return rate * 0.5 * (1.0 + std::cos(kPi * epoch / schedule.epochs));
  }
  for (const double milestone : schedule.milestones) {
    if (done >= milestone_step(schedule, milestone, length)) rate *= schedule.factor;
  }
  return rate;
}

double clipping_limit(const TrainingConfig& config, std::uint64_t done, std::uint64_t total) {
  if (!config.clipping_ramp) return config.w_max;
  return ramp(config.clipping_ramp->start, config.w_max, config.clipping_ramp->until, done, total);
}

double bit_error_rate(const TrainingConfig& config, std::uint64_t done, std::uint64_t total) {
  const BitErrorChoice& errors = config.errors;
  if (errors.variant != BitErrorChoice::Variant::kCurricular) return errors.rate;
  return ramp(errors.rate / 20.0, errors.rate, 0.5, done, total);
}

}  // namespace brownout::trainers
