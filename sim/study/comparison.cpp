// SPDX-License-Identifier: Apache-2.0
// Differences chip by chip, and network by network where rows have as many.
#include "sim/study/comparison.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/sweep/statistics.hpp"

namespace brownout::study {

namespace {

std::size_t common_chips(const Samples& a, const Samples& b) {
  std::size_t chips = a.front().size();
  for (const Samples* samples : {&a, &b}) {
    for (const std::vector<double>& network : *samples) chips = std::min(chips, network.size());
  }
  return chips;
}

/// Over the networks, of one chip.
double mean_on_chip(const Samples& samples, std::size_t chip) {
  double sum = 0.0;
  for (const std::vector<double>& network : samples) sum += network[chip];
  return sum / static_cast<double>(samples.size());
}

double mean_of_network(const std::vector<double>& network, std::size_t chips) {
  double sum = 0.0;
  for (std::size_t i = 0; i < chips; ++i) sum += network[i];
  return sum / static_cast<double>(chips);
}

std::optional<double> standard_error(const std::vector<double>& differences) {
  const sweep::Spread spread = sweep::spread(differences);
  if (!spread.std) return std::nullopt;
  return *spread.std / std::sqrt(static_cast<double>(differences.size()));
}

}  // namespace

Difference difference(const Samples& higher, const Samples& lower) {
  BROWNOUT_CHECK(!higher.empty() && !lower.empty(), "{} and {} networks", higher.size(),
                 lower.size());
  Difference result;
  result.chips = common_chips(higher, lower);
  BROWNOUT_CHECK(result.chips > 0, "no chips to compare on");
  std::vector<double> by_chip;
  for (std::size_t i = 0; i < result.chips; ++i) {
    by_chip.push_back(mean_on_chip(higher, i) - mean_on_chip(lower, i));
  }
  result.mean = sweep::spread(by_chip).mean;
  result.standard_error = standard_error(by_chip);
  if (higher.size() == lower.size() && higher.size() > 1) {
    std::vector<double> by_network;
    for (std::size_t k = 0; k < higher.size(); ++k) {
      by_network.push_back(mean_of_network(higher[k], result.chips) -
                           mean_of_network(lower[k], result.chips));
    }
    result.seeds_standard_error = standard_error(by_network);
  }
  return result;
}

Difference::Verdict Difference::verdict() const {
  const std::optional<double>& error = standard_error ? standard_error : seeds_standard_error;
  if (!error || std::abs(mean) <= 2.0 * *error) return Verdict::kNotClear;
  return mean > 0.0 ? Verdict::kHigher : Verdict::kLower;
}

}  // namespace brownout::study
