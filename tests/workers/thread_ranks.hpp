// SPDX-License-Identifier: Apache-2.0
// Ranks that are threads of the test.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "sim/workers/ranks.hpp"

namespace brownout::workers {

/// The letter boxes of all ranks.
struct Post {
  explicit Post(int ranks) : boxes(static_cast<std::size_t>(ranks)) {}
  std::vector<std::deque<Message>> boxes;
  std::mutex mutex;
  std::condition_variable came;
};

class ThreadRanks : public Ranks {
 public:
  ThreadRanks(Post& post, int rank) : post_(post), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(post_.boxes.size()); }
  int on_this_machine() const override { return size(); }
  void send(int to, const std::string& text) override {
    {
      const std::lock_guard<std::mutex> lock(post_.mutex);
      post_.boxes.at(static_cast<std::size_t>(to)).push_back({rank_, text});
    }
    post_.came.notify_all();
  }
  std::optional<Message> receive(std::chrono::microseconds patience) override {
    std::unique_lock<std::mutex> lock(post_.mutex);
    std::deque<Message>& box = post_.boxes[static_cast<std::size_t>(rank_)];
    if (!post_.came.wait_for(lock, patience, [&] { return !box.empty(); })) return std::nullopt;
    Message message = std::move(box.front());
    box.pop_front();
    return message;
  }
  void abort(int code) override { aborted_ = code; }
  std::optional<int> aborted() const { return aborted_; }

 private:
  Post& post_;
  int rank_;
  std::optional<int> aborted_;
};

}  // namespace brownout::workers
