// SPDX-License-Identifier: Apache-2.0
// The GIL is taken for news, and else only so often that Ctrl-C seems to work at once.
#include "sim/python/interruptible.hpp"

#include <chrono>
#include <optional>

namespace brownout::python {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLook{50};

/// What `progress` does, and the exception that it met.
class Watch {
 public:
  explicit Watch(const py::object& update) : update_(update) {}

  bool look(std::int64_t done, std::int64_t total) {
    if (raised_) return false;
    const Clock::time_point now = Clock::now();
    if (done == done_ && now < next_) return true;
    next_ = now + kLook;
    done_ = done;
    released_->with_gil([&] {
      try {
        // Does nothing in other threads than Python's first one, as Python has it.
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        update_(done, total);
      } catch (py::error_already_set& error) {
        raised_.emplace(std::move(error));
      }
    });
    return !raised_;
  }
  /// Where the GIL is free while `look` is called.
  void set(GilReleased& released) { released_ = &released; }
  /// With the GIL.
  void rethrow() {
    if (raised_) throw std::move(*raised_);
  }

 private:
  const py::object& update_;
  GilReleased* released_ = nullptr;
  std::int64_t done_ = -1;
  Clock::time_point next_;
  std::optional<py::error_already_set> raised_;
};

}  // namespace

void run_interruptibly(const py::object& update,
                       const std::function<void(const ProgressFunction&)>& work) {
  Watch watch(update);
  try {
    GilReleased released;
    watch.set(released);
    work([&](std::int64_t done, std::int64_t total) { return watch.look(done, total); });
  } catch (const Interrupted&) {
    watch.rethrow();
    throw;
  }
  // The work may have finished before it could be ended.
  watch.rethrow();
}

}  // namespace brownout::python
