// SPDX-License-Identifier: Apache-2.0
// Engine "systemc": every image goes through the accelerator model, which reads the weights from
// its own faulty cells.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sim/accelerator/accelerator.hpp"
#include "sim/engines/engine.hpp"

namespace brownout::engines {

/// Programs for full batches and for what is left over at the end.
class Programs {
 public:
  /// InputError (beginning with `where`) when the network does not fit.
  Programs(network::SharedNetwork network, const mapping::AcceleratorConfig& accelerator, int batch,
           std::uint64_t bit_offset, const std::string& where);

  const mapping::Program& full() const { return *full_; }
  const std::shared_ptr<const mapping::Program>& shared() const { return full_; }
  /// The program for `images` < batch images.
  std::shared_ptr<const mapping::Program> remainder(int images);

 private:
  network::SharedNetwork network_;
  std::uint64_t bit_offset_;
  std::string where_;
  std::shared_ptr<const mapping::Program> full_;
  std::map<int, std::shared_ptr<const mapping::Program>> remainders_;  // by number of images
};

/// What a number of images took, as full batches and the rest; layers are those of the program.
struct ImagesResult : accelerator::RunResult {
  std::int64_t images = 0;
  double seconds = 0.0;  // wall time of the simulation, results included
};

/// Not thread-safe: there is one model per process.
class SystemcEngine final : public Engine {
 public:
  SystemcEngine(
      const network::SharedNetwork& network, const mapping::AcceleratorConfig& accelerator,
      int batch, std::uint64_t bit_offset, const std::string& where,
      std::shared_ptr<accelerator::ArrayModel> array = accelerator::make_behavioural_array());
  /// With programs that were compiled before. InputError (beginning with `where`) as
  /// network::check.
  SystemcEngine(
      network::SharedNetwork network, std::shared_ptr<Programs> programs, const std::string& where,
      std::shared_ptr<accelerator::ArrayModel> array = accelerator::make_behavioural_array());

  /// With clean weights the model reads what the network stores, whatever `codes` are.
  void set_codes(const network::Codes& codes) override;
  void set_chip(const network::Codes& codes, const memory::WordFaultLists& faults,
                const memory::Draws& draws) override;
  bool reads_memory() const override { return true; }
  /// The engine has its own programs, for the numbers of images that it is given.
  void set_memory_faults(const mapping::MemoryFaults& faults) override {
    memory_faults_ = faults;
    bits_wrong_ = {};
  }
  mapping::MemoryCounts memory_bits_wrong() const override { return bits_wrong_; }
  /// All `count` images in one simulation; `worker` must be 0. `first` is 0, or all images before
  /// were full batches and these are fewer than one batch.
  void run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
           int worker) override;
  /// As many images as the caller has, because a simulation should not be cut into pieces.
  int preferred_batch() const override { return 1 << 30; }
  /// "systemc", or "rtl" with that array.
  std::string name() const override;

  /// Time and counts of `images` images without their numbers.
  ImagesResult time(std::int64_t images, std::size_t span_limit = 0);
  /// What the last run took.
  const ImagesResult& result() const { return result_; }
  /// From the next run on, record up to this many stretches of the modules' time.
  void record(std::size_t span_limit) { span_limit_ = span_limit; }
  const mapping::Program& program() const { return programs_->full(); }

 private:
  ImagesResult simulate(const std::uint8_t* pixels, std::int64_t first, std::int64_t images,
                        float* logits);

  network::SharedNetwork network_;
  network::Shapes shapes_;
  std::shared_ptr<Programs> programs_;
  std::shared_ptr<accelerator::ArrayModel> array_;
  memory::WordFaultLists faults_;
  memory::Draws draws_;  // of batch 0
  mapping::MemoryFaults memory_faults_;
  mapping::MemoryCounts bits_wrong_;  // since they were set
  std::size_t span_limit_ = 0;
  ImagesResult result_;
};

}  // namespace brownout::engines
