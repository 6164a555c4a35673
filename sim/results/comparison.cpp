// SPDX-License-Identifier: Apache-2.0
// Differences chip by chip and image by image, and network by network if the rows have the same
// number of networks.
#include "sim/results/comparison.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/results/chip_result.hpp"
#include "sim/results/statistics.hpp"

namespace brownout::results {

namespace {

constexpr double kVerdictLevel = 0.05;

std::size_t common_chips(const ErrorTables& a, const ErrorTables& b) {
  std::size_t chips = a.front().size();
  for (const ErrorTables* tables : {&a, &b}) {
    for (const std::vector<WrongImages>& network : *tables) chips = std::min(chips, network.size());
  }
  return chips;
}

/// Percent, over the first chips.
double mean_of_network(const std::vector<WrongImages>& network, std::size_t chips) {
  double sum = 0.0;
  for (std::size_t i = 0; i < chips; ++i) {
    sum += percent(count(network[i]), static_cast<std::int64_t>(network[i].size()));
  }
  return sum / static_cast<double>(chips);
}

/// Image by image, the mean over a row's networks on one chip.
std::vector<double> mean_on_chip(const ErrorTables& networks, std::size_t chip) {
  std::vector<double> mean(networks.front()[chip].size());
  for (const std::vector<WrongImages>& network : networks) {
    BROWNOUT_CHECK(network[chip].size() == mean.size(), "{} and {} images", network[chip].size(),
                   mean.size());
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += network[chip][i] ? 1.0 : 0.0;
  }
  for (double& value : mean) value /= static_cast<double>(networks.size());
  return mean;
}

CrossedTable table_of(const ErrorTables& higher, const ErrorTables& lower, std::size_t chips) {
  CrossedTable table(static_cast<std::int64_t>(higher.front().front().size()));
  for (std::size_t chip = 0; chip < chips; ++chip) {
    std::vector<double> values = mean_on_chip(higher, chip);
    const std::vector<double> minus = mean_on_chip(lower, chip);
    BROWNOUT_CHECK(values.size() == minus.size(), "{} and {} images", values.size(), minus.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] -= minus[i];
    table.add_chip(values);
  }
  return table;
}

double in_points(const Source& source) { return 100.0 * std::sqrt(source.variance); }

/// Over pairs of networks.
std::optional<double> seeds_error(const ErrorTables& higher, const ErrorTables& lower,
                                  std::size_t chips, const CrossedTable& table) {
  const std::size_t pairs = higher.size();
  if (lower.size() != pairs || pairs < 2) return std::nullopt;
  std::vector<double> a, b;
  for (std::size_t k = 0; k < pairs; ++k) {
    a.push_back(mean_of_network(higher[k], chips));
    b.push_back(mean_of_network(lower[k], chips));
  }
  const double cells = static_cast<double>(table.images()) * static_cast<double>(chips);
  return paired_difference(a, b, 100.0 / cells).standard_error;
}

/// In points. The images count as if one more of them differed.
std::array<double, 2> interval_of(const CrossedTable& table, std::vector<Source> sources) {
  double variance = 0.0;
  for (const Source& source : sources) variance += source.variance;
  const auto images = static_cast<double>(table.images());
  sources.push_back({1.0 / (images * images), images - 1.0});
  if (variance == 0.0) {
    const double most = error_interval(0, table.images())[1];
    return {100.0 * table.mean() - most, 100.0 * table.mean() + most};
  }
  const std::array<double, 2> interval = mean_interval(table.mean(), sources);
  return {std::max(-100.0, 100.0 * interval[0]), std::min(100.0, 100.0 * interval[1])};
}

}  // namespace

Difference difference(const ErrorTables& higher, const ErrorTables& lower) {
  BROWNOUT_CHECK(!higher.empty() && !lower.empty(), "{} and {} networks", higher.size(),
                 lower.size());
  Difference result;
  result.chips = common_chips(higher, lower);
  BROWNOUT_CHECK(result.chips > 0, "no chips to compare on");
  const CrossedTable table = table_of(higher, lower, result.chips);
  result.mean = 100.0 * table.mean();

  std::vector<Source> sources;
  if (const auto chips = table.over_chips()) {
    sources.push_back(*chips);
    result.standard_error = in_points(*chips);
  }
  if (const auto images = table.over_images()) {
    sources.push_back(*table.over_images_alone());
    result.images_standard_error = in_points(*images);
  }
  result.seeds_standard_error = seeds_error(higher, lower, result.chips, table);
  if (const auto& seeds = result.seeds_standard_error) {
    sources.push_back({std::pow(*seeds / 100.0, 2), static_cast<double>(higher.size() - 1)});
  }
  if (table.images() >= kLeastImages) {
    result.p = two_sided_p(table.mean(), sources);
    result.ci95 = interval_of(table, sources);
  }
  return result;
}

void adjust_together(const std::vector<Difference*>& differences) {
  std::vector<double> p;
  for (const Difference* one : differences) {
    p.push_back(one != nullptr ? one->p.value_or(1.0) : 1.0);
  }
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t i = 0; i < adjusted.size(); ++i) {
    if (differences[i] != nullptr && differences[i]->p) differences[i]->p_holm = adjusted[i];
  }
}

Difference::Verdict Difference::verdict() const {
  if (!p_holm || *p_holm >= kVerdictLevel) return Verdict::kNotDecided;
  return mean > 0.0 ? Verdict::kHigher : Verdict::kLower;
}

const char* to_string(Difference::Verdict verdict) {
  switch (verdict) {
    case Difference::Verdict::kHigher:
      return "higher";
    case Difference::Verdict::kLower:
      return "lower";
    case Difference::Verdict::kNotDecided:
      break;
  }
  return "not-decided";
}

}  // namespace brownout::results
