// SPDX-License-Identifier: Apache-2.0
// Engine "systemc": every image goes through the accelerator model, which reads the weights from
// its own faulty cells.
#pragma once

#include <memory>
#include <string>

#include "sim/accelerator/array_model.hpp"
#include "sim/engines/programs.hpp"
#include "sim/engines/simulator.hpp"

namespace brownout::accelerator {
class KernelHost;
}

namespace brownout::engines {

/// Engines of one host take turns, run by run.
class SystemcEngine final : public SimulatedEngine {
 public:
  SystemcEngine(
      std::shared_ptr<accelerator::KernelHost> host, const network::SharedNetwork& network,
      const mapping::AcceleratorConfig& accelerator, int batch, std::uint64_t bit_offset,
      const std::string& where,
      std::shared_ptr<accelerator::ArrayModel> array = accelerator::make_behavioural_array());
  /// With programs that were compiled before. InputError (beginning with `where`) as
  /// network::check.
  SystemcEngine(
      std::shared_ptr<accelerator::KernelHost> host, network::SharedNetwork network,
      std::shared_ptr<Programs> programs, const std::string& where,
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

  ImagesResult time(std::int64_t images, std::size_t span_limit = 0) override;
  const ImagesResult& result() const override { return result_; }
  void record(std::size_t span_limit) override { span_limit_ = span_limit; }
  const mapping::Program& program() const override { return programs_->full(); }

 private:
  ImagesResult simulate(const std::uint8_t* pixels, std::int64_t first, std::int64_t images,
                        float* logits);

  std::shared_ptr<accelerator::KernelHost> host_;
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
