// SPDX-License-Identifier: Apache-2.0
// The training loop: clip, quantize, clean pass, errors, perturbed pass, update.
#pragma once
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/data/dataset.hpp"
#include "trainers/data/batches.hpp"
#include "trainers/data/loader.hpp"
#include "trainers/method/architecture.hpp"
#include "trainers/method/error_pattern.hpp"
#include "trainers/method/optimizer.hpp"
#include "trainers/method/schedule.hpp"
#include "trainers/method/training_config.hpp"
#include "trainers/method/weight_coder.hpp"
#include "trainers/output/checkpoint.hpp"
#include "trainers/output/event_file.hpp"
#include "trainers/torch/network_pass.hpp"

namespace brownout::trainers {

/// Where a running training writes its files; an empty path switches a file off.
struct TrainingFiles {
  std::filesystem::path checkpoint;
  std::filesystem::path metrics;        // CSV, one row an epoch
  std::filesystem::path events;         // the same for TensorBoard
  std::int64_t checkpoint_steps = 200;  // between checkpoints
  std::filesystem::path progress;       // one line for other programs: ProgressReport
  bool quiet = false;                   // no progress on stderr
};

struct StepResult {
  PassResult clean;
  bool injected = false;
  double perturbed_loss = 0.0;
  std::int64_t flipped_bits = 0;  // that read wrong in the perturbed pass
};

class Trainer {
 public:
  /// The datasets must outlive the trainer.
  Trainer(const TrainingConfig& config, const Architecture& architecture,
          const data::Dataset& train, const data::Dataset& test, const std::string& device,
          int threads);

  /// Continues exactly where the checkpoint was written. InputError when it belongs to another
  /// training: configuration, architecture, data, threads or device.
  void resume(Checkpoint checkpoint, const std::string& file);

  /// What was set beside the configuration file ("schedule.epochs=3"); kept with checkpoints.
  void remember_assignments(std::vector<std::string> assignments) {
    state_.assignments = std::move(assignments);
  }

  /// Runs until all epochs are done, or `stop` becomes non-zero (then a checkpoint is written).
  /// Returns true when the training is complete.
  bool run(const TrainingFiles& files, const volatile std::sig_atomic_t* stop = nullptr);

  /// One update (Algorithm 1 of RandBET), or two of the alternating variant. RunError, before
  /// any update, when a loss or weight is no longer finite.
  StepResult step();

  /// Percent wrong among the first `images` test images with the quantized weights. `quantizers`
  /// as in NetworkPass::infer.
  double test_error(std::int64_t images,
                    const std::vector<network::Quantize>* quantizers = nullptr);

  /// Clips and quantizes what the trainer holds now, as before an export.
  void quantize_now();

  const Checkpoint& state() const { return state_; }
  const WeightCoder& coder() const { return coder_; }
  const std::vector<float>& decoded() const { return decoded_; }
  const network::InputTransform& transform() const { return transform_; }
  const TrainingConfig& config() const { return config_; }
  const Architecture& architecture() const { return architecture_; }
  const data::Dataset& train_data() const { return train_; }
  const data::Dataset& test_data() const { return test_; }
  NetworkPass& pass() { return pass_; }
  /// PattBET's cells; null for other trainings.
  ErrorPattern* pattern() { return pattern_ ? &*pattern_ : nullptr; }
  const ErrorPattern* pattern() const { return pattern_ ? &*pattern_ : nullptr; }
  const BatchReader& train_reader() const { return train_reader_; }
  const TrainingLength& length() const { return length_; }
  std::uint64_t total_steps() const { return length_.steps; }
  int threads() const { return threads_; }
  /// Total time that steps waited for their images.
  double waited_seconds() const { return loader_->waited_seconds(); }

 private:
  /// The weights that the passes of a training see: clipped, and coded unless that comes after
  /// training.
  void read_weights();
  void clip_weights();
  std::int64_t inject_errors();
  PassResult perturbed_pass(const Batch& batch, StepResult& result);
  void update(const std::vector<float>& gradient);
  void require_finite(double loss) const;
  /// None when `stop` becomes non-zero.
  std::optional<double> measure_error(std::int64_t images,
                                      const std::vector<network::Quantize>* quantizers,
                                      const volatile std::sig_atomic_t* stop);
  /// False when `stop` becomes non-zero: the epoch's test is then still to be done.
  bool finish_epoch(const TrainingFiles& files, const volatile std::sig_atomic_t* stop);
  StepResult step_or_explain(const TrainingFiles& files);
  void save(const TrainingFiles& files);

  TrainingConfig config_;
  Architecture architecture_;
  const data::Dataset& train_;
  const data::Dataset& test_;
  network::InputTransform transform_;
  BatchReader train_reader_;
  BatchReader test_reader_;
  WeightCoder coder_;
  std::optional<ErrorPattern> pattern_;
  Optimizer optimizer_;
  NetworkPass pass_;
  Checkpoint state_;  // weights, statistics and sums live here; the optimizer's state joins on save
  std::optional<EventFile> events_;
  std::uint64_t saved_step_ = 0;  // of the checkpoint on disk
  int threads_ = 1;
  TrainingLength length_;
  std::vector<float> decoded_, gradient_, perturbed_gradient_;
  TrainingBatches batches_;
  std::optional<Loader> loader_;
};

/// "epoch,learning_rate,..." and one row each.
std::string metrics_csv(const std::vector<EpochRecord>& history);

}  // namespace brownout::trainers
