// SPDX-License-Identifier: Apache-2.0
// Strata from the clean pass, and systematic samples of them.
#include "sim/results/image_sample.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

namespace brownout::results {

namespace {

/// Strata of the images that the clean network gets right.
constexpr int kRightStrata = 6;

/// The end of each of them among `count` images.
std::int64_t end_of(int stratum, std::int64_t count) {
  return count >> (kRightStrata - 1 - stratum);
}

}  // namespace

ImageStrata::ImageStrata(const WrongImages& wrong, const std::vector<float>& margins)
    : order_(wrong.size()) {
  BROWNOUT_CHECK(wrong.size() == margins.size() && !wrong.empty(), "{} images, {} margins",
                 wrong.size(), margins.size());
  std::iota(order_.begin(), order_.end(), std::int64_t{0});
  const auto at = [](std::int64_t image) { return static_cast<std::size_t>(image); };
  std::sort(order_.begin(), order_.end(), [&](std::int64_t a, std::int64_t b) {
    if (wrong[at(a)] != wrong[at(b)]) return static_cast<bool>(wrong[at(a)]);
    if (margins[at(a)] != margins[at(b)]) return margins[at(a)] < margins[at(b)];
    return a < b;
  });
  const std::int64_t wrong_ones = results::count(wrong);
  if (wrong_ones > 0) sizes_.push_back(wrong_ones);
  const std::int64_t right_ones = images() - wrong_ones;
  std::int64_t begin = 0;
  for (int stratum = 0; stratum < kRightStrata; ++stratum) {
    const std::int64_t end = end_of(stratum, right_ones);
    if (end > begin) sizes_.push_back(end - begin);
    begin = end;
  }
}

ImageStrata::ImageStrata(std::vector<std::int64_t> order, std::vector<std::int64_t> sizes)
    : order_(std::move(order)), sizes_(std::move(sizes)) {
  std::int64_t total = 0;
  for (const std::int64_t size : sizes_) {
    BROWNOUT_CHECK(size > 0, "a stratum of {} images", size);
    total += size;
  }
  BROWNOUT_CHECK(total == images() && total > 0, "strata of {} images, {} images", total, images());
}

std::vector<float> margins_of(const std::vector<float>& logits, std::size_t classes) {
  BROWNOUT_CHECK(classes > 0 && logits.size() % classes == 0, "{} logits of {} classes",
                 logits.size(), classes);
  std::vector<float> margins;
  margins.reserve(logits.size() / classes);
  std::vector<float> row(classes);
  for (std::size_t first = 0; first < logits.size(); first += classes) {
    std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(first), classes, row.begin());
    if (classes > 1) std::nth_element(row.begin(), row.begin() + 1, row.end(), std::greater<>());
    margins.push_back(classes > 1 ? row[0] - row[1] : 0.0f);
  }
  return margins;
}

double images_of(const Allocation& allocation) {
  const std::int64_t units = std::accumulate(allocation.begin(), allocation.end(), std::int64_t{0});
  return static_cast<double>(units) / static_cast<double>(kAllocationUnit);
}

std::vector<SampledImage> sample(const ImageStrata& strata, const Allocation& allocation,
                                 double start) {
  BROWNOUT_CHECK(allocation.size() == strata.count(), "{} strata, {} allocated", strata.count(),
                 allocation.size());
  std::vector<SampledImage> list;
  list.reserve(static_cast<std::size_t>(images_of(allocation)) + 1);
  double begin = 0.0;      // of the stratum's interval
  std::int64_t first = 0;  // image of the order
  // So that all sums below are exact, whatever the start: each stratum ends at a multiple of
  // 1/kAllocationUnit.
  double point = std::floor(start * 0x1p24) * 0x1p-24;
  for (std::size_t stratum = 0; stratum < strata.count(); ++stratum) {
    const std::int64_t size = strata.size(stratum);
    BROWNOUT_CHECK(allocation[stratum] >= 0 && allocation[stratum] <= size * kAllocationUnit,
                   "{} images of {}", images_of({allocation[stratum]}), size);
    const double length = images_of({allocation[stratum]});
    const double end = begin + length;
    std::int64_t next = 0;  // images before it are not hit any more, whatever is rounded
    for (; point < end && next < size; point += 1.0) {
      const auto hit =
          static_cast<std::int64_t>((point - begin) / length * static_cast<double>(size));
      const std::int64_t place = std::min(std::max(hit, next), size - 1);
      list.push_back({strata.order()[static_cast<std::size_t>(first + place)], stratum});
      next = place + 1;
    }
    begin = end;
    first += size;
  }
  return list;
}

double sample_start(std::uint64_t seed) {
  return unit_open(Philox(seed, Purpose::kImageSample)(0)[0]);
}

double sample_weight(const ImageStrata& strata, const Allocation& allocation, std::size_t stratum) {
  return static_cast<double>(strata.size(stratum)) /
         (images_of({allocation[stratum]}) * static_cast<double>(strata.images()));
}

}  // namespace brownout::results
