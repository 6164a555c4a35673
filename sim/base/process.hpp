// SPDX-License-Identifier: Apache-2.0
// Programs that this process starts, and what they print.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace brownout {

/// Starts words[0], which is looked up in PATH, with the other words as its arguments, and returns
/// its process. Its input is empty; what it prints goes to the descriptor `output`. It gets SIGTERM
/// when this process ends in any way. It keeps the descriptor `kept` open (a lock), unless that is
/// negative. A program that cannot be executed ends with exit code 127. RunError if no process can
/// be made.
pid_t start_program(const std::vector<std::string>& words, int output, int kept = -1);

/// Everything that can be read from a descriptor until its end; closes it.
std::string read_to_end(int file);

/// Waits for a child process and returns its status as waitpid gives it.
int wait_for(pid_t child);

/// A program that prints: both ends of a pipe, of which the writing one is for the program.
/// RunError, which calls the program `name`, if there is no pipe.
struct Pipe {
  explicit Pipe(const std::string& name);
  int reading = -1, writing = -1;
};

}  // namespace brownout
