// SPDX-License-Identifier: Apache-2.0
// Which images of a data set a chip is evaluated on, when it is not evaluated on all: a random
// sample of its own, in which images that are more likely to change are more frequent.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/results/error_bars.hpp"

namespace brownout::results {

/// Part of every key of a sampled result: changes when strata, draws or stages change.
inline constexpr int kSampleVersion = 1;

/// The images of a sweep, divided by what the clean network makes of them: those that it gets
/// wrong, and those that it gets right, by their margin (the largest logit minus the second). The
/// smaller a margin, the sooner a bit error changes the answer. The strata of the right ones double
/// in size: 1/32, 1/32, 1/16, 1/8, 1/4 and 1/2 of them, the smallest margins first. None is empty.
class ImageStrata {
 public:
  /// `margins`: of the clean network, one an image.
  ImageStrata(const WrongImages& wrong, const std::vector<float>& margins);
  /// As stored: the images stratum by stratum, and the sizes of the strata.
  ImageStrata(std::vector<std::int64_t> order, std::vector<std::int64_t> sizes);

  std::int64_t images() const { return static_cast<std::int64_t>(order_.size()); }
  std::size_t count() const { return sizes_.size(); }
  std::int64_t size(std::size_t stratum) const { return sizes_[stratum]; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  const std::vector<std::int64_t>& order() const { return order_; }

 private:
  std::vector<std::int64_t> order_;
  std::vector<std::int64_t> sizes_;
};

/// Margins of logits (images × classes): 0 if there is only one class.
std::vector<float> margins_of(const std::vector<float>& logits, std::size_t classes);

/// How many images of each stratum a chip is expected to get, in units of 1/kAllocationUnit image,
/// so that a key can hold them. No stratum has more than its size.
inline constexpr std::int64_t kAllocationUnit = 1024;
using Allocation = std::vector<std::int64_t>;

/// The expected number of images of a chip.
double images_of(const Allocation& allocation);

/// One image of a sample.
struct SampledImage {
  std::int64_t image = 0;  // of the data set
  std::size_t stratum = 0;
};

/// The images of a chip: systematic sampling with unequal probabilities (Madow, Annals of
/// Mathematical Statistics 1949). The images lie in the order of the strata, each on an interval as
/// long as its probability; the sample is what u, u + 1, u + 2, … hit, in that order. Each image is
/// therefore hit with exactly its probability, none twice, and the sample spreads over all margins.
/// `start`: u in (0, 1).
std::vector<SampledImage> sample(const ImageStrata& strata, const Allocation& allocation,
                                 double start);

/// The start of chip random:SEED: the same for all networks, voltages and stages, so that two
/// points differ in nothing that they could share. It is unit_open of the first number of
/// Philox(seed, kImageSample) at (0, 0, 0, 0).
double sample_start(std::uint64_t seed);

/// What one chip made of its images of one stratum.
struct StratumCount {
  std::int64_t sampled = 0;
  std::int64_t became_wrong = 0;  // right without bit errors
  std::int64_t became_right = 0;  // wrong without bit errors
};

/// The weight of an image of a stratum in the estimate of an error, a fraction: 1 over the number
/// of images and its probability (Horvitz and Thompson, JASA 1952).
double sample_weight(const ImageStrata& strata, const Allocation& allocation, std::size_t stratum);

}  // namespace brownout::results
