// SPDX-License-Identifier: Apache-2.0
// Work that is watched: what its watch hears, in which thread, and how it ends.
#include "sim/base/watch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/progress.hpp"

namespace brownout {
namespace {

using Heard = std::vector<std::pair<std::int64_t, std::int64_t>>;

TEST(RunWatch, HearsWhatProgressSays) {
  Heard heard;
  {
    const RunWatch watch([&](std::int64_t done, std::int64_t total) {
      heard.emplace_back(done, total);
      return true;
    });
    Progress progress("work", 3, /*quiet=*/true);
    progress.advance();
    progress.add_work(2);
    progress.advance(2);
  }
  EXPECT_EQ(heard, (Heard{{0, 3}, {1, 3}, {3, 5}}));
  Progress("work", 1, true).advance();  // nobody watches any more
  EXPECT_EQ(heard.size(), 3u);
}

TEST(RunWatch, EndsWorkBetweenItsSteps) {
  const RunWatch watch([](std::int64_t done, std::int64_t) { return done < 2; });
  Progress progress("work", 5, true);
  progress.advance();
  EXPECT_THROW(progress.advance(), Interrupted);
}

TEST(RunWatch, EndsALoopThatReportsNothing) {
  for (const int threads : {1, 3}) {
    bool go_on = true;
    const std::thread::id mine = std::this_thread::get_id();
    const RunWatch watch([&](std::int64_t, std::int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), mine);
      return go_on;
    });
    parallel_for(100, threads, [](std::int64_t, int) {});
    go_on = false;
    // It is asked several times a second, so that the loop must take a while.
    std::atomic<std::int64_t> steps{0};
    EXPECT_THROW(parallel_for(1'000'000, threads,
                              [&](std::int64_t, int) {
                                ++steps;
                                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                              }),
                 Interrupted);
    EXPECT_LT(steps, 1'000'000);
  }
}

TEST(RunWatch, TheInnermostCountsAndExceptionsArrive) {
  int outer = 0;
  const RunWatch watch([&](std::int64_t, std::int64_t) {
    ++outer;
    return true;
  });
  {
    const RunWatch inner({});
    Progress("work", 1, true).advance();
    EXPECT_EQ(outer, 0);
  }
  EXPECT_EQ(RunWatch::current(), &watch);
  {
    const RunWatch inner([](std::int64_t, std::int64_t) -> bool { throw 7; });
    EXPECT_THROW(Progress("work", 1, true), int);
  }
  Progress("work", 1, true).advance();
  EXPECT_EQ(outer, 2);
  std::thread([] { EXPECT_EQ(RunWatch::current(), nullptr); }).join();
}

}  // namespace
}  // namespace brownout
