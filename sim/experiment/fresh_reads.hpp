// SPDX-License-Identifier: Apache-2.0
// An engine whose weights are read anew for every batch: cells that fail with a probability draw
// each time.
#pragma once

#include <cstdint>
#include <string>

#include "sim/engines/engine.hpp"
#include "sim/weights/weight_reader.hpp"

namespace brownout::experiment {

/// Whether fresh draws can differ from frozen ones, that is if any cell has a probability between 0
/// and 1.
bool draws_anything(const memory::WordFaultLists& faults);

/// Around an engine that is given its codes. Images are taken in order, one batch at a time.
class FreshReads final : public engines::Engine {
 public:
  /// Made for one evaluation of `engine`. `batch`: images between reads.
  FreshReads(engines::Engine& engine, weights::WeightReader& reader,
             const memory::WordFaultLists& faults, const memory::Draws& draws, int batch)
      : engine_(engine), reader_(reader), faults_(faults), draws_(draws), batch_(batch) {}

  void set_codes(const network::Codes& codes) override { engine_.set_codes(codes); }
  void run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
           int worker) override;
  int preferred_batch() const override { return batch_; }
  std::string name() const override { return engine_.name(); }

 private:
  engines::Engine& engine_;
  weights::WeightReader& reader_;
  const memory::WordFaultLists& faults_;
  memory::Draws draws_;
  int batch_;
};

}  // namespace brownout::experiment
