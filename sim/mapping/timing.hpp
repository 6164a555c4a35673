// SPDX-License-Identifier: Apache-2.0
// Cycles of each stage, exact per tile. Both the SystemC model and the RTL obey these formulas.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/mapping/accelerator_config.hpp"

namespace brownout::mapping {

/// A word that is read in cycle t is there in t + 1; two more stages unpack and decode it.
inline constexpr int kWeightReadStages = 1;
inline constexpr int kUnpackStages = 2;
/// Number of stages that decode check bits, after the memory.
inline int check_stages(const WeightMemoryConfig& weights) {
  return mitigation::stages(weights.mitigations);
}
/// Reading, adding to and writing back an accumulator.
inline constexpr int kAccumulateStages = 2;

/// 64-bit words that hold `codes` codes of `bits` bits from cell `cell` on.
inline std::int64_t words_of_run(std::int64_t cell, std::int64_t codes, int bits) {
  return ((cell & 63) + codes * bits + 63) / 64;
}

/// Cycles in which the port reads a run of `words` words, W words a cycle.
inline std::int64_t run_cycles(std::int64_t words, int words_per_cycle) {
  return (words + words_per_cycle - 1) / words_per_cycle;
}

/// Cycles from the read of the first word until the tile may be swapped in, if its runs take the
/// port for `port_cycles` cycles; `checks` as in check_stages.
inline std::int64_t load_latency(std::int64_t port_cycles, int checks) {
  return port_cycles + kWeightReadStages + checks + kUnpackStages;
}

/// Cycles from the one after the last vector of a strip until its last row may be drained: row r
/// lags r cycles, column c lags c, lane C carries the sums, and results leave aligned.
inline std::int64_t array_latency(const ArrayConfig& array) {
  return array.rows + array.columns + kAccumulateStages;
}

/// Cycles in which the vector unit takes in `pixels` rows of `channels` lanes, `walks` times over.
inline std::int64_t drain_cycles(const VectorConfig& vector, std::int64_t pixels, int channels,
                                 int walks) {
  return walks * pixels * ((channels + vector.lanes - 1) / vector.lanes);
}

/// Cycles of a DMA transfer without contention: setup per burst, then the slower of DMA and DRAM.
/// The DRAM's latency counts once, since bursts follow each other.
std::int64_t transfer_cycles(const DmaConfig& dma, const DramConfig& dram, std::int64_t bytes);

}  // namespace brownout::mapping
