// SPDX-License-Identifier: Apache-2.0
// The worker only stores numbers; all of Python happens in the calling thread.
#include "sim/python/interruptible.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace brownout::python {
namespace {

constexpr std::chrono::milliseconds kFirstLook{2};
constexpr std::chrono::milliseconds kLook{50};

/// What both threads know.
class Shared {
 public:
  bool advance(std::int64_t done, std::int64_t total) {
    done_ = done;
    total_ = total;
    return !stop_;
  }
  void stop() { stop_ = true; }
  std::int64_t done() const { return done_; }
  std::int64_t total() const { return total_; }

  void finish() {
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  /// Whether the work has finished within that time.
  bool wait(std::chrono::milliseconds time) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, time, [&] { return finished_; });
  }

 private:
  std::atomic<std::int64_t> done_{0}, total_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
};

}  // namespace

void run_interruptibly(const py::object& update,
                       const std::function<void(const ProgressFunction&)>& work) {
  Shared shared;
  std::exception_ptr failure;
  std::thread worker([&] {
    try {
      work([&](std::int64_t done, std::int64_t total) { return shared.advance(done, total); });
    } catch (...) {
      failure = std::current_exception();
    }
    shared.finish();
  });
  std::optional<py::error_already_set> raised;
  std::chrono::milliseconds look = kFirstLook;
  while (true) {
    if (without_gil([&] { return shared.wait(look); })) break;
    look = kLook;
    if (raised) continue;  // only its end is awaited
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      update(shared.done(), shared.total());
    } catch (py::error_already_set& error) {
      raised.emplace(std::move(error));
      shared.stop();
    }
  }
  worker.join();
  if (raised) throw std::move(*raised);
  if (failure) std::rethrow_exception(failure);
  update(shared.done(), shared.total());
}

}  // namespace brownout::python
