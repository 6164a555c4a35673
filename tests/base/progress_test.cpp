// SPDX-License-Identifier: Apache-2.0
// Progress lines when stderr is not a terminal: how much of it was done, the last note, and the
// time, by a clock that the test moves.
#include "sim/base/progress.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/progress_report.hpp"

namespace brownout {
namespace {

using std::chrono::seconds;

class ProgressTest : public testing::Test {
 protected:
  Progress progress(const std::string& title, std::int64_t total, bool quiet = false) {
    return {title, total, quiet, [this] { return now_; }};
  }
  Progress::Clock::time_point now_{};
};

TEST_F(ProgressTest, CountsWorkThatJoinsAndWorkThatIsLeftOut) {
  testing::internal::CaptureStderr();
  {
    Progress study = progress("study", 10);
    study.advance(3, "first");
    study.add_work(7);
    study.advance(2);
    study.add_work(-12);
    now_ += seconds(83);
    study.finish();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "study: 5/5 first, 1:23\n");
}

TEST_F(ProgressTest, SaysEveryTenSecondsHowLongItTakesStill) {
  testing::internal::CaptureStderr();
  {
    Progress sweep = progress("sweep", 8);
    now_ += seconds(9);
    sweep.advance();
    now_ += seconds(1);
    sweep.advance();  // 2 of 8 in 10 s
    now_ += seconds(9);
    sweep.advance();
    now_ += seconds(3600);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "sweep: 2/8 0:30 left\nsweep: 3/8 1:00:19\n");
}

TEST_F(ProgressTest, WorkFoundTakesNoTime) {
  testing::internal::CaptureStderr();
  {
    Progress train = progress("train", 100);
    train.found(80);
    now_ += seconds(10);
    train.advance(5);  // 5 in 10 s, 15 are left
    now_ += seconds(1);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "train: 85/100 0:30 left\ntrain: 85/100 0:11\n");
}

TEST_F(ProgressTest, HasATotalOfOneAtLeast) {
  testing::internal::CaptureStderr();
  {
    Progress nothing = progress("nothing", 4);
    nothing.add_work(-9);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "nothing: 0/1 0:00\n");
}

TEST_F(ProgressTest, SaysNothingWhenQuiet) {
  testing::internal::CaptureStderr();
  {
    Progress study = progress("study", 10, true);
    now_ += seconds(20);
    study.advance(10);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ProgressTest, ReportsToAFileForProgramsAlsoWhenQuiet) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                     ("brownout-progress-" + std::to_string(::getpid()));
  const auto report = [&] { return read_progress_line(read_own_file(file), file.string()); };
  testing::internal::CaptureStderr();
  {
    Progress training = progress("train", 8, /*quiet=*/true);
    training.report_to(file);
    training.advance();
    EXPECT_FALSE(std::filesystem::exists(file));
    now_ += seconds(10);
    training.advance(1, "epoch 1");
    EXPECT_EQ(
        read_own_file(file),
        "{\"progress\":\"train\",\"done\":2,\"total\":8,\"note\":\"epoch 1\",\"seconds\":10.0,"
        "\"seconds_left\":30.0}\n");
    EXPECT_EQ(report().share(), 0.25);
    training.add_work(-2);
    training.advance(4);
  }
  EXPECT_EQ(report().share(), 1.0);
  EXPECT_EQ(report().seconds_left, 0.0);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  std::filesystem::remove(file);
}

TEST_F(ProgressTest, AFileThatCannotBeWrittenStopsNothing) {
  Progress training = progress("train", 1, /*quiet=*/true);
  training.report_to("/dev/null/there-is-no-such-folder");
  now_ += seconds(10);
  training.advance();
}

TEST(ProgressLine, IsReadAsItWasWritten) {
  ProgressReport report;
  report.title = "train";
  report.done = 3;
  report.total = 7;
  report.note = "epoch 2, loss 0.5\n\"quoted\"";
  report.seconds = 1.25;
  const std::string line = progress_line(report);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const ProgressReport read = read_progress_line(line, "a.progress");
  EXPECT_EQ(read.title, report.title);
  EXPECT_EQ(read.done, 3);
  EXPECT_EQ(read.total, 7);
  EXPECT_EQ(read.note, report.note);
  EXPECT_EQ(read.seconds, 1.25);
  EXPECT_EQ(read.seconds_left, std::nullopt);
}

TEST(ProgressLine, AnythingElseIsAnError) {
  const std::string good =
      R"({"progress":"train","done":1,"total":2,"note":"","seconds":1.0,"seconds_left":null})";
  EXPECT_EQ(read_progress_line(good + "\n", "a").done, 1);
  const auto with = [&](const std::string& old, const std::string& text) {
    std::string line = good;
    return line.replace(line.find(old), old.size(), text) + "\n";
  };
  for (const std::string& line :
       {std::string(), good, good + "\n" + good + "\n", std::string("train: 1/2 0:01 left\n"),
        good.substr(0, 30) + "\n", with(R"("done":1)", R"("done":-1)"),
        with(R"("done":1)", R"("done":1.5)"), with(R"("total":2)", R"("total":0)"),
        with(R"("note":"",)", ""), with(R"("note")", R"("remark")"),
        with(R"("seconds":1.0)", R"("seconds":1.0,"more":1)")}) {
    EXPECT_THROW(read_progress_line(line, "a"), InputError) << line;
  }
}

}  // namespace
}  // namespace brownout
