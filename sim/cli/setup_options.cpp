// SPDX-License-Identifier: Apache-2.0
// Declarations; sim/runs/settings.hpp says what they mean.
#include "sim/cli/setup_options.hpp"

#include "sim/cli/arguments.hpp"
#include "sim/command/verb.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

void add_data_options(Verb& verb, SetupOptions& options, const std::string& all_images) {
  verb.add_option("--images", options.images, "First N images")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxImages))
      ->default_str(all_images);
  verb.add_option("--dataset", options.dataset, "Data set")
      ->type_name("NAME")
      ->transform(data_name())
      ->capture_default_str();
  verb.add_option("--split", options.split, "Part of the data set")
      ->type_name("NAME")
      ->transform(one_of({"train", "test"}))
      ->capture_default_str();
  verb.add_option("--data", options.data, "Folder of the dataset (default: the usual place)")
      ->type_name("DIR");
  verb.add_option("--bit-offset", options.bit_offset, "First cell of the network")
      ->type_name("N")
      ->transform(integer_in(0, runs::kMaxBitOffset))
      ->capture_default_str();
  verb.add_option("--evaluation-seed", options.evaluation_seed,
                  "Draws of cells that err with a probability")
      ->type_name("N")
      ->transform(integer_in(0, runs::kMaxSeed))
      ->capture_default_str();
  verb.add_option("--reads", options.reads,
                  "When they draw: once per evaluation, or once per batch of the inference and "
                  "load of their words")
      ->type_name("NAME")
      ->transform(one_of({"frozen", "fresh"}))
      ->capture_default_str();
}

void add_engine(Verb& verb, SetupOptions& options, const std::string& help,
                const std::vector<std::string>& names, const std::string& usual) {
  options.engine = usual;
  verb.add_option("--engine", options.engine, help)
      ->type_name("NAME")
      ->transform(one_of(names))
      ->capture_default_str();
}

void add_target_options(Verb& verb, SetupOptions& options, const TargetHelp& help) {
  options.simulator = verb.simulator();
  verb.add_option("--accelerator", options.accelerator, help.accelerator)->type_name("FILE");
  verb.offers("--accelerator", {{}, &kShippedAccelerators});
  verb.add_option("--batch", options.batch, help.batch)
      ->type_name("B")
      ->transform(integer_in(1, runs::kMaxBatch))
      ->default_str(help.usual_batch);
  verb.add_option("--mitigation", options.mitigation,
                  "What is done against failing cells of the weight memory: none, or of secded, "
                  "parity, interleaved-parity, msb=K, boost=DV, spares=RxS, placement=FILE, joined "
                  "by + (default: what the accelerator file says, else none)")
      ->type_name("TEXT");
  verb.add_option("--supply", options.supplies,
                  "Supply of a memory, input, activations or accumulators: a voltage in units of "
                  "Vmin, vmin, or scaled (as --voltage); may be repeated (default: what the "
                  "accelerator file says, else vmin)")
      ->type_name("MEMORY=V")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--memory-rate", options.memory_rates,
                  "Bit error rate of a memory of those, whatever its supply; may be repeated")
      ->type_name("MEMORY=P")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_operating_point(Verb& verb, SetupOptions& options, const std::string& voltage_help) {
  verb.add_option("--voltage", options.voltage, voltage_help)->type_name("V");
  verb.add_option("--technology", options.technology,
                  "Technology: its name or file (default: the accelerator's, else 14nm-finfet)")
      ->type_name("FILE");
  verb.offers("--technology", {{}, &kShippedTechnologies});
}

Offer chip_offer() { return {{"random:", "physical:"}, &kShippedProfiles}; }

void add_one_chip(Verb& verb, std::string& chip, CommonOptions& common) {
  verb.add_option("--chip", chip,
                  "The chip: random:SEED, physical:SEED or a profile, its name or FILE.h5 "
                  "(default: random:SEED of --seed)")
      ->type_name("TEXT");
  verb.offers("--chip", chip_offer());
  add_seed(verb, common);
  verb.excludes("--chip", {"--seed"}, "--seed: --chip names the chip itself");
}

}  // namespace brownout::cli
