// SPDX-License-Identifier: Apache-2.0
// Normalized image batches, in an order that depends on seed and epoch alone.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/data/dataset.hpp"

namespace brownout::trainers {

class Augmenter;

/// Mean and standard deviation per channel of pixel/255, as fp32.
network::InputTransform measure_transform(const data::Dataset& data);

/// Leaves pixel/255 as it is.
network::InputTransform plain_transform(const data::Dataset& data);

/// The order of `size` images in an epoch: a Fisher-Yates shuffle on counter-based numbers.
std::vector<std::int32_t> shuffled(std::int64_t size, std::uint64_t seed, std::uint64_t epoch);

/// Copies images into NCHW floats, x = fl((pixel/255 - mean_c)/std_c).
class BatchReader {
 public:
  BatchReader(const data::Dataset& data, const network::InputTransform& transform);

  /// `images` receives count × C × H × W floats, `labels` receives count labels. With an augmenter,
  /// images are as it shows them in `epoch`.
  void read(const std::int32_t* order, int count, float* images, std::uint16_t* labels,
            Augmenter* augmenter = nullptr, std::uint64_t epoch = 0) const;

 private:
  const data::Dataset& data_;
  std::vector<float> table_;  // 256 values per channel
};

}  // namespace brownout::trainers
