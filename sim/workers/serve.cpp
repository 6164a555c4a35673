// SPDX-License-Identifier: Apache-2.0
// The ranks after the first: jobs come, rows go.
#include <deque>
#include <map>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/workers/jobs.hpp"
#include "sim/workers/protocol.hpp"

namespace brownout::workers {

namespace {

constexpr std::chrono::milliseconds kPatience{10};

/// Messages of rank 0 in their order; answers to questions are taken out of it.
class Inbox {
 public:
  explicit Inbox(Ranks& ranks) : ranks_(ranks) {}

  /// The next job, or the order to stop, which comes before jobs that were sent earlier.
  std::string next_order() {
    while (receive(std::chrono::microseconds(0))) {
    }
    while (orders_.empty()) receive(kPatience);
    std::string order = std::move(orders_.front());
    orders_.pop_front();
    return order;
  }

  std::optional<std::string> ask(const std::string& key) {
    ranks_.send(0, message(kFind, key));
    answered_ = false;
    while (!answered_) receive(kPatience);
    return std::exchange(answer_, std::nullopt);
  }

 private:
  /// Takes one message, if one comes within that time.
  bool receive(std::chrono::microseconds patience) {
    const std::optional<Message> message = ranks_.receive(patience);
    if (!message) return false;
    switch (message->text[0]) {
      case kFound:
        answer_ = message->text.substr(1);
        answered_ = true;
        break;
      case kNone:
        answered_ = true;
        break;
      case kStop:
        // Nobody listens any more.
        if (!answered_) throw Dismissed{std::stoi(message->text.substr(1))};
        orders_ = {message->text};
        break;
      default:
        orders_.push_back(message->text);
    }
    return true;
  }

 public:
  /// Rank 0 ends while it is being asked.
  struct Dismissed {
    int code;
  };

 private:
  Ranks& ranks_;
  std::deque<std::string> orders_;
  std::optional<std::string> answer_;
  bool answered_ = true;
};

/// The rows of rank 0.
class RemoteRows : public results::RowStore {
 public:
  RemoteRows(Ranks& ranks, Inbox& inbox) : ranks_(ranks), inbox_(inbox) {}

  std::optional<std::string> find(const std::string& key) const override {
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    std::optional<std::string> row = inbox_.ask(key);
    if (row) known_[key] = *row;
    return row;
  }
  void append(const std::string& key, const std::string& row) override {
    ranks_.send(0, message(kAdd, key + "\n" + row));
    known_[key] = row;
  }
  std::string place(const std::string& key) const override {
    return fmt::format("row {}… of the result store", key.substr(0, 16));
  }
  /// What was found is asked again, except by the job that is running.
  void forget() { known_.clear(); }

 private:
  Ranks& ranks_;
  Inbox& inbox_;
  mutable std::map<std::string, std::string> known_;
};

/// The last message. Returns the code.
int goodbye(Ranks& ranks, int code) {
  ranks.send(0, message(kBye));
  return code;
}

std::string error_text(int code, const std::string& problem) {
  return message(kError, std::to_string(code) + "\n" + problem);
}

}  // namespace

int serve(Ranks& ranks, const Json& identity, const Work& work) {
  Inbox inbox(ranks);
  RemoteRows rows(ranks, inbox);
  ranks.send(0, message(kHello, json_text(identity)));
  try {
    for (;;) {
      const std::string order = inbox.next_order();
      const std::string text = order.substr(1);
      if (order[0] == kStop) return goodbye(ranks, std::stoi(text));
      BROWNOUT_CHECK(order[0] == kJob, "a message of kind {}", static_cast<int>(order[0]));
      try {
        work(text, rows);
        ranks.send(0, message(kDone, text));
      } catch (const Error& error) {
        ranks.send(0, error_text(error.exit_code(), error.what()));
      }
      rows.forget();
    }
  } catch (const Inbox::Dismissed& dismissed) {
    return goodbye(ranks, dismissed.code);
  }
}

int serve_refused(Ranks& ranks, const std::string& problem, int code) {
  ranks.send(0, error_text(code, problem));
  Inbox inbox(ranks);
  for (;;) {
    const std::string order = inbox.next_order();
    if (order[0] == kStop) return goodbye(ranks, std::stoi(order.substr(1)));
  }
}

}  // namespace brownout::workers
