// SPDX-License-Identifier: Apache-2.0
// A training small enough for tests: 8x8 images of three kinds of stripes.
#pragma once
#include <string>

#include "sim/data/dataset.hpp"
#include "trainers/method/trainer.hpp"

namespace brownout::trainers {

data::Dataset striped_images(std::int64_t count, std::uint64_t seed);

/// An architecture with every operator the trainer knows, residual included.
std::string small_architecture_yaml();
/// `extra` lines join the configuration.
TrainingConfig small_config(const std::string& extra,
                            const std::string& quantization = "{scheme: rquant, bits: 8}");

/// Writes no files and prints nothing.
TrainingFiles quiet();

struct SmallTraining {
  explicit SmallTraining(const TrainingConfig& config,
                         const std::string& architecture = small_architecture_yaml(),
                         int threads = 1, const std::string& device = "cpu");
  data::Dataset train;
  data::Dataset test;
  Architecture architecture;
  Trainer trainer;
};

}  // namespace brownout::trainers
