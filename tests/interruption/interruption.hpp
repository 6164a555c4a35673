// SPDX-License-Identifier: Apache-2.0
// A signal that a program gets at one of its own file operations, so that the moment depends
// neither on how fast the machine is nor on what else it does.
#pragma once
#include <csignal>
#include <string>

namespace brownout::interruption {

struct Orders;

/// The signal comes at the operation with this number; 1 is the first. Operations are: a file
/// opened to be created or emptied, a write to a file, a file cut, a rename, a removal, a folder
/// made. Only operations whose path ends with `path_ends_with` count (for a rename, the new path).
/// They are counted over the program and all programs that it starts; the signal always goes to the
/// program itself. It comes after the operation, but for a write in the middle of it.
struct Interruption {
  int signal = SIGKILL;
  int operation = 1;
  std::string path_ends_with = {};
};

class Interrupter {
 public:
  explicit Interrupter(const Interruption& interruption);
  ~Interrupter();
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

  /// Called between fork and exec: this process becomes the program that gets the signal.
  void watch_this_process() const;

 private:
  std::string file_;
  Orders* orders_;
};

}  // namespace brownout::interruption
