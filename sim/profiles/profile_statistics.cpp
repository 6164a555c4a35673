// SPDX-License-Identifier: Apache-2.0
// One pass over the sparse cells of a level. Memory is needed for its columns and arrays, not for
// its cells.
#include "sim/profiles/profile_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "sim/base/error.hpp"

namespace brownout::profiles {

namespace {

float probability(const ProfileCell& cell) { return std::max(cell.p01, cell.p10); }
bool is_01(const ProfileCell& cell) { return cell.p01 >= cell.p10; }

std::uint64_t pairs_of(std::uint64_t count) { return count * (count - 1) / 2; }

LinePairs line_pairs(std::uint64_t pairs, std::uint64_t faulty, std::uint64_t cells, int line) {
  LinePairs result;
  result.pairs = pairs;
  if (faulty < 2 || line < 2) return result;
  const double q = static_cast<double>(line - 1) / static_cast<double>(cells - 1);
  const double n = static_cast<double>(faulty);
  result.expected = 0.5 * n * (n - 1.0) * q;
  result.ratio = static_cast<double>(pairs) / result.expected;
  result.error = std::sqrt((1.0 - q) / result.expected);
  return result;
}

ArraySpread spread_of(std::vector<double> rates) {
  std::sort(rates.begin(), rates.end());
  const std::size_t middle = rates.size() / 2;
  return {rates.front(),
          rates.size() % 2 == 1 ? rates[middle] : 0.5 * (rates[middle - 1] + rates[middle]),
          rates.back()};
}

LevelStatistics level_statistics(const Profile& profile, const ProfileLevel& level) {
  const std::uint64_t columns = profile.columns;
  const std::uint64_t array_cells = static_cast<std::uint64_t>(profile.rows) * columns;
  const auto cells = static_cast<double>(profile.cells());
  std::vector<std::uint64_t> in_column(static_cast<std::size_t>(profile.arrays) * columns, 0);
  std::vector<double> array_p(profile.arrays, 0.0);
  LevelStatistics result;
  result.voltage = level.voltage;
  double p01 = 0.0, p10 = 0.0;
  std::uint64_t persistent = 0, row_pairs = 0, row = 0, in_row = 0;
  for (const ProfileCell& cell : level.cells) {
    const float p = probability(cell);
    if (p <= 0.0f) continue;
    const std::uint64_t array = cell.cell / array_cells;
    ++result.faulty_cells;
    result.faulty_01 += is_01(cell);
    p01 += static_cast<double>(cell.p01);
    p10 += static_cast<double>(cell.p10);
    persistent += p >= kPersistentProbability;
    array_p[array] += static_cast<double>(p);
    ++in_column[array * columns + cell.cell % columns];
    // Cells ascend, so a row (rows are numbered on across arrays) is complete when the next one
    // begins.
    if (cell.cell / columns != row) {
      row = cell.cell / columns;
      in_row = 0;
    }
    row_pairs += in_row++;
  }
  for (double& sum : array_p) result.p += sum;
  result.p /= cells;
  result.p01 = p01 / cells;
  result.p10 = p10 / cells;
  result.persistent = static_cast<double>(persistent) / cells;
  result.faulty = static_cast<double>(result.faulty_cells) / cells;
  for (double& sum : array_p) sum /= static_cast<double>(array_cells);
  result.array_p = spread_of(std::move(array_p));

  std::uint64_t column_pairs = 0;
  for (const std::uint64_t count : in_column) column_pairs += count == 0 ? 0 : pairs_of(count);
  result.column_pairs =
      line_pairs(column_pairs, result.faulty_cells, profile.cells(), profile.rows);
  result.row_pairs = line_pairs(row_pairs, result.faulty_cells, profile.cells(), profile.columns);

  result.top_columns = (in_column.size() + 31) / 32;
  if (result.faulty_cells > 0) {
    const auto faulty = static_cast<double>(result.faulty_cells);
    result.probabilistic = 1.0 - static_cast<double>(persistent) / faulty;
    const auto top = in_column.begin() + static_cast<std::ptrdiff_t>(result.top_columns);
    std::partial_sort(in_column.begin(), top, in_column.end(), std::greater<>());
    std::uint64_t in_top = 0;
    for (auto count = in_column.begin(); count != top; ++count) in_top += *count;
    result.top_columns_share = static_cast<double>(in_top) / faulty;
  }
  return result;
}

/// Calls `both(a, b)` for the faulty cells that two lists share.
template <typename Both>
void for_common(const std::vector<ProfileCell>& a, const std::vector<ProfileCell>& b, Both both) {
  auto j = b.begin();
  for (const ProfileCell& cell : a) {
    while (j != b.end() && j->cell < cell.cell) ++j;
    if (j == b.end()) return;
    if (j->cell == cell.cell && probability(cell) > 0.0f && probability(*j) > 0.0f) both(cell, *j);
  }
}

void compare_with_higher(const ProfileLevel& level, const ProfileLevel& higher,
                         std::uint64_t faulty_higher, LevelStatistics& result) {
  std::uint64_t contained = 0, nested = 0;
  for_common(level.cells, higher.cells, [&](const ProfileCell& here, const ProfileCell& above) {
    ++contained;
    nested += here.p01 >= above.p01 && here.p10 >= above.p10;
  });
  result.not_nested = faulty_higher - nested;
  if (faulty_higher == 0) return;
  result.contained_share = static_cast<double>(contained) / static_cast<double>(faulty_higher);
  result.nested_share = static_cast<double>(nested) / static_cast<double>(faulty_higher);
}

LevelComparison::Overlap overlap_of(const Profile& a, const ProfileLevel& level_a,
                                    const LevelStatistics& statistics_a,
                                    const ProfileLevel& level_b,
                                    const LevelStatistics& statistics_b) {
  LevelComparison::Overlap overlap;
  std::uint64_t agree = 0;
  for_common(level_a.cells, level_b.cells, [&](const ProfileCell& x, const ProfileCell& y) {
    ++overlap.common;
    agree += is_01(x) == is_01(y);
  });
  const auto cells = static_cast<double>(a.cells());
  const auto n_a = static_cast<double>(statistics_a.faulty_cells);
  const auto n_b = static_cast<double>(statistics_b.faulty_cells);
  overlap.expected = n_a * n_b / cells;
  if (overlap.expected > 0.0) {
    overlap.ratio = static_cast<double>(overlap.common) / overlap.expected;
    if (cells > 1.0) {
      overlap.error = std::sqrt((1.0 - n_a / cells) * (1.0 - n_b / cells) * cells / (cells - 1.0) /
                                overlap.expected);
    }
    const double share_a = static_cast<double>(statistics_a.faulty_01) / n_a;
    const double share_b = static_cast<double>(statistics_b.faulty_01) / n_b;
    overlap.expected_same_direction = share_a * share_b + (1.0 - share_a) * (1.0 - share_b);
  }
  if (overlap.common > 0) {
    overlap.same_direction = static_cast<double>(agree) / static_cast<double>(overlap.common);
  }
  return overlap;
}

}  // namespace

std::vector<LevelStatistics> profile_statistics(const Profile& profile) {
  BROWNOUT_CHECK(profile.cells() > 0 && !profile.levels.empty(), "{} cells, {} levels",
                 profile.cells(), profile.levels.size());
  std::vector<LevelStatistics> result;
  for (const ProfileLevel& level : profile.levels) {
    result.push_back(level_statistics(profile, level));
  }
  for (std::size_t i = 0; i + 1 < result.size(); ++i) {
    compare_with_higher(profile.levels[i], profile.levels[i + 1], result[i + 1].faulty_cells,
                        result[i]);
  }
  return result;
}

ProfileComparison compare_profiles(const Profile& a, const Profile& b) {
  const std::vector<LevelStatistics> of_a = profile_statistics(a);
  const std::vector<LevelStatistics> of_b = profile_statistics(b);
  ProfileComparison result;
  result.same_geometry = a.arrays == b.arrays && a.rows == b.rows && a.columns == b.columns;
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    // The highest voltage of b that is not above this one (voltages of files that a converter
    // rounded count as equal).
    constexpr double kRounding = 1e-9;
    std::size_t j = of_b.size();
    while (j > 0 && of_b[j - 1].voltage > of_a[i].voltage + kRounding) --j;
    if (j == 0) {
      result.not_covered.push_back(of_a[i].voltage);
      continue;
    }
    LevelComparison level;
    level.voltage_a = of_a[i].voltage;
    level.voltage_b = of_b[j - 1].voltage;
    level.a = of_a[i];
    level.b = of_b[j - 1];
    if (result.same_geometry) {
      level.overlap = overlap_of(a, a.levels[i], level.a, b.levels[j - 1], level.b);
    }
    result.levels.push_back(std::move(level));
  }
  return result;
}

}  // namespace brownout::profiles
