// SPDX-License-Identifier: Apache-2.0
// A checkpoint says which training the files beside it belong to. Without a checkpoint, each file
// says what wrote it.
#include "trainers/method/training_places.hpp"

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"

namespace brownout::trainers {

namespace fs = std::filesystem;

TrainingFiles training_files(const TrainingConfig& config, bool quiet) {
  TrainingFiles files;
  files.checkpoint = fs::path(config.output).replace_extension(".checkpoint");
  files.metrics = fs::path(config.output).replace_extension(".csv");
  files.events =
      fs::path(config.output).replace_extension(".tensorboard") / "events.out.tfevents.brownout";
  files.quiet = quiet;
  for (const fs::path& taken : {files.checkpoint, files.metrics}) {
    if (config.output == taken) {
      throw InputError("{}: expected another ending for the network, such as .onnx",
                       config.output.string());
    }
  }
  return files;
}

void watch_places(const std::string& what, const TrainingConfig& config, const TrainingFiles& files,
                  bool trains) {
  watch_output(what, config.output);
  if (!trains) return;
  for (const fs::path& file : {files.checkpoint, files.metrics, files.events}) {
    watch_output(what, file);
  }
}

void claim_places(const std::string& what, const TrainingConfig& config, const TrainingFiles& files,
                  const Checkpoint& now, bool resume) {
  if (overwriting_allowed()) return;
  std::error_code error;
  if (fs::exists(files.checkpoint, error)) {
    const Checkpoint there = read_checkpoint(files.checkpoint);
    if (!resume && static_cast<int>(there.history.size()) < planned_epochs(there)) {
      throw InputError(
          "{}: an unfinished training lies here (step {}); go on with --resume, or start anew with "
          "--overwrite",
          files.checkpoint.string(), there.step);
    }
    const std::string differs = difference(there, now);
    if (differs.empty()) {
      // The training's own files, except for a network that was put there since.
      if (holds_a_result(config.output)) return;
      throw InputError(
          "{}: {}: {}; expected another place for the network, or --overwrite to replace it", what,
          config.output.string(), held_there(config.output));
    }
    throw InputError(
        "{}: holds another training: {}; expected another place for the network, or --overwrite to "
        "replace it",
        files.checkpoint.string(), differs);
  }
  for (const fs::path& file : {config.output, files.metrics, files.events}) {
    if (may_replace(file)) continue;
    throw InputError(
        "{}: {}: {}; expected another place for the network, or --overwrite to "
        "replace it",
        what, file.string(), held_there(file));
  }
}

void check_places(const TrainingConfig& config, const TrainingFiles& files,
                  const Architecture& architecture, bool trains) {
  if (!config.output.parent_path().empty()) make_folder(config.output.parent_path());
  const auto check = [](const fs::path& file, std::uint64_t bytes) {
    clear_temporaries(file);
    check_writable(file, bytes);
  };
  const auto weights = static_cast<std::uint64_t>(architecture.weights());
  check(config.output, weights);
  if (!trains) return;
  check(files.checkpoint, 12 * weights);  // they and the optimizer's two numbers for each
  check(files.metrics, 1);
  make_folder(files.events.parent_path());
  check(files.events, 1);
}

}  // namespace brownout::trainers
