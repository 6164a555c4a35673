// SPDX-License-Identifier: Apache-2.0
// fork and exec, with a pipe for the trainer's output.
#include "sim/study/training_check.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/text.hpp"

namespace brownout::study {

namespace {

constexpr int kWrongInput = 2;  // exit code
constexpr char kOption[] = "--set ";

/// The author of the study wrote `set` or `export`, not the option that passes it on.
std::string without_options(std::string text) {
  for (std::size_t at = 0; (at = text.find(kOption, at)) != std::string::npos;) {
    text.erase(at, std::strlen("--"));
  }
  return text;
}

std::string refusal_of(std::string output) {
  const std::size_t mark = output.find(kErrorMark);
  if (mark != std::string::npos) output.erase(0, mark + std::strlen(kErrorMark));
  return shortened(without_options(output.substr(0, output.find('\n'))), 1000);
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

TrainingAnswer ask(const std::string& program, const TrainingQuestion& question) {
  std::vector<std::string> words{
      program, question.config.string(), "--check", "--quiet", "--threads", "1", "--device", "cpu",
      "--out", question.network.string()};
  for (const std::string& assignment : question.assignments) {
    words.emplace_back("--set");
    words.push_back(assignment);
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw RunError("cannot start {}: {}", program, std::strerror(errno));
  }
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    const int why = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    throw RunError("cannot start {}: {}", program, std::strerror(why));
  }
  if (child == 0) {  // only calls that are safe between fork and exec
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    const int in = ::open("/dev/null", O_RDONLY);
    if (in < 0) ::_exit(126);
    ::dup2(in, STDIN_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  const std::string output = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  TrainingAnswer answer;
  if (!WIFEXITED(status)) return answer;
  if (WEXITSTATUS(status) == kWrongInput) answer.refusal = refusal_of(output);
  if (WEXITSTATUS(status) == 0) answer.identity = output;
  return answer;
}

}  // namespace

std::vector<TrainingAnswer> ask_trainer(const std::string& program,
                                        const std::vector<TrainingQuestion>& questions,
                                        int at_a_time) {
  std::vector<TrainingAnswer> answers(questions.size());
  parallel_for(static_cast<std::int64_t>(questions.size()), at_a_time,
               [&](std::int64_t index, int /*worker*/) {
                 const auto i = static_cast<std::size_t>(index);
                 answers[i] = ask(program, questions[i]);
               });
  return answers;
}

}  // namespace brownout::study
