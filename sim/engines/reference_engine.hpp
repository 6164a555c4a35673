// SPDX-License-Identifier: Apache-2.0
// Engine "reference": node by node and image by image, directly by sim/arithmetic. It is slow and
// plain, and the other integer engines are compared with it.
#pragma once
#include <mutex>

#include "sim/engines/engine.hpp"

namespace brownout::engines {

class ReferenceEngine : public Engine {
 public:
  explicit ReferenceEngine(network::SharedNetwork network);

  void set_codes(const network::Codes& codes) override;
  void set_memory_faults(const mapping::MemoryFaults& faults) override {
    faults_ = faults;
    bits_wrong_ = {};
  }
  mapping::MemoryCounts memory_bits_wrong() const override { return bits_wrong_; }
  void run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
           int worker) override;
  int preferred_batch() const override { return 1; }
  std::string name() const override { return "reference"; }

 private:
  network::SharedNetwork network_;
  network::Shapes shapes_;
  network::Codes codes_;
  mapping::MemoryFaults faults_;
  std::mutex counting_;
  mapping::MemoryCounts bits_wrong_;
};

}  // namespace brownout::engines
