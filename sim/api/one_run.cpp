// SPDX-License-Identifier: Apache-2.0
// Each thread knows what its own runs use.
#include "sim/api/one_run.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "sim/base/error.hpp"

namespace brownout::api {

namespace {

/// Used by runs of this thread, the innermost last.
thread_local std::vector<const void*> in_use;

}  // namespace

OneRun::OneRun(const void* thing) : thing_(thing) {
  if (thing_ == nullptr) return;
  if (std::find(in_use.begin(), in_use.end(), thing_) != in_use.end()) {
    throw InputError(
        "{}: the run that calls it has not ended; expected a function that starts no run of its "
        "own",
        Field{"progress"});
  }
  in_use.push_back(thing_);
}

OneRun::~OneRun() {
  if (thing_ != nullptr) in_use.pop_back();
}

OneRunOfAll::OneRunOfAll(const void* thing, std::atomic<bool>& used) : mine_(thing), used_(used) {
  if (used_.exchange(true)) {
    throw InputError(std::string(
        "a run of another thread has not ended; expected one at a time, or an experiment for each "
        "thread"));
  }
}

}  // namespace brownout::api
