// SPDX-License-Identifier: Apache-2.0
// Encoding runs over millions of weights each step, so its loop is written to vectorize.
#include "trainers/method/weight_coder.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "trainers/kernels/vector_clones.hpp"

namespace brownout::trainers {
namespace {

using network::Coding;

/// [min, max]; NaN or infinity anywhere makes the result not finite.
BROWNOUT_CLONES
void find_range(const float* w, std::int64_t count, float* low, float* high) {
  constexpr int kLanes = 16;
  float lo[kLanes];
  float hi[kLanes];
  float poison[kLanes];  // 0 while all values are finite, NaN afterwards
  for (int j = 0; j < kLanes; ++j) {
    lo[j] = INFINITY;
    hi[j] = -INFINITY;
    poison[j] = 0.0f;
  }
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int j = 0; j < kLanes; ++j) {
      const float v = w[i + j];
      lo[j] = v < lo[j] ? v : lo[j];
      hi[j] = v > hi[j] ? v : hi[j];
      poison[j] += v * 0.0f;
    }
  }
  for (; i < count; ++i) {
    lo[0] = std::min(lo[0], w[i]);
    hi[0] = std::max(hi[0], w[i]);
    poison[0] += w[i] * 0.0f;
  }
  *low = *std::min_element(lo, lo + kLanes) + std::accumulate(poison, poison + kLanes, 0.0f);
  *high = *std::max_element(hi, hi + kLanes);
}

std::pair<float, float> finite_range(const float* w, std::int64_t count) {
  float lo = 0.0f;
  float hi = 0.0f;
  find_range(w, count, &lo, &hi);
  if (!std::isfinite(lo) || !std::isfinite(hi)) {
    throw RunError("the training diverged: a weight is no longer finite");
  }
  return {lo, hi};
}

/// network::encode and network::decode over an array. Clamping before rounding changes nothing,
/// since the limits are integers, and adding 1.5·2^52 rounds to nearest even.
BROWNOUT_CLONES
void encode_array(const float* w, std::int64_t count, double alpha, double beta, int low, int high,
                  std::int8_t* n, float* decoded, float alpha_f, float beta_f) {
  constexpr double kMagic = 0x1.8p52;
  const double lo = low;
  const double hi = high;
  for (std::int64_t i = 0; i < count; ++i) {
    double x = (static_cast<double>(w[i]) - beta) / alpha;
    x = x < lo ? lo : x;
    x = x > hi ? hi : x;
    const double r = (x + kMagic) - kMagic;
    n[i] = static_cast<std::int8_t>(static_cast<int>(r));
    decoded[i] = alpha_f * static_cast<float>(r) + beta_f;
  }
}

BROWNOUT_CLONES
void truncate_array(const float* w, std::int64_t count, double alpha, double beta, int low,
                    int high, std::int8_t* n, float* decoded, float alpha_f, float beta_f) {
  const double lo = low;
  const double hi = high;
  for (std::int64_t i = 0; i < count; ++i) {
    double x = (static_cast<double>(w[i]) - beta) / alpha;
    x = x < lo ? lo : x;
    x = x > hi ? hi : x;
    const int r = static_cast<int>(x);
    n[i] = static_cast<std::int8_t>(r);
    decoded[i] = alpha_f * static_cast<float>(r) + beta_f;
  }
}

}  // namespace

WeightCoder::WeightCoder(const std::vector<network::Parameter>& parameters,
                         const CodingChoice& choice)
    : choice_(choice) {
  network::check_bits(choice.scheme, choice.bits);
  for (const network::Parameter& p : parameters) {
    const std::int64_t count =
        std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{1},
                        [](std::int64_t a, std::int64_t b) { return a * b; });
    const bool coded = std::find(choice.coded_roles.begin(), choice.coded_roles.end(), p.role) !=
                       choice.coded_roles.end();
    spans_.push_back({size_, count, coded});
    size_ += count;
    if (coded) coded_size_ += count;
  }
  codings_.resize(spans_.size());
  n_.resize(static_cast<std::size_t>(size_));
}

void WeightCoder::clip(float w_max, float* weights) const {
  for (const TensorSpan& span : spans_) {
    if (!span.coded) continue;
    float* w = weights + span.first;
    for (std::int64_t i = 0; i < span.count; ++i) {
      w[i] = w[i] < -w_max ? -w_max : (w[i] > w_max ? w_max : w[i]);
    }
  }
}

