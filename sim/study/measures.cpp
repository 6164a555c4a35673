// SPDX-License-Identifier: Apache-2.0
// Sums run in fp64 and in code order, so that equal input gives equal bits.
#include "sim/study/measures.hpp"

#include <algorithm>
#include <cmath>

#include "sim/arithmetic/decode.hpp"
#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

namespace brownout::study {

namespace {

/// Calls use(logits of an image) for every image.
template <typename Use>
void for_each_image(const std::vector<float>& logits, int classes, Use use) {
  BROWNOUT_CHECK(
      classes > 0 && !logits.empty() && logits.size() % static_cast<std::size_t>(classes) == 0,
      "{} logits of {} classes", logits.size(), classes);
  for (std::size_t i = 0; i < logits.size(); i += static_cast<std::size_t>(classes)) {
    use(logits.data() + i);
  }
}

bool is_coded_weight(const network::Parameter& parameter) {
  return parameter.coding.has_value() && parameter.role == network::Role::kWeight;
}

double largest_magnitude(const std::vector<float>& values) {
  double largest = 0.0;
  for (const float value : values) largest = std::max(largest, std::abs(double{value}));
  return largest;
}

}  // namespace

double mean_logit_margin(const std::vector<float>& logits, int classes) {
  BROWNOUT_CHECK(classes >= 2, "a margin of {} classes", classes);
  double sum = 0.0;
  for_each_image(logits, classes, [&](const float* row) {
    double first = row[0], second = row[1];
    if (second > first) std::swap(first, second);
    for (int c = 2; c < classes; ++c) {
      const double logit = row[c];
      if (logit > first) {
        second = first;
        first = logit;
      } else {
        second = std::max(second, logit);
      }
    }
    sum += first - second;
  });
  const std::size_t images = logits.size() / static_cast<std::size_t>(classes);
  return sum / static_cast<double>(images);
}

std::vector<double> confidences(const std::vector<float>& logits, int classes) {
  std::vector<double> result;
  for_each_image(logits, classes, [&](const float* row) {
    const double largest = *std::max_element(row, row + classes);
    double total = 0.0;
    for (int c = 0; c < classes; ++c) total += std::exp(double{row[c]} - largest);
    result.push_back(1.0 / total);
  });
  return result;
}

std::vector<double> largest_logits(const std::vector<float>& logits, int classes) {
  std::vector<double> result;
  for_each_image(logits, classes, [&](const float* row) {
    result.push_back(*std::max_element(row, row + classes));
  });
  return result;
}

std::vector<float> coded_weights(const network::Network& network, const network::Codes& codes) {
  std::vector<float> all;
  for (std::size_t t = 0; t < network.parameters.size(); ++t) {
    const network::Parameter& parameter = network.parameters[t];
    if (!is_coded_weight(parameter)) continue;
    const std::vector<float> values = arithmetic::decode_parameter(parameter, codes[t]);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

double mean_absolute_error(const std::vector<float>& clean, const std::vector<float>& perturbed) {
  BROWNOUT_CHECK(!clean.empty() && clean.size() == perturbed.size(), "{} and {} values",
                 clean.size(), perturbed.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    sum += std::abs(double{perturbed[i]} - double{clean[i]});
  }
  return sum / static_cast<double>(clean.size());
}

double relative_absolute_error(const network::Network& network, const network::Codes& perturbed) {
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t t = 0; t < network.parameters.size(); ++t) {
    const network::Parameter& parameter = network.parameters[t];
    if (!is_coded_weight(parameter) || parameter.n.empty()) continue;
    const std::vector<float> clean = arithmetic::decode_parameter(parameter, parameter.n);
    const std::vector<float> read = arithmetic::decode_parameter(parameter, perturbed[t]);
    const double error = mean_absolute_error(clean, read) * static_cast<double>(clean.size());
    const double largest = largest_magnitude(clean);
    sum += largest > 0.0 ? error / largest : error;
    count += clean.size();
  }
  BROWNOUT_CHECK(count > 0, "a network without coded weights");
  return sum / static_cast<double>(count);
}

double weight_relevance(const network::Network& network) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const network::Parameter& parameter : network.parameters) {
    if (!is_coded_weight(parameter)) continue;
    const std::vector<float> values = arithmetic::decode_parameter(parameter, parameter.n);
    const double largest = largest_magnitude(values);
    double magnitudes = 0.0;
    for (const float value : values) magnitudes += std::abs(double{value});
    if (largest > 0.0) sum += magnitudes / largest;
    count += values.size();
  }
  BROWNOUT_CHECK(count > 0, "a network without coded weights");
  return sum / static_cast<double>(count);
}

