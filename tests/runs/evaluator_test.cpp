// SPDX-License-Identifier: Apache-2.0
// An evaluator that reuses work gives the results of one that does not, with fewer passes.
#include "sim/runs/evaluator.hpp"

#include <gtest/gtest.h>

#include "sim/data/dataset.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::runs {
namespace {

constexpr int kImages = 40;

experiment::OpenImages random_images(const network::Network& network) {
  auto images = std::make_shared<data::Dataset>();
  images->name = "random";
  images->shape = network.input;
  images->classes = network.classes;
  images->pixels = network::random_pixels(network, kImages, 5);
  for (int i = 0; i < kImages; ++i) {
    images->labels.push_back(static_cast<std::uint16_t>(i % network.classes));
  }
  return {images, kImages};
}

/// The shipped network; random images, since any will do.
class EvaluatorTest : public testing::Test {
 protected:
  EvaluatorTest()
      : model_(experiment::load_model(BROWNOUT_SOURCE_DIR
                                      "/models/fmnist-simplenet16-randbet-8b.onnx")),
        images_(random_images(*model_.network)) {}

  std::unique_ptr<Evaluator> evaluator(bool reuse, int threads = 1) const {
    EvaluatorOptions options;
    options.threads = threads;
    options.reuse = reuse;
    const experiment::Target target(model_, setup_.target);
    return std::make_unique<Evaluator>(model_, images_, setup_, target, options);
  }

  void expect_same(const std::vector<std::string>& chips, const std::vector<double>& rates) const {
    const auto plain = evaluator(false);
    std::vector<std::unique_ptr<Evaluator>> reusing;
    for (const int threads : {1, 3}) reusing.push_back(evaluator(true, threads));
    const results::CleanResult clean = plain->clean();
    for (const double rate : rates) {
      const experiment::Conditions at = experiment::resident_at({0.8, rate});
      for (const std::string& name : chips) {
        SCOPED_TRACE(name + " at " + std::to_string(rate));
        const auto chip = chips::make_chip(name);
        const results::ChipResult expected = plain->on_chip(*chip, at, clean);
        for (const auto& one : reusing) {
          const results::ChipResult found = one->on_chip(*chip, at, clean);
          EXPECT_EQ(found.chip, expected.chip);
          EXPECT_EQ(found.logits_sha256, expected.logits_sha256);
          EXPECT_EQ(found.wrong, expected.wrong);
          EXPECT_EQ(found.wrong_either, expected.wrong_either);
          EXPECT_EQ(found.wrong_images, expected.wrong_images);
          EXPECT_EQ(found.confidence, expected.confidence);
          EXPECT_EQ(found.read.bits_wrong, expected.read.bits_wrong);
          EXPECT_EQ(found.read.cells_hit, expected.read.cells_hit);
          EXPECT_EQ(found.cell_rate, expected.cell_rate);
        }
      }
    }
  }

  const experiment::Model model_;
  const experiment::OpenImages images_;
  experiment::Setup setup_;
};

std::vector<std::string> random_chips(int count, const std::string& more = {}) {
  std::vector<std::string> chips;
  for (int i = 1; i <= count; ++i) chips.push_back("random:" + std::to_string(i) + more);
  return chips;
}

TEST_F(EvaluatorTest, ReusedWorkGivesTheSameResultsAtEveryRate) {
  expect_same(random_chips(12), {1e-6, 1e-3, 3e-6, 1e-5, 1e-6, 1e-4, 1e-2});
}

TEST_F(EvaluatorTest, ReusedWorkGivesTheSameResultsWithFreshDraws) {
  setup_.reads.fresh = true;
  setup_.target.batch = 16;
  expect_same(random_chips(6, ",p_err=0.3"), {1e-6, 1e-5});
}

TEST_F(EvaluatorTest, EqualCodesTakeOnePassAndKeepWhatIsTheChipsOwn) {
  const auto reusing = evaluator(true);
  const results::CleanResult clean = reusing->clean();
  const auto chip = chips::make_chip("random:2");
  const experiment::Conditions low = experiment::resident_at({0.9, 3e-6});
  const results::ChipResult first = reusing->on_chip(*chip, low, clean);
  ASSERT_GT(first.read.codes_changed, 0);
  EXPECT_EQ(reusing->passes(), 2);
  // So little more that no cell of this chip has failed since.
  const experiment::Conditions higher = experiment::resident_at({0.89, 3.00001e-6});
  const results::ChipResult second = reusing->on_chip(*chip, higher, clean);
  EXPECT_EQ(reusing->passes(), 2);
  EXPECT_EQ(second.logits_sha256, first.logits_sha256);
  EXPECT_EQ(second.wrong_either, first.wrong_either);
  EXPECT_EQ(second.read.cells_hit, first.read.cells_hit);

  reusing->on_chip(*chips::make_chip("random:3"), low, clean);
  EXPECT_EQ(reusing->passes(), 3);
  EXPECT_EQ(reusing->on_chip(*chip, low, clean).logits_sha256, first.logits_sha256);
  EXPECT_EQ(reusing->passes(), 3);

  const auto plain = evaluator(false);
  plain->on_chip(*chip, low, clean);
  plain->on_chip(*chip, low, clean);
  EXPECT_EQ(plain->passes(), 2);
}

TEST_F(EvaluatorTest, CellsThatDrawAnewTakeTheirOwnPass) {
  setup_.reads.fresh = true;
  const auto reusing = evaluator(true);
  const results::CleanResult clean = reusing->clean();
  const auto chip = chips::make_chip("random:2,p_err=0.5");
  const experiment::Conditions at = experiment::resident_at({0.9, 1e-5});
  reusing->on_chip(*chip, at, clean);
  reusing->on_chip(*chip, at, clean);
  EXPECT_EQ(reusing->passes(), 3);
}

TEST(KnownResults, TellCodesApartByPlaceAndValueAndForgetTheOldest) {
  const network::Network network = network::random_network(3);
  const network::Codes clean = network::clean_codes(network);
  network::Codes one = clean, other = clean;
  ++one.back().at(0);
  --other.back().at(0);
  EXPECT_NE(changes_sha256(network, one), changes_sha256(network, other));
  EXPECT_NE(changes_sha256(network, one), changes_sha256(network, clean));
  EXPECT_EQ(changes_sha256(network, one), changes_sha256(network, network::Codes(one)));

  KnownResults known;
  results::ChipResult result;
  for (int i = 0; i < 257; ++i) {
    result.wrong = i;
    known.add("codes " + std::to_string(i), result);
  }
  EXPECT_FALSE(known.find("codes 0", result));
  ASSERT_TRUE(known.find("codes 1", result));
  EXPECT_EQ(result.wrong, 1);
}

}  // namespace
}  // namespace brownout::runs
