// SPDX-License-Identifier: Apache-2.0
// The weights as a chip returns them: after mitigations, of selected tensors alone, and anew for
// every batch.
#include <gtest/gtest.h>

#include "sim/experiment/chip_weights.hpp"
#include "sim/experiment/fresh_reads.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::experiment {
namespace {

class ChipWeightsTest : public testing::Test {
 protected:
  ChipRead read(ChipWeights& weights, double rate, const std::string& chip = "random:1") {
    ChipRead result;
    codes_ = weights.read(*chips::make_chip(chip), {0.8, rate}, {}, result);
    return result;
  }
  static mitigation::Mitigations protect(const std::string& text) {
    return mitigation::parse_mitigations(text, "test");
  }
  end_to_end::Workplace workplace_;
  const Model model_ = load_model(workplace_.network());
  network::Codes codes_;
};

TEST_F(ChipWeightsTest, AFaultyCellChangesItsCodeAlone) {
  ChipWeights weights(model_, 0, {});
  const ChipRead result = read(weights, 0.001);
  const network::Codes clean = weights.clean();
  std::int64_t changed = 0;
  for (std::size_t p = 0; p < clean.size(); ++p) {
    for (std::size_t i = 0; i < clean[p].size(); ++i) changed += codes_[p][i] != clean[p][i];
  }
  EXPECT_GT(changed, 0);
  EXPECT_LE(changed, result.read.bits_wrong);
  EXPECT_LE(result.read.bits_wrong, static_cast<std::int64_t>(result.faults.data.size()));
}

TEST_F(ChipWeightsTest, WithEveryBitInSafeCellsNothingFails) {
  ChipWeights weights(model_, 0, protect("msb=8"));
  EXPECT_TRUE(read(weights, 0.2).faults.data.empty());
  EXPECT_EQ(codes_, weights.clean());
}

TEST_F(ChipWeightsTest, OneWrongBitAWordIsCorrected) {
  ChipWeights plain(model_, 0, {});
  ChipWeights coded(model_, 0, protect("secded"));
  const double rate = 1e-4;  // words with two faults are improbable
  EXPECT_GT(read(plain, rate).read.bits_wrong, 0);
  const ChipRead result = read(coded, rate);
  EXPECT_GT(result.protection.corrected, 0);
  EXPECT_EQ(result.protection.detected + result.protection.undetected, 0);
  EXPECT_EQ(codes_, coded.clean());
}

TEST_F(ChipWeightsTest, OnlySelectedCellsCount) {
  ChipWeights weights(model_, 0, {});
  weights::Selection selection;
  selection.low_bit = 7;
  weights.select(*model_.network, selection, "test");
  read(weights, 0.1);
  const network::Codes clean = weights.clean();
  for (std::size_t p = 0; p < clean.size(); ++p) {
    for (std::size_t i = 0; i < clean[p].size(); ++i) {
      const int difference = codes_[p][i] - clean[p][i];
      EXPECT_TRUE(difference == 0 || difference == 128 || difference == -128) << difference;
    }
  }
  EXPECT_NE(codes_, clean);
}

/// An engine that keeps the codes of each batch.
class KeepingEngine : public engines::Engine {
 public:
  void set_codes(const network::Codes& codes) override { batches.push_back(codes); }
  void run(const std::uint8_t*, std::int64_t, int, float*, int) override {}
  int preferred_batch() const override { return 1; }
  std::string name() const override { return "keeping"; }

  std::vector<network::Codes> batches;
};

TEST_F(ChipWeightsTest, FreshReadsDrawForEveryBatch) {
  ChipWeights weights(model_, 0, {});
  const auto chip = chips::make_chip("random:1,p_err=0.5");
  ChipRead result;
  weights.read(*chip, {0.8, 0.05}, {}, result);
  ASSERT_TRUE(draws_anything(result.faults));
  KeepingEngine engine;
  memory::Draws draws{{}, 7, true, 0};
  FreshReads fresh(engine, weights.reader(), result.faults, draws, 8);
  for (const std::int64_t first : {0, 8, 16}) fresh.run(nullptr, first, 8, nullptr, 0);
  ASSERT_EQ(engine.batches.size(), 3u);
  for (std::uint64_t batch = 0; batch < 3; ++batch) {
    EXPECT_EQ(engine.batches[batch], weights.reader().read(result.faults, draws.of_batch(batch)));
  }
  EXPECT_NE(engine.batches[0], engine.batches[1]);
  EXPECT_NE(engine.batches[1], engine.batches[2]);
}

TEST_F(ChipWeightsTest, CellsThatAlwaysFailDrawNothing) {
  ChipWeights weights(model_, 0, {});
  EXPECT_FALSE(draws_anything(read(weights, 0.05).faults));
}

}  // namespace
}  // namespace brownout::experiment
