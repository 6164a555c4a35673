// SPDX-License-Identifier: Apache-2.0
// Runs the trainer with a pipe for its output.
#include "sim/study/training_check.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "sim/base/error.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/process.hpp"
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

TrainingAnswer ask(const std::string& program, const TrainingQuestion& question) {
  std::vector<std::string> words{
      program, question.config.string(), "--check", "--quiet", "--threads", "1", "--device", "cpu",
      "--out", question.network.string()};
  for (const std::string& assignment : question.assignments) {
    words.emplace_back("--set");
    words.push_back(assignment);
  }
  const Pipe pipe(program);
  pid_t child = 0;
  try {
    child = start_program(words, pipe.writing);
  } catch (...) {
    ::close(pipe.reading);
    ::close(pipe.writing);
    throw;
  }
  ::close(pipe.writing);
  const std::string output = read_to_end(pipe.reading);
  const int status = wait_for(child);
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
