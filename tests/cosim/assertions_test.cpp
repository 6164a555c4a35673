// SPDX-License-Identifier: Apache-2.0
// The RTL's own assertions: a job that breaks a rule of the ports ends with one.
#include <gtest/gtest.h>

#include "tests/cosim/random_job.hpp"

namespace brownout::cosim {
namespace {

class BrokenRule : public testing::Test {
 protected:
  BrokenRule() : core_(make_core(4, 4)) {
    Command first;
    first.columns = first.codes = 4;
    first.stride = 32;
    first.vectors = 3;
    first.first = true;
    Command last = first;
    last.cell = 128;
    last.first = false;
    last.last = true;
    job_.commands = {first, last};
    job_.strips.push_back({0, 2, 3, 1, 1, {}});
    job_.vectors.assign(2 * 3 * 4, 1);
    const std::vector<std::uint64_t> words(8, 0x0101010101010101);
    core_->write(0, 8, words.data());
  }

  void run(const Sabotage& sabotage = {}) {
    Recorder recorder(core_->shape(), job_);
    RunOptions options;
    options.sabotage = sabotage;
    core_->run(job_, recorder, options);
  }

  const std::unique_ptr<Core> core_;
  Job job_;
};

TEST_F(BrokenRule, IsNoneInAProperJob) { EXPECT_NO_THROW(run()); }

TEST_F(BrokenRule, AnActivationInARowThatIsNotInUse) {
  job_.commands[0].codes = job_.commands[1].codes = 3;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, AnActivationThatNoCodeGives) {
  job_.vectors[5] = -256;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, AStripWithoutItsFirstTile) {
  job_.commands[0].first = false;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, AStripInsideAnotherOne) {
  job_.commands[1].first = true;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, TilesOfAStripWithDifferentVectors) {
  job_.commands[1].vectors = 2;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, BinaryCodesOfEightBits) {
  job_.commands[0].scheme = 3;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, NineBits) {
  job_.commands[0].bits = 9;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, MoreColumnsThanThereAre) {
  job_.commands[0].columns = 5;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, MoreCodesThanRows) {
  job_.commands[0].codes = 5;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, RunsBeyondTheMemory) {
  job_.commands[0].cell = static_cast<std::uint32_t>(core_->shape().words * 64 - 64);
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, MoreVectorsThanTheAccumulatorsHold) {
  job_.commands[0].vectors = 1025;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, ADrainOfARowBehindTheStrip) {
  job_.strips[0].rows = 4;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, AZeroCodeThatDoesNotFit) {
  job_.commands[0].bits = 4;
  job_.commands[0].zero_code = 16;
  EXPECT_THROW(run(), AssertionFailed);
}

TEST_F(BrokenRule, AModeThatChangesDuringAJob) {
  for (const std::int64_t cycle : {0, 3, 20}) {
    Sabotage sabotage;
    sabotage.mode_cycle = cycle;
    EXPECT_THROW(run(sabotage), AssertionFailed) << "cycle " << cycle;
    core_->reset();
  }
}

TEST_F(BrokenRule, AJobThatBeginsDuringAnother) {
  for (const std::int64_t cycle : {0, 3, 20}) {
    Sabotage sabotage;
    sabotage.begin_cycle = cycle;
    EXPECT_THROW(run(sabotage), AssertionFailed) << "cycle " << cycle;
    core_->reset();
  }
}

TEST_F(BrokenRule, IsForgottenByAReset) {
  job_.vectors[5] = -256;
  EXPECT_THROW(run(), AssertionFailed);
  core_->reset();
  job_.vectors[5] = 1;
  EXPECT_NO_THROW(run());
}

}  // namespace
}  // namespace brownout::cosim
