// SPDX-License-Identifier: Apache-2.0
// Runs that are watched: they take the same cycles, and one that is ended early leaves the model as
// it was.
#include "sim/accelerator/kernel_host.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/base/watch.hpp"
#include "sim/mapping/program.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/network/small_network.hpp"

namespace brownout::accelerator {
namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 40;  // batches that nobody waits for

class KernelHostTest : public testing::TestWithParam<mapping::WeightResidency> {
 protected:
  KernelHostTest() {
    mapping::AcceleratorConfig config;
    config.array.rows = 4;
    config.array.columns = 1;
    config.weights.residency = GetParam();
    if (GetParam() == mapping::WeightResidency::kStreamed) {
      config.weights.arrays = 1;  // small, so that chunks wait for each other
      config.weights.array_rows = 16;
    }
    program_ = std::make_shared<const mapping::Program>(mapping::compile(*network_, config, 1));
  }
  KernelHost& configured(bool compute = true) {
    KernelHost& host = *process_host();
    host.configure(program_, network_, shapes_, {compute, 0});
    return host;
  }
  RunResult run(std::vector<float>& logits) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(kBatches * program_->input_bytes));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(37 * i);
    logits.assign(static_cast<std::size_t>(kBatches * program_->output_bytes / 4), 0.0f);
    return configured().run(pixels.data(), kBatches, logits.data());
  }

  static constexpr std::int64_t kBatches = 2000;
  const network::SharedNetwork network_ = network::share(network::small_network());
  const network::Shapes shapes_ = network::check(*network_, "small");
  std::shared_ptr<const mapping::Program> program_;
};

TEST_P(KernelHostTest, AWatchChangesNothing) {
  std::vector<float> expected;
  const RunResult alone = run(expected);
  ASSERT_GT(alone.cycles, 200'000) << "a slice: this test shows nothing";
  const RunWatch watch([](std::int64_t, std::int64_t) { return true; });
  std::vector<float> logits;
  const RunResult watched = run(logits);
  EXPECT_EQ(watched.cycles, alone.cycles);
  EXPECT_EQ(watched.input_wait_cycles, alone.input_wait_cycles);
  EXPECT_EQ(watched.total().counts, alone.total().counts);
  EXPECT_EQ(logits, expected);
}

TEST_P(KernelHostTest, ARunThatIsEndedEarlyLeavesTheModelUsable) {
  if (GetParam() == mapping::WeightResidency::kStreamed) {
    std::size_t chunks = 0;
    for (const mapping::LayerProgram& layer : program_->layers) chunks += layer.chunks.size();
    ASSERT_GE(chunks, 2u) << "no load waits for a half: this test shows nothing";
  }
  std::vector<float> expected;
  const RunResult alone = run(expected);
  for (int asked = 1; asked <= 3; ++asked) {
    int count = 0;
    {
      const RunWatch watch([&](std::int64_t, std::int64_t) { return ++count < asked; });
      EXPECT_THROW(configured(/*compute=*/false).run(nullptr, kMany, nullptr), Interrupted);
    }
    EXPECT_EQ(count, asked);
    EXPECT_THROW(process_host()->run(nullptr, 1, nullptr), std::logic_error);  // not configured
    std::vector<float> logits;
    EXPECT_EQ(run(logits).cycles, alone.cycles);
    EXPECT_EQ(logits, expected);
  }
}

TEST_P(KernelHostTest, WhatAWatchThrowsArrivesAtTheCaller) {
  struct Unusual {};
  const RunWatch watch([](std::int64_t, std::int64_t) -> bool { throw Unusual(); });
  EXPECT_THROW(configured(/*compute=*/false).run(nullptr, kMany, nullptr), Unusual);
}

INSTANTIATE_TEST_SUITE_P(, KernelHostTest,
                         testing::Values(mapping::WeightResidency::kResident,
                                         mapping::WeightResidency::kStreamed));

}  // namespace
}  // namespace brownout::accelerator
