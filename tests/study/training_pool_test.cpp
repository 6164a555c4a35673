// SPDX-License-Identifier: Apache-2.0
// Trainings of a study as processes. A script stands for the trainer: it writes what it was asked
// for and counts how often it ran.
#include "sim/study/training_pool.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "sim/base/error.hpp"
#include "tests/study/small_trainings.hpp"

namespace brownout::study {
namespace {

namespace fs = std::filesystem;
using State = TrainingPool::State;

constexpr char kTrainer[] = R"(#!/bin/sh
out= check= export=
for word; do
  case "$before" in
    --out) out=$word;;
    --export-only) export=$word;;
    --set)
      case "$word" in
        w_max=1) [ -n "$check" ] && { echo "brownout-train: error: w_max is refused"; exit 2; };;
        w_max=2) echo "first line"; echo "brownout-train: error: nothing converges"; exit 1;;
        w_max=3) while [ ! -e "$out.go" ]; do sleep 0.01; done;;
      esac;;
  esac
  [ "$word" = --check ] && check=1
  before=$word
done
[ -n "$check" ] && { echo the same training; exit 0; }
echo "$export" >> "${out%.onnx}.runs"
echo network > "$out"
)";

class TrainingPoolTest : public testing::Test {
 protected:
  TrainingPoolTest() {
    trainer_ = add_trainer(workplace_, kTrainer);
    config_ = workplace_.folder() / "small.yaml";
  }

  TrainingPool pool(int jobs = 1) {
    TrainingOptions options;
    options.folder = workplace_.folder() / "trainings";
    options.find_program = [this] { return trainer_.string(); };
    options.jobs = jobs;
    return {options, datasets_};
  }
  TrainingChoice choice(const std::vector<std::string>& assignments = {},
                        const std::vector<std::string>& exported = {}) {
    TrainingChoice choice;
    choice.config = config_;
    choice.assignments = assignments;
    choice.exported = exported;
    choice.where = "study.yaml:7";
    return choice;
  }
  /// Pumps until nothing waits or runs, for at most a minute.
  static void finish(TrainingPool& pool) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    for (bool busy = true; busy && std::chrono::steady_clock::now() < end;) {
      pool.pump();
      busy = false;
      for (std::size_t i = 0; i < pool.size(); ++i) {
        busy = busy || pool.state(i) == State::kWaiting || pool.state(i) == State::kRunning;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  /// One line a run: the checkpoint that it exported, or "".
  static std::string runs(const TrainingPool& pool, std::size_t training) {
    std::ifstream file(fs::path(pool.network(training)).replace_extension(".runs"));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  end_to_end::Workplace workplace_;
  Datasets datasets_;
  fs::path trainer_, config_;
};

TEST_F(TrainingPoolTest, ATrainingRunsOnceForAllStudies) {
  for (int study = 0; study < 2; ++study) {
    TrainingPool all = pool();
    const std::size_t training = all.add(choice());
    EXPECT_EQ(all.state(training), study == 0 ? State::kWaiting : State::kDone);
    EXPECT_EQ(all.epochs(training), 3);
    finish(all);
    EXPECT_EQ(all.state(training), State::kDone);
    EXPECT_EQ(all.share(training), 1.0);
    EXPECT_EQ(runs(all, training), "\n");
  }
}

TEST_F(TrainingPoolTest, AChangedNetworkIsTrainedAnew) {
  {
    TrainingPool all = pool();
    all.add(choice());
    finish(all);
    std::ofstream(all.network(0)) << "another network";
  }
  TrainingPool all = pool();
  all.add(choice());
  EXPECT_EQ(all.state(0), State::kWaiting);
  finish(all);
  EXPECT_EQ(runs(all, 0), "\n\n");
}

TEST_F(TrainingPoolTest, WhatDiffersIsAnotherTraining) {
  TrainingPool all = pool();
  const std::size_t first = all.add(choice());
  EXPECT_EQ(all.add(choice()), first);
  EXPECT_NE(all.add(choice({"seed=2"})), first);
  EXPECT_EQ(all.size(), 2u);
  EXPECT_NE(all.network(0), all.network(1));
}

TEST_F(TrainingPoolTest, AFailureSaysWhatTheTrainerSaidLast) {
  TrainingPool all = pool();
  const std::size_t training = all.add(choice({"w_max=2"}));
  finish(all);
  EXPECT_EQ(all.state(training), State::kFailed);
  EXPECT_EQ(all.problem(training), "nothing converges");
}

TEST_F(TrainingPoolTest, ARefusalNamesTheRowBeforeAnythingRuns) {
  TrainingPool all = pool();
  all.add(choice({"w_max=1"}));
  try {
    all.check(2);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "study.yaml:7: the trainer refuses this row: w_max is refused");
  }
  EXPECT_EQ(runs(all, 0), "");
}

TEST_F(TrainingPoolTest, AnExportFollowsItsTrainingFromTheCheckpoint) {
  TrainingPool all = pool();
  const std::size_t exported = all.add(choice({}, {"quantization={bits: 4}"}));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_FALSE(all.exports_only(0));
  EXPECT_TRUE(all.exports_only(exported));
  all.check(2);
  finish(all);
  EXPECT_EQ(all.state(exported), State::kDone);
  EXPECT_EQ(runs(all, 0), "\n");
  EXPECT_EQ(runs(all, exported),
            fs::path(all.network(0)).replace_extension(".checkpoint").string() + "\n");
}

TEST_F(TrainingPoolTest, AnExportOfAFailedTrainingFailsWithIt) {
  TrainingPool all = pool();
  const std::size_t exported = all.add(choice({"w_max=2"}, {"quantization={bits: 4}"}));
  finish(all);
  EXPECT_EQ(all.state(exported), State::kFailed);
  EXPECT_EQ(all.problem(exported), "nothing converges");
}

TEST_F(TrainingPoolTest, AsManyRunAtATimeAsAskedFor) {
  TrainingPool all = pool(2);
  for (const char* seed : {"seed=1", "seed=2", "seed=3"}) all.add(choice({"w_max=3", seed}));
  all.pump();
  all.pump();
  int running = 0;
  for (std::size_t i = 0; i < 3; ++i) running += all.state(i) == State::kRunning ? 1 : 0;
  EXPECT_EQ(running, 2);
  for (std::size_t i = 0; i < 3; ++i) std::ofstream(all.network(i).string() + ".go") << "";
  finish(all);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(all.state(i), State::kDone);
}

}  // namespace
}  // namespace brownout::study
