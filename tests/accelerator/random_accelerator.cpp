// SPDX-License-Identifier: Apache-2.0
// Every number drawn from a counter-based stream.
#include "tests/accelerator/random_accelerator.hpp"

#include "sim/base/random.hpp"

namespace brownout::accelerator {

mapping::AcceleratorConfig random_accelerator(std::uint64_t seed) {
  const Philox random(seed, Purpose::kTest);
  std::uint64_t counter = 1'000'000;
  const auto draw = [&](int low, int high) {
    const auto span = static_cast<std::uint64_t>(high - low + 1);
    return low + static_cast<int>(random(counter++)[0] % span);
  };
  mapping::AcceleratorConfig config;
  config.name = "random";
  config.array.rows = draw(1, 20);
  config.array.columns = draw(1, 20);
  if (draw(0, 2) == 0) config.array.dataflow = mapping::Dataflow::kOutputStationary;
  config.array.transpose_depth = draw(1, 24);
  config.weights.words_per_cycle = 1 << draw(0, 2);
  config.weights.arrays = 4 * draw(1, 16);
  config.weights.array_rows = 512;
  if (draw(0, 1) == 1) {
    config.weights.residency = mapping::WeightResidency::kStreamed;
    config.weights.array_rows = 16 * draw(1, 16);
  }
  config.activations.kib = 1024;
  config.activations.banks = 1 << draw(0, 3);
  config.accumulators.depth = draw(1, 3) == 1 ? draw(1, 16) : 256;
  config.vector.lanes = draw(1, 8);
  config.vector.latency_cycles = draw(0, 9);
  config.dma.setup_cycles = draw(0, 20);
  config.dma.bytes_per_cycle = draw(1, 16);
  config.dma.burst_bytes = 8 * draw(1, 256);
  config.dram.latency_cycles = draw(0, 50);
  config.dram.bytes_per_cycle = 0.5 * draw(1, 16);
  return config;
}

}  // namespace brownout::accelerator
