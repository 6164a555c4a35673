// SPDX-License-Identifier: Apache-2.0
// Options of every verb that runs images through a network: which images, on what, and how.
#pragma once

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "sim/cli/arguments.hpp"
#include "sim/cli/supply_options.hpp"
#include "sim/data/dataset.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

/// As typed. Verbs that lack an option leave its text alone.
struct SetupOptions {
  std::string dataset = "fashion-mnist", split = "test", data, images;
  std::string bit_offset = "0", evaluation_seed = "0", reads = "frozen";
  std::string engine, accelerator, batch, technology, mitigation;
  SupplyOptions supply;
};

inline void add_data_options(CLI::App& verb, SetupOptions& options) {
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

/// Checks the texts and fills images, reads and the first cell.
inline void set_data(const SetupOptions& options, experiment::Setup& setup) {
  experiment::Images& images = setup.images;
  images.dataset = parse_choice("--dataset", options.dataset, data::dataset_names());
  images.split = parse_choice("--split", options.split, {"train", "test"}) == "train"
                     ? data::Split::kTrain
                     : data::Split::kTest;
  images.folder = options.data;
  if (!options.images.empty()) {
    images.count = parse_integer("--images", options.images, 1, 100'000'000);
  }
  setup.target.bit_offset = static_cast<std::uint64_t>(
      parse_integer("--bit-offset", options.bit_offset, 0, runs::kMaxBitOffset));
  setup.reads.evaluation_seed = static_cast<std::uint64_t>(
      parse_integer("--evaluation-seed", options.evaluation_seed, 0, runs::kMaxSeed));
  setup.reads.fresh = parse_choice("--reads", options.reads, {"frozen", "fresh"}) == "fresh";
}

}  // namespace brownout::cli
