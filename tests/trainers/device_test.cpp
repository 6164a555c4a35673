// SPDX-License-Identifier: Apache-2.0
// A training on a GPU against the same on the CPU; skipped, with the reason, if there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "sim/base/error.hpp"
#include "small_training.hpp"

namespace brownout::trainers {
namespace {

/// Why there is no GPU here; empty when there is one.
std::optional<std::string> missing_cuda() {
  try {
    SmallTraining(small_config(""), small_architecture_yaml(), 1, "cuda");
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

TEST(Device, AskingForAMissingOneIsAClearError) {
  const std::optional<std::string> reason = missing_cuda();
  if (!reason) GTEST_SKIP() << "this LibTorch has a CUDA device, so none is missing";
  EXPECT_THAT(*reason, testing::HasSubstr("--device cuda: this LibTorch finds no CUDA device"));
  EXPECT_THROW(SmallTraining(small_config(""), small_architecture_yaml(), 1, "tpu"), InputError);
}

TEST(Device, AutoFallsBackToTheProcessor) {
  SmallTraining small(small_config(""), small_architecture_yaml(), 1, "auto");
  EXPECT_EQ(small.trainer.pass().device() == "cpu", missing_cuda().has_value());
}

TEST(Device, AGpuTrainsLikeTheProcessor) {
  if (const auto reason = missing_cuda()) GTEST_SKIP() << *reason;
  const TrainingConfig config = small_config(
      "w_max: 0.3\nbit_errors: {rate: 0.02, start_loss: 100}\nloss: {kind: mcel, margin: 8, "
      "bound: 10}\noptimizer: {learning_rate: 0.02}\n");
  SmallTraining cpu(config, small_architecture_yaml(), 1, "cpu");
  SmallTraining gpu(config, small_architecture_yaml(), 1, "cuda");
  for (int i = 0; i < 3; ++i) {
    const StepResult a = cpu.trainer.step();
    const StepResult b = gpu.trainer.step();
    EXPECT_NEAR(a.clean.loss, b.clean.loss, 2e-3 * std::abs(a.clean.loss));
    EXPECT_EQ(a.injected, b.injected);
  }
}

}  // namespace
}  // namespace brownout::trainers
