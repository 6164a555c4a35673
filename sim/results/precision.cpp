// SPDX-License-Identifier: Apache-2.0
// A first stage that is the same everywhere, then stages whose chips and images follow from it.
//
// Stages: Stein (Annals of Mathematical Statistics 1945) and Hall's triple sampling (Annals of
// Statistics 1981): the second stage takes half of what the first one asks for, the third one the
// rest of what both ask for. Chips against images: Cochran, Sampling Techniques (1977), section
// 10.6; images among strata: Neyman (1934). Interval: Student's t of the mean over chips, whose
// samples are independent of each other, transformed for skewness after Hall (JRSS B 1992).
#include "sim/results/precision.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "sim/base/error.hpp"

namespace brownout::results {

namespace {

/// The first stage. So many chips show one that is terrible if one in a hundred is.
constexpr std::int64_t kFirstChips = 256;
constexpr double kFirstImages = 32.0;
/// Chips of all later stages, if there are any: they tell their own variance.
constexpr std::int64_t kLeastMore = 64;
/// No stratum gets less than this part of its share: what the first stage saw there may be luck.
constexpr double kLeastShare = 0.2;
/// Of the variance of the first stage at least this part is taken to be between chips.
constexpr double kLeastBetween = 0.05;
/// Chips that agree are taken to deviate by so many images at least, the least that whole images
/// can show (error_bars.hpp).
constexpr double kLeastDeviation = 0.28867513459481287;  // 1/√12
/// Steps of the number of images of a chip.
constexpr double kImagesStep = 1.2;
/// More chips than anybody asks for.
constexpr std::int64_t kEndless = std::int64_t{1} << 50;
/// An interval is as wide as if in each stratum so many more images had become wrong, and as many
/// right, each on a chip of its own (Agresti and Coull, American Statistician 1998): where no image
/// has changed, that is no proof that none does.
constexpr double kMoreChanges = 2.0;

/// The value of a chip: RErr - Err, or the excess of images that are wrong in either.
std::vector<double> values_of(const ImageStrata& strata, const std::vector<SampledChip>& chips,
                              const Allocation& allocation, bool either) {
  std::vector<double> weights;
  for (std::size_t h = 0; h < strata.count(); ++h) {
    weights.push_back(sample_weight(strata, allocation, h));
  }
  std::vector<double> values;
  values.reserve(chips.size());
  for (const SampledChip& chip : chips) {
    double value = 0.0;
    for (std::size_t h = 0; h < strata.count(); ++h) {
      const StratumCount& count = chip.strata[h];
      const std::int64_t changed = count.became_wrong - (either ? 0 : count.became_right);
      value += weights[h] * static_cast<double>(changed);
    }
    values.push_back(value);
  }
  return values;
}

/// Chips with one allocation.
struct Group {
  Allocation allocation;
  std::vector<SampledChip> chips;
};

/// The first stage, and all later ones, which share their allocation.
std::vector<Group> groups_of(const std::vector<SampledStage>& done) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (i < 2) groups.push_back({done[i].what.images, {}});
    Group& group = groups.back();
    BROWNOUT_CHECK(group.allocation == done[i].what.images, "stage {} has other images", i);
    group.chips.insert(group.chips.end(), done[i].chips.begin(), done[i].chips.end());
  }
  return groups;
}

struct Moments {
  double count = 0.0, mean = 0.0;
  double variance = 0.0;  // n - 1; 0 of one value
  double third = 0.0;     // central
};

Moments moments_of(const std::vector<double>& values) {
  Moments moments;
  moments.count = static_cast<double>(values.size());
  if (values.empty()) return moments;
  for (const double value : values) moments.mean += value;
  moments.mean /= moments.count;
  for (const double value : values) {
    const double off = value - moments.mean;
    moments.variance += off * off;
    moments.third += off * off * off;
  }
  moments.variance /= std::max(1.0, moments.count - 1.0);
  moments.third /= moments.count;
  return moments;
}

/// How images of a stratum change.
struct StratumModel {
  double mean = 0.0;    // of the change, over chips and images
  double within = 0.0;  // variance between images on one chip
};

/// What a group of chips says about the two sources of variance.
struct Model {
  std::vector<StratumModel> strata;
  double total = 0.0;    // variance of a chip's value, as it was sampled
  double between = 0.0;  // of that, between chips
  double third = 0.0;
};

