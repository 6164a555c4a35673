// SPDX-License-Identifier: Apache-2.0
// Levels, the way down the grid and bisection, die by die. What is tried depends on the outcomes
// alone, so that a search can be repeated.
#include "sim/results/safe_voltage.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/results/steps.hpp"

namespace brownout::results {

namespace {

/// Probability of at most `failed` failures out of `dies` at this yield.
double at_most(std::int64_t failed, std::int64_t dies, double yield) {
  const boost::math::binomial_distribution<double> failures(static_cast<double>(dies), 1.0 - yield);
  return boost::math::cdf(failures, static_cast<double>(failed));
}

/// Appends the voltages between `high` and `low`, halving until neighbours are close enough.
void halve(double high, double low, double tolerance, std::vector<double>& voltages) {
  if (high - low <= tolerance) return;
  const double middle = 0.5 * (high + low);
  halve(high, middle, tolerance, voltages);
  voltages.push_back(middle);
  halve(middle, low, tolerance, voltages);
}

/// Which dies failed where, while levels are tried.
class DieSearch {
 public:
  DieSearch(std::size_t levels, std::size_t dies, std::int64_t allowed,
            const std::function<bool(std::size_t, std::size_t)>& within)
      : levels_(levels),
        allowed_(static_cast<std::size_t>(allowed)),
        within_(within),
        fails_from_(dies, levels),
        passed_(dies, std::vector<bool>(levels, false)) {}

  void note(std::size_t die, std::size_t level, bool within) {
    if (within) {
      passed_[die][level] = true;
    } else {
      fails_from_[die] = std::min(fails_from_[die], level);
    }
  }

  std::optional<SafeLevel> run() {
    for (;;) {
      const std::size_t fails_at = lowest_that_fails();
      if (fails_at == 0) return std::nullopt;
      const std::size_t level = fails_at - 1;
      const std::optional<std::size_t> die = next_to_try(level);
      if (die) {
        if (!try_at(*die, level) && failing(level) > allowed_) bisect(*die);
        continue;
      }
      SafeLevel safe;
      safe.level = level;
      if (fails_at < levels_) safe.fails_at = fails_at;
      safe.failed = static_cast<std::int64_t>(failing(level));
      return safe;
    }
  }

 private:
  /// The highest level at which more dies than allowed are known to fail; else the end.
  std::size_t lowest_that_fails() const {
    if (allowed_ >= fails_from_.size()) return levels_;
    std::vector<std::size_t> order = fails_from_;
    std::sort(order.begin(), order.end());
    return order[allowed_];
  }
  std::size_t failing(std::size_t level) const {
    return static_cast<std::size_t>(std::count_if(fails_from_.begin(), fails_from_.end(),
                                                  [&](std::size_t from) { return from <= level; }));
  }
  /// Dies that did well at a lower level come last, because they seldom change the answer.
  std::optional<std::size_t> next_to_try(std::size_t level) const {
    std::optional<std::size_t> last;
    for (std::size_t die = 0; die < fails_from_.size(); ++die) {
      if (fails_from_[die] <= level || passed_[die][level]) continue;
      const auto below = passed_[die].begin() + static_cast<std::ptrdiff_t>(level);
      if (std::find(below, passed_[die].end(), true) == passed_[die].end()) return die;
      if (!last) last = die;
    }
    return last;
  }
  bool try_at(std::size_t die, std::size_t level) {
    const bool within = within_(die, level);
    note(die, level, within);
    return within;
  }
  /// Finds where a die begins to fail: bisects the levels between one where it fails and one where
  /// it does not.
  void bisect(std::size_t die) {
    std::size_t low = fails_from_[die];  // fails
    std::size_t high = 0;                // does not
    for (std::size_t level = low; level-- > 0;) {
      if (passed_[die][level]) {
        high = level;
        break;
      }
    }
    if (low == 0 || (!passed_[die][high] && !try_at(die, high))) return;
    while (low - high > 1) {
      const std::size_t middle = high + (low - high) / 2;
      (try_at(die, middle) ? high : low) = middle;
    }
  }

