// SPDX-License-Identifier: Apache-2.0
// brownout-train: trains the network that a YAML file describes and exports it.
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/program.hpp"
#include "trainers/export.hpp"
#include "trainers/trainer.hpp"

namespace {

namespace fs = std::filesystem;
using namespace brownout;
using namespace brownout::trainers;

// Set by SIGINT and SIGTERM: finish the step, write a checkpoint.
volatile std::sig_atomic_t g_stop = 0;

struct Arguments {
  fs::path config;
  std::vector<std::string> assignments;
  fs::path output;
  int threads = 0;
  std::optional<std::uint64_t> seed;
  std::optional<int> epochs;
  std::string device = "auto";
  bool resume = false;
  bool quiet = false;
  bool check = false;
  fs::path export_only;
};

network::Dataset load_data(const TrainingConfig& config, network::Split split) {
  try {
    return network::load_dataset(config.dataset, split, config.dataset_folder);
  } catch (const InputError& error) {
    if (config.dataset_origin.empty()) throw;
    throw InputError("{}: {}", config.dataset_origin, error.what());
  }
}

/// What a training reads, data sets apart.
std::vector<fs::path> inputs_of(const TrainingConfig& config, const fs::path& checkpoint) {
  std::vector<fs::path> inputs = {config.file, config.architecture};
  const std::string pattern = config.errors.pattern;  // "FILE.h5,offset=3" or a kind of chip
  if (!pattern.empty()) inputs.emplace_back(pattern.substr(0, pattern.find(',')));
  if (!checkpoint.empty()) inputs.push_back(checkpoint);
  return inputs;
}

/// Nothing that is read may be replaced; `checkpoint` is the one to export, if any.
void keep_inputs(const TrainingConfig& config, const TrainingFiles& files,
                 const fs::path& checkpoint) {
  std::vector<fs::path> written = {config.output};
  if (checkpoint.empty()) {  // else nothing is trained
    written.push_back(files.checkpoint);
    written.push_back(files.metrics);
  }
  const auto refuse = [&](const fs::path& file, const fs::path& input) {
    throw InputError("{}: expected another place for the network: {} would replace {}",
                     config.output.string(), file.string(), input.string());
  };
  for (const fs::path& file : written) {
    std::error_code error;
    for (const fs::path& input : inputs_of(config, checkpoint)) {
      if (fs::equivalent(file, input, error)) refuse(file, input);
    }
    if (config.dataset_folder.empty() || !fs::exists(file, error)) continue;
    const fs::path folder = fs::weakly_canonical(config.dataset_folder, error);
    const fs::path way = fs::weakly_canonical(file, error).lexically_relative(folder);
    if (!way.empty() && *way.begin() != "..") refuse(file, "a file of the data set");
  }
}

TrainingFiles files_of(const TrainingConfig& config, bool quiet) {
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

/// The checkpoint to go on from, if any.
std::optional<Checkpoint> find_checkpoint(const Arguments& arguments, const fs::path& beside) {
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

/// A training that starts must not replace one that was interrupted, whatever that one is.
void keep_unfinished(const fs::path& file) {
  const Checkpoint there = read_checkpoint(file);
  if (static_cast<int>(there.history.size()) < planned_epochs(there)) {
    throw InputError(
        "{}: an unfinished training lies here (step {}); go on with --resume, or delete the "
        "file to start anew",
        file.string(), there.step);
  }
}

/// Everything that can be written must be before the first step: hours may lie before the last.
void check_places(const TrainingConfig& config, const TrainingFiles& files,
                  const Architecture& architecture, bool trains) {
  if (!config.output.parent_path().empty()) make_folder(config.output.parent_path());
  const auto weights = static_cast<std::uint64_t>(architecture.weights());
  check_writable(config.output, weights);
  if (!trains) return;
  check_writable(files.checkpoint, 12 * weights);  // they and the optimizer's two numbers for each
  check_writable(files.metrics, 1);
  make_folder(files.events.parent_path());
  check_writable(files.events, 1);
}

void announce(const Trainer& trainer, int threads, const std::string& device) {
  const TrainingConfig& config = trainer.config();
  say(fmt::format("{}: {}, {} weights, on {} with {} threads\n", config.file.string(),
                  trainer.architecture().name, trainer.architecture().weights(), device, threads));
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
    if (std::floor(milestone * config.schedule.epochs + 1e-9) < 1.0) at_start.push_back(milestone);
  }
  if (at_start.empty()) return;
  say(fmt::format(
      "{}: of {} epochs the milestones {} fall on the start: the learning rate is multiplied by {} "
      "from the first step\n",
      config.file.string(), config.schedule.epochs, fmt::join(at_start, ", "),
      std::pow(config.schedule.factor, at_start.size())));
}

/// Bit errors that never came are a network without them.
void remark_on_gate(const Trainer& trainer) {
  const TrainingConfig& config = trainer.config();
  if (!config.errors.active() || perturbed_share(trainer.state().history) > 0.0) return;
  say(fmt::format(
      "{}: no batch had bit errors: its loss never let them begin; bit_errors.start_loss is {}, in "
      "units of the loss, which ended at {:.3g}\n",
      config.file.string(), config.errors.start_loss, trainer.state().history.back().loss));
}

int train(const Arguments& arguments) {
  if (arguments.resume && !arguments.export_only.empty()) {
    throw InputError("--resume: --export-only trains nothing; expected one of them");
  }
  TrainingConfig config = load_training(arguments.config, arguments.assignments);
  if (!arguments.output.empty()) config.output = fs::absolute(arguments.output);
  if (arguments.seed) config.seed = *arguments.seed;
  if (arguments.epochs) config.schedule.epochs = *arguments.epochs;
  const TrainingFiles files = files_of(config, arguments.quiet);
  keep_inputs(config, files, arguments.export_only);
  std::optional<Checkpoint> checkpoint = find_checkpoint(arguments, files.checkpoint);
  int threads = arguments.threads > 0 ? arguments.threads : hardware_threads();
  if (checkpoint && arguments.threads == 0 && checkpoint->surroundings.count("threads") != 0) {
    threads = std::stoi(checkpoint->surroundings.at("threads"));  // the same result needs the same
  }
  keep_freed_memory();
  const network::Dataset train_data = load_data(config, network::Split::kTrain);
  const network::Dataset test_data = load_data(config, network::Split::kTest);
  const Architecture architecture = load_architecture(
      config.architecture, {config.width, train_data.shape, train_data.classes, config.norm,
                            config.activation, config.reparameterized});
  Trainer trainer(config, architecture, train_data, test_data, arguments.device, threads);
  if (arguments.check) {
    std::printf("%s\n", identity(config).c_str());
    return 0;
  }
  const bool trains = arguments.export_only.empty();
  if (checkpoint) {
    trainer.resume(std::move(*checkpoint),
                   (trains ? files.checkpoint : arguments.export_only).string());
  } else if (fs::exists(files.checkpoint)) {
    keep_unfinished(files.checkpoint);
  }
  check_places(config, files, architecture, trains);
  if (!arguments.quiet) announce(trainer, threads, trainer.pass().device());
  if (trains) {
    std::signal(SIGINT, [](int) { g_stop = 1; });
    std::signal(SIGTERM, [](int) { g_stop = 1; });
    if (!trainer.run(files, &g_stop)) {
      throw RunError("interrupted after step {}; go on with --resume", trainer.state().step);
    }
  }
  if (trains && !arguments.quiet) remark_on_gate(trainer);
  const ExportScore score = export_network(trainer, config.output);
  std::printf("%s: test error %.2f %% (u8 activations %.2f %%), %zu of %d epochs\n",
              config.output.string().c_str(), score.float_error, score.quantized_error,
              trainer.state().history.size(), config.schedule.epochs);
  return 0;
}

/// Threads of LibTorch that wait spin for milliseconds by default, which on a busy machine takes
/// the processor from those they wait for. The runtime reads this once, when it is loaded.
void wait_calmly(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  ::execv("/proc/self/exe", argv);  // should it fail, training is right and maybe slower
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Trains the network that CONFIG describes and exports it as ONNX.",
               "brownout-train"};
  app.add_option("CONFIG", arguments.config, "training configuration (YAML)")->required();
  app.add_option("--set", arguments.assignments,
                 "KEY.PATH=VALUE: a value (YAML) instead of the config's or beside it, null takes "
                 "one away; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("TEXT");
  app.add_option("--out", arguments.output,
                 "network file to write, instead of the config's output");
  app.add_option("--threads", arguments.threads,
                 "threads (default: all; with a checkpoint, those it was made with)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seed", arguments.seed, "replaces the config's seed")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62));
  app.add_option("--epochs", arguments.epochs, "replaces the config's epochs, for short tries")
      ->check(CLI::Range(1, 100000));
  app.add_option("--device", arguments.device, "auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  app.add_flag("--resume", arguments.resume,
               "continue from the checkpoint beside the output, which must be there");
  app.add_option("--export-only", arguments.export_only,
                 "export this checkpoint as it stands, without training");
  app.add_flag("--quiet", arguments.quiet, "no progress, no remarks");
  app.add_flag("--check", arguments.check,
               "read configuration, data and architecture, print what identifies the training, "
               "train and write nothing");
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
  if (arguments.threads != 1) wait_calmly(argv);
  return train(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("brownout-train", [&] { return run(argc, argv); });
}