/// Images of a stratum that a chip is expected to get.
double expected_images(const Allocation& allocation, std::size_t stratum) {
  return images_of({allocation[stratum]});
}

/// The variance of a chip's value that its own choice of images adds.
double sampling_variance(const ImageStrata& strata, const Allocation& allocation,
                         const std::vector<StratumModel>& models) {
  double sum = 0.0;
  for (std::size_t h = 0; h < strata.count(); ++h) {
    const double n = expected_images(allocation, h), size = static_cast<double>(strata.size(h));
    const double share = size / static_cast<double>(strata.images());
    // Whether a stratum has an image at all is chance as well.
    const double presence = models[h].mean * models[h].mean * std::max(0.0, 1.0 - n);
    sum += share * share * (1.0 - n / size) * (models[h].within + presence) / n;
  }
  return sum;
}

Model model_of(const ImageStrata& strata, const Group& group, bool either) {
  Model model;
  for (std::size_t h = 0; h < strata.count(); ++h) {
    double sampled = 0.0, changed = 0.0, squares = 0.0, degrees = 0.0;
    for (const SampledChip& chip : group.chips) {
      const auto k = static_cast<double>(chip.strata[h].sampled);
      const double x = static_cast<double>(chip.strata[h].became_wrong +
                                           (either ? 0 : chip.strata[h].became_right));
      if (k == 0.0) continue;
      sampled += k;
      changed += x;
      squares += x * (k - x) / k;
      degrees += k - 1.0;
    }
    StratumModel one;
    one.mean = sampled > 0.0 ? changed / sampled : 0.0;
    one.within = degrees > 0.0 ? squares / degrees : one.mean * (1.0 - one.mean);
    model.strata.push_back(one);
  }
  const Moments moments = moments_of(values_of(strata, group.chips, group.allocation, either));
  model.total = moments.variance;
  model.third = moments.third;
  model.between =
      std::max(0.0, moments.variance - sampling_variance(strata, group.allocation, model.strata));
  return model;
}

/// For planning: nothing is taken to be certain because a few images did not change.
Model cautious(const ImageStrata& strata, const Group& group) {
  Model model = model_of(strata, group, false);
  for (std::size_t h = 0; h < strata.count(); ++h) {
    double sampled = 0.0;
    for (const SampledChip& chip : group.chips) {
      sampled += static_cast<double>(chip.strata[h].sampled);
    }
    model.strata[h].within = std::max(model.strata[h].within, 1.0 / (sampled + 2.0));
  }
  const double least = kLeastDeviation / static_cast<double>(strata.images());
  model.between = std::max({model.between, kLeastBetween * model.total, least * least});
  return model;
}

/// So many images in all, divided by `weights`; no stratum gets more than it has.
Allocation divided(const ImageStrata& strata, double images, const std::vector<double>& weights) {
  const std::size_t count = strata.count();
  std::vector<double> share(count, 0.0);
  std::vector<bool> full(count, false);
  double left = images;
  for (std::size_t round = 0; round < count; ++round) {
    double sum = 0.0;
    for (std::size_t h = 0; h < count; ++h) sum += full[h] ? 0.0 : weights[h];
    if (sum <= 0.0) break;
    bool capped = false;
    for (std::size_t h = 0; h < count; ++h) {
      if (full[h]) continue;
      share[h] = left * weights[h] / sum;
      capped = capped || share[h] >= static_cast<double>(strata.size(h));
    }
    if (!capped) break;
    for (std::size_t h = 0; h < count; ++h) {
      const auto size = static_cast<double>(strata.size(h));
      if (full[h] || share[h] < size) continue;
      full[h] = true;
      share[h] = size;
      left -= size;
    }
  }
  Allocation allocation;
  for (std::size_t h = 0; h < count; ++h) {
    const auto units =
        static_cast<std::int64_t>(std::llround(share[h] * static_cast<double>(kAllocationUnit)));
    allocation.push_back(std::clamp<std::int64_t>(units, 1, strata.size(h) * kAllocationUnit));
  }
  return allocation;
}

/// Half by size, half the same for each stratum.
Allocation first_images(const ImageStrata& strata) {
  const auto images = static_cast<double>(strata.images());
  std::vector<double> weights;
  for (std::size_t h = 0; h < strata.count(); ++h) {
    weights.push_back(static_cast<double>(strata.size(h)) / images +
                      1.0 / static_cast<double>(strata.count()));
  }
  return divided(strata, std::min(kFirstImages, images), weights);
}

