// SPDX-License-Identifier: Apache-2.0
// The processes of one run and their messages, whatever carries them: MPI in the command, queues in
// tests.
#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace brownout::workers {

struct Message {
  int from = 0;
  std::string text;
};

/// Rank 0 hands out work and keeps the results; the others work. Messages from one rank to another
/// arrive in the order in which they were sent. One thread of a rank may use it at a time.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// How many of them share this one's machine, itself included.
  virtual int on_this_machine() const = 0;
  virtual void send(int to, const std::string& text) = 0;
  /// The next message, or nothing when none came within that time. It does not use a core while it
  /// waits.
  virtual std::optional<Message> receive(std::chrono::microseconds patience) = 0;
  /// Ends all ranks at once, whatever they do.
  virtual void abort(int code) = 0;
};

/// A process that is the only one.
class Alone : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int on_this_machine() const override { return 1; }
  void send(int /*to*/, const std::string& /*text*/) override {}
  std::optional<Message> receive(std::chrono::microseconds /*patience*/) override {
    return std::nullopt;
  }
  void abort(int /*code*/) override {}
};

}  // namespace brownout::workers
