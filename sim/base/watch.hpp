// SPDX-License-Identifier: Apache-2.0
// Somebody who is told how far the work of a thread has come, and may end it.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>

namespace brownout {

/// While it lives, the work of the thread that made it is watched: Progress (progress.hpp) reports
/// what is done, and loops of parallel_for ask several times a second whether to go on. Results do
/// not depend on it. Only this thread calls the function. Watches nest; the innermost counts.
class RunWatch {
 public:
  /// Returns whether the work shall go on.
  using Function = std::function<bool(std::int64_t done, std::int64_t total)>;

  /// An empty function watches nothing.
  explicit RunWatch(Function function);
  ~RunWatch();
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  /// The innermost of this thread; null when there is none.
  static RunWatch* current();

  /// Throws Interrupted if the work shall end.
  void report(std::int64_t done, std::int64_t total);
  /// Asks again if the last time is some milliseconds ago.
  void poll();

 private:
  void ask();
  Function function_;
  RunWatch* outer_;
  std::int64_t done_ = 0, total_ = 0;
  std::chrono::steady_clock::time_point asked_;
};

}  // namespace brownout
