// SPDX-License-Identifier: Apache-2.0
// The lowest voltage at which a network keeps its error: of the mean over chips, or of at least a
// given share of all dies with a given confidence (a yield).
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace brownout::results {

/// At least this share of all dies must hold, with this confidence.
struct YieldTarget {
  double yield = 0.9;
  double confidence = 0.95;
};

/// The most dies out of `dies` that may fail if the yield is to be shown: the largest f for which f
/// failures or fewer have a probability of at most 1 - confidence when the yield is just too low
/// (Clopper and Pearson, Biometrika 1934, one-sided). None if there are too few dies.
std::optional<std::int64_t> allowed_failures(std::int64_t dies, const YieldTarget& target);
/// The fewest dies that show the yield if none fails: 29 for 0.9 with confidence 0.95.
std::int64_t fewest_dies(const YieldTarget& target);
/// The yield that `failed` failures out of `dies` show: its lower limit with this confidence
/// (Clopper and Pearson).
double yield_at_least(std::int64_t failed, std::int64_t dies, double confidence);

/// The voltages that may be the answer of a search.
struct SearchLevels {
  std::vector<double> voltages;  // strictly descending
  std::vector<std::size_t>
      on_grid;  // those that the grid has evaluated, ascending, the last one too

  /// The level whose cells fail at `voltage`: the highest level that is not above it.
  std::size_t at(double voltage) const;
};

/// Levels from `top` down to the lowest voltage of the grid. Without `steps` they are the grid
/// (strictly descending) and each of its gaps, the one up to `top` included, halved until it is at
/// most `tolerance` wide. With steps (for a chip that is the same from each of these voltages up to
/// the next) they are the steps, each the lowest voltage that gives its result.
SearchLevels search_levels(const std::vector<double>& grid, double top, double tolerance,
                           const std::vector<double>& steps);

struct SafeLevel {
  std::size_t level = 0;                // the answer
  std::optional<std::size_t> fails_at;  // next lower level, which does not hold; none: the lowest
  std::int64_t failed = 0;              // dies that count as failing at the answer
};

/// Goes down the levels of the grid to the first one that does not hold, then bisects the levels
/// above it. Every level tried above the answer holds. No answer when the highest level does not
/// hold.
std::optional<SafeLevel> find_by_mean(const SearchLevels& levels,
                                      const std::function<bool(std::size_t level)>& holds);

/// The lowest level at which at most `allowed` of the dies fail. A die counts as failing at a level
/// if it fails there or at any higher level that was tried. All other dies are tried at the answer
/// itself. Dies are taken in order. If a die fails at the lowest level that is still possible, its
/// levels are bisected, which moves that level up; most dies are tried once.
///
/// If allowed_failures(dies, target) may fail, the yield at the answer is at least that of the
/// target, with its confidence. No correction for the number of levels is needed: dies that fail at
/// a level fail at lower ones, so to accept any level that is too low means to accept the highest
/// such level, and that happens with a probability of at most 1 - confidence. (The answer is an
/// order statistic of the dies' own lowest voltages, the tolerance limit of Wilks, Annals of
/// Mathematical Statistics 1941.)
///
/// `known(die, level)`: whether the die stays within the limit, if that was already evaluated.
/// `within(die, level)` evaluates; it is called at most once for a die and level.
std::optional<SafeLevel> find_by_yield(
    const SearchLevels& levels, std::size_t dies, std::int64_t allowed,
    const std::function<std::optional<bool>(std::size_t die, std::size_t level)>& known,
    const std::function<bool(std::size_t die, std::size_t level)>& within);

}  // namespace brownout::results
