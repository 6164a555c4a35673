// SPDX-License-Identifier: Apache-2.0
// Normalization by table: a pixel has 256 values.
#include "trainers/data/batches.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/random.hpp"
#include "trainers/data/augment.hpp"

namespace brownout::trainers {

network::InputTransform measure_transform(const data::Dataset& data) {
  const std::size_t channels = static_cast<std::size_t>(data.shape.channels);
  std::vector<std::int64_t> histogram(channels * 256, 0);
  for (std::size_t i = 0; i < data.pixels.size(); ++i) {
    ++histogram[(i % channels) * 256 + data.pixels[i]];
  }
  network::InputTransform transform;
  for (std::size_t c = 0; c < channels; ++c) {
    double count = 0.0;
    double s1 = 0.0;
    double s2 = 0.0;
    for (std::size_t v = 0; v < 256; ++v) {
      const double h = static_cast<double>(histogram[c * 256 + v]);
      const double x = static_cast<double>(v) / 255.0;
      count += h;
      s1 += h * x;
      s2 += h * x * x;
    }
    const double mean = s1 / count;
    const double deviation = std::sqrt(std::max(s2 / count - mean * mean, 0.0));
    // People write down four decimals; a constant image keeps a usable deviation.
    transform.mean.push_back(static_cast<float>(std::round(mean * 1e4) / 1e4));
    transform.std.push_back(
        static_cast<float>(deviation > 1e-4 ? std::round(deviation * 1e4) / 1e4 : 1.0));
  }
  return transform;
}

network::InputTransform plain_transform(const data::Dataset& data) {
  const std::size_t channels = static_cast<std::size_t>(data.shape.channels);
  network::InputTransform transform;
  transform.mean.assign(channels, 0.0f);
  transform.std.assign(channels, 1.0f);
  return transform;
}

std::vector<std::int32_t> shuffled(std::int64_t size, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  const Philox random(seed, Purpose::kShuffle);
  for (std::size_t i = order.size(); i > 1; --i) {
    // A 64-bit number modulo at most 2^31: the bias is below 2^-33.
    const std::uint64_t number = random(epoch, i)[0];
    std::swap(order[i - 1], order[static_cast<std::size_t>(number % i)]);
  }
  return order;
}

BatchReader::BatchReader(const data::Dataset& data, const network::InputTransform& transform)
    : data_(data), table_(static_cast<std::size_t>(data.shape.channels) * 256) {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const double pixel = static_cast<double>(i % 256) / 255.0;
    const std::size_t c = i / 256;
    table_[i] = static_cast<float>((pixel - static_cast<double>(transform.mean[c])) /
                                   static_cast<double>(transform.std[c]));
  }
}

void BatchReader::read(const std::int32_t* order, int count, float* images, std::uint16_t* labels,
                       Augmenter* augmenter, std::uint64_t epoch) const {
  const std::int64_t channels = data_.shape.channels;
  const std::int64_t pixels = std::int64_t{data_.shape.height} * data_.shape.width;
  for (int i = 0; i < count; ++i) {
    const std::uint8_t* from = data_.image(order[i]);
    if (augmenter != nullptr) from = augmenter->apply(from, epoch, order[i]);
    float* to = images + i * channels * pixels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float* table = table_.data() + c * 256;
      for (std::int64_t p = 0; p < pixels; ++p) to[c * pixels + p] = table[from[p * channels + c]];
    }
    labels[i] = data_.labels[static_cast<std::size_t>(order[i])];
  }
}

}  // namespace brownout::trainers
