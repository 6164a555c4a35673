// SPDX-License-Identifier: Apache-2.0
// brownout-train: trains the network that a YAML file describes and exports it.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/parallel.hpp"
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
  fs::path output;
  int threads = 0;
  std::optional<std::uint64_t> seed;
  std::optional<int> epochs;
  std::string device = "auto";
  bool resume = false;
  fs::path export_only;
};

int train(const Arguments& arguments) {
  TrainingConfig config = load_training(arguments.config);
  if (!arguments.output.empty()) config.output = fs::absolute(arguments.output);
  if (arguments.seed) config.seed = *arguments.seed;
  if (arguments.epochs) config.schedule.epochs = *arguments.epochs;
  const int threads = arguments.threads > 0 ? arguments.threads : hardware_threads();
  keep_freed_memory();
  const network::Dataset train_data =
      network::load_dataset(config.dataset, network::Split::kTrain, config.dataset_folder);
  const network::Dataset test_data =
      network::load_dataset(config.dataset, network::Split::kTest, config.dataset_folder);
  const Architecture architecture =
      load_architecture(config.architecture, {config.width, train_data.shape, train_data.classes});
  Trainer trainer(config, architecture, train_data, test_data, arguments.device, threads);
  TrainingFiles files;
  if (!config.output.parent_path().empty()) make_folder(config.output.parent_path());
  files.checkpoint = fs::path(config.output).replace_extension(".checkpoint");
  files.metrics = fs::path(config.output).replace_extension(".csv");
  std::fprintf(stderr, "%s: %s, %lld weights, on %s with %d threads\n",
               config.file.string().c_str(), architecture.name.c_str(),
               static_cast<long long>(architecture.weights()), trainer.pass().device().c_str(),
               threads);
  if (!arguments.export_only.empty()) {
    trainer.resume(read_checkpoint(arguments.export_only), arguments.export_only.string());
  } else {
    if (fs::exists(files.checkpoint)) {
      Checkpoint checkpoint = read_checkpoint(files.checkpoint);
      if (arguments.resume) {
        trainer.resume(std::move(checkpoint), files.checkpoint.string());
      } else if (checkpoint.step < trainer.total_steps()) {
        throw InputError(
            "{}: an unfinished training lies here (step {}); go on with --resume, or delete the "
            "file to start anew",
            files.checkpoint.string(), checkpoint.step);
      }
    }
    std::signal(SIGINT, [](int) { g_stop = 1; });
    std::signal(SIGTERM, [](int) { g_stop = 1; });
    if (!trainer.run(files, &g_stop)) {
      throw RunError("interrupted after step {}; go on with --resume", trainer.state().step);
    }
  }
  const ExportScore score = export_network(trainer, config.output);
  std::printf("%s: test error %.2f %% (u8 activations %.2f %%), %zu of %d epochs\n",
              config.output.string().c_str(), score.float_error, score.quantized_error,
              trainer.state().history.size(), config.schedule.epochs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Trains the network that CONFIG describes and exports it as ONNX.",
               "brownout-train"};
  app.add_option("CONFIG", arguments.config, "training configuration (YAML)")->required();
  app.add_option("--out", arguments.output,
                 "network file to write, instead of the config's output");
  app.add_option("--threads", arguments.threads, "threads (default: all)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seed", arguments.seed, "replaces the config's seed");
  app.add_option("--epochs", arguments.epochs, "replaces the config's epochs, for short tries")
      ->check(CLI::Range(1, 100000));
  app.add_option("--device", arguments.device, "auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  app.add_flag("--resume", arguments.resume, "continue from the checkpoint beside the output");
  app.add_option("--export-only", arguments.export_only,
                 "export this checkpoint as it stands, without training");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    std::fprintf(stderr, "brownout-train: %s; see brownout-train --help\n", error.what());
    return 2;
  }
  try {
    return train(arguments);
  } catch (const Error& error) {
    std::fprintf(stderr, "brownout-train: %s\n", error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "brownout-train: %s\n", error.what());
    return 1;
  }
}