double nonzero_share(const std::vector<float>& values) {
  BROWNOUT_CHECK(!values.empty(), "a share of no values");
  const auto zeros = std::count(values.begin(), values.end(), 0.0f);
  return 1.0 - static_cast<double>(zeros) / static_cast<double>(values.size());
}

Histogram histogram(const std::vector<double>& values, double low, double high, int bins) {
  BROWNOUT_CHECK(bins >= 1 && low < high, "{} bins from {} to {}", bins, low, high);
  Histogram result{low, high, std::vector<std::int64_t>(static_cast<std::size_t>(bins), 0)};
  for (const double value : values) {
    if (std::isnan(value)) continue;
    const double place = (value - low) / (high - low) * bins;
    const double bin = std::clamp(std::floor(place), 0.0, static_cast<double>(bins - 1));
    ++result.counts[static_cast<std::size_t>(bin)];
  }
  return result;
}

network::Network scaled(const network::Network& network, double factor, const std::string& where) {
  network::Network result = network;
  const auto scale = [&](float value) { return static_cast<float>(double{value} * factor); };
  for (network::Parameter& parameter : result.parameters) {
    for (float& value : parameter.values) value = scale(value);
    if (!parameter.coding) continue;
    if (parameter.coding->scheme == network::Scheme::kBinary) {
      throw InputError("{}: tensor \"{}\" is binary: its values are -1 and 1 and cannot be scaled",
                       where, parameter.name);
    }
    if (parameter.channels.empty()) {
      parameter.coding->alpha = scale(parameter.coding->alpha);
      parameter.coding->beta = scale(parameter.coding->beta);
    }
    for (network::Decoding& decoding : parameter.channels) {
      decoding.alpha = scale(decoding.alpha);
      decoding.beta = scale(decoding.beta);
    }
  }
  return result;
}

Recoded recode(const network::Network& network, const Recoding& coding, std::uint64_t seed) {
  const Philox philox(seed, Purpose::kWeightNoise);
  Recoded result;
  result.network = network;
  result.values.resize(network.parameters.size());
  for (std::size_t t = 0; t < network.parameters.size(); ++t) {
    network::Parameter& parameter = result.network.parameters[t];
    if (!parameter.coding || parameter.n.empty()) continue;
    std::vector<float>& values = result.values[t];
    values = arithmetic::decode_parameter(parameter, parameter.n);
    const auto [low_at, high_at] = std::minmax_element(values.begin(), values.end());
    const float low = *low_at, high = *high_at;
    const auto each = static_cast<std::size_t>(parameter.elements_a_decoding());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double alpha = parameter.coding_of(static_cast<std::int64_t>(i / each)).alpha;
      const double u = unit_open(philox(t, i / 4, 1)[i % 4]) - 0.5;
      values[i] = std::clamp(static_cast<float>(double{values[i]} + alpha * u), low, high);
    }
    parameter.channels.clear();
    parameter.coding = network::fit(coding.scheme, coding.bits, values.data(),
                                    static_cast<std::int64_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      parameter.n[i] =
          static_cast<std::int8_t>(network::encode(*parameter.coding, values[i], coding.rounding));
    }
  }
  return result;
}

double recoded_weight_error(const Recoded& recoded, const network::Codes& perturbed) {
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t t = 0; t < recoded.network.parameters.size(); ++t) {
    const network::Parameter& parameter = recoded.network.parameters[t];
    if (!is_coded_weight(parameter) || parameter.n.empty()) continue;
    const std::vector<float> read = arithmetic::decode_parameter(parameter, perturbed[t]);
    sum += mean_absolute_error(recoded.values[t], read) * static_cast<double>(read.size());
    count += read.size();
  }
  BROWNOUT_CHECK(count > 0, "a network without coded weights");
  return sum / static_cast<double>(count);
}

}  // namespace brownout::study