Allocation neyman(const ImageStrata& strata, double images, const Model& model) {
  std::vector<double> weights;
  double mean = 0.0;
  for (std::size_t h = 0; h < strata.count(); ++h) {
    const double deviation = std::sqrt(model.strata[h].within);
    weights.push_back(deviation);
    mean += deviation * static_cast<double>(strata.size(h)) / static_cast<double>(strata.images());
  }
  for (std::size_t h = 0; h < strata.count(); ++h) {
    weights[h] = std::max(weights[h], kLeastShare * mean) * static_cast<double>(strata.size(h));
  }
  return divided(strata, images, weights);
}

/// A group as an interval sees it, measured or foreseen.
struct Part {
  Allocation allocation;
  double count = 0.0;    // chips
  double planned = 1.0;  // variance of a chip that its weight is made of
  double mean = 0.0, variance = 0.0, third = 0.0;
};

/// x with Hall's g(x) = t for a mean of skewness a: T + aT²/3 + a²T³/27 + a/6 has no skewness.
double hall(double t, double a) {
  if (std::abs(a) < 1e-9) return t;
  return 3.0 / a * (std::cbrt(1.0 + a * (t - a / 6.0)) - 1.0);
}

SampledError combined_error(const ImageStrata& strata, const std::vector<Part>& parts,
                            double confidence) {
  double information = 0.0;
  for (const Part& part : parts) information += part.count / part.planned;
  SampledError error;
  double variance = 0.0, third = 0.0, degrees = 0.0;
  for (const Part& part : parts) {
    const double weight = part.count / part.planned / information;
    const double own = weight * weight * part.variance / part.count;
    error.change += weight * part.mean;
    variance += own;
    third += weight * weight * weight * part.third / (part.count * part.count);
    degrees += own * own / std::max(1.0, part.count - 1.0);
  }
  double chips = 0.0;
  for (const Part& part : parts) chips += part.count;
  error.degrees = degrees > 0.0 ? variance * variance / degrees : std::max(1.0, chips - 1.0);
  for (std::size_t h = 0; h < strata.count(); ++h) {
    // What one image of the stratum moves the mean by, on average over the images seen there.
    double moved = 0.0, seen = 0.0;
    for (const Part& part : parts) {
      const double weight = part.count / part.planned / information;
      const double images = part.count * expected_images(part.allocation, h);
      moved += images * weight * sample_weight(strata, part.allocation, h) / part.count;
      seen += images;
    }
    moved /= seen;
    variance += 2.0 * kMoreChanges * moved * moved;
  }
  error.error = std::sqrt(variance);
  error.skewness = error.error > 0.0 ? third / (variance * error.error) : 0.0;
  const boost::math::students_t student(error.degrees);
  const double t = boost::math::quantile(student, 0.5 + confidence / 2.0);
  error.around = {std::max(0.0, error.error * hall(t, error.skewness)),
                  std::max(0.0, -error.error * hall(-t, error.skewness))};
  return error;
}

double half_width(const SampledError& error) { return std::max(error.around[0], error.around[1]); }

