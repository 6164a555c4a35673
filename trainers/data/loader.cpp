// SPDX-License-Identifier: Apache-2.0
// Two batches are swapped: one is used while the other is filled.
#include "trainers/data/loader.hpp"

#include <chrono>
#include <utility>

namespace brownout::trainers {

TrainingBatches::TrainingBatches(const data::Dataset& data, const BatchReader& reader,
                                 const AugmentationChoice& augmentation,
                                 const std::vector<float>& mean, int batch, std::uint64_t seed)
    : data_(data), reader_(reader), batch_(batch), seed_(seed) {
  if (augmentation.active()) augmenter_.emplace(augmentation, data.shape, mean, seed);
}

void TrainingBatches::read(std::uint64_t step, Batch& batch) {
  const auto steps_per_epoch = static_cast<std::uint64_t>(data_.size() / batch_);
  const std::uint64_t epoch = step / steps_per_epoch;
  if (epoch_ != epoch) {
    order_ = shuffled(data_.size(), seed_, epoch);
    epoch_ = epoch;
  }
  const auto count = static_cast<std::size_t>(batch_);
  batch.images.resize(count * static_cast<std::size_t>(data_.shape.size()));
  batch.labels.resize(count);
  reader_.read(order_.data() + step % steps_per_epoch * count, batch_, batch.images.data(),
               batch.labels.data(), augmenter_ ? &*augmenter_ : nullptr, epoch);
}

Loader::Loader(Read read, std::uint64_t end)
    : read_(std::move(read)), end_(end), thread_([this] { work(); }) {}

Loader::~Loader() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

const Batch& Loader::get(std::uint64_t step) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return !wanted_; });
  if (ready_ != step) {  // the first one, or not the next
    wanted_ = step;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !wanted_; });
  }
  ready_.reset();
  waited_seconds_ +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  std::swap(present_, next_);
  if (step + 1 < end_) {
    wanted_ = step + 1;
    changed_.notify_all();
  }
  return present_;
}

void Loader::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || wanted_; });
    if (stop_) return;
    const std::uint64_t step = *wanted_;
    failure_ = nullptr;
    lock.unlock();
    std::exception_ptr failure;
    try {
      read_(step, next_);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    wanted_.reset();
    ready_ = step;
    changed_.notify_all();
  }
}

}  // namespace brownout::trainers
