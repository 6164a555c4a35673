// SPDX-License-Identifier: Apache-2.0
// N threads means N threads: in our kernels, in LibTorch and in its BLAS. Threads are counted, not
// timed, so that a busy machine makes no difference.
#include "trainers/torch/threads.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "small_training.hpp"

namespace brownout::trainers {
namespace {

/// The threads that took a share of in_parallel.
std::set<std::thread::id> threads_of(std::int64_t total) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  in_parallel(total, [&](std::int64_t, std::int64_t) {
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  return threads;
}

TEST(Threads, EveryThreadTakesAShareAndEveryElementIsTakenOnce) {
  for (const int threads : {1, 2, 3}) {
    use_threads(threads);
    EXPECT_EQ(threads_in_use(), threads);
    std::vector<int> taken(1000);
    in_parallel(1000, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) ++taken[static_cast<std::size_t>(i)];
    });
    EXPECT_EQ(taken, std::vector<int>(1000, 1));
    EXPECT_EQ(threads_of(64).size(), static_cast<std::size_t>(threads));
  }
  use_threads(3);
  EXPECT_EQ(threads_of(1).size(), 1u);  // nothing to share
}

TEST(Threads, ATrainingSetsThoseOfTheKernelsAndOfTheBlas) {
  for (const int threads : {2, 1, 3}) {
    SmallTraining small(small_config(""), small_architecture_yaml(), threads);
    small.trainer.step();
    EXPECT_EQ(threads_of(64).size(), static_cast<std::size_t>(threads));
    const Blas blas = blas_in_use();
    if (blas.threads == 0) GTEST_SKIP() << blas.name << " does not say how many threads it uses";
    EXPECT_EQ(blas.threads, threads);
  }
}

TEST(Threads, TheBlasHasAName) {
  const Blas blas = blas_in_use();
  EXPECT_NE(blas.name, "unknown");
  EXPECT_EQ(blas.name.rfind("OpenBLAS", 0) == 0, blas.threads > 0) << blas.name;
  EXPECT_FALSE(blas.reference && blas.threads > 0) << blas.name;
}

}  // namespace
}  // namespace brownout::trainers
