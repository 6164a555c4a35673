// SPDX-License-Identifier: Apache-2.0
// The innermost watch of a thread is known to that thread alone.
#include "sim/base/watch.hpp"

#include <utility>

#include "sim/base/error.hpp"

namespace brownout {

namespace {

constexpr std::chrono::milliseconds kPause{20};

thread_local RunWatch* innermost = nullptr;

}  // namespace

RunWatch::RunWatch(Function function) : function_(std::move(function)), outer_(innermost) {
  innermost = this;
}

RunWatch::~RunWatch() { innermost = outer_; }

RunWatch* RunWatch::current() { return innermost; }

void RunWatch::ask() {
  if (!function_) return;
  asked_ = std::chrono::steady_clock::now();
  if (!function_(done_, total_)) throw Interrupted();
}

void RunWatch::report(std::int64_t done, std::int64_t total) {
  done_ = done;
  total_ = total;
  ask();
}

void RunWatch::poll() {
  if (function_ && std::chrono::steady_clock::now() - asked_ >= kPause) ask();
}

}  // namespace brownout
