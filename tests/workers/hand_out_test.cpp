// SPDX-License-Identifier: Apache-2.0
// Jobs on several ranks: every job once, in the order of what it needs, whatever the number of
// ranks; errors and disagreement end the run with one message.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/workers/jobs.hpp"
#include "tests/workers/thread_ranks.hpp"

namespace brownout::workers {
namespace {

/// Rows in memory. A row that is appended twice must be the same.
class Rows : public results::RowStore {
 public:
  std::optional<std::string> find(const std::string& key) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto row = rows_.find(key);
    if (row == rows_.end()) return std::nullopt;
    return row->second;
  }
  void append(const std::string& key, const std::string& row) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [entry, is_new] = rows_.emplace(key, row);
    EXPECT_TRUE(is_new || entry->second == row) << key;
  }
  std::string place(const std::string& key) const override { return key; }
  std::map<std::string, std::string> all() const { return rows_; }

 private:
  std::map<std::string, std::string> rows_;
  mutable std::mutex mutex_;
};

/// A triangle: job N.M needs job (N-1).M, and its row is made of that one's row.
class Triangle : public Plan {
 public:
  explicit Triangle(int side) : side_(side) {}
  std::vector<Job> first() override {
    std::vector<Job> jobs;
    for (int m = 0; m < side_; ++m) jobs.push_back({"0." + std::to_string(m), 1.0 + m});
    return jobs;
  }
  std::vector<Job> after(const Job& done) override {
    EXPECT_TRUE(done_.insert(done.what).second) << done.what << " was done twice";
    const int n = std::stoi(done.what);
    const int m = std::stoi(done.what.substr(done.what.find('.') + 1));
    if (n + 1 >= side_ - m) return {};
    return {{std::to_string(n + 1) + "." + std::to_string(m), 1.0 + n}};
  }
  std::size_t done() const { return done_.size(); }

 private:
  int side_;
  std::set<std::string> done_;
};

void work(const std::string& what, results::RowStore& rows) {
  const std::size_t point = what.find('.');
  const int n = std::stoi(what);
  std::string row = "{\"" + what + "\":\n" + std::string(static_cast<std::size_t>(n % 7), 'x');
  if (n > 0) {
    const auto before = rows.find(std::to_string(n - 1) + what.substr(point));
    ASSERT_TRUE(before) << what;
    row += *before;
  }
  EXPECT_FALSE(rows.find("no such row"));
  rows.append(what, row);
}

const Json kIdentity = {{"images", 100}, {"models", {"a", "b"}}};

/// Runs a triangle on so many ranks. The exit codes of the others.
std::vector<int> run(int ranks, Rows& rows, Triangle& plan, const Work& first, const Work& others,
                     const Json& theirs = kIdentity) {
  Post post(ranks);
  std::vector<int> codes(static_cast<std::size_t>(ranks), -1);
  std::vector<std::thread> threads;
  for (int rank = 1; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadRanks self(post, rank);
      codes[static_cast<std::size_t>(rank)] = serve(self, theirs, others);
    });
  }
  ThreadRanks self(post, 0);
  int code = 0;
  std::exception_ptr failure;
  try {
    expect_agreement(self, kIdentity);
    hand_out(self, plan, first, rows);
  } catch (const Error& error) {
    failure = std::current_exception();
    code = error.exit_code();
  }
  dismiss(self, code);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return codes;
}

TEST(HandOut, GivesTheSameRowsOnAnyNumberOfRanks) {
  std::map<std::string, std::string> expected;
  for (const int ranks : {1, 2, 3, 8}) {
    Rows rows;
    Triangle plan(20);
    const std::vector<int> codes = run(ranks, rows, plan, work, work);
    EXPECT_EQ(plan.done(), 210u);
    for (int rank = 1; rank < ranks; ++rank) EXPECT_EQ(codes[static_cast<std::size_t>(rank)], 0);
    if (expected.empty()) expected = rows.all();
    EXPECT_EQ(rows.all(), expected) << ranks;
  }
  EXPECT_EQ(expected.size(), 210u);
}

TEST(HandOut, SeveralThreadsOfRank0GiveTheSameRows) {
  Rows expected;
  Triangle one(20);
  run(1, expected, one, work, work);
  for (const std::size_t threads : {2u, 5u}) {
    std::vector<std::atomic<int>> done(threads);
    std::vector<Work> own;
    for (std::size_t i = 0; i < threads; ++i) {
      own.emplace_back([&done, i](const std::string& what, results::RowStore& rows) {
        ++done[i];
        work(what, rows);
      });
    }
    Rows rows;
    Triangle plan(20);
    Alone alone;
    hand_out(alone, plan, own, rows);
    EXPECT_EQ(plan.done(), 210u);
    EXPECT_EQ(rows.all(), expected.all());
    for (const std::atomic<int>& count : done) EXPECT_GT(count, 0);
  }
}

