// SPDX-License-Identifier: Apache-2.0
// Analysis of variance over chips and images; quantiles by Boost.Math.
#include "sim/results/error_bars.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "sim/base/error.hpp"

namespace brownout::results {

namespace {

constexpr double kTail = 0.025;  // on either side of a 95 % interval
constexpr double kFewImages = 5.0;

/// The t that has this probability above it.
double upper_t(double degrees, double tail) {
  const boost::math::students_t distribution(degrees);
  return boost::math::quantile(boost::math::complement(distribution, tail));
}

double total(const std::vector<Source>& sources) {
  double sum = 0.0;
  for (const Source& source : sources) sum += source.variance;
  return sum;
}

/// Cochran and Cox's t.
double upper_t(const std::vector<Source>& sources, double tail) {
  double weighted = 0.0;
  for (const Source& source : sources) {
    if (source.variance > 0.0) weighted += source.variance * upper_t(source.degrees, tail);
  }
  return weighted / total(sources);
}

/// Clopper and Pearson's interval, for numbers that need not be whole.
std::array<double, 2> binomial_interval(double wrong, double images) {
  const double right = images - wrong;
  std::array<double, 2> interval{0.0, 1.0};
  if (wrong > 0.0) {
    interval[0] = boost::math::quantile(boost::math::beta_distribution<>(wrong, right + 1), kTail);
  }
  if (right > 0.0) {
    interval[1] = boost::math::quantile(
        boost::math::complement(boost::math::beta_distribution<>(wrong + 1, right), kTail));
  }
  return interval;
}

std::array<double, 2> in_percent(const std::array<double, 2>& interval) {
  return {100.0 * interval[0], 100.0 * interval[1]};
}

/// `measured`, or the most that images with this error can differ.
Source source_over_images(const CrossedTable& table, const std::optional<Source>& measured) {
  const auto images = static_cast<double>(table.images());
  const double share = table.mean();
  const bool few = images * std::min(share, 1.0 - share) < kFewImages;
  if (measured && !few) return *measured;
  return {share * (1.0 - share) / images, std::max(1.0, images - 1)};
}

/// Their means differ by at least 1/√12 image of one chip, the least that whole images show.
Source source_over_networks(double deviation, std::size_t networks, const CrossedTable& table) {
  const auto cells = static_cast<double>(table.images() * table.chips());
  const auto count = static_cast<double>(networks);
  return {std::max(deviation * deviation, 1.0 / (12.0 * cells * cells)) / count, count - 1};
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::int64_t count(const WrongImages& wrong) {
  return std::count(wrong.begin(), wrong.end(), true);
}

WrongImages wrong_in_either(const WrongImages& a, const WrongImages& b) {
  BROWNOUT_CHECK(a.size() == b.size(), "{} and {} images", a.size(), b.size());
  WrongImages either(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) either[i] = a[i] || b[i];
  return either;
}

std::string to_hex(const WrongImages& wrong) {
  std::string text((wrong.size() + 3) / 4, '0');
  for (std::size_t digit = 0; digit < text.size(); ++digit) {
    int value = 0;
    for (std::size_t i = 4 * digit; i < 4 * digit + 4; ++i) {
      value = 2 * value + (i < wrong.size() && wrong[i] ? 1 : 0);
    }
    text[digit] = "0123456789abcdef"[value];
  }
  return text;
}

WrongImages wrong_images_from_hex(const std::string& text, std::int64_t images) {
  WrongImages wrong(static_cast<std::size_t>(images));
  bool fits = text.size() == (wrong.size() + 3) / 4;
  for (std::size_t digit = 0; fits && digit < text.size(); ++digit) {
    const int value = digit_of(text[digit]);
    fits = value >= 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const bool set = ((value >> (3 - k)) & 1) != 0;
      const std::size_t i = 4 * digit + k;
      if (i < wrong.size()) wrong[i] = set;
      fits = fits && (i < wrong.size() || !set);
    }
  }
  if (!fits) throw InputError("expected {} images as hexadecimal digits", images);
  return wrong;
}

CrossedTable::CrossedTable(std::int64_t images) : by_image_(static_cast<std::size_t>(images)) {
  BROWNOUT_CHECK(images > 0, "a table of {} images", images);
}

void CrossedTable::add_chip(const std::vector<double>& values) {
  BROWNOUT_CHECK(values.size() == by_image_.size(), "{} of {} images", values.size(),
                 by_image_.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    by_image_[i] += values[i];
    squares_ += values[i] * values[i];
  }
  by_chip_.push_back(sum);
}

void CrossedTable::add_chip(const WrongImages& wrong) {
  add_chip(std::vector<double>(wrong.begin(), wrong.end()));
}

double CrossedTable::mean() const {
  BROWNOUT_CHECK(!by_chip_.empty(), "a table of no chips");
  double sum = 0.0;
  for (const double chip : by_chip_) sum += chip;
  return sum / static_cast<double>(by_chip_.size() * by_image_.size());
}

CrossedTable::Squares CrossedTable::mean_squares() const {
  const auto chips = static_cast<double>(by_chip_.size());
  const auto images = static_cast<double>(by_image_.size());
  const double m = mean();
  double over_chips = 0.0, over_images = 0.0;
  for (const double sum : by_chip_) over_chips += images * std::pow(sum / images - m, 2);
  for (const double sum : by_image_) over_images += chips * std::pow(sum / chips - m, 2);
  const double all = squares_ - chips * images * m * m;
  Squares result;
  if (chips > 1) result.chips = over_chips / (chips - 1);
  if (images > 1) result.images = over_images / (images - 1);
  if (chips > 1 && images > 1) {
    result.rest = std::max(0.0, all - over_chips - over_images) / ((chips - 1) * (images - 1));
  }
  return result;
}

std::optional<Source> CrossedTable::over_chips() const {
  if (by_chip_.size() < 2) return std::nullopt;
  const auto chips = static_cast<double>(by_chip_.size());
  const auto images = static_cast<double>(by_image_.size());
  const double least = 1.0 / (12.0 * images * images);
  return Source{std::max(mean_squares().chips / images, least) / chips, chips - 1};
}

std::optional<Source> CrossedTable::over_images() const {
  if (by_image_.size() < 2) return std::nullopt;
  const auto images = static_cast<double>(by_image_.size());
  return Source{mean_squares().images / static_cast<double>(by_chip_.size()) / images, images - 1};
}

std::optional<Source> CrossedTable::over_images_alone() const {
  std::optional<Source> source = over_images();
  if (source && by_chip_.size() > 1) {
    const double rest =
        mean_squares().rest / static_cast<double>(by_chip_.size() * by_image_.size());
    source->variance = std::max(0.0, source->variance - rest);
  }
  return source;
}

double two_sided_p(double mean, const std::vector<Source>& sources) {
  if (mean == 0.0) return 1.0;
  const double variance = total(sources);
  if (variance == 0.0) return 0.0;
  const double t = std::abs(mean) / std::sqrt(variance);
  if (sources.size() == 1) return two_sided_p(t, sources[0].degrees);
  // The weighted t falls as the tail grows, and equals t between the tails of the single sources.
  double low = 1.0, high = 0.0;
  for (const Source& source : sources) {
    const double p = two_sided_p(t, source.degrees);
    low = std::min(low, p);
    high = std::max(high, p);
  }
  for (int step = 0; step < 40; ++step) {
    const double middle = std::sqrt(low * high);
    if (middle == 0.0) return high;
    (upper_t(sources, middle / 2) > t ? low : high) = middle;
  }
  return high;
}

std::array<double, 2> mean_interval(double mean, const std::vector<Source>& sources) {
  const double variance = total(sources);
  BROWNOUT_CHECK(variance > 0.0, "an interval without variance");
  const double half = upper_t(sources, kTail) * std::sqrt(variance);
  return {mean - half, mean + half};
}

std::array<double, 2> share_interval(double share, const std::vector<Source>& sources,
                                     std::int64_t images) {
  double worth = static_cast<double>(images);
  const double variance = total(sources);
  if (share > 0.0 && share < 1.0 && variance > 0.0) {
    const boost::math::normal normal;
    const double z = boost::math::quantile(boost::math::complement(normal, kTail));
    worth = share * (1.0 - share) / variance * std::pow(z / upper_t(sources, kTail), 2);
  }
  return binomial_interval(share * worth, worth);
}

std::array<double, 2> error_interval(std::int64_t wrong, std::int64_t images) {
  return in_percent(binomial_interval(static_cast<double>(wrong), static_cast<double>(images)));
}

std::vector<Source> sources_of(const CrossedTable& table) {
  std::vector<Source> sources;
  if (const std::optional<Source> chips = table.over_chips()) sources.push_back(*chips);
  sources.push_back(source_over_images(table, table.over_images_alone()));
  return sources;
}

namespace {

/// Standard error of the mean over images, as a share. If no image is wrong (or all are), the table
/// shows no variance at all; the share is then taken as (x + 1/2)/(n + 1), x images wrong of n.
double images_error(const CrossedTable& table) {
  if (table.mean() > 0.0 && table.mean() < 1.0) {
    return std::sqrt(source_over_images(table, table.over_images()).variance);
  }
  const auto images = static_cast<double>(table.images());
  const double share = 0.5 / (images + 1.0);
  return std::sqrt(share * (1.0 - share) / images);
}

}  // namespace

ErrorSpread error_spread(const std::vector<WrongImages>& chips) {
  BROWNOUT_CHECK(!chips.empty(), "an error on no chips");
  CrossedTable table(static_cast<std::int64_t>(chips[0].size()));
  std::vector<std::int64_t> wrong;
  for (const WrongImages& chip : chips) {
    table.add_chip(chip);
    wrong.push_back(count(chip));
  }
  ErrorSpread result = error_spread(wrong, table.images());
  result.images_se = 100.0 * images_error(table);
  result.ci95_all =
      chips.size() == 1
          ? error_interval(wrong[0], table.images())
          : in_percent(share_interval(table.mean(), sources_of(table), table.images()));
  return result;
}

CrossedTable mean_table(const std::vector<std::vector<WrongImages>>& networks) {
  BROWNOUT_CHECK(!networks.empty() && !networks[0].empty(), "no chips of {} networks",
                 networks.size());
  const std::size_t images = networks[0][0].size();
  CrossedTable table(static_cast<std::int64_t>(images));
  for (std::size_t chip = 0; chip < networks[0].size(); ++chip) {
    std::vector<double> values(images);
    for (const std::vector<WrongImages>& network : networks) {
      const WrongImages& wrong = network.at(chip);
      BROWNOUT_CHECK(wrong.size() == images, "{} of {} images", wrong.size(), images);
      for (std::size_t i = 0; i < images; ++i) values[i] += wrong[i] ? 1.0 : 0.0;
    }
    for (double& value : values) value /= static_cast<double>(networks.size());
    table.add_chip(values);
  }
  return table;
}

std::optional<std::array<double, 2>> images_se_range(const std::vector<ErrorSpread>& errors) {
  std::optional<std::array<double, 2>> range;
  for (const ErrorSpread& error : errors) {
    if (!error.images_se) continue;
    const double se = *error.images_se;
    range = range ? std::array<double, 2>{std::min((*range)[0], se), std::max((*range)[1], se)}
                  : std::array<double, 2>{se, se};
  }
  return range;
}

ErrorSpread error_spread_of_networks(const std::vector<std::vector<WrongImages>>& networks) {
  BROWNOUT_CHECK(!networks.empty(), "an error of no networks");
  if (networks.size() == 1) return error_spread(networks[0]);
  const CrossedTable table = mean_table(networks);
  std::vector<double> means;
  for (const std::vector<WrongImages>& network : networks) {
    means.push_back(error_spread(network).mean);
  }
  ErrorSpread result;
  static_cast<Spread&>(result) = spread(means);
  const Source seeds = source_over_networks(*result.std / 100.0, networks.size(), table);
  std::vector<Source> all = sources_of(table);
  all.push_back(seeds);
  const double share = result.mean / 100.0;
  result.ci95 = in_percent(share_interval(share, {seeds}, table.images()));
  result.ci95_all = in_percent(share_interval(share, all, table.images()));
  result.images_se = 100.0 * images_error(table);
  return result;
}

ErrorSpread error_spread(const std::vector<std::int64_t>& wrong, std::int64_t images) {
  std::vector<double> percents;
  for (const std::int64_t chip : wrong) {
    percents.push_back(100.0 * static_cast<double>(chip) / static_cast<double>(images));
  }
  ErrorSpread result;
  static_cast<Spread&>(result) = spread(percents);
  if (!result.std) return result;
  const auto chips = static_cast<double>(wrong.size());
  const double deviation =
      std::max(*result.std / 100.0, 1.0 / (std::sqrt(12.0) * static_cast<double>(images)));
  result.ci95 = in_percent(
      share_interval(result.mean / 100.0, {{deviation * deviation / chips, chips - 1}}, images));
  return result;
}

}  // namespace brownout::results
