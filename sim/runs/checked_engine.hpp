// SPDX-License-Identifier: Apache-2.0
// The SystemC engine with the RTL beside its array.
#pragma once

#include <cstdint>
#include <string>

#include "sim/cosim/checked_array.hpp"
#include "sim/engines/simulator.hpp"

namespace brownout::runs {

/// Full batches and the rest are two runs of the engine; the waves and mismatches are counted over
/// both.
class CheckedEngine final : public engines::Engine {
 public:
  CheckedEngine(engines::SimulatedEngine& engine, cosim::CheckedArray& array,
                const network::Network& network)
      : engine_(engine), array_(array), network_(network) {}

  void set_codes(const network::Codes& codes) override { engine_.set_codes(codes); }
  void set_chip(const network::Codes& codes, const memory::WordFaultLists& faults,
                const memory::Draws& draws) override {
    engine_.set_chip(codes, faults, draws);
  }
  bool reads_memory() const override { return engine_.reads_memory(); }
  void set_memory_faults(const mapping::MemoryFaults& faults) override {
    engine_.set_memory_faults(faults);
  }
  void run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
           int worker) override {
    const int batch = engine_.program().batch;
    const int full = count - count % batch;
    if (full > 0) part(pixels, first, full, logits, worker);
    if (full < count) {
      part(pixels + full * network_.input.size(), first + full, count - full,
           logits + std::ptrdiff_t{full} * network_.classes, worker);
    }
  }
  int preferred_batch() const override { return engine_.preferred_batch(); }
  std::string name() const override { return engine_.name(); }

  std::int64_t cycles() const { return cycles_; }

 private:
  void part(const std::uint8_t* pixels, std::int64_t first, int count, float* logits, int worker) {
    array_.set_origin(cycles_);
    engine_.run(pixels, first, count, logits, worker);
    cycles_ += engine_.result().cycles;
  }

  engines::SimulatedEngine& engine_;
  cosim::CheckedArray& array_;
  const network::Network& network_;
  std::int64_t cycles_ = 0;
};

}  // namespace brownout::runs
