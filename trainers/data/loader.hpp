// SPDX-License-Identifier: Apache-2.0
// Training batches in order. A thread prepares the next batch while the present one is used.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "trainers/data/augment.hpp"
#include "trainers/data/batches.hpp"

namespace brownout::trainers {

struct Batch {
  std::vector<float> images;  // count × C × H × W
  data::Labels labels;
};

/// What a step of a training sees: images in the epoch's order, augmented and normalized.
class TrainingBatches {
 public:
  /// The dataset and its reader must outlive this.
  TrainingBatches(const data::Dataset& data, const BatchReader& reader,
                  const AugmentationChoice& augmentation, const std::vector<float>& mean, int batch,
                  std::uint64_t seed);

  void read(std::uint64_t step, Batch& batch);

 private:
  const data::Dataset& data_;
  const BatchReader& reader_;
  std::optional<Augmenter> augmenter_;
  int batch_;
  std::uint64_t seed_;
  std::optional<std::uint64_t> epoch_;  // of the order below
  std::vector<std::int32_t> order_;
};

/// It does not matter to the training which thread makes a batch.
class Loader {
 public:
  using Read = std::function<void(std::uint64_t step, Batch& batch)>;

  /// `read` runs only in a thread of the loader, one step at a time. Steps from `end` on are read
  /// when they are asked for, not ahead.
  Loader(Read read, std::uint64_t end);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The batch of a step, valid until the next call. Exceptions of `read` for it are thrown here.
  /// It is fast to ask for the steps in order.
  const Batch& get(std::uint64_t step);

  /// Total time that `get` waited.
  double waited_seconds() const { return waited_seconds_; }

 private:
  void work();

  const Read read_;
  const std::uint64_t end_;
  Batch present_;
  double waited_seconds_ = 0.0;

  std::mutex mutex_;  // of all that follows
  std::condition_variable changed_;
  std::optional<std::uint64_t> wanted_;  // the step being read
  std::optional<std::uint64_t> ready_;   // the step in next_, or that failed
  std::exception_ptr failure_;
  bool stop_ = false;
  Batch next_;  // the thread's own while a step is wanted
  std::thread thread_;
};

}  // namespace brownout::trainers
