// SPDX-License-Identifier: Apache-2.0
// What a profile contains, in numbers: rates by direction, persistence, nesting, how faulty cells
// are arranged along columns and rows, and how two profiles compare.
//
// Rates are means of probabilities over all cells of the chip: what balanced data would see. All
// counts, pair ratios and shares below are over faulty cells, and each cell counts 1 however often
// it errs. They describe the silicon, and must not depend on the read noise or on the number of
// reads that a probability was measured from.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

/// Pairs of faulty cells within one line (a column, or a row, of an array). With n faulty cells
/// among N, and lines of L cells each: expected = n(n - 1)/2 · (L - 1)/(N - 1), exact when every
/// set of n cells is as likely as any other. `error` is then the sampling error of the ratio,
/// sqrt((1 - q)/expected), q = (L - 1)/(N - 1).
struct LinePairs {
  std::uint64_t pairs = 0;
  double expected = 0.0;
  std::optional<double> ratio;  // pairs/expected; none where nothing can be expected
  std::optional<double> error;
};

/// Lowest, median and highest over the arrays.
struct ArraySpread {
  double lowest = 0.0, median = 0.0, highest = 0.0;
};

struct LevelStatistics {
  double voltage = 1.0;                  // Vmin
  double p = 0.0, p01 = 0.0, p10 = 0.0;  // mean over all cells of max(p01, p10), p01, p10
  double persistent = 0.0;               // share of all cells at or above kPersistentProbability
  std::uint64_t faulty_cells = 0;        // cells with p01 or p10 above 0
  double faulty = 0.0;                   // the same as a share of all cells
  std::uint64_t faulty_01 = 0;           // of these, cells with p01 >= p10
  std::optional<double> probabilistic;   // share of the faulty cells below that threshold
  LinePairs column_pairs, row_pairs;
  /// Among the cells that are faulty at the next higher voltage: those that err here at least as
  /// often in both directions, and those that err here at all. None at the highest voltage, and if
  /// no cell is faulty there.
  std::optional<double> nested_share, contained_share;
  std::uint64_t not_nested = 0;             // cells that break nesting: err less here than above
  ArraySpread array_p;                      // p of each array
  std::uint64_t top_columns = 0;            // a 32nd of all columns of all arrays, rounded up
  std::optional<double> top_columns_share;  // of the faulty cells, in the columns with most
};

/// One entry a level, in the order of the profile (ascending voltages).
std::vector<LevelStatistics> profile_statistics(const Profile& profile);

/// Two profiles at one voltage of the first. The second is used as a chip would use it: at the same
/// voltage, else at its nearest lower one, and above its highest voltage at that one.
struct LevelComparison {
  double voltage_a = 1.0, voltage_b = 1.0;
  LevelStatistics a, b;
  /// None unless the geometries are equal.
  struct Overlap {
    std::uint64_t common = 0;     // cells faulty in both
    double expected = 0.0;        // n_a·n_b/N: of two independent patterns
    std::optional<double> ratio;  // common/expected
    std::optional<double> error;  // of the ratio, if they were independent (hypergeometric)
    /// Share of the common cells that fail in the same direction, and what two independent
    /// patterns of these directions would show.
    std::optional<double> same_direction, expected_same_direction;
  };
  std::optional<Overlap> overlap;
};

struct ProfileComparison {
  bool same_geometry = false;
  std::vector<LevelComparison> levels;
  /// Voltages of the first profile below the lowest voltage of the second, about which the second
  /// says nothing.
  std::vector<double> not_covered;
};

ProfileComparison compare_profiles(const Profile& a, const Profile& b);

}  // namespace brownout::profiles
