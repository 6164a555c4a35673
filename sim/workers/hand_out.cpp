// SPDX-License-Identifier: Apache-2.0
// Rank 0: threads work, the calling one talks to the other ranks and keeps what they send.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/workers/jobs.hpp"
#include "sim/workers/protocol.hpp"

namespace brownout::workers {

namespace {

/// Handed to a worker in advance, the one that it does included, so that it never waits.
constexpr std::size_t kJobsInAdvance = 2;
/// Until it looks whether its own workers have finished something, which have a job in advance. Who
/// has waited for long looks less often: an eighth of that time late at most.
constexpr std::chrono::microseconds kShortestPause{500}, kLongestPause{16000};
constexpr int kPartOfWait = 8;

/// Jobs that can begin: the most costly first, equal ones in the order in which they came.
class Ready {
 public:
  void add(std::vector<Job> jobs) {
    for (Job& job : jobs) by_cost_[-job.cost].push_back(std::move(job));
  }
  bool empty() const { return by_cost_.empty(); }
  Job take() {
    const auto first = by_cost_.begin();
    Job job = std::move(first->second.front());
    first->second.pop_front();
    if (first->second.empty()) by_cost_.erase(first);
    return job;
  }

 private:
  std::map<double, std::deque<Job>> by_cost_;
};

/// Says that one of several workers has done something.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      rung_ = true;
    }
    changed_.notify_all();
  }
  /// Until it rings, or for that time.
  void wait(std::chrono::microseconds patience) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

/// A worker of rank 0 itself, on a thread.
class OwnWorker {
 public:
  OwnWorker(const Work& work, results::RowStore& store, Bell& bell)
      : work_(work), store_(store), bell_(bell) {
    thread_ = std::thread([this] { run(); });
  }
  ~OwnWorker() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  OwnWorker(const OwnWorker&) = delete;
  OwnWorker& operator=(const OwnWorker&) = delete;

  void give(const std::string& what) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      given_.push_back(what);
    }
    changed_.notify_all();
  }
  /// How many jobs were done since the last call. Throws what a job has thrown.
  std::size_t done() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return std::exchange(done_, 0);
  }

 private:
  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !given_.empty(); });
      if (ending_) return;
      const std::string what = given_.front();
      given_.pop_front();
      lock.unlock();
      std::exception_ptr failure;
      try {
        work_(what, store_);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure) {
        failure_ = failure;
        given_.clear();
      } else {
        ++done_;
      }
      lock.unlock();
      bell_.ring();
      lock.lock();
    }
  }

  const Work& work_;
  results::RowStore& store_;
  Bell& bell_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> given_;
  std::size_t done_ = 0;
  std::exception_ptr failure_;
  bool ending_ = false;
  std::thread thread_;
};

/// What a rank could not do, as its own error.
[[noreturn]] void throw_error_of(const Message& message) {
  const auto [code, problem] = two_parts(message.text.substr(1));
  const std::string what = fmt::format("rank {}: {}", message.from, problem);
  if (code == "2") throw InputError("{}", what);
  throw RunError("{}", what);
}

void expect_same(int rank, const Json& identity, const std::string& theirs) {
  const std::string other =
      first_difference(identity, parse_json(theirs, ""), "on rank 0", "there");
  if (other.empty()) return;
  throw InputError(
      "rank {} runs something else than rank 0: {}; expected the same program and the same input "
      "files on all ranks",
      rank, other);
}

class HandOut {
 public:
  HandOut(Ranks& ranks, Plan& plan, const std::vector<Work>& own, results::RowStore& store)
      : ranks_(ranks), plan_(plan), store_(store) {
    for (const Work& work : own) own_.push_back(std::make_unique<OwnWorker>(work, store, bell_));
    given_.resize(own_.size() + static_cast<std::size_t>(ranks.size()) - 1);
  }

