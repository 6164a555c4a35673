// SPDX-License-Identifier: Apache-2.0
// Extremes, histograms, and the choice of a range.
#include "sim/import/ranges.hpp"

#include <algorithm>
#include <cmath>

#include "sim/arithmetic/elementwise.hpp"
#include "sim/arithmetic/input.hpp"
#include "sim/arithmetic/requantize.hpp"
#include "sim/base/error.hpp"

namespace brownout::importing {

namespace {

constexpr double kCodes = 255.0;
constexpr double kUnits = 1048576.0;  // 2^20 steps of a range for sums

Range with_zero(const Range& range) {
  return {std::min(range.low, 0.0f), std::max(range.high, 0.0f)};
}

/// A histogram of equal bins over [low, high].
struct Histogram {
  Range range;
  const std::vector<std::int64_t>& bins;

  double width() const {
    return (double{range.high} - double{range.low}) / static_cast<double>(bins.size());
  }
  double centre(std::size_t bin) const {
    return double{range.low} + (static_cast<double>(bin) + 0.5) * width();
  }
};

/// The range without the outermost (1 - share)/2 of all numbers on each side.
Range percentile(const Histogram& histogram, std::int64_t count, double share) {
  const double outside = (1.0 - share) / 2.0 * static_cast<double>(count);
  const auto bins_outside = [&](auto begin, auto end) {
    double passed = 0.0;
    std::size_t bins = 0;
    for (auto bin = begin; bin != end && passed + static_cast<double>(*bin) <= outside; ++bin) {
      passed += static_cast<double>(*bin);
      ++bins;
    }
    return static_cast<double>(bins);
  };
  const std::vector<std::int64_t>& bins = histogram.bins;
  Range range = histogram.range;
  range.low += static_cast<float>(bins_outside(bins.begin(), bins.end()) * histogram.width());
  range.high -= static_cast<float>(bins_outside(bins.rbegin(), bins.rend()) * histogram.width());
  return {std::min(range.low, 0.0f), std::max(range.high, 0.0f)};
}

/// Sum of squared errors of rounding to the codes of `range`, bin by bin.
double squared_error(const Histogram& histogram, const Range& range) {
  const double scale = (double{range.high} - double{range.low}) / kCodes;
  double sum = 0.0;
  for (std::size_t bin = 0; bin < histogram.bins.size(); ++bin) {
    if (histogram.bins[bin] == 0) continue;
    const double x = histogram.centre(bin);
    const double code = std::clamp(std::nearbyint((x - range.low) / scale), 0.0, kCodes);
    const double error = range.low + code * scale - x;
    // Within a bin numbers are spread evenly; rounding errors are, too.
    const bool inside = x >= range.low && x <= range.high;
    sum +=
        static_cast<double>(histogram.bins[bin]) * (inside ? scale * scale / 12.0 : error * error);
  }
  return sum;
}

/// Both ends move inwards together, in steps of one hundredth.
Range least_error(const Histogram& histogram) {
  Range best = histogram.range;
  double least = squared_error(histogram, best);
  for (int step = 99; step >= 1; --step) {
    const float part = static_cast<float>(step) / 100.0f;
    const Range range{histogram.range.low * part, histogram.range.high * part};
    const double error = squared_error(histogram, range);
    if (error < least) {
      least = error;
      best = range;
    }
  }
  return best;
}

/// Sum of squared errors of all pixels 0 to 255 of all channels with the codes of `range`.
double pixel_error(const network::InputTransform& transform, const Range& range) {
  const network::Quantize codes = quantize_of(range);
  double sum = 0.0;
  for (std::size_t c = 0; c < transform.mean.size(); ++c) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      const float x = arithmetic::normalize_pixel(static_cast<std::uint8_t>(pixel),
                                                  transform.mean[c], transform.std[c]);
      const std::uint8_t q = arithmetic::requantize(x, codes.scale, codes.zero_point);
      const double error =
          double{arithmetic::activation_value(q, codes.scale, codes.zero_point)} - double{x};
      sum += error * error;
    }
  }
  return sum;
}

}  // namespace

const std::vector<std::string>& calibration_names() {
  static const std::vector<std::string> names{"min-max", "percentile", "least-error"};
  return names;
}

RangeMeter::RangeMeter(const network::Network& network, const network::Shapes& shapes,
                       std::vector<network::NodeIndex> quantizers, std::size_t workers)
    : network_(network), quantizers_(std::move(quantizers)), position_(network.nodes.size()) {
  for (std::size_t i = 0; i < quantizers_.size(); ++i) {
    position_[quantizers_[i]] = i;
    channels_.push_back(
        static_cast<std::size_t>(shapes[network::value_of(quantizers_[i])].channels));
  }
  seen_.assign(workers, std::vector<Seen>(quantizers_.size()));
}

void RangeMeter::see(network::NodeIndex quantizer, const float* numbers, std::int64_t count,
                     std::size_t worker) {
  if (!position_[quantizer]) return;
  const std::size_t position = *position_[quantizer];
  Seen& seen = seen_[worker][position];
  if (outermost_.empty()) {
    seen.count += count;
    for (std::int64_t i = 0; i < count; ++i) {
      seen.finite = seen.finite && std::isfinite(numbers[i]);
      seen.low = std::min(seen.low, numbers[i]);
      seen.high = std::max(seen.high, numbers[i]);
    }
    return;
  }
  const Range range = outermost_[position];
  const float span = range.high - range.low;
  if (!(span > 0.0f)) return;
  const float bins_per_number = static_cast<float>(kBins) / span;
  // Integers add up to the same sum in any order.
  const double step = unit(position);
  const std::size_t channels = channels_[position];
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    seen.sums[i % channels] += std::llrint(double{numbers[i]} / step);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const auto bin = static_cast<int>((numbers[i] - range.low) * bins_per_number);
    ++seen.bins[static_cast<std::size_t>(std::clamp(bin, 0, kBins - 1))];
  }
}

