// SPDX-License-Identifier: Apache-2.0
// Trainings of a study. Each is known by a hash of all that determines it, runs as a process of its
// own, continues from its checkpoint whatever stopped it, and is available to every other study.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/study/evaluation.hpp"
#include "sim/study/study_file.hpp"

namespace brownout::study {

struct TrainingOptions {
  std::filesystem::path folder;               // networks, checkpoints, logs
  std::function<std::string()> find_program;  // brownout-train; InputError when there is none
  int jobs = 1;                               // at a time
  int threads = 1;                            // of each; part of what determines the weights
};

class TrainingPool {
 public:
  TrainingPool(TrainingOptions options, Datasets& datasets);
  /// Trainings that still run are asked to stop, and write a checkpoint.
  ~TrainingPool();
  TrainingPool(const TrainingPool&) = delete;
  TrainingPool& operator=(const TrainingPool&) = delete;

  /// Plans a training (and the one whose checkpoint it exports) and returns its number. The same
  /// training planned twice has one number. InputError when its data set cannot be read.
  std::size_t add(const TrainingChoice& choice);

  /// Asks the trainer about every training that is not done, up to the given number of questions at
  /// a time. InputError that begins with the row's place for a training that it refuses, and for an
  /// export that would change the training itself.
  void check(int at_a_time);

  /// Does one training, or its export, and waits until it has ended, well or not; meanwhile another
  /// process may do the same one. Nothing if it is done.
  void run(std::size_t training);
  /// Notices how a training has ended that another process did.
  void settle(std::size_t training);

  /// Starts what may start and notices what has ended. To be called regularly.
  void pump();

  enum class State { kWaiting, kRunning, kDone, kFailed };
  State state(std::size_t training) const { return trainings_[training].state; }
  const std::filesystem::path& network(std::size_t training) const {
    return trainings_[training].network;
  }
  /// Why it failed: the last line that the trainer wrote.
  const std::string& problem(std::size_t training) const { return trainings_[training].problem; }
  std::size_t size() const { return trainings_.size(); }
  /// The hash of all that determines it.
  const std::string& key(std::size_t training) const { return trainings_[training].key; }
  /// The training whose checkpoint it exports.
  std::optional<std::size_t> exported_from(std::size_t training) const {
    return trainings_[training].exported_from;
  }
  int epochs(std::size_t training) const { return trainings_[training].epochs; }
  bool exports_only(std::size_t training) const {
    return trainings_[training].exported_from.has_value();
  }

  /// Its progress in [0, 1], by the trainer's report.
  double share(std::size_t training) const;
  /// The last line that a running training wrote, with its name; "" when none runs.
  std::string news() const;

 private:
  struct Training {
    std::filesystem::path config;
    std::vector<std::string> assignments;
    std::string where;  // of the first row that asked for it
    std::optional<std::size_t> exported_from;
    std::filesystem::path
        network;  // FILE.onnx; beside it .checkpoint, .csv, .json, .log, .lock, .progress
    std::string key;
    int epochs = 0;
    State state = State::kWaiting;
    std::string problem;
    pid_t process = 0;
    int lock = -1;
  };

  std::size_t plan(const TrainingChoice& choice, const std::vector<std::string>& assignments,
                   std::optional<std::size_t> exported_from);
  std::string identity_of(const TrainingChoice& choice, const std::vector<std::string>& assignments,
                          std::optional<std::size_t> exported_from);
  std::vector<std::string> words_of(const Training& training) const;
  bool is_done(const Training& training) const;
  const std::string& program();
  void start(Training& training);
  std::string last_words(const Training& training) const;
  void finish(Training& training, int status);

  TrainingOptions options_;
  Datasets& datasets_;
  std::vector<Training> trainings_;
  std::string program_;
};

}  // namespace brownout::study
