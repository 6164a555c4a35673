// SPDX-License-Identifier: Apache-2.0
// The progress bar.
#include "sim/base/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <thread>

#include "sim/base/files.hpp"
#include "sim/base/progress_report.hpp"
#include "sim/base/run_program.hpp"
#include "sim/base/text.hpp"
#include "sim/base/watch.hpp"

namespace brownout {

namespace {

constexpr int kBarWidth = 24;

std::string clock_text(double seconds) {
  const std::int64_t whole = std::llround(std::max(0.0, seconds));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(const std::string& title, std::int64_t total, bool quiet,
                   std::function<Clock::time_point()> now)
    : title_(printable(title)),
      work_(total),
      quiet_(quiet),
      watch_(RunWatch::current()),
      watched_(std::this_thread::get_id()),
      terminal_(::isatty(STDERR_FILENO) == 1),
      now_(std::move(now)),
      start_(now_()),
      shown_(start_) {
  if (watch_ != nullptr) watch_->report(0, this->total());
}

Progress::~Progress() { finish(); }

void Progress::advance(std::int64_t by, const std::string& note) {
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ += by;
  if (!note.empty()) note_ = printable(note);
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (now_() - shown_ >= pause) draw(false);
  if (watch_ != nullptr && std::this_thread::get_id() == watched_) watch_->report(done_, total());
}

void Progress::found(std::int64_t by) {
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ += by;
  found_ += by;
}

void Progress::add_work(std::int64_t by) {
  const std::lock_guard<std::mutex> lock(mutex_);
  work_ += by;
}

void Progress::finish() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (finished_) return;
  finished_ = true;
  draw(true);
}

void Progress::draw(bool last) {
  if (quiet_ && file_.empty()) return;
  shown_ = now_();
  ProgressReport report{title_, std::max<std::int64_t>(done_, 0), total(), note_, {}, {}};
  report.seconds = std::chrono::duration<double>(shown_ - start_).count();
  if (last) {
    report.seconds_left = 0.0;
  } else if (done_ > found_) {
    const auto left = static_cast<double>(std::max<std::int64_t>(total() - done_, 0));
    report.seconds_left = report.seconds * left / static_cast<double>(done_ - found_);
  }
  write(report);
  if (quiet_) return;
  std::string time;
  if (last) {
    time = clock_text(report.seconds);
  } else if (report.seconds_left) {
    time = clock_text(*report.seconds_left) + " left";
  }
  const std::string note = note_.empty() || time.empty() ? note_ : note_ + ", ";
  if (terminal_) {
    const int filled = static_cast<int>(report.share() * kBarWidth);
    say_as_it_is(fmt::format("\r\x1b[K{} [{:#<{}}{:-<{}}] {}/{} {}{}{}", title_, "", filled, "",
                             kBarWidth - filled, done_, total(), note, time, last ? "\n" : ""));
  } else {
    say(fmt::format("{}: {}/{} {}{}\n", title_, done_, total(), note, time));
  }
}

void Progress::write(const ProgressReport& report) {
  if (file_.empty()) return;
  try {
    write_file_atomically(file_, progress_line(report));
  } catch (const std::exception&) {
    file_.clear();
  }
}

}  // namespace brownout
