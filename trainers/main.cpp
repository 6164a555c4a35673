// SPDX-License-Identifier: Apache-2.0
// brownout-train: trains the network that a YAML file describes or names, and exports it.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/run_program.hpp"
#include "sim/base/text.hpp"
#include "sim/command/training_options.hpp"
#include "sim/data/data_file.hpp"
#include "trainers/method/training_places.hpp"
#include "trainers/output/export.hpp"
#include "trainers/torch/threads.hpp"

namespace {

namespace fs = std::filesystem;
using namespace brownout;
using namespace brownout::trainers;

// Set by SIGINT and SIGTERM: the trainer then finishes the step and writes a checkpoint.
volatile std::sig_atomic_t g_stop = 0;

data::Dataset load_own_data(const TrainingConfig& config, data::Split split) {
  if (!config.dataset_folder.empty()) {
    throw InputError("is of known data sets; {} names the places of its own files",
                     config.data_file.string());
  }
  data::Dataset data = data::load_data_file(config.data_file, split);
  if (!data.labelled()) {
    throw InputError("{}: the {} images have no labels; a training needs them",
                     config.data_file.string(), data::to_string(split));
  }
  return data;
}

/// --set, and the options that are short for one.
std::vector<std::string> assignments_of(const cli::TrainingOptions& arguments) {
  std::vector<std::string> all = arguments.assignments;
  const auto add = [&](const char* key, const auto& value) {
    if (value) all.push_back(fmt::format("{}={}", key, *value));
  };
  add("seed", arguments.seed);
  add("schedule.epochs", arguments.epochs);
  add("schedule.steps", arguments.steps);
  add("dataset.images", arguments.images);
  return all;
}

/// The limit of the split's images, if the configuration has one.
void keep_first(const TrainingConfig& config, data::Split split, data::Dataset& data) {
  const bool train = split == data::Split::kTrain;
  const std::optional<std::int64_t>& images = train ? config.images : config.test_images;
  if (!images) return;
  if (*images > data.size()) {
    throw InputError("{}: expected an integer in [1, {}], the {} images of {}; got {}",
                     train ? config.images_origin : config.test_images_origin, data.size(),
                     data::to_string(split), data.name, *images);
  }
  data::keep_first(data, *images);
}

data::Dataset load_data(const TrainingConfig& config, data::Split split) {
  try {
    if (!config.data_file.empty()) return load_own_data(config, split);
    return data::load_dataset(config.dataset, split, config.dataset_folder);
  } catch (const InputError& error) {
    if (config.dataset_origin.empty()) throw;
    throw InputError("{}: {}", config.dataset_origin, error.text());
  }
}

Architecture load_network(const TrainingConfig& config, const data::Dataset& train) {
  if (config.initial) return import_architecture(*config.initial, train.shape, train.classes);
  return load_architecture(config.architecture,
                           {config.width, train.shape, train.classes, config.norm,
                            config.activation, config.reparameterized});
}

/// The checkpoint to continue from, if any.
std::optional<Checkpoint> find_checkpoint(const cli::TrainingOptions& arguments,
                                          const fs::path& beside) {
  if (!arguments.export_only.empty()) {
    Checkpoint checkpoint = read_checkpoint(arguments.export_only);
    checkpoint.surroundings.erase("calibration_images");  // the export's own choice
    return checkpoint;
  }
  std::error_code error;
  if (!fs::exists(beside, error)) {
    if (arguments.resume) {
      throw InputError(
          "{}: expected the checkpoint to resume, found none; without --resume the "
          "training starts",
          beside.string());
    }
    return std::nullopt;
  }
  if (!arguments.resume) return std::nullopt;
  return read_checkpoint(beside);
}

/// `trains`: else a checkpoint is exported.
void announce(const Trainer& trainer, bool trains, int threads, const std::string& device) {
  const TrainingConfig& config = trainer.config();
  say(fmt::format("{}: {}, {} weights, on {} with {} threads\n", config.file.string(),
                  trainer.architecture().name, trainer.architecture().weights(), device, threads));
  if (config.initial) {
    say(fmt::format("{}: starts from {}\n", config.file.string(), config.initial->file.string()));
  }
  if (const Blas blas = blas_in_use(); blas.reference && device == "cpu") {
    say(
        fmt::format("{}: LibTorch multiplies with the reference BLAS here, about ten times slower "
                    "than with OpenBLAS (Debian: libopenblas0-pthread)\n",
                    config.file.string()));
  }
  if (const ErrorPattern* pattern = trainer.pattern(); pattern != nullptr) {
    say(fmt::format(
        "{}: every step reads {}: {} of the network's {} cells are faulty (p = {:.3f} %)\n",
        config.file.string(), pattern->chip(), pattern->cells_hit(), pattern->bits(),
        100.0 * pattern->cell_rate()));
    if (!pattern->note().empty())
      say(fmt::format("{}: {}\n", config.file.string(), pattern->note()));
  }
  std::vector<double> at_start;
  for (const double milestone : config.schedule.milestones) {
    if (milestone_step(config.schedule, milestone, trainer.length()) == 0) {
      at_start.push_back(milestone);
    }
  }
  const std::optional<std::int64_t>& steps = config.schedule.steps;
  if (trains && steps && static_cast<std::uint64_t>(*steps) > trainer.total_steps()) {
    say(fmt::format("{}: schedule.steps, {}, limits nothing: {} epochs have {} steps\n",
                    config.file.string(), *steps, config.schedule.epochs, trainer.total_steps()));
  }
  if (!trains || config.schedule.cosine || at_start.empty()) return;
  say(fmt::format(
      "{}: of {} steps the milestones {} fall on the start: the learning rate is multiplied by {} "
      "from the first step\n",
      config.file.string(), trainer.total_steps(), fmt::join(at_start, ", "),
      std::pow(config.schedule.factor, at_start.size())));
}

/// If bit errors never occurred, the network was trained without them.
void remark_on_gate(const Trainer& trainer) {
  const TrainingConfig& config = trainer.config();
  if (!config.errors.active() || perturbed_share(trainer.state()) > 0.0) return;
  say(fmt::format(
      "{}: no batch had bit errors: its loss never let them begin; bit_errors.start_loss is {}, in "
      "units of the loss, which ended at {:.3g}\n",
      config.file.string(), config.errors.start_loss, trainer.state().history.back().loss));
}

int train(const cli::TrainingOptions& arguments) {
  if (arguments.resume && !arguments.export_only.empty()) {
    throw InputError("--resume: --export-only trains nothing; expected one of them");
  }
  // What a checkpoint was trained with counts again, and what is given now counts after it.
  std::vector<std::string> assignments;
  if (!arguments.export_only.empty()) {
    note_input(arguments.export_only);
    assignments = read_checkpoint(arguments.export_only).assignments;
  }
  for (std::string& one : assignments_of(arguments)) assignments.push_back(std::move(one));
  TrainingConfig config = load_training(arguments.config, assignments);
  if (!arguments.output.empty()) config.output = fs::absolute(arguments.output);
  const bool trains = arguments.export_only.empty();
  const std::string what =
      arguments.output.empty() ? config.file.string() + ": output" : std::string("--out");
  TrainingFiles files = training_files(config, arguments.quiet);
  files.progress = arguments.progress;
  watch_places(what, config, files, trains);
  if (!files.progress.empty()) watch_output("--progress", files.progress);
  std::optional<Checkpoint> checkpoint = find_checkpoint(arguments, files.checkpoint);
  int threads = arguments.threads > 0 ? arguments.threads : hardware_threads();
  if (checkpoint && arguments.threads == 0 && checkpoint->surroundings.count("threads") != 0) {
    threads = std::stoi(checkpoint->surroundings.at("threads"));  // the same result needs the same
  }
  keep_freed_memory();
  data::Dataset train_data = load_data(config, data::Split::kTrain);
  data::Dataset test_data = load_data(config, data::Split::kTest);
  keep_first(config, data::Split::kTrain, train_data);
  keep_first(config, data::Split::kTest, test_data);
  if (!train_data.classes_stated && !test_data.classes_stated) {  // each may lack the last classes
    train_data.classes = test_data.classes = std::max(train_data.classes, test_data.classes);
  }
  const Architecture architecture = load_network(config, train_data);
  Trainer trainer(config, architecture, train_data, test_data, arguments.device, threads);
  trainer.remember_assignments(std::move(assignments));
  if (arguments.check) {
    std::printf("%s\n", identity(config).c_str());
    return 0;
  }
  if (trains) {
    claim_places(what, config, files, trainer.state(), arguments.resume);
  } else {
    claim_output(what, config.output);
  }
  if (!files.progress.empty()) claim_output("--progress", files.progress);
  const bool resumes = trains && checkpoint;
  if (checkpoint) {
    trainer.resume(std::move(*checkpoint),
                   trains ? files.checkpoint.string() : arguments.export_only);
  }
  check_places(config, files, architecture, trains);
  if (!arguments.quiet) announce(trainer, trains, threads, trainer.pass().device());
  if (trains) {
    std::error_code none;  // a checkpoint of another training is nothing to go on from
    if (!resumes && overwriting_allowed()) fs::remove(files.checkpoint, none);
    std::signal(SIGINT, [](int) { g_stop = 1; });
    std::signal(SIGTERM, [](int) { g_stop = 1; });
    if (!trainer.run(files, &g_stop)) {
      throw RunError("interrupted after step {}; go on with --resume", trainer.state().step);
    }
  }
  if (trains && !arguments.quiet) remark_on_gate(trainer);
  const ExportScore score = export_network(trainer, config.output);
  std::printf("%s: test error %.2f %% (u8 activations %.2f %%), %zu of %d epochs\n",
              printable(config.output.string()).c_str(), score.float_error, score.quantized_error,
              trainer.state().history.size(), trainer.length().epochs());
  return 0;
}

int run(int argc, char** argv) {
  cli::TrainingOptions arguments;
  cli::Verb app("Trains the network that CONFIG describes and exports it as ONNX.",
                "brownout-train");
  cli::add_training_options(app, arguments);
  remember_command("brownout train", std::vector<std::string>(argv + 1, argv + argc));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    for (const CLI::Option* option : app.get_options()) {
      const bool many = option->get_multi_option_policy() != CLI::MultiOptionPolicy::Throw;
      if (many || option->get_expected_max() != 1 || option->count() < 2) continue;
      throw InputError("{}: expected it once, got it {}; see brownout-train --help",
                       option->get_name(),
                       option->count() == 2 ? "twice" : fmt::format("{} times", option->count()));
    }
    throw InputError("{}; see brownout-train --help", error.what());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& value : option->results()) {
      if (value.empty()) throw InputError("{}: expected a value, got \"\"", option->get_name());
    }
  }
  restart_where_that_is_faster(argv, arguments.threads != 1);
  return train(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  // What the messages of the simulator's rooms speak of.
  const FieldNames names{
      {"set", "--set"}, {"overwrite", "--overwrite"}, {"data", "dataset.folder"}};
  return run_program("brownout-train",
                     [&] { return name_fields(names, [&] { return run(argc, argv); }); });
}