/// The fewest chips in [1, most] for which `narrow` holds, or `most`.
template <typename Narrow>
std::int64_t fewest(std::int64_t most, const Narrow& narrow) {
  std::int64_t low = 0, high = 1;  // `low` is too few
  while (high < most && !narrow(high)) {
    low = high;
    high = std::min(most, high * 2);
  }
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (narrow(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace

PrecisionPlan::PrecisionPlan(const ImageStrata& strata, const SampleCost& cost,
                             const PrecisionTarget& target)
    : strata_(strata), cost_(cost), target_(target) {
  BROWNOUT_CHECK(target.at_most_chips >= 2, "{} chips", target.at_most_chips);
}

namespace {

/// The groups as they were measured. `either`: of images that are wrong in either.
std::vector<Part> measured(const ImageStrata& strata, const std::vector<SampledStage>& done,
                           bool either) {
  const std::vector<Group> groups = groups_of(done);
  const Model model = cautious(strata, groups.front());
  std::vector<Part> parts;
  for (const Group& group : groups) {
    const Moments moments = moments_of(values_of(strata, group.chips, group.allocation, either));
    Part part;
    part.allocation = group.allocation;
    part.count = moments.count;
    part.planned = model.between + sampling_variance(strata, group.allocation, model.strata);
    part.mean = moments.mean;
    part.variance = moments.variance;
    part.third = moments.third;
    parts.push_back(std::move(part));
  }
  return parts;
}

/// Between chips, on all images. None where it is lost in the noise of the samples: the variance of
/// the values has a standard error of about itself·√(2/n).
std::optional<double> deviation_of(const ImageStrata& strata, const Group& group, bool either) {
  if (group.chips.size() < 2) return std::nullopt;
  const Model model = model_of(strata, group, either);
  const double noise = model.total * std::sqrt(2.0 / static_cast<double>(group.chips.size()));
  const bool sampled = sampling_variance(strata, group.allocation, model.strata) > 0.0;
  if (sampled && model.between < 2.0 * noise) return std::nullopt;
  return std::sqrt(model.between);
}

}  // namespace

SampledError PrecisionPlan::estimate(const std::vector<SampledStage>& done, double confidence,
                                     bool either) const {
  BROWNOUT_CHECK(!done.empty() && !done.front().chips.empty(), "{} stages", done.size());
  SampledError error = combined_error(strata_, measured(strata_, done, either), confidence);
  error.std_over_chips = deviation_of(strata_, groups_of(done).back(), either);
  return error;
}

SampledError PrecisionPlan::error(const std::vector<SampledStage>& done, double confidence) const {
  return estimate(done, confidence, false);
}

SampledError PrecisionPlan::error_either(const std::vector<SampledStage>& done,
                                         double confidence) const {
  return estimate(done, confidence, true);
}

bool PrecisionPlan::reached(const std::vector<SampledStage>& done) const {
  return 100.0 * half_width(error(done, target_.confidence)) <= target_.half_width_points;
}

std::optional<SampleStage> PrecisionPlan::next(const std::vector<SampledStage>& done) const {
  if (done.empty()) {
    return SampleStage{0, std::min(kFirstChips, target_.at_most_chips), first_images(strata_)};
  }
  const std::int64_t chips = done.back().what.first + done.back().what.count;
  const std::int64_t most = target_.at_most_chips - chips;
  if (most <= 0 || reached(done)) return std::nullopt;

  const std::vector<Part> parts = measured(strata_, done, false);
  const auto narrow = [&](Part more, std::int64_t count) {
    std::vector<Part> foreseen{parts.front()};
    more.count += static_cast<double>(count);
    foreseen.push_back(std::move(more));
    const SampledError error = combined_error(strata_, foreseen, target_.confidence);
    return 100.0 * half_width(error) <= target_.half_width_points;
  };

  if (done.size() > 1) {
    const std::int64_t count =
        fewest(most, [&](std::int64_t more) { return narrow(parts.back(), more); });
    const std::int64_t all = std::max(count + count / 50 + 4, chips / 50);
    return SampleStage{chips, std::min(most, all), done[1].what.images};
  }
  const Model model = cautious(strata_, {done[0].what.images, done[0].chips});
  // The cheapest division that reaches what is asked; if the chips do not suffice for any, the one
  // that would be the cheapest with more of them.
  SampleStage best;
  double lowest = 0.0;
  bool suffices = false;
  const auto images = static_cast<double>(strata_.images());
  const auto start = static_cast<double>(target_.images_a_chip.value_or(2));
  for (double tried = std::min(start, images);; tried = std::min(images, tried * kImagesStep)) {
    Part part;
    part.allocation = neyman(strata_, tried, model);
    part.planned = model.between + sampling_variance(strata_, part.allocation, model.strata);
    part.mean = parts.front().mean;
    part.variance = part.planned;
    part.third = model.third;
    const std::int64_t needed =
        fewest(kEndless, [&](std::int64_t more) { return narrow(part, more); });
    const std::int64_t count = std::max(std::min(most, kLeastMore), needed);
    const double cost =
        static_cast<double>(count) * (cost_.chip + cost_.image * images_of(part.allocation));
    // More chips than foreseen may be needed: a tenth is kept for them.
    const bool enough = needed + needed / 10 <= most;
    const bool better = enough == suffices ? cost < lowest : enough;
    if (best.count == 0 || better) {
      lowest = cost;
      suffices = enough;
      best = {chips, count, std::move(part.allocation)};
    }
    if (target_.images_a_chip || tried >= images) break;
  }
  best.count = std::min(most, std::max(best.count / 2, std::min(best.count, 2 * kLeastMore)));
  return best;
}

}  // namespace brownout::results
