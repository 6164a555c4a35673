// SPDX-License-Identifier: Apache-2.0
// A progress bar on a terminal, plain lines (at most one every few seconds) elsewhere; on stderr.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace brownout {

struct ProgressReport;
class RunWatch;

/// Shows "title  42/280 [####----] note, 0:12 left". Thread-safe. Also reports to the RunWatch of
/// the thread that makes it, whenever that thread advances, which may end the work with an
/// Interrupted.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;
  Progress(const std::string& title, std::int64_t total, bool quiet = false,
           std::function<Clock::time_point()> now = Clock::now);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `note` is free text shown after the bar: loss, error, images/s.
  void advance(std::int64_t by = 1, const std::string& note = "");
  /// Work of the total that an earlier run did. It took none of this run's time.
  void found(std::int64_t by);
  /// The total turns out larger or smaller than was said.
  void add_work(std::int64_t by);
  void finish();
  /// Every report is also written to this file, for another program (ProgressReport), quiet or not.
  /// If the file cannot be written, there are no more of them.
  void report_to(std::filesystem::path file) { file_ = std::move(file); }

 private:
  /// For shares of it: at least 1.
  std::int64_t total() const { return work_ > 1 ? work_ : 1; }
  void draw(bool last);
  void write(const ProgressReport& report);
  std::string title_;
  std::string note_;
  std::int64_t work_;  // to be done, as far as it is known
  std::int64_t done_ = 0;
  std::int64_t found_ = 0;  // of done_
  bool quiet_;
  RunWatch* watch_;          // null: nobody watches
  std::thread::id watched_;  // its thread
  bool terminal_;
  bool finished_ = false;
  std::function<Clock::time_point()> now_;
  Clock::time_point start_;
  Clock::time_point shown_;
  std::filesystem::path file_;
  std::mutex mutex_;
};

}  // namespace brownout
