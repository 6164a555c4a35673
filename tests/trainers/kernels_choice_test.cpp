// SPDX-License-Identifier: Apache-2.0
// Training gives the same network with our kernels and with LibTorch's operators, but for rounding.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "sim/base/error.hpp"
#include "small_training.hpp"
#include "trainers/kernels/choice.hpp"

namespace brownout::trainers {
namespace {

struct Trained {
  std::vector<float> weights;
  double error;  // percent of the test images
};

Trained trained(bool own, const std::string& extra) {
  use_own_kernels(own);
  SmallTraining small(small_config(extra));
  for (int step = 0; step < 18; ++step) small.trainer.step();  // three epochs
  return {small.trainer.state().weights, small.trainer.test_error(300)};
}

/// Largest difference of two weights, in units of the largest weight.
double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    largest = std::max(largest, std::abs(static_cast<double>(a[i])));
  }
  return most / largest;
}

TEST(KernelsChoice, BothTrainTheSameNetworkButForRounding) {
  for (const std::string extra : {"optimizer: {learning_rate: 0.02}\n",
                                  "w_max: 0.3\nbit_errors: {rate: 0.02, start_loss: "
                                  "100}\noptimizer: {learning_rate: 0.02}\n"}) {
    const Trained own = trained(true, extra);
    const Trained libtorch = trained(false, extra);
    EXPECT_NE(own.weights, libtorch.weights);  // else the switch does nothing
    EXPECT_LT(distance(own.weights, libtorch.weights), 0.02) << extra;
    EXPECT_NEAR(own.error, libtorch.error, 2.0) << extra;
  }
}

TEST(KernelsChoice, ACheckpointSaysWhichOfThemItIsOf) {
  use_own_kernels(false);
  SmallTraining libtorch(small_config(""));
  EXPECT_EQ(libtorch.trainer.state().surroundings.at("kernels"), "libtorch");
  use_own_kernels(true);
  SmallTraining own(small_config(""));
  EXPECT_EQ(own.trainer.state().surroundings.at("kernels"), "own");
}

}  // namespace
}  // namespace brownout::trainers
