// SPDX-License-Identifier: Apache-2.0
// The declarations.
#include "sim/command/training_options.hpp"

#include "sim/base/outputs.hpp"

namespace brownout::cli {

namespace {

/// CLI11's check, with what help says about it.
CLI::Validator range(std::int64_t low, std::int64_t high, const std::string& help) {
  return CLI::Range(low, high).description(" " + help);
}

void add_places(Verb& verb, TrainingOptions& options) {
  verb.add_option("--out", options.output,
                  "Network file to write, instead of the configuration's output")
      ->type_name("FILE");
  verb.add_flag("--resume", options.resume,
                "Continue from the checkpoint beside the output, which must be there");
  verb.add_option("--export-only", options.export_only,
                  "Export this checkpoint as it stands, without training; what was --set for it "
                  "counts again")
      ->type_name("FILE");
  verb.add_flag_callback("--overwrite", allow_overwriting,
                         "Replace a network, checkpoint or metrics of another training");
  verb.add_option("--progress", options.progress,
                  "File that always holds one line of JSON on how far the training is, for "
                  "programs")
      ->type_name("FILE");
  verb.add_flag("--quiet", options.quiet, "No progress, no remarks");
  verb.add_flag("--check", options.check,
                "Read configuration, data and architecture, print what identifies the training, "
                "train and write nothing");
}

}  // namespace

void add_training_options(Verb& verb, TrainingOptions& options) {
  verb.takes_shipped(verb.add_option("CONFIG", options.config,
                                     "Training: its name or file (YAML, docs/training.md)")
                         ->required()
                         ->type_name(""),
                     kShippedTrainings);
  verb.add_option("--set", options.assignments,
                  "KEY.PATH=VALUE: a value (YAML) instead of the configuration's or beside it, "
                  "null takes one away; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("TEXT");
  verb.add_option("--threads", options.threads,
                  "Threads (default: all; with a checkpoint, those it was made with)")
      ->type_name("N")
      ->check(range(1, 1024, "1 to 1024"));
  verb.add_option("--seed", options.seed, "Replaces the configuration's seed")
      ->type_name("N")
      ->check(range(0, std::int64_t{1} << 62, "0 or more"));
  verb.add_option("--epochs", options.epochs,
                  "Replaces the configuration's epochs, for short tries")
      ->type_name("N")
      ->check(range(1, 100000, "1 to 100000"));
  verb.add_option("--steps", options.steps, "Ends the training after N steps, for short tries")
      ->type_name("N")
      ->check(range(1, std::int64_t{1'000'000'000'000}, "1 or more"));
  verb.add_option("--images", options.images,
                  "Trains on the first N images of the data set, for short tries (--set "
                  "dataset.test_images=N: tests on the first N)")
      ->type_name("N")
      ->check(range(1, std::int64_t{1'000'000'000}, "1 or more"));
  verb.add_option("--device", options.device, "Where the network is trained")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}).description(" auto, cpu, cuda"))
      ->capture_default_str();
  add_places(verb, options);
}

}  // namespace brownout::cli
