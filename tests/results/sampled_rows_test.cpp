// SPDX-License-Identifier: Apache-2.0
// What is stored of samples comes back as it was; what somebody changed is refused with its place.
#include "sim/results/sampled_rows.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"

namespace brownout::results {
namespace {

class Rows : public RowStore {
 public:
  std::optional<std::string> find(const std::string& key) const override {
    const auto row = rows.find(key);
    return row == rows.end() ? std::nullopt : std::optional<std::string>(row->second);
  }
  void append(const std::string& key, const std::string& row) override { rows[key] = row; }
  std::string place(const std::string& key) const override { return "row " + key; }
  std::map<std::string, std::string> rows;
};

std::vector<SampledChip> chips() {
  std::vector<SampledChip> list(2);
  list[0] = {{{5, 1, 0}, {3, 0, 2}}, 0.875, 7, 6, 5};
  list[1] = {{{4, 0, 0}, {4, 1, 1}}, 0.1, 3, 2, 1};
  return list;
}

std::string message(const Rows& rows, std::int64_t count = 2, std::size_t strata = 2) {
  try {
    find_sampled(rows, "k", count, strata);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(SampledRows, ComeBackAsTheyWere) {
  Rows rows;
  EXPECT_FALSE(find_sampled(rows, "k", 2, 2));
  add_sampled(rows, "k", "net", "secded", {0.85, 0.01}, "random:7", chips());
  const std::vector<SampledChip> found = find_sampled(rows, "k", 2, 2).value();
  ASSERT_EQ(found.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found[i].confidence, chips()[i].confidence);
    EXPECT_EQ(found[i].cells_hit, chips()[i].cells_hit);
    EXPECT_EQ(found[i].bits_wrong, chips()[i].bits_wrong);
    EXPECT_EQ(found[i].codes_changed, chips()[i].codes_changed);
    for (std::size_t h = 0; h < 2; ++h) {
      EXPECT_EQ(found[i].strata[h].sampled, chips()[i].strata[h].sampled);
      EXPECT_EQ(found[i].strata[h].became_wrong, chips()[i].strata[h].became_wrong);
      EXPECT_EQ(found[i].strata[h].became_right, chips()[i].strata[h].became_right);
    }
  }
  const Json row = Json::parse(rows.rows["k"]);
  EXPECT_EQ(row["first_chip"], "random:7");
  EXPECT_EQ(row["voltage"], 0.85);
}

TEST(SampledRows, OfOtherChipsOrStrataAreRefused) {
  Rows rows;
  add_sampled(rows, "k", "net", "none", {0.85, 0.01}, "random:7", chips());
  EXPECT_NE(message(rows, 3).find("row k: cells_hit: expected a list of 3 numbers"),
            std::string::npos)
      << message(rows, 3);
  EXPECT_NE(message(rows, 2, 3).find("row k: sampled: expected a list of 6 numbers"),
            std::string::npos)
      << message(rows, 2, 3);
  Json row = Json::parse(rows.rows["k"]);
  row["became_wrong"][1] = -1;
  rows.rows["k"] = json_text(row);
  EXPECT_NE(message(rows).find("row k: became_wrong"), std::string::npos) << message(rows);
}

TEST(OutcomeRows, ComeBackAsTheyWereOrAreRefused) {
  Rows rows;
  EXPECT_FALSE(find_outcome(rows, "o", 400));
  add_outcome(rows, "o", "net", "none", {0.85, 0.01}, "random:7", {true, {100, 5, 2}});
  const DieOutcome found = find_outcome(rows, "o", 400).value();
  EXPECT_TRUE(found.within);
  EXPECT_EQ(found.shown.seen, 100);
  EXPECT_EQ(found.shown.became_wrong, 5);
  EXPECT_EQ(found.shown.became_right, 2);
  // It is no row of a chip on all images (stored_sweep.cpp).
  EXPECT_FALSE(Json::parse(rows.rows["o"]).contains("chip"));
  const std::string whole = rows.rows["o"];
  const auto refused = [&](const std::string& row) {
    rows.rows["o"] = row;
    try {
      find_outcome(rows, "o", 400);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto with = [&](const char* field, const Json& value) {
    Json row = Json::parse(whole);
    row[field] = value;
    return json_text(row);
  };
  EXPECT_NE(refused(whole.substr(0, whole.size() / 2)).find("row o"), std::string::npos);
  for (const auto& [field, value] : {std::pair<const char*, Json>{"within", 1},
                                     {"seen", 401},
                                     {"became_wrong", 101},
                                     {"became_right", -1},
                                     {"seen", "100"}}) {
    const std::string message = refused(with(field, value));
    EXPECT_NE(message.find("row o: "), std::string::npos) << field << ": " << message;
  }
}

TEST(StrataRows, ComeBackAsTheyWereOrAreRefused) {
  Rows rows;
  const ImageStrata strata(std::vector<std::int64_t>{2, 0, 1, 3}, std::vector<std::int64_t>{1, 3});
  add_strata(rows, "s", "net", strata);
  const ImageStrata found = find_strata(rows, "s", 4).value();
  EXPECT_EQ(found.order(), strata.order());
  EXPECT_EQ(found.sizes(), strata.sizes());
  EXPECT_THROW(find_strata(rows, "s", 5), InputError);
  rows.rows["s"] = R"({"strata":[1,3],"order":[2,0,1,1]})";
  EXPECT_THROW(find_strata(rows, "s", 4), InputError);
  rows.rows["s"] = R"({"strata":[1,2],"order":[2,0,1,3]})";
  EXPECT_THROW(find_strata(rows, "s", 4), InputError);
}

}  // namespace
}  // namespace brownout::results
