// SPDX-License-Identifier: Apache-2.0
// Cycles of a DMA transfer, burst by burst.
#include "sim/mapping/timing.hpp"

#include <cmath>

namespace brownout::mapping {

namespace {

std::int64_t burst_cycles(const DmaConfig& dma, const DramConfig& dram, std::int64_t bytes) {
  const std::int64_t by_dma = (bytes + dma.bytes_per_cycle - 1) / dma.bytes_per_cycle;
  const auto by_dram =
      static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / dram.bytes_per_cycle));
  return dma.setup_cycles + std::max(by_dma, by_dram);
}

}  // namespace

std::int64_t transfer_cycles(const DmaConfig& dma, const DramConfig& dram, std::int64_t bytes) {
  if (bytes == 0) return 0;
  const std::int64_t rest = bytes % dma.burst_bytes;
  std::int64_t cycles = dram.latency_cycles;
  cycles += bytes / dma.burst_bytes * burst_cycles(dma, dram, dma.burst_bytes);
  if (rest > 0) cycles += burst_cycles(dma, dram, rest);
  return cycles;
}

}  // namespace brownout::mapping
