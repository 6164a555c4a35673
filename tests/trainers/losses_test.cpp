// SPDX-License-Identifier: Apache-2.0
// Losses against their formulas in double precision, and what their YAML may say.
#include "trainers/torch/losses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/base/error.hpp"

namespace brownout::trainers {
namespace {

using Logits = std::vector<std::vector<double>>;

const Logits kLogits = {{1.5, -2.0, 0.25, 7.0}, {-90.0, 240.0, 3.0, 0.0}, {0.5, 0.5, 0.5, 0.5}};
const std::vector<std::int64_t> kTargets = {3, 0, 2};

LossChoice parsed(const std::string& yaml) {
  return read_loss(YamlMap::parse("loss: {" + yaml + "}", "t.yaml").map("loss"));
}

double computed(const std::string& yaml) {
  torch::Tensor logits = torch::empty({3, 4});
  for (int i = 0; i < 3; ++i) {
    for (int c = 0; c < 4; ++c) logits[i][c] = kLogits[i][c];
  }
  return compute_loss(parsed(yaml), logits, torch::tensor(kTargets)).item<double>();
}

double log_sum_exp(const std::vector<double>& z) {
  const double top = *std::max_element(z.begin(), z.end());
  double sum = 0.0;
  for (const double x : z) sum += std::exp(x - top);
  return top + std::log(sum);
}

/// Cross entropy with target 1 - e for the true class and e/(classes - 1) elsewhere.
double cross_entropy(const std::vector<double>& z, std::int64_t y, double e) {
  double sum = 0.0;
  for (std::size_t c = 0; c < z.size(); ++c) {
    const bool chosen = static_cast<std::int64_t>(c) == y;
    const double target = chosen ? 1.0 - e : e / static_cast<double>(z.size() - 1);
    sum -= target * (z[c] - log_sum_exp(z));
  }
  return sum;
}

TEST(Losses, CrossEntropyWithAndWithoutSmoothingIsTheFormula) {
  for (const double e : {0.0, 0.1, 0.5}) {
    double expected = 0.0;
    for (std::size_t i = 0; i < 3; ++i) expected += cross_entropy(kLogits[i], kTargets[i], e) / 3.0;
    EXPECT_NEAR(computed(fmt::format("kind: cross-entropy, label_smoothing: {}", e)), expected,
                1e-4 * expected);
  }
}

TEST(Losses, McelBoundsLogitsAndTakesTheMarginFromTheTrueClass) {
  for (const double scale : {1.0, 0.02}) {
    for (const double margin : {0.0, 16.0, 128.0}) {
      double expected = 0.0;
      for (std::size_t i = 0; i < 3; ++i) {
        std::vector<double> z;
        for (const double x : kLogits[i]) z.push_back(100.0 * std::tanh(scale * x / 100.0));
        z[static_cast<std::size_t>(kTargets[i])] -= margin;
        expected += cross_entropy(z, kTargets[i], 0.0) / 3.0;
      }
      EXPECT_NEAR(computed(fmt::format("kind: mcel, bound: 100, margin: {}, logit_scale: {}",
                                       margin, scale)),
                  expected, 1e-4 * expected);
    }
  }
}

TEST(Losses, McelWithoutMarginAndWithAWideBoundIsCrossEntropy) {
  EXPECT_NEAR(computed("kind: mcel, bound: 1e6, margin: 0"), computed("kind: cross-entropy"), 1e-3);
}

TEST(Losses, TheHingeLossIsTheMeanShareOfMissingMargin) {
  double expected = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t c = 0; c < 4; ++c) {
      const double t = static_cast<std::int64_t>(c) == kTargets[i] ? 1.0 : -1.0;
      expected += std::max(0.0, 128.0 - t * kLogits[i][c]) / 128.0 / 12.0;
    }
  }
  EXPECT_NEAR(computed("kind: hinge, hinge_bound: 128"), expected, 1e-5);
}

TEST(Losses, GradientsAreThoseOfDifferences) {
  const torch::Tensor targets = torch::tensor(kTargets);
  for (const char* yaml :
       {"kind: cross-entropy, label_smoothing: 0.1",
        "kind: mcel, bound: 10, margin: 8, logit_scale: 0.5", "kind: hinge, hinge_bound: 5"}) {
    const LossChoice choice = parsed(yaml);
    torch::Tensor z = torch::tensor({1.5, -2.0, 0.25, 7.0, -9.0, 4.0, 3.0, 0.3, 0.5, 0.6, 0.7, 0.9},
                                    torch::kDouble)
                          .reshape({3, 4})
                          .requires_grad_(true);
    const torch::Tensor gradient =
        torch::autograd::grad({compute_loss(choice, z, targets)}, {z})[0];
    const torch::NoGradGuard no_gradients;
    for (int i = 0; i < 12; ++i) {
      torch::Tensor up = z.detach().clone();
      torch::Tensor down = z.detach().clone();
      up[i / 4][i % 4] += 1e-5;
      down[i / 4][i % 4] -= 1e-5;
      const double slope =
          (compute_loss(choice, up, targets) - compute_loss(choice, down, targets)).item<double>() /
          2e-5;
      EXPECT_NEAR(gradient[i / 4][i % 4].item<double>(), slope, 1e-6) << yaml;
    }
  }
}

TEST(Losses, ABlockComesBackFromItsDescription) {
  for (const char* yaml :
       {"kind: mcel, bound: 50, margin: 64, logit_scale: 0.02", "kind: hinge, hinge_bound: 64",
        "kind: cross-entropy, label_smoothing: 0.1"}) {
    EXPECT_EQ(describe(parsed(yaml)), std::string("loss: {") + yaml + "}\n");
  }
  EXPECT_EQ(describe(parsed("kind: cross-entropy")), "");
}

TEST(Losses, WhatDoesNotFitTheLossIsAnError) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"kind: mcle", "loss.kind: expected one of cross-entropy, mcel, hinge"},
      {"kind: mcel, margin: 200", "loss.margin: expected a margin below 2 x bound = 200"},
      {"kind: mcel, bound: 30", "loss.bound: expected a margin below 2 x bound = 60"},
      {"kind: mcel, bound: 0", "loss.bound: expected"},
      {"kind: mcel, margin: -1", "loss.margin: expected"},
      {"kind: mcel, margin: .nan", "loss.margin: expected"},
      {"kind: mcel, hinge_bound: 3", "loss.hinge_bound: goes with kind: hinge"},
      {"kind: hinge, label_smoothing: 0.1", "loss.label_smoothing: the hinge loss has no target"},
      {"kind: hinge, margin: 8", "loss.margin: goes with kind: mcel"},
      {"kind: cross-entropy, margin: 8", "loss.margin: goes with kind: mcel"},
      {"kind: cross-entropy, label_smoothing: 1", "loss.label_smoothing: expected"},
      {"kind: cross-entropy, logit_scale: 0", "loss.logit_scale: expected"},
      {"kind: cross-entropy, marign: 8", "marign"},
  };
  for (const auto& [yaml, message] : cases) {
    try {
      parsed(yaml);
      ADD_FAILURE() << yaml;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(message)) << yaml;
      EXPECT_THAT(error.what(), testing::HasSubstr("t.yaml:1:")) << yaml;
    }
  }
}

}  // namespace
}  // namespace brownout::trainers
