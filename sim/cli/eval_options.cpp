// SPDX-License-Identifier: Apache-2.0
// Options to EvalConfig.
#include "sim/cli/eval_options.hpp"

#include "sim/cli/arguments.hpp"
#include "sim/command/verb.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

namespace {

constexpr double kMostNoise = 10.0;

void add_chip_options(Verb& verb, EvalOptions& options) {
  runs::ChipChoice& chips = options.chips;
  verb.add_option("--chips", chips.count, "Random chips")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxChips))
      ->default_str(std::to_string(runs::kDefaultChips));
  verb.add_option("--chip", chips.named,
                  "A chip: random:SEED, physical:SEED or a profile, its name or FILE.h5; may be "
                  "repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.offers("--chip", chip_offer());
  verb.add_option("--p-err", chips.p_err, "Faulty cells err with this probability per evaluation")
      ->type_name("P")
      ->transform(number_in(runs::kMinPErr, 1.0))
      ->default_str("1");
  verb.add_option(
          "--offsets", chips.offsets,
          "Place the memory N times on the profile's map, at random places of --seed that are even "
          "over the bit positions")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxChips));
  add_seed(verb, options.common);
}

void add_selection_options(Verb& verb, EvalOptions& options) {
  verb.add_option("--only-tensors", options.only_tensors,
                  "Only cells of these tensors fail (names joined by commas)")
      ->type_name("A,B");
  verb.add_option("--only-layers", options.only_layers,
                  "Only cells of these layers' tensors fail (names joined by commas)")
      ->type_name("A,B");
  verb.add_option("--only-bits", options.only_bits,
                  "Only cells of these bits of the codes fail: 6 or 6-7, 0 is the lowest")
      ->type_name("L-H");
}

void add_eval_rules(Verb& verb) {
  verb.excludes("--batch-statistics", {"--accelerator", "--weight-noise"},
                "--batch-statistics: expected no {}");
  verb.excludes(
      "--weight-noise",
      {"--rate", "--voltage", "--chip", "--p-err", "--offsets", "--mitigation", "--accelerator",
       "--only-tensors", "--only-layers", "--only-bits", "--supply", "--memory-rate"},
      "--weight-noise: is no bit error of a memory; expected no {}");
  for (const char* option : {"--memory-rate", "--supply"}) {
    verb.needs(option, "--accelerator",
               fmt::format("{}: needs an accelerator; expected {{}} FILE", option));
  }
  verb.excludes("--rate", {"--voltage"}, "--rate and {}: expected one of them, got both");
  verb.excludes("--chip", {"--chips", "--p-err"},
                "--chip: names the chips itself; expected no --chips or --p-err (N random chips: "
                "--chips N alone)");
  verb.needs("--offsets", "--chip",
             "--offsets: places a profile several times; expected {} FILE.h5");
}

}  // namespace

runs::EvalConfig eval_config(const EvalOptions& options) {
  runs::EvalSettings settings = options;
  settings.chips.seed = options.common.seed;
  return runs::eval_config(settings);
}

std::vector<std::filesystem::path> inputs_of(const runs::EvalConfig& config) {
  std::vector<std::filesystem::path> inputs{file_of(config.setup.technology)};
  const auto& accelerator = config.setup.target.accelerator;
  if (accelerator) inputs.push_back(accelerator->file);
  return inputs;
}

void add_eval_options(Verb& verb, EvalOptions& options) {
  verb.add_option("--rate", options.rate, "Bit error rate, a fraction")
      ->type_name("P")
      ->transform(number_in(0.0, 1.0));
  add_operating_point(verb, options.setup,
                      "Supply voltage in units of Vmin; the technology gives the rate. Neither: "
                      "the clean network alone");
  add_chip_options(verb, options);
  add_engine(verb, options.setup, "What computes; systemc on an accelerator",
             experiment::evaluation_engine_names(), "functional");
  add_target_options(
      verb, options.setup,
      {"Accelerator, its name or file (YAML): placement, cycles and energy of an inference on it",
       "Images at a time on the accelerator, between fresh reads, or of batch statistics",
       fmt::format("1, of batch statistics {}", runs::kStatisticsBatch)});
  verb.add_flag("--batch-statistics", options.batch_statistics,
                "With --engine float: batch norms take mean and variance of each batch of images "
                "in place of the running ones");
  verb.add_option("--weight-noise", options.weight_noise,
                  "Instead of bit errors, with --engine float: each weight moves by up to this "
                  "fraction of its tensor's range; --chips draws")
      ->type_name("X")
      ->transform(number_in(0.0, kMostNoise));
  add_selection_options(verb, options);
  add_data_options(verb, options.setup);
  verb.add_option("--samples", options.samples,
                  "Write a row for each network and chip (CSV, docs/output.md)")
      ->type_name("FILE.csv");
  add_common(verb, options.common);
  add_eval_rules(verb);
}

}  // namespace brownout::cli