void WeightCoder::require_finite(const float* weights) const {
  for (const TensorSpan& span : spans_) finite_range(weights + span.first, span.count);
}

void WeightCoder::project(float* weights) const {
  for (std::size_t t = 0; t < spans_.size(); ++t) {
    if (!spans_[t].coded) continue;
    const auto [lo, hi] = ranges_[t];
    float* w = weights + spans_[t].first;
    for (std::int64_t i = 0; i < spans_[t].count; ++i) {
      w[i] = w[i] < lo ? lo : (w[i] > hi ? hi : w[i]);
    }
  }
}

void WeightCoder::quantize(const float* weights, float* decoded) {
  float global = 0.0f;
  ranges_.clear();
  for (const TensorSpan& span : spans_) {
    const auto [lo, hi] = finite_range(weights + span.first, span.count);
    ranges_.emplace_back(lo, hi);
    if (span.coded) global = std::max({global, std::abs(lo), std::abs(hi)});
  }
  for (std::size_t t = 0; t < spans_.size(); ++t) {
    const TensorSpan& span = spans_[t];
    const float* w = weights + span.first;
    float* out = decoded + span.first;
    std::int8_t* n = n_.data() + span.first;
    if (!span.coded) {
      std::copy(w, w + span.count, out);
      continue;
    }
    const double lo = choice_.global_range ? -double{global} : double{ranges_[t].first};
    const double hi = choice_.global_range ? double{global} : double{ranges_[t].second};
    const Coding coding = network::fit(choice_.scheme, choice_.bits, lo, hi);
    Coding& read = codings_[t];
    read = coding;
    if (choice_.unit > 0.0) {
      read.alpha = static_cast<float>(choice_.unit);
      read.beta = 0.0f;
    }
    if (coding.scheme == network::Scheme::kBinary || coding.alpha == 0.0f) {
      for (std::int64_t i = 0; i < span.count; ++i) {
        const int code = network::encode(coding, w[i], choice_.rounding);
        n[i] = static_cast<std::int8_t>(code);
        out[i] = network::decode(read, code);
      }
      continue;
    }
    const auto encode =
        choice_.rounding == network::Rounding::kNearest ? encode_array : truncate_array;
    encode(w, span.count, static_cast<double>(coding.alpha), static_cast<double>(coding.beta),
           network::n_low(coding), network::n_high(coding), n, out, read.alpha, read.beta);
  }
}

std::int64_t WeightCoder::inject(std::uint64_t seed, std::uint64_t step, double rate,
                                 float* decoded) const {
  if (rate <= 0.0) return 0;
  const std::int64_t bits = coded_size_ * choice_.bits;
  const double scale = 1.0 / std::log1p(-rate);
  const Philox random(seed, Purpose::kTrainingChip);
  Philox::Block block{};
  std::int64_t flipped = 0;
  std::size_t tensor = 0;
  std::int64_t tensor_first = 0;  // number of coded values before this tensor
  std::int64_t open = -1;         // the code being changed, and its bits
  std::uint32_t v = 0;
  const auto close = [&] {
    if (open < 0) return;
    const Coding& coding = codings_[tensor];
    decoded[open] = network::decode(coding, network::n_of(coding.scheme, coding.bits, v));
    open = -1;
  };
  while (tensor < spans_.size() && !spans_[tensor].coded) ++tensor;
  std::int64_t bit = -1;
  for (std::uint64_t draw = 0;; ++draw) {
    if (draw % 4 == 0) block = random(step, draw / 4);
    // Geometric skip: P(gap > k) = (1 - rate)^(k + 1).
    const double gap = std::floor(std::log(unit_open(block[draw % 4])) * scale);
    if (gap >= static_cast<double>(bits - bit - 1)) break;
    bit += 1 + static_cast<std::int64_t>(gap);
    const std::int64_t code = bit / choice_.bits;
    while (code >= tensor_first + spans_[tensor].count) {
      close();
      tensor_first += spans_[tensor].count;
      do {
        ++tensor;
      } while (!spans_[tensor].coded);
    }
    const std::int64_t position = spans_[tensor].first + code - tensor_first;
    if (position != open) {
      close();
      open = position;
      v = network::code_of(codings_[tensor], n_[static_cast<std::size_t>(position)]);
    }
    v ^= std::uint32_t{1} << (bit % choice_.bits);
    ++flipped;
  }
  close();
  return flipped;
}

}  // namespace brownout::trainers
