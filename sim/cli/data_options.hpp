// SPDX-License-Identifier: Apache-2.0
// Options of every verb that runs images through a network: which images, where the network lies.
#pragma once

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "sim/cli/arguments.hpp"
#include "sim/data/dataset.hpp"
#include "sim/sweep/configuration.hpp"

namespace brownout::cli {

struct DataOptions {
  std::string dataset = "fashion-mnist", split = "test", data, images;
  std::string bit_offset = "0", evaluation_seed = "0", reads = "frozen";
};

inline void add_data_options(CLI::App& verb, DataOptions& options) {
  verb.add_option("--images", options.images, "First N images (default all)")->type_name("N");
  verb.add_option("--dataset", options.dataset,
                  fmt::format("{} (default fashion-mnist)", fmt::join(data::dataset_names(), ", ")))
      ->type_name("NAME");
  verb.add_option("--split", options.split, "train or test (default)")->type_name("NAME");
  verb.add_option("--data", options.data, "Folder of the dataset (default: the usual place)")
      ->type_name("DIR");
  verb.add_option("--bit-offset", options.bit_offset, "First cell of the network (default 0)")
      ->type_name("N");
  verb.add_option("--evaluation-seed", options.evaluation_seed,
                  "Draws of cells that err with a probability (default 0)")
      ->type_name("N");
  verb.add_option("--reads", options.reads,
                  "When they draw: frozen (default), once per evaluation, or fresh, once per batch "
                  "of the inference and load of their words")
      ->type_name("NAME");
}

/// Checks the texts and fills the fields of a sweep::EvalConfig or sweep::RunConfig.
template <typename Config>
void set_data(const DataOptions& options, Config& config) {
  config.dataset = parse_choice("--dataset", options.dataset, data::dataset_names());
  config.split = parse_choice("--split", options.split, {"train", "test"}) == "train"
                     ? data::Split::kTrain
                     : data::Split::kTest;
  config.data_folder = options.data;
  if (!options.images.empty()) {
    config.images = parse_integer("--images", options.images, 1, 100'000'000);
  }
  config.bit_offset = static_cast<std::uint64_t>(
      parse_integer("--bit-offset", options.bit_offset, 0, sweep::kMaxBitOffset));
  config.evaluation_seed = static_cast<std::uint64_t>(
      parse_integer("--evaluation-seed", options.evaluation_seed, 0, sweep::kMaxSeed));
  config.fresh_reads = parse_choice("--reads", options.reads, {"frozen", "fresh"}) == "fresh";
}

}  // namespace brownout::cli