void RangeMeter::begin_histograms() {
  for (std::size_t q = 0; q < quantizers_.size(); ++q) {
    outermost_.push_back(with_zero(merged(q).range()));
  }
  for (std::vector<Seen>& worker : seen_) {
    for (std::size_t q = 0; q < worker.size(); ++q) {
      worker[q].bins.assign(kBins, 0);
      worker[q].sums.assign(channels_[q], 0);
    }
  }
}

double RangeMeter::unit(std::size_t quantizer) const {
  const Range& range = outermost_[quantizer];
  return std::max(-double{range.low}, double{range.high}) / kUnits;
}

void RangeMeter::end() {
  for (std::size_t q = 0; q < quantizers_.size(); ++q) {
    const double numbers = static_cast<double>(merged(q).count) / static_cast<double>(channels_[q]);
    std::vector<double> means;
    for (std::size_t c = 0; c < channels_[q]; ++c) {
      std::int64_t sum = 0;
      for (const std::vector<Seen>& worker : seen_) sum += worker[q].sums[c];
      means.push_back(numbers > 0.0 ? static_cast<double>(sum) * unit(q) / numbers : 0.0);
    }
    means_.push_back(std::move(means));
  }
}

std::optional<Range> RangeMeter::seen(network::NodeIndex quantizer) const {
  const std::optional<std::size_t>& position = position_[quantizer];
  if (!position) return std::nullopt;
  if (network_.nodes[quantizer].inputs[0] == network::kInputImage)
    return numbers_of_pixels(network_.transform);
  return merged(*position).range();
}

bool RangeMeter::finite() const {
  return std::all_of(seen_.begin(), seen_.end(), [](const std::vector<Seen>& worker) {
    return std::all_of(worker.begin(), worker.end(), [](const Seen& seen) { return seen.finite; });
  });
}

const std::vector<double>* RangeMeter::means(network::NodeIndex quantizer) const {
  const std::optional<std::size_t>& position = position_[quantizer];
  return position && *position < means_.size() ? &means_[*position] : nullptr;
}

RangeMeter::Seen RangeMeter::merged(std::size_t quantizer) const {
  Seen all;
  all.bins.assign(kBins, 0);
  for (const std::vector<Seen>& worker : seen_) {
    const Seen& one = worker[quantizer];
    all.low = std::min(all.low, one.low);
    all.high = std::max(all.high, one.high);
    all.count += one.count;
    all.finite = all.finite && one.finite;
    for (std::size_t bin = 0; bin < one.bins.size(); ++bin) all.bins[bin] += one.bins[bin];
  }
  return all;
}

std::vector<Range> RangeMeter::ranges(Calibration calibration, double share,
                                      const std::string& where) const {
  std::vector<Range> ranges;
  for (std::size_t q = 0; q < quantizers_.size(); ++q) {
    const network::Node& node = network_.nodes[quantizers_[q]];
    if (node.inputs[0] == network::kInputImage) {
      ranges.push_back(range_of_pixels(network_.transform));
      continue;
    }
    const Seen all = merged(q);
    if (all.count == 0 || !all.finite) {
      throw InputError("{}: node \"{}\" saw {}, so it has no range", where, node.name,
                       all.count == 0 ? "no number" : "a number that is not finite");
    }
    const Range whole = with_zero(all.range());
    const Histogram histogram{whole, all.bins};
    if (!(whole.high > whole.low) || calibration == Calibration::kMinMax) {
      ranges.push_back(whole);
    } else if (calibration == Calibration::kPercentile) {
      ranges.push_back(percentile(histogram, all.count, share));
    } else {
      ranges.push_back(least_error(histogram));
    }
  }
  return ranges;
}

Range numbers_of_pixels(const network::InputTransform& transform) {
  Range whole{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
  for (std::size_t c = 0; c < transform.mean.size(); ++c) {
    for (const float pixel : {0.0f, 1.0f}) {
      const float x = (pixel - transform.mean[c]) / transform.std[c];
      whole.low = std::min(whole.low, x);
      whole.high = std::max(whole.high, x);
    }
  }
  return whole;
}

Range range_of_pixels(const network::InputTransform& transform) {
  const Range whole = with_zero(numbers_of_pixels(transform));
  Range best = whole;
  double least = pixel_error(transform, best);
  const double zero = kCodes * -double{whole.low} / (double{whole.high} - double{whole.low});
  for (const double code : {std::floor(zero), std::floor(zero) + 1.0}) {
    if (!(code > 0.0) || !(code < kCodes)) continue;
    const double scale = std::max(-double{whole.low} / code, double{whole.high} / (kCodes - code));
    const Range wider{static_cast<float>(-code * scale),
                      static_cast<float>((kCodes - code) * scale)};
    const double error = pixel_error(transform, wider);
    if (error < least) {
      least = error;
      best = wider;
    }
  }
  return best;
}

network::Quantize quantize_of(const Range& range) {
  const double low = std::min(double{range.low}, 0.0);
  const double high = std::max(double{range.high}, 0.0);
  network::Quantize quantize;
  // A value that is always 0 has any scale.
  if (!(high > low)) return network::Quantize{1.0f, 0};
  // Below it a float has too few bits for the zero point.
  quantize.scale =
      std::max(static_cast<float>((high - low) / kCodes), std::numeric_limits<float>::min());
  quantize.zero_point = static_cast<int>(std::nearbyint(-low / double{quantize.scale}));
  return quantize;
}

}  // namespace brownout::importing