  void run() {
    ready_.add(plan_.first());
    for (;;) {
      give();
      if (out_ == 0) return;
      for (std::size_t worker = 0; worker < own_.size(); ++worker) {
        for (std::size_t count = own_[worker]->done(); count > 0; --count) {
          finished(worker);
          last_ = Clock::now();
        }
      }
      if (ranks_.size() == 1) {
        bell_.wait(std::chrono::milliseconds(100));
      } else {
        while (const std::optional<Message> message = ranks_.receive(pause())) take(*message);
      }
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::microseconds pause() const {
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - last_);
    return std::clamp(waited / kPartOfWait, kShortestPause, kLongestPause);
  }

  /// A job to whoever has fewest, so that those left last are spread.
  void give() {
    for (std::size_t most = 0; most < kJobsInAdvance; ++most) {
      for (std::size_t worker = 0; worker < given_.size() && !ready_.empty(); ++worker) {
        if (given_[worker].size() != most) continue;
        Job job = ready_.take();
        if (worker < own_.size()) {
          own_[worker]->give(job.what);
        } else {
          ranks_.send(static_cast<int>(worker - own_.size()) + 1, message(kJob, job.what));
        }
        given_[worker].push_back(std::move(job));
        ++out_;
      }
    }
  }

  void finished(std::size_t worker) {
    BROWNOUT_CHECK(!given_[worker].empty(), "worker {} has no job", worker);
    const Job job = std::move(given_[worker].front());
    given_[worker].pop_front();
    --out_;
    ready_.add(plan_.after(job));
  }

  void take(const Message& message_in) {
    const std::size_t worker = own_.size() + static_cast<std::size_t>(message_in.from) - 1;
    const std::string text = message_in.text.substr(1);
    switch (message_in.text[0]) {
      case kFind: {
        const std::optional<std::string> row = store_.find(text);
        ranks_.send(message_in.from, row ? message(kFound, *row) : message(kNone));
        break;
      }
      case kAdd: {
        const auto [key, row] = two_parts(text);
        store_.append(key, row);
        break;
      }
      case kDone:
        finished(worker);
        give();
        break;
      case kError:
        throw_error_of(message_in);
      default:
        BROWNOUT_CHECK(false, "a message of kind {}", static_cast<int>(message_in.text[0]));
    }
  }

  Ranks& ranks_;
  Plan& plan_;
  results::RowStore& store_;
  Bell bell_;
  std::vector<std::unique_ptr<OwnWorker>> own_;
  Ready ready_;
  // By worker, the own ones first, then the other ranks.
  std::vector<std::deque<Job>> given_;     // what it has not finished
  std::size_t out_ = 0;                    // jobs in given_
  Clock::time_point last_ = Clock::now();  // when an own worker was last seen to finish a job
};

}  // namespace

void expect_agreement(Ranks& ranks, const Json& identity) {
  for (int others = ranks.size() - 1; others > 0;) {
    const std::optional<Message> message = ranks.receive(std::chrono::milliseconds(100));
    if (!message) continue;
    if (message->text[0] == kError) throw_error_of(*message);
    BROWNOUT_CHECK(message->text[0] == kHello, "a message of kind {}",
                   static_cast<int>(message->text[0]));
    expect_same(message->from, identity, message->text.substr(1));
    --others;
  }
}

void hand_out(Ranks& ranks, Plan& plan, const std::vector<Work>& own, results::RowStore& store) {
  BROWNOUT_CHECK(!own.empty(), "rank 0 has no worker");
  HandOut(ranks, plan, own, store).run();
}

void hand_out(Ranks& ranks, Plan& plan, const Work& work, results::RowStore& store) {
  hand_out(ranks, plan, std::vector<Work>{work}, store);
}

void dismiss(Ranks& ranks, int code, std::chrono::milliseconds patience) {
  for (int rank = 1; rank < ranks.size(); ++rank) {
    ranks.send(rank, message(kStop, std::to_string(code)));
  }
  // What they still send must be received, or a rank that sends a long row never ends.
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int left = ranks.size() - 1; left > 0;) {
    const std::optional<Message> last = ranks.receive(std::chrono::milliseconds(10));
    if (last && last->text[0] == kBye) --left;
    if (last && last->text[0] == kFind) ranks.send(last->from, message(kNone));
    if (!last && std::chrono::steady_clock::now() >= end) {
      ranks.abort(code);
      return;
    }
  }
}

}  // namespace brownout::workers
