// SPDX-License-Identifier: Apache-2.0
// How many chips a point needs, and how many images of each, until the interval of its error is as
// narrow as asked: the plan of a sweep that stops when it knows enough (docs/adaptive.md). It knows
// no engine: whoever evaluates says what a stage has shown.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/results/image_sample.hpp"

namespace brownout::results {

/// What is asked of every point by itself.
struct PrecisionTarget {
  double half_width_points = 0.1;  // of the interval of the mean error, percentage points
  double confidence = 0.95;
  std::int64_t at_most_chips = 1'000'000;
  /// Of all chips but those of the first stage; none: the number that costs least.
  std::optional<std::int64_t> images_a_chip{};
};

/// What an evaluation costs, in any unit. It must not depend on the machine, since it decides how
/// many images of each chip are evaluated.
struct SampleCost {
  double chip = 1.0;   // to draw a chip, read the codes and prepare them
  double image = 1.0;  // to run one image
};

/// Chips that are evaluated in one go.
struct SampleStage {
  std::int64_t first = 0, count = 0;  // chips [first, first + count)
  Allocation images;                  // of each chip
};

/// What one chip showed.
struct SampledChip {
  std::vector<StratumCount> strata;
  double confidence = 0.0;  // mean probability of the predicted class, weighted as the error is
  std::int64_t cells_hit = 0, bits_wrong = 0, codes_changed = 0;
};

/// What a stage showed; the chips in their order.
struct SampledStage {
  SampleStage what;
  std::vector<SampledChip> chips;
};

/// The error of a point as its chips tell it, for all chips and for the images of the strata. All
/// are fractions.
struct SampledError {
  double change = 0.0;             // mean over chips of RErr - Err
  double error = 0.0;              // its standard error
  double degrees = 1.0;            // of freedom of that
  double skewness = 0.0;           // of `change`
  std::array<double, 2> around{};  // ends of its interval, as distances from it: both >= 0
  /// Deviation over chips of RErr on all images; none for one chip, and where the samples are too
  /// small to tell it from their own noise.
  std::optional<double> std_over_chips;
};

/// What a point says of how well it is known: its mean error over all chips of the technology, on
/// the images of the sweep. Errors in percent.
struct Precision {
  PrecisionTarget target;
  std::array<double, 2> interval{};   // of the mean error, at the target's confidence
  double half_width_points = 0.0;     // from the mean to the farther end of it
  double error = 0.0, degrees = 1.0;  // standard error of the mean, and its degrees of freedom
  bool reached = false;               // else the chips have run out
  std::int64_t evaluations = 0;       // images, over all chips
  std::vector<SampleStage> stages;
};

/// Decides, stage after stage. The same numbers give the same decisions on every machine.
class PrecisionPlan {
 public:
  PrecisionPlan(const ImageStrata& strata, const SampleCost& cost, const PrecisionTarget& target);

  /// The chips that are evaluated next, or none when the interval is narrow enough or the chips
  /// have run out. `done`: all stages so far, in their order.
  std::optional<SampleStage> next(const std::vector<SampledStage>& done) const;

  /// At least one stage. `confidence`: of the interval.
  SampledError error(const std::vector<SampledStage>& done, double confidence) const;
  /// The same for images that are wrong clean or with bit errors: `change` is then the excess over
  /// the clean error.
  SampledError error_either(const std::vector<SampledStage>& done, double confidence) const;
  bool reached(const std::vector<SampledStage>& done) const;

 private:
  SampledError estimate(const std::vector<SampledStage>& done, double confidence,
                        bool either) const;

  const ImageStrata& strata_;
  SampleCost cost_;
  PrecisionTarget target_;
};

}  // namespace brownout::results
