// SPDX-License-Identifier: Apache-2.0
// Programs that this process starts: their output, their end, what they keep open.
#include "sim/base/process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace brownout {
namespace {

/// Output and exit code of a line for the shell.
std::pair<std::string, int> run(const std::vector<std::string>& words, int kept = -1) {
  const Pipe pipe(words[0]);
  const pid_t child = start_program(words, pipe.writing, kept);
  ::close(pipe.writing);
  std::string output = read_to_end(pipe.reading);
  const int status = wait_for(child);
  return {std::move(output), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

TEST(Process, BothItsStreamsAreReadAndItsInputIsEmpty) {
  const auto [output, code] = run({"sh", "-c", "echo out; echo err >&2; cat; exit 3"});
  EXPECT_EQ(output, "out\nerr\n");
  EXPECT_EQ(code, 3);
}

TEST(Process, WordsArriveAsTheyAre) {
  const auto [output, code] = run({"printf", "%s|", "a b", "$HOME", "", "'"});
  EXPECT_EQ(output, "a b|$HOME||'|");
  EXPECT_EQ(code, 0);
}

TEST(Process, AProgramThatIsNotThereEndsWith127) {
  EXPECT_EQ(run({"brownout-no-such-program"}), std::pair(std::string(), 127));
}

TEST(Process, ItKeepsOnlyTheDescriptorThatItIsGiven) {
  const Pipe kept("kept");
  const Pipe closed("closed");
  const std::string line = "test -e /proc/self/fd/" + std::to_string(kept.writing) +
                           " && ! test -e /proc/self/fd/" + std::to_string(closed.writing);
  EXPECT_EQ(run({"sh", "-c", line}, kept.writing).second, 0);
  EXPECT_NE(run({"sh", "-c", line}).second, 0);
  for (const int end : {kept.reading, kept.writing, closed.reading, closed.writing}) ::close(end);
}

}  // namespace
}  // namespace brownout
