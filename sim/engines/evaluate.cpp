// SPDX-License-Identifier: Apache-2.0
// Batches run on threads; everything that depends on an order is then computed in test order.
#include "sim/engines/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/parallel.hpp"

namespace brownout::engines {

namespace {

/// Probability of class `predicted`: 1 / Σ exp(z - z_predicted) in fp64. If logits are infinite it
/// is the limit: the highest ones share the probability.
double probability(const float* logits, std::size_t classes, std::size_t predicted) {
  if (std::isinf(logits[predicted])) {
    return 1.0 / static_cast<double>(std::count(logits, logits + classes, logits[predicted]));
  }
  double total = 0.0;
  for (std::size_t c = 0; c < classes; ++c) {
    total += std::exp(static_cast<double>(logits[c]) - static_cast<double>(logits[predicted]));
  }
  return 1.0 / total;
}

std::string hash_of(std::vector<float>& logits) {
  static_assert(sizeof(float) == 4);
  std::string bytes;
  bytes.reserve(logits.size() * 4);
  for (const float logit : logits) {
    const float plain = logit == 0.0f ? 0.0f : logit;  // -0 as +0
    std::uint32_t bits = 0x7fc00000;
    if (!std::isnan(plain)) std::memcpy(&bits, &plain, sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(bits >> shift));
  }
  return sha256_hex(bytes);
}

}  // namespace

Evaluation evaluate(Engine& engine, const network::Network& network, const data::Dataset& data,
                    std::int64_t images, int threads, bool hash_logits, NonFinite non_finite) {
  BROWNOUT_CHECK(images >= 1 && images <= data.size(), "{} of {} images", images, data.size());
  const std::size_t classes = network.classes;
  std::vector<float> logits(static_cast<std::size_t>(images) * classes);
  const std::int64_t batch = engine.preferred_batch();
  parallel_for((images + batch - 1) / batch, threads, [&](std::int64_t index, int worker) {
    const std::int64_t first = index * batch;
    const auto count = static_cast<int>(std::min(batch, images - first));
    engine.run(data.image(first), first, count, logits.data() + first * network.classes, worker);
  });

  Evaluation result;
  if (hash_logits) result.logits_sha256 = hash_of(logits);
  if (non_finite == NonFinite::kOrder) {
    result.logits = logits;  // as they are, NaN included
    std::replace_if(
        logits.begin(), logits.end(), [](float logit) { return std::isnan(logit); },
        -std::numeric_limits<float>::infinity());
  }
  result.predictions.reserve(images);
  for (std::size_t i = 0; i < static_cast<std::size_t>(images); ++i) {
    const float* row = logits.data() + i * classes;
    for (std::size_t c = 0; c < classes; ++c) {
      if (non_finite == NonFinite::kFail && !std::isfinite(row[c])) {
        throw RunError("image {} of {}: logit of class {} is {}, expected a finite number", i,
                       data.name, c,
                       std::isnan(row[c]) ? "nan"
                       : row[c] > 0       ? "inf"
                                          : "-inf");
      }
    }
    const std::size_t predicted = std::max_element(row, row + classes) - row;
    result.predictions.push_back(static_cast<data::Labels::value_type>(predicted));
    if (data.labelled() && predicted != data.labels[i]) ++result.wrong;
    result.confidences.push_back(probability(row, classes, predicted));
    result.confidence += result.confidences.back();
  }
  result.confidence /= static_cast<double>(images);
  if (non_finite != NonFinite::kOrder) result.logits = std::move(logits);
  return result;
}

void check_fits(const network::Network& network, const data::Dataset& data,
                const std::string& network_file) {
  const network::Shape& wanted = network.input;
  const network::Shape& found = data.shape;
  if (!(wanted == found)) {
    throw InputError("{}: input is {}x{}x{} (channels x height x width), images of {} are {}x{}x{}",
                     network_file, wanted.channels, wanted.height, wanted.width, data.name,
                     found.channels, found.height, found.width);
  }
  // Labels that are too large are named below.
  if (data.classes_stated && data.classes != network.classes) {
    throw InputError("{}: has {} classes, {} has {}", network_file, network.classes, data.name,
                     data.classes);
  }
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    if (data.labels[i] >= network.classes) {
      throw InputError("{}: has {} classes, image {} of {} has label {}", network_file,
                       network.classes, i, data.name, data.labels[i]);
    }
  }
}

}  // namespace brownout::engines
