// SPDX-License-Identifier: Apache-2.0
// fork and exec, with a lock that the child holds too, so that a training that a killed study left
// running does not run beside the next one.
#include "sim/study/training_pool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/process.hpp"
#include "sim/base/progress_report.hpp"
#include "sim/base/text.hpp"
#include "sim/study/training_check.hpp"
#include "sim/study/training_identity.hpp"

namespace brownout::study {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kNewsBytes = 4096;
constexpr char kProgress[] = ".progress";
constexpr auto kPause = std::chrono::milliseconds(100);

fs::path beside(const fs::path& network, const char* ending) {
  return fs::path(network).replace_extension(ending);
}

/// Distinguishes trainings, except for seeds that a study may give (any plain number of 18 digits).
std::string without_seed(const fs::path& config, const std::vector<std::string>& assignments) {
  constexpr char kSeed[] = "seed=";
  std::string text = config.string();
  for (const std::string& assignment : assignments) {
    const bool seed = assignment.rfind(kSeed, 0) == 0 && assignment.size() <= 5 + 18 &&
                      assignment.find_first_not_of("0123456789", 5) == std::string::npos;
    text += "\n" + (seed ? kSeed : assignment);
  }
  return text;
}

/// The last line that is not empty in the last bytes of a log.
std::string last_line(const fs::path& log) {
  const int file = ::open(log.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  const off_t size = ::lseek(file, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(kNewsBytes));
  std::string text(static_cast<std::size_t>(size - from), '\0');
  const ssize_t got = ::pread(file, text.data(), text.size(), from);
  ::close(file);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = text.find_last_not_of("\r\n");
  if (end == std::string::npos) return "";
  text.resize(end + 1);
  return text.substr(text.find_last_of("\r\n") + 1);
}

}  // namespace

TrainingPool::TrainingPool(TrainingOptions options, Datasets& datasets)
    : options_(std::move(options)), datasets_(datasets) {}

TrainingPool::~TrainingPool() {
  for (const Training& training : trainings_) {
    if (training.process > 0) ::kill(training.process, SIGTERM);
  }
  for (const Training& training : trainings_) {
    if (training.process > 0) wait_for(training.process);
    if (training.lock >= 0) ::close(training.lock);
  }
}

std::size_t TrainingPool::add(const TrainingChoice& choice) {
  try {
    const std::size_t whole = plan(choice, choice.assignments, std::nullopt);
    if (choice.exported.empty()) return whole;
    std::vector<std::string> assignments = choice.assignments;
    assignments.insert(assignments.end(), choice.exported.begin(), choice.exported.end());
    return plan(choice, assignments, whole);
  } catch (const InputError& error) {
    throw InputError("{}: {}", choice.where, error.text());
  }
}

std::size_t TrainingPool::plan(const TrainingChoice& choice,
                               const std::vector<std::string>& assignments,
                               std::optional<std::size_t> exported_from) {
  Training training;
  training.key = sha256_hex(
      training_identity(choice.config, assignments, options_.threads,
                        exported_from ? trainings_[*exported_from].key : std::string(), datasets_));
  for (std::size_t i = 0; i < trainings_.size(); ++i) {
    if (trainings_[i].key == training.key) return i;
  }
  training.config = choice.config;
  training.assignments = assignments;
  training.where = choice.where;
  training.exported_from = exported_from;
  YamlMap root = YamlMap::load(choice.config, assignments);
  training.epochs = static_cast<int>(root.map("schedule").integer("epochs", 1, 100'000));
  training.network = options_.folder / fmt::format("{}-{}.onnx", choice.config.stem().string(),
                                                   training.key.substr(0, 12));
  for (const char* ending : {".onnx", ".checkpoint", ".csv", ".log", ".lock", ".json", kProgress}) {
    keep_for_itself("the study's trainings", beside(training.network, ending));
  }
  if (is_done(training)) training.state = State::kDone;
  trainings_.push_back(std::move(training));
  return trainings_.size() - 1;
}

/// The record beside the network names this training and the network as it is now.
bool TrainingPool::is_done(const Training& training) const {
  const fs::path record = beside(training.network, ".json");
  std::error_code error;
  if (!fs::exists(record, error) || !fs::exists(training.network, error)) return false;
  try {
    const Json json = read_json(record);
    const JsonObject fields(json, record.string(), "a study");
    return fields.text("key") == training.key &&
           fields.text("network_sha256") == sha256_hex(read_file(training.network));
  } catch (const InputError&) {
    return false;  // not a record: the training is done anew
  }
}

const std::string& TrainingPool::program() {
  if (program_.empty()) program_ = options_.find_program();
  return program_;
}

void TrainingPool::check(int at_a_time) {
  std::vector<std::size_t> asked;
  std::map<std::string, std::size_t> question_of;  // trainings that differ in their seed share one
  std::vector<TrainingQuestion> questions;
  const auto ask = [&](std::size_t training) {
    const Training& one = trainings_[training];
    const auto [entry, is_new] =
        question_of.emplace(without_seed(one.config, one.assignments), questions.size());
    if (is_new) questions.push_back({one.config, one.assignments, one.network});
    return entry->second;
  };
  for (std::size_t i = 0; i < trainings_.size(); ++i) {
    if (trainings_[i].state == State::kDone) continue;
    asked.push_back(i);
    ask(i);
    if (trainings_[i].exported_from) ask(*trainings_[i].exported_from);
  }
  if (asked.empty()) return;
  const std::vector<TrainingAnswer> answers = ask_trainer(program(), questions, at_a_time);
  for (const std::size_t i : asked) {
    const Training& training = trainings_[i];
    const TrainingAnswer& answer = answers[ask(i)];
    if (!answer.refusal.empty()) {
      throw InputError("{}: the trainer refuses this row: {}", training.where, answer.refusal);
    }
    if (!training.exported_from || answer.identity.empty()) continue;
    const std::string& whole = answers[ask(*training.exported_from)].identity;
    if (whole.empty() || whole == answer.identity) continue;
    throw InputError(
        "{}: export changes what is trained, not only what is exported; expected such a change in "
        "set, or another quantization with quantization.when: after-training in set",
        training.where);
  }
}

void TrainingPool::pump() {
  int running = 0;
  for (Training& training : trainings_) {
    if (training.state != State::kRunning) continue;
    int status = 0;
    if (::waitpid(training.process, &status, WNOHANG) == training.process) {
      finish(training, status);
    } else {
      ++running;
    }
  }
  for (Training& training : trainings_) {
    if (running >= options_.jobs) return;
    if (training.state != State::kWaiting) continue;
    if (training.exported_from) {
      const Training& whole = trainings_[*training.exported_from];
      if (whole.state == State::kFailed) {
        training.state = State::kFailed;
        training.problem = whole.problem;
      }
      if (whole.state != State::kDone) continue;
    }
    start(training);
    if (training.state == State::kRunning) ++running;
  }
}

void TrainingPool::run(std::size_t number) {
  Training& training = trainings_[number];
  training.state = is_done(training) ? State::kDone : State::kWaiting;
  for (;;) {
    if (training.state == State::kWaiting) start(training);
    int status = 0;
    if (training.state == State::kRunning &&
        ::waitpid(training.process, &status, WNOHANG) == training.process) {
      finish(training, status);
    }
    if (training.state == State::kDone || training.state == State::kFailed) return;
    std::this_thread::sleep_for(kPause);
  }
}

void TrainingPool::settle(std::size_t number) {
  Training& training = trainings_[number];
  // A folder on a network shows new files a little later.
  for (int waits = 0; waits < 20 && !is_done(training); ++waits)
    std::this_thread::sleep_for(kPause);
  training.state = is_done(training) ? State::kDone : State::kFailed;
  if (training.state == State::kDone) return;
  training.problem = last_words(training);
  if (training.problem.empty()) training.problem = "the trainer ended without a network";
  for (Training& other : trainings_) {
    if (other.exported_from != number || other.state != State::kWaiting) continue;
    other.state = State::kFailed;
    other.problem = training.problem;
  }
}

/// What its log says last, without the words that every error begins with.
std::string TrainingPool::last_words(const Training& training) const {
  std::string line = last_line(beside(training.network, ".log"));
  const std::size_t mark = line.find(kErrorMark);
  if (mark != std::string::npos) line.erase(0, mark + std::strlen(kErrorMark));
  return shortened(line, 400);
}

/// The command that trains or exports it.
std::vector<std::string> TrainingPool::words_of(const Training& training) const {
  std::vector<std::string> words{program_,     training.config.string(),
                                 "--threads",  std::to_string(options_.threads),
                                 "--progress", beside(training.network, kProgress).string(),
                                 "--out",      training.network.string(),
                                 "--overwrite"};  // the name holds the key: what lies there is ours
  for (const std::string& assignment : training.assignments) {
    words.emplace_back("--set");
    words.push_back(assignment);
  }
  std::error_code error;
  if (training.exported_from) {
    words.emplace_back("--export-only");
    words.push_back(beside(trainings_[*training.exported_from].network, ".checkpoint").string());
  } else if (fs::exists(beside(training.network, ".checkpoint"), error)) {
    words.emplace_back("--resume");
  }
  return words;
}

/// Does nothing while another process runs the same training.
void TrainingPool::start(Training& training) {
  make_folder(options_.folder);
  const fs::path lock = beside(training.network, ".lock");
  const int held = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (held < 0) throw InputError("{}: cannot write: {}", lock.string(), std::strerror(errno));
  if (::flock(held, LOCK_EX | LOCK_NB) != 0) {
    ::close(held);
    return;
  }
  if (is_done(training)) {  // by that other process
    ::close(held);
    training.state = State::kDone;
    return;
  }
  try {
    program();
  } catch (...) {
    ::close(held);
    throw;
  }
  const std::vector<std::string> words = words_of(training);
  std::error_code error;
  fs::remove(beside(training.network, kProgress), error);  // what a killed one left
  const fs::path log = beside(training.network, ".log");
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (out < 0) {
    training.problem = fmt::format("{}: cannot write: {}", log.string(), std::strerror(errno));
    training.state = State::kFailed;
    ::close(held);
    return;
  }
  try {
    // The lock lives as long as the training. If the study dies, its trainings end too; they write
    // a checkpoint first.
    training.process = start_program(words, out, held);
  } catch (...) {
    ::close(out);
    ::close(held);
    throw;
  }
  ::close(out);
  training.lock = held;
  training.state = State::kRunning;
}

void TrainingPool::finish(Training& training, int status) {
  training.process = 0;
  training.state = State::kFailed;
  std::error_code error;
  fs::remove(beside(training.network, kProgress), error);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && fs::exists(training.network, error)) {
    const Json record = {{"key", training.key},
                         {"network_sha256", sha256_hex(read_file(training.network))},
                         {"config", training.config.string()},
                         {"set", training.assignments}};
    write_file_atomically(beside(training.network, ".json"), json_text(record, 2) + "\n");
    training.state = State::kDone;
  } else if (WIFSIGNALED(status)) {
    training.problem = fmt::format("{} was ended by signal {}; the same command goes on", program_,
                                   WTERMSIG(status));
  } else {
    training.problem = last_words(training);
    if (training.problem.empty()) {
      training.problem = fmt::format("{} ended with exit code {}", program_, WEXITSTATUS(status));
    }
  }
  ::close(training.lock);
  training.lock = -1;
}

double TrainingPool::share(std::size_t training) const {
  const Training& one = trainings_[training];
  if (one.state == State::kDone || one.state == State::kFailed) return 1.0;
  if (one.state != State::kRunning) return 0.0;
  const fs::path file = beside(one.network, kProgress);
  std::error_code error;
  if (!fs::exists(file, error)) return 0.0;
  try {
    return read_progress_line(read_own_file(file), file.string()).share();
  } catch (const InputError&) {
    return 0.0;  // by another version of the trainer: the display is no reason to stop
  }
}

std::string TrainingPool::news() const {
  std::string news;
  for (const Training& training : trainings_) {
    if (training.state != State::kRunning) continue;
    const std::string line = last_line(beside(training.network, ".log"));
    news += (news.empty() ? "" : "; ") + training.network.stem().string() +
            (line.empty() ? "" : ": " + shortened(line, 160));
  }
  return news;
}

}  // namespace brownout::study