  std::size_t levels_;
  std::size_t allowed_;
  const std::function<bool(std::size_t, std::size_t)>& within_;
  std::vector<std::size_t> fails_from_;    // by die: highest level at which it failed
  std::vector<std::vector<bool>> passed_;  // by die and level
};

}  // namespace

std::optional<std::int64_t> allowed_failures(std::int64_t dies, const YieldTarget& target) {
  BROWNOUT_CHECK(dies > 0 && target.yield > 0 && target.yield < 1 && target.confidence > 0 &&
                     target.confidence < 1,
                 "{} dies, yield {}, confidence {}", dies, target.yield, target.confidence);
  std::optional<std::int64_t> allowed;
  while (allowed.value_or(-1) + 1 < dies &&
         at_most(allowed.value_or(-1) + 1, dies, target.yield) <= 1.0 - target.confidence) {
    allowed = allowed.value_or(-1) + 1;
  }
  return allowed;
}

std::int64_t fewest_dies(const YieldTarget& target) {
  std::int64_t dies = 1;
  while (!allowed_failures(dies, target)) ++dies;
  return dies;
}

double yield_at_least(std::int64_t failed, std::int64_t dies, double confidence) {
  BROWNOUT_CHECK(failed >= 0 && failed <= dies && dies > 0, "{} of {} dies", failed, dies);
  if (failed == dies) return 0.0;
  const boost::math::beta_distribution<double> share(static_cast<double>(dies - failed),
                                                     static_cast<double>(failed) + 1.0);
  return boost::math::quantile(share, 1.0 - confidence);
}

std::size_t SearchLevels::at(double voltage) const {
  const auto level = std::find_if(voltages.begin(), voltages.end(),
                                  [&](double other) { return other <= voltage + kSameVoltage; });
  BROWNOUT_CHECK(level != voltages.end(), "{} Vmin lies below every level", voltage);
  return static_cast<std::size_t>(level - voltages.begin());
}

SearchLevels search_levels(const std::vector<double>& grid, double top, double tolerance,
                           const std::vector<double>& steps) {
  BROWNOUT_CHECK(tolerance > 0 && !grid.empty(), "tolerance {}, {} voltages", tolerance,
                 grid.size());
  SearchLevels levels;
  if (steps.empty()) {
    if (top > grid.front()) {
      levels.voltages.push_back(top);
      halve(top, grid.front(), tolerance, levels.voltages);
    }
    for (std::size_t i = 0; i < grid.size(); ++i) {
      BROWNOUT_CHECK(i == 0 || grid[i] < grid[i - 1], "{} after {} in the grid", grid[i],
                     grid[i - 1]);
      if (i > 0) halve(grid[i - 1], grid[i], tolerance, levels.voltages);
      levels.voltages.push_back(grid[i]);
    }
  } else {
    for (const double step : steps) {
      if (step > grid.back() + kSameVoltage && step <= std::max(top, grid.front()) + kSameVoltage) {
        levels.voltages.push_back(step);
      }
    }
    levels.voltages.push_back(grid.back());
    std::sort(levels.voltages.begin(), levels.voltages.end(), std::greater<double>());
    levels.voltages.erase(std::unique(levels.voltages.begin(), levels.voltages.end()),
                          levels.voltages.end());
  }
  for (const double voltage : grid) {
    const std::size_t level = levels.at(voltage);
    if (levels.on_grid.empty() || levels.on_grid.back() != level) levels.on_grid.push_back(level);
  }
  return levels;
}

std::optional<SafeLevel> find_by_mean(const SearchLevels& levels,
                                      const std::function<bool(std::size_t level)>& holds) {
  std::optional<std::size_t> safe, fails_at;
  for (const std::size_t level : levels.on_grid) {
    if (!holds(level)) {
      fails_at = level;
      break;
    }
    safe = level;
  }
  // A network that fails at the highest voltage of the grid may still be safe above it.
  if (!safe && *fails_at > 0 && holds(0)) safe = 0;
  if (!safe) return std::nullopt;
  if (!fails_at) return SafeLevel{*safe, std::nullopt, 0};
  while (*fails_at - *safe > 1) {
    const std::size_t middle = *safe + (*fails_at - *safe) / 2;
    (holds(middle) ? safe : fails_at) = middle;
  }
  return SafeLevel{*safe, fails_at, 0};
}

std::optional<SafeLevel> find_by_yield(
    const SearchLevels& levels, std::size_t dies, std::int64_t allowed,
    const std::function<std::optional<bool>(std::size_t die, std::size_t level)>& known,
    const std::function<bool(std::size_t die, std::size_t level)>& within) {
  DieSearch search(levels.voltages.size(), dies, allowed, within);
  for (std::size_t die = 0; die < dies; ++die) {
    for (const std::size_t level : levels.on_grid) {
      if (const std::optional<bool> outcome = known(die, level)) search.note(die, level, *outcome);
    }
  }
  return search.run();
}

}  // namespace brownout::results
