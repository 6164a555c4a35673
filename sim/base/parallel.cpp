// SPDX-License-Identifier: Apache-2.0
// Threads that share out indices.
#include "sim/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "sim/base/watch.hpp"

namespace brownout {

int hardware_threads() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void parallel_for(std::int64_t count, int threads,
                  const std::function<void(std::int64_t index, int worker)>& task) {
  threads = static_cast<int>(std::clamp<std::int64_t>(count, 1, std::max(1, threads)));
  RunWatch* const watch = RunWatch::current();
  if (threads == 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (watch != nullptr) watch->poll();
      task(i, 0);
    }
    return;
  }
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&](int worker) {
    try {
      for (std::int64_t i = next++; i < count; i = next++) {
        if (watch != nullptr && worker == 0) watch->poll();  // this thread's
        task(i, worker);
      }
    } catch (...) {
      const std::lock_guard<std::mutex> lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  std::vector<std::thread> pool;
  for (int worker = 1; worker < threads; ++worker) pool.emplace_back(work, worker);
  work(0);
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace brownout
