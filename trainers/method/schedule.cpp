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

double learning_rate(const TrainingConfig& config, int epoch) {
  const ScheduleChoice& schedule = config.schedule;
  double rate = config.optimizer.learning_rate;
  if (schedule.cosine) {
    constexpr double kPi = 3.14159265358979323846;
    return rate * 0.5 * (1.0 + std::cos(kPi * epoch / schedule.epochs));
  }
  for (const double milestone : schedule.milestones) {
    if (epoch >= static_cast<int>(std::floor(milestone * schedule.epochs + 1e-9))) {
      rate *= schedule.factor;
    }
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
