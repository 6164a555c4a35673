// SPDX-License-Identifier: Apache-2.0
// What one run at a time may use: a second one would change what the first one computes with.
#pragma once
#include <atomic>

namespace brownout::api {

/// This thread's run uses a thing (an experiment, the simulator, the sweeps) for as long as this
/// object lives.
class OneRun {
 public:
  /// InputError when a run of this thread uses it already, because this one can only be called by
  /// the progress function of that one. A null thing is used by nobody.
  explicit OneRun(const void* thing);
  ~OneRun();
  OneRun(const OneRun&) = delete;
  OneRun& operator=(const OneRun&) = delete;

 private:
  const void* thing_;
};

/// A thing that has no turns: InputError also when a run of another thread uses it.
class OneRunOfAll {
 public:
  OneRunOfAll(const void* thing, std::atomic<bool>& used);
  ~OneRunOfAll() { used_ = false; }
  OneRunOfAll(const OneRunOfAll&) = delete;
  OneRunOfAll& operator=(const OneRunOfAll&) = delete;

 private:
  OneRun mine_;
  std::atomic<bool>& used_;
};

}  // namespace brownout::api
