// SPDX-License-Identifier: Apache-2.0
// Keys of stored rows: whatever a result depends on changes them, and nothing else does.
#include "sim/results/records.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace brownout::results {
namespace {

struct Row {
  experiment::Setup setup;
  std::string technology = "t";
  experiment::Model model;
  UsedImages used{"d", 100};
  std::string mitigation = "none", chip = "random:1";
  SweptPoint supply{0.85, 0.01};

  Row() { model.sha256 = "m"; }
  RecordKeys keys() const { return {setup, technology, model, used}; }
  std::string key() const { return keys().chip(mitigation, chip, supply); }
};

TEST(RecordKeys, ChangeWithEverythingThatDecidesAResult) {
  const std::vector<std::function<void(Row&)>> changes{
      [](Row& row) { row.model.sha256 = "other"; },
      [](Row& row) { row.used.dataset_sha256 = "other"; },
      [](Row& row) { row.used.count = 99; },
      [](Row& row) { row.mitigation = "secded"; },
      [](Row& row) { row.chip = "random:2"; },
      [](Row& row) { row.supply.voltage = 0.86; },
      [](Row& row) { row.supply.voltage.reset(); },
      [](Row& row) {
        row.setup.target.accelerator.emplace();
        row.setup.rates.input = 0.01;
      },
      [](Row& row) {
        row.setup.target.accelerator.emplace();
        row.setup.rates.input = 0.02;
      },
      [](Row& row) { row.setup.engine = "float"; },
      [](Row& row) { row.setup.reads.evaluation_seed = 1; },
      [](Row& row) { row.setup.target.bit_offset = 64; },
      [](Row& row) { row.setup.target.accelerator.emplace(); },
  };
  std::set<std::string> keys{Row().key()};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Row row;
    changes[i](row);
    EXPECT_TRUE(keys.insert(row.key()).second) << "change " << i;
  }
}

TEST(RecordKeys, ContainTheTechnologyWhereItGivesOtherMemoriesTheirRates) {
  for (const bool others_fail : {false, true}) {
    Row row;
    row.setup.target.accelerator.emplace().activations.supply.vmin = others_fail ? 0.9 : 1.0;
    row.setup.technology = std::make_shared<const technology::Technology>(
        technology::Technology::load(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml"));
    const std::string before = row.key();
    row.technology = "other";
    EXPECT_EQ(row.key() != before, others_fail);
  }
}

TEST(RecordKeys, OfSamplesChangeWithTheChipsAndTheirImages) {
  const Row row;
  const auto key = [&](std::int64_t chips, const std::vector<int>& images) {
    return row.keys().sampled(
        row.mitigation, row.supply,
        Json{{"first_chip", "random:1"}, {"chips", chips}, {"images", images}});
  };
  const std::set<std::string> keys{key(64, {1, 2}),     key(63, {1, 2}),    key(64, {1, 3}),
                                   row.keys().strata(), row.keys().clean(), row.key()};
  EXPECT_EQ(keys.size(), 6u);
  EXPECT_EQ(key(64, {1, 2}), key(64, {1, 2}));
}

TEST(RecordKeys, OfTheSameRowAreTheSame) {
  EXPECT_EQ(Row().key(), Row().key());
  Row elsewhere;
  elsewhere.model.name = "another name";
  elsewhere.model.file = "another/file.onnx";
  elsewhere.setup.images.folder = "another folder";
  EXPECT_EQ(elsewhere.key(), Row().key());
}

TEST(RecordKeys, TheCleanRowIsTheSameForAllChips) {
  Row other;
  other.chip = "random:2";
  other.supply.voltage = 0.9;
  EXPECT_EQ(other.keys().clean(), Row().keys().clean());
  EXPECT_NE(Row().keys().clean(), Row().key());
}

}  // namespace
}  // namespace brownout::results
