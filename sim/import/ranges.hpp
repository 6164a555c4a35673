// SPDX-License-Identifier: Apache-2.0
// Ranges of activations, measured over images, and the quantizers that follow from them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::importing {

enum class Calibration {
  kMinMax,      // everything that was seen
  kPercentile,  // all but the outermost share on each side
  kLeastError,  // the range with the least mean squared error of rounding and clipping
};
/// In the order of the enumeration: "min-max", "percentile", "least-error".
const std::vector<std::string>& calibration_names();

/// Of one quantizer.
struct Range {
  float low = 0.0f, high = 0.0f;
};

/// Numbers before each quantizer, gathered in two passes over the same images: the outermost ones
/// first, then how often each part of that range occurs. What comes out does not depend on the
/// number of workers or their order.
class RangeMeter {
 public:
  /// `shapes`: of network::check; `quantizers`: those to measure, in ascending order. Workers have
  /// the numbers [0, workers).
  RangeMeter(const network::Network& network, const network::Shapes& shapes,
             std::vector<network::NodeIndex> quantizers, std::size_t workers);

  /// Numbers before a quantizer; those of others are passed over. Thread-safe for different
  /// workers.
  void see(network::NodeIndex quantizer, const float* numbers, std::int64_t count,
           std::size_t worker);
  /// Ends the first pass.
  void begin_histograms();

  /// Of every quantizer measured, after both passes; `share`: for kPercentile, kept between both
  /// ends, in (0, 1]. Zero is always within. The input's quantizer covers all pixels, whatever was
  /// seen. InputError, which begins with `where`, when a quantizer saw no number or one that is not
  /// finite.
  std::vector<Range> ranges(Calibration calibration, double share, const std::string& where) const;

  /// The least and the largest number before a quantizer that is measured, after the first pass, or
  /// those of all pixels; none for other quantizers.
  std::optional<Range> seen(network::NodeIndex quantizer) const;
  /// Whether all numbers were finite, after the first pass.
  bool finite() const;

  /// Mean of the numbers in each channel before a quantizer that is measured, after both passes;
  /// null for others.
  const std::vector<double>* means(network::NodeIndex quantizer) const;
  /// Ends the second pass.
  void end();

  static constexpr int kBins = 2048;

 private:
  struct Seen {
    float low = std::numeric_limits<float>::infinity();
    float high = -std::numeric_limits<float>::infinity();
    std::int64_t count = 0;
    bool finite = true;
    std::vector<std::int64_t> bins;
    std::vector<std::int64_t> sums;  // by channel, in steps of the range's unit

    Range range() const { return {low, high}; }
  };
  double unit(std::size_t quantizer) const;
  Seen merged(std::size_t quantizer) const;

  const network::Network& network_;
  std::vector<network::NodeIndex> quantizers_;
  Table<network::NodeIndex, std::optional<std::size_t>> position_;  // of a node in quantizers_
  std::vector<std::vector<Seen>> seen_;                             // by worker and quantizer
  std::vector<Range> outermost_;                                    // after the first pass
  std::vector<std::vector<double>> means_;                          // after the second pass
  std::vector<std::size_t> channels_;                               // by quantizer
};

/// What pixels 0 to 255 become at the outermost.
Range numbers_of_pixels(const network::InputTransform& transform);

/// Covers what pixels 0 to 255 become, with the least squared error of their codes. The code of 0
/// is an integer: with a mean of 0.5 every pixel would lie in the middle between two codes of a
/// range of 255 steps, so the range may be a little wider.
Range range_of_pixels(const network::InputTransform& transform);

/// Scale and zero point of a range for codes of 8 bits: scale = (high - low)/255, and the code of 0
/// is exact.
network::Quantize quantize_of(const Range& range);

}  // namespace brownout::importing
