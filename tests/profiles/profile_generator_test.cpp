// SPDX-License-Identifier: Apache-2.0
// Generated profiles: exact counts, nesting, stripes, and the shipped files against the published
// table. BROWNOUT_REFRESH_PROFILES=1 writes the shipped files anew.
#include "sim/profiles/profile_generator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/profiles/profile_statistics.hpp"
#include "tests/profiles/profiles.hpp"

namespace brownout::profiles {
namespace {

const std::filesystem::path kProfiles = std::filesystem::path(BROWNOUT_SOURCE_DIR) / "profiles";

/// Stutz et al., MLSys 2021, App. C.1, in percent; lowest voltage first.
struct Row {
  double p, p01, p10, persistent;
};
struct Shipped {
  const char* name;
  std::vector<Row> rows;
};
const std::vector<Shipped>& table() {
  static const std::vector<Shipped> rows = {
      {"chip1-synthetic", {{2.744, 1.27, 1.47, 1.223}, {0.866, 0.38, 0.49, 0.393}}},
      {"chip2-synthetic",
       {{4.707, 3.443, 1.091, 0.627}, {1.01, 0.82, 0.19, 0.105}, {0.136, 0.115, 0.021, 0.01}}},
      {"chip3-synthetic", {{2.297, 1.81, 0.48, 0.204}, {0.597, 0.496, 0.0995, 0.206}}}};
  return rows;
}

TEST(SyntheticProfiles, ShippedFilesHoldWhatTheirConfigurationGenerates) {
  std::uintmax_t bytes = 0;
  for (const Shipped& chip : table()) {
    const std::filesystem::path file = kProfiles / (std::string(chip.name) + ".h5");
    const Profile generated = generate_profile(kProfiles / (std::string(chip.name) + ".yaml"));
    if (std::getenv("BROWNOUT_REFRESH_PROFILES") != nullptr) write_profile(file, generated);
    EXPECT_TRUE(same(read_profile(file), generated)) << chip.name;
    bytes += std::filesystem::file_size(file);
  }
  EXPECT_LT(bytes, 3u << 20);
}

TEST(SyntheticProfiles, ReachEveryListedRateWithinFivePercent) {
  for (const Shipped& chip : table()) {
    const Profile profile = read_profile(kProfiles / (std::string(chip.name) + ".h5"));
    EXPECT_TRUE(profile.synthetic);
    EXPECT_NE(profile.origin.find("SYNTHETIC"), std::string::npos);
    const std::vector<LevelStatistics> levels = profile_statistics(profile);
    ASSERT_EQ(levels.size(), chip.rows.size());
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const LevelStatistics& s = levels[i];
      const Row& row = chip.rows[i];
      std::printf(
          "| %s | %.4f | %.4f / %.4f | %.4f / %.4f | %.4f / %.4f | %.4f / %.4f | %.1f | "
          "%.2f | %.2f | %.1f |\n",
          chip.name, s.voltage, row.p, s.p * 100, row.p01, s.p01 * 100, row.p10, s.p10 * 100,
          row.persistent, s.persistent * 100, s.probabilistic.value() * 100,
          s.column_pairs.ratio.value(), s.row_pairs.ratio.value(),
          s.top_columns_share.value() * 100);
      EXPECT_NEAR(s.p * 100 / row.p, 1.0, 0.05);
      EXPECT_NEAR(s.p01 * 100 / row.p01, 1.0, 0.05);
      EXPECT_NEAR(s.p10 * 100 / row.p10, 1.0, 0.05);
      EXPECT_NEAR(s.persistent * 100 / row.persistent, 1.0, 0.05);
      EXPECT_NEAR(s.p, s.p01 + s.p10, 1e-9);  // one direction a cell
      if (s.nested_share) {
        EXPECT_EQ(*s.nested_share, 1.0);
      }
    }
  }
}

TEST(SyntheticProfiles, HaveTheColumnsOfTheirChips) {
  for (const Shipped& chip : table()) {
    const std::vector<LevelStatistics> levels =
        profile_statistics(read_profile(kProfiles / (std::string(chip.name) + ".h5")));
    if (chip.name == std::string("chip1-synthetic")) {
      for (const LevelStatistics& s : levels) {
        EXPECT_NEAR(*s.column_pairs.ratio, 1.0, 4 * *s.column_pairs.error);
        EXPECT_GE(*s.probabilistic, 0.56);
        EXPECT_LE(*s.probabilistic, 0.75);
      }
      continue;
    }
    EXPECT_GE(*levels.back().column_pairs.ratio, 5.0) << chip.name;  // lowest rate
    EXPECT_GE(*levels.front().column_pairs.ratio, 3.0) << chip.name;
    EXPECT_NEAR(*levels.back().top_columns_share, 0.47, 0.03) << chip.name;
    for (const LevelStatistics& s : levels) {
      // Rows are independent. Two cells of a row are in different columns, so that stripes leave
      // fewer such pairs: 1 - (r - 1)/127 of independence for a column ratio r.
      EXPECT_NEAR(*s.row_pairs.ratio, 1.0 - (*s.column_pairs.ratio - 1.0) / 127.0,
                  4 * *s.row_pairs.error)
          << chip.name;
      EXPECT_GT(s.p01, 2 * s.p10);
    }
  }
}

class Generator : public testing::Test {
 protected:
  Profile generate(const std::string& levels, const std::string& more = "") {
    write_bytes(folder_.path() / "c.yaml",
                "name: c\norigin: a test\nrows: 100\ncolumns: 50\nseed: 4\n"
                "zero_to_one_share: 0.5\n" +
                    more + "levels:\n" + levels);
    return generate_profile(folder_.path() / "c.yaml");
  }
  std::string refusal(const std::string& levels, const std::string& more = "") {
    try {
      generate(levels, more);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }
  TestFolder folder_;
};

constexpr const char* kTwo =
    "  - {rate: 0.06, voltage_vmin: 0.8, zero_to_one: 0.04, one_to_zero: 0.02, persistent: 0.02, "
    "probabilistic: 0.08}\n"
    "  - {rate: 0.012, voltage_vmin: 0.9, zero_to_one: 0.008, one_to_zero: 0.004, persistent: "
    "0.004, probabilistic: 0.014}\n";

TEST_F(Generator, HasExactCountsAndSumsAndIsDeterministic) {
  const Profile profile = generate(kTwo);
  const std::vector<LevelStatistics> s = profile_statistics(profile);
  EXPECT_EQ(s[0].faulty_cells, 500u);
  EXPECT_NEAR(s[0].p01, 0.04, 1e-12);
  EXPECT_NEAR(s[0].p10, 0.02, 1e-12);
  EXPECT_NEAR(s[0].persistent, 0.02, 1e-12);
  EXPECT_EQ(s[1].faulty_cells, 90u);
  EXPECT_NEAR(s[1].p01, 0.008, 1e-12);
  EXPECT_EQ(*s[0].nested_share, 1.0);
  EXPECT_TRUE(same(profile, generate(kTwo)));
  EXPECT_FALSE(same(profile, generate(kTwo, "column_deviation: 0.1\n")));
}

TEST_F(Generator, RefusesWhatNoNestedMapCanHave) {
  const std::string high =
      "  - {rate: 0.012, voltage_vmin: 0.9, zero_to_one: 0.008, one_to_zero: 0.004, persistent: "
      "0.004, probabilistic: 0.014}\n";
  const auto low = [&](const std::string& rates) {
    return "  - {rate: 0.06, voltage_vmin: 0.8, " + rates + "}\n" + high;
  };
  const auto expect = [&](const std::string& levels, const std::string& message) {
    EXPECT_NE(refusal(levels).find(message), std::string::npos) << refusal(levels);
  };
  expect(low("zero_to_one: 0.04, one_to_zero: 0.02, persistent: 0.003, probabilistic: 0.08"),
         "levels[0]: persistent: expected at least the 20 cells of the next higher voltage");
  expect(low("zero_to_one: 0.04, one_to_zero: 0.02, persistent: 0.02, probabilistic: 0.03"),
         "probabilistic cells can make between");
  expect(low("zero_to_one: 0.04, one_to_zero: 0.02, persistent: 0.07, probabilistic: 0.03"),
         "persistent: expected at most the errors of each direction");
  expect(low("zero_to_one: 0.6, one_to_zero: 0.02, persistent: 0.3, probabilistic: 0.5"),
         "cells of that direction");
  expect(high + low("zero_to_one: 0.04, one_to_zero: 0.02, persistent: 0.02, probabilistic: 0.08"),
         "expected levels of increasing voltage");
  expect(
      "  - {rate: 0.06, zero_to_one: 0.04, one_to_zero: 0.02, persistent: 0.02, "
      "probabilistic: 0.08}\n",
      "voltage_vmin: expected a voltage, or a technology");
  expect(low("zero_to_one: 1.04, one_to_zero: 0.02, persistent: 0.02, probabilistic: 0.08"),
         "zero_to_one: expected");
}

}  // namespace
}  // namespace brownout::profiles
