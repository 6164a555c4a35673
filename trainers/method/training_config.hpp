// SPDX-License-Identifier: Apache-2.0
// A training as its YAML file describes it, checked and resolved.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "trainers/data/augment.hpp"
#include "trainers/method/bit_error_choice.hpp"
#include "trainers/method/initial_network.hpp"
#include "trainers/method/initialization.hpp"
#include "trainers/method/loss_choice.hpp"
#include "trainers/method/weight_coder.hpp"

namespace brownout::trainers {

struct OptimizerChoice {
  enum class Kind { kSgd, kAdam };
  Kind kind = Kind::kSgd;
  double learning_rate = 0.05;
  double momentum = 0.9;
  bool nesterov = true;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // Adam
  double weight_decay = 5e-4;                         // on everything, L2
};

struct ScheduleChoice {
  int epochs = 10;
  std::optional<std::int64_t> steps;  // a limit: ends the epochs early
  int batch = 128;
  std::string batch_origin;                          // where it was given, for messages
  std::vector<double> milestones = {0.4, 0.6, 0.8};  // fractions of the training
  double factor = 0.1;                               // of the learning rate at each of them
  bool cosine = false;                               // instead of milestones
};

/// Clipping that becomes tighter while a training runs.
struct ClippingRamp {
  double start = 1.0;  // the first limit
  double until = 0.5;  // share of the updates after which the limit is w_max
};

struct TrainingConfig {
  std::filesystem::path file;
  std::filesystem::path architecture;    // empty where a float network is the start
  std::optional<InitialChoice> initial;  // in place of the architecture
  std::optional<int> width;
  std::optional<std::string> norm, activation;  // in place of the architecture's own kinds
  std::optional<bool> reparameterized;
  std::string dataset = "fashion-mnist";
  std::filesystem::path data_file;       // of one's own data; empty = a known set
  std::filesystem::path dataset_folder;  // empty = the usual place
  bool whitening = true;  // images minus mean over deviation of the training set; else pixel/255
  std::string dataset_origin;  // where its folder or name was given, for messages
  /// The first images of each split, and where that was given; none: all.
  std::optional<std::int64_t> images, test_images;
  std::string images_origin, test_images_origin;
  AugmentationChoice augmentation;
  CodingChoice coding;
  double w_max = 0.0;  // 0 = no clipping
  std::optional<ClippingRamp> clipping_ramp;
  LossChoice loss;
  BitErrorChoice errors;
  OptimizerChoice optimizer;
  ScheduleChoice schedule;
  Initialization initialization = Initialization::kKaimingNormal;
  std::uint64_t seed = 1;
  int calibration_images = 1024;
  std::filesystem::path output;
};

/// The architecture file must be there; `parse_training` does not look. `assignments`:
/// YamlMap::load.
TrainingConfig load_training(const std::filesystem::path& file,
                             const std::vector<std::string>& assignments = {});
TrainingConfig parse_training(const std::string& text, const std::filesystem::path& name);

/// Everything that determines the weights, defaults included, as YAML. It is kept with checkpoints
/// and exported networks. Two equal texts train alike (on one machine, with the same number of
/// threads).
std::string describe(const TrainingConfig& config);

/// The part of it that a checkpoint belongs to: without the coding of weights, if that comes after
/// training.
std::string identity(const TrainingConfig& config);

}  // namespace brownout::trainers