TEST(HandOut, AllRanksWorkAndMoreThanThereAreJobsDoNoHarm) {
  std::map<std::thread::id, int> jobs;
  std::mutex mutex;
  const Work slow = [&](const std::string& what, results::RowStore& rows) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    work(what, rows);
    const std::lock_guard<std::mutex> lock(mutex);
    ++jobs[std::this_thread::get_id()];
  };
  Rows rows;
  Triangle plan(14);
  run(3, rows, plan, slow, slow);
  EXPECT_EQ(jobs.size(), 3u);
  for (const auto& [thread, count] : jobs) EXPECT_GT(count, 15);
  Rows few;
  Triangle small(2);
  run(9, few, small, work, work);
  EXPECT_EQ(few.all().size(), 3u);
}

TEST(HandOut, GoesOnWithWhatTheStoreHas) {
  Rows rows;
  Triangle plan(6);
  run(2, rows, plan, work, work);
  std::atomic<int> computed{0};
  const Work again = [&](const std::string& what, results::RowStore& store) {
    if (store.find(what)) return;
    ++computed;
    work(what, store);
  };
  Triangle repeated(6);
  run(2, rows, repeated, again, again);
  EXPECT_EQ(computed, 0);
}

std::string message_of(int ranks, const Work& first, const Work& others,
                       const Json& theirs = kIdentity) {
  Rows rows;
  Triangle plan(8);
  try {
    run(ranks, rows, plan, first, others, theirs);
  } catch (const Error& error) {
    return std::to_string(error.exit_code()) + " " + error.what();
  }
  return "";
}

TEST(HandOut, AnErrorOfAJobEndsTheRunWithIt) {
  const Work fails = [](const std::string& what, results::RowStore& rows) {
    if (what == "3.1") throw InputError("chip7.h5: too small");
    work(what, rows);
  };
  EXPECT_EQ(message_of(1, fails, fails), "2 chip7.h5: too small");
  const std::string message = message_of(3, work, [](const std::string& what, auto& rows) {
    if (what[0] == '2') throw RunError("the loss is nan");
    work(what, rows);
  });
  EXPECT_TRUE(message == "1 rank 1: the loss is nan" || message == "1 rank 2: the loss is nan")
      << message;
}

TEST(HandOut, RanksThatDisagreeAreNamed) {
  EXPECT_EQ(message_of(2, work, work, {{"images", 200}, {"models", {"a", "b"}}}),
            "2 rank 1 runs something else than rank 0: images on rank 0 is 100, there 200; "
            "expected the same program and the same input files on all ranks");
}

TEST(HandOut, ARankThatDoesNotEndIsAborted) {
  Post post(2);
  ThreadRanks self(post, 0);
  dismiss(self, 2, std::chrono::milliseconds(50));
  EXPECT_EQ(self.aborted(), 2);
  // One that still sends is listened to until it ends.
  Post other_post(2);
  ThreadRanks first(other_post, 0), other(other_post, 1);
  std::thread busy([&] {
    for (int i = 0; i < 20; ++i) other.send(0, "a" + std::to_string(i) + "\n{}");
    serve_refused(other, "late", 1);
  });
  dismiss(first, 1, std::chrono::seconds(10));
  busy.join();
  EXPECT_FALSE(first.aborted());
}

TEST(HandOut, ARankThatIsToStopBeginsNoOtherJob) {
  Post post(2);
  ThreadRanks first(post, 0), other(post, 1);
  for (const char* text : {"j1", "j2", "s3"}) first.send(1, text);
  int jobs = 0;
  EXPECT_EQ(serve(other, kIdentity, [&](const std::string&, results::RowStore&) { ++jobs; }), 3);
  EXPECT_EQ(jobs, 0);
}

TEST(HandOut, ARankThatCannotBeginSaysWhy) {
  Post post(2);
  int code = -1;
  std::thread other([&] {
    ThreadRanks self(post, 1);
    code = serve_refused(self, "models/a.onnx: cannot open", 2);
  });
  ThreadRanks self(post, 0);
  try {
    expect_agreement(self, kIdentity);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "rank 1: models/a.onnx: cannot open");
  }
  dismiss(self, 2);
  other.join();
  EXPECT_EQ(code, 2);
}

}  // namespace
}  // namespace brownout::workers
