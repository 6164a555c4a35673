// SPDX-License-Identifier: Apache-2.0
// Checkpoints: the whole state of a training in one file that appears as a whole or not at all.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace brownout::trainers {

/// One finished epoch, a row of the metrics file.
struct EpochRecord {
  int epoch = 0;
  std::int64_t batches = 0;      // 0 in older files, where every epoch has the same number
  double learning_rate = 0.0;    // of its last step
  double loss = 0.0;             // clean, mean over the epoch's batches
  double train_error = 0.0;      // percent, clean pass
  double perturbed_loss = 0.0;   // mean over the batches with errors, 0 without any
  double perturbed_share = 0.0;  // of the batches that had errors
  double test_error = 0.0;       // percent, quantized weights, float activations
  double logit_margin = 0.0;     // largest minus second largest logit, mean over training images
  double seconds = 0.0;          // training only
  double images_per_s = 0.0;
  double wall_time = 0.0;  // of its end, seconds since 1970
};

/// Sums of the epoch in progress.
struct EpochSums {
  std::int64_t batches = 0, images = 0, wrong = 0, perturbed_batches = 0;
  double loss = 0.0, perturbed_loss = 0.0, logit_margin = 0.0, seconds = 0.0;
};

struct Checkpoint {
  std::string config;  // describe(config): must be the same to resume
  // What else decides the result, by name: contents of files, threads. Older files hold none.
  std::map<std::string, std::string> surroundings;
  // What was set beside the configuration file; an export needs it again. Older files hold none.
  std::vector<std::string> assignments;
  int epochs = 0;             // that the training has in the end; 0 in older files
  std::uint64_t step = 0;     // batches done
  std::uint64_t updates = 0;  // of the optimizer: more than steps where updates alternate
  bool inject = false;        // the gate's decision for the next batch
  EpochSums sums;
  std::vector<EpochRecord> history;
  std::vector<float> weights;
  std::vector<float> statistics;  // batch norms
  std::vector<std::vector<float>> optimizer;
};

void write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& file);
/// InputError for a file that is cut short, damaged (its SHA-256 is inside) or not a checkpoint.
Checkpoint read_checkpoint(const std::filesystem::path& file);

/// The number of epochs that it is meant to have in the end.
int planned_epochs(const Checkpoint& checkpoint);

/// The share of all batches so far that had bit errors, those of the running epoch included.
double perturbed_share(const Checkpoint& checkpoint);

/// "optimizer.learning_rate there is 0.06, here 0.05": the first difference between a checkpoint
/// and the present training; "" when there is none. Surroundings are compared if both name them.
std::string difference(const Checkpoint& there, const Checkpoint& here);

}  // namespace brownout::trainers
