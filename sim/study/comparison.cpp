// SPDX-License-Identifier: Apache-2.0
// Differences chip by chip and image by image, and network by network if the rows have the same
// number of networks.
#include "sim/study/comparison.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/results/statistics.hpp"

namespace brownout::study {

namespace {

constexpr double kLevel = 0.05;  // of a verdict

std::size_t common_chips(const Samples& a, const Samples& b) {
  std::size_t chips = a.front().size();
  for (const Samples* samples : {&a, &b}) {
    for (const std::vector<double>& network : *samples) chips = std::min(chips, network.size());
  }
  return chips;
}

double mean_of_network(const std::vector<double>& network, std::size_t chips) {
  double sum = 0.0;
  for (std::size_t i = 0; i < chips; ++i) sum += network[i];
  return sum / static_cast<double>(chips);
}

/// Image by image, the mean over a row's networks on one chip.
std::vector<double> mean_on_chip(const ErrorTables& networks, std::size_t chip) {
  std::vector<double> mean(networks.front()[chip].size());
  for (const std::vector<results::WrongImages>& network : networks) {
    BROWNOUT_CHECK(network[chip].size() == mean.size(), "{} and {} images", network[chip].size(),
                   mean.size());
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += network[chip][i] ? 1.0 : 0.0;
  }
  for (double& value : mean) value /= static_cast<double>(networks.size());
  return mean;
}

results::CrossedTable table_of(const Measured& higher, const Measured& lower, std::size_t chips) {
  results::CrossedTable table(static_cast<std::int64_t>(higher.wrong.front().front().size()));
  for (std::size_t chip = 0; chip < chips; ++chip) {
    std::vector<double> values = mean_on_chip(higher.wrong, chip);
    const std::vector<double> minus = mean_on_chip(lower.wrong, chip);
    BROWNOUT_CHECK(values.size() == minus.size(), "{} and {} images", values.size(), minus.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] -= minus[i];
    table.add_chip(values);
  }
  return table;
}

double in_points(const results::Source& source) { return 100.0 * std::sqrt(source.variance); }

}  // namespace

Difference difference(const Measured& higher, const Measured& lower) {
  BROWNOUT_CHECK(!higher.wrong.empty() && !lower.wrong.empty(), "{} and {} networks",
                 higher.wrong.size(), lower.wrong.size());
  Difference result;
  result.chips = common_chips(higher.samples, lower.samples);
  BROWNOUT_CHECK(result.chips > 0, "no chips to compare on");
  const results::CrossedTable table = table_of(higher, lower, result.chips);
  result.mean = 100.0 * table.mean();

  std::vector<results::Source> sources;
  if (const auto chips = table.over_chips()) {
    sources.push_back(*chips);
    result.standard_error = in_points(*chips);
  }
  if (const auto images = table.over_images()) {
    sources.push_back(*table.over_images_alone());
    result.images_standard_error = in_points(*images);
  }
  const std::size_t pairs = higher.samples.size();
  if (lower.samples.size() == pairs && pairs > 1) {
    std::vector<double> a, b;
    for (std::size_t k = 0; k < pairs; ++k) {
      a.push_back(mean_of_network(higher.samples[k], result.chips));
      b.push_back(mean_of_network(lower.samples[k], result.chips));
    }
    const double cells = static_cast<double>(table.images()) * static_cast<double>(result.chips);
    const results::PairedDifference seeds = results::paired_difference(a, b, 100.0 / cells);
    result.seeds_standard_error = *seeds.standard_error;
    sources.push_back({std::pow(*seeds.standard_error / 100.0, 2), static_cast<double>(pairs - 1)});
  }
  if (!sources.empty()) result.p = results::two_sided_p(table.mean(), sources);
  return result;
}

Difference::Verdict Difference::verdict() const {
  if (!p_holm || *p_holm >= kLevel) return Verdict::kNotDecided;
  return mean > 0.0 ? Verdict::kHigher : Verdict::kLower;
}

}  // namespace brownout::study
