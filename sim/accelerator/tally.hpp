// SPDX-License-Identifier: Apache-2.0
// What the accelerator counts while a program runs: cycles, stalls and events of each layer, and
// what its modules did when. Plain data: whoever reads results needs no SystemC.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/enum_table.hpp"
#include "sim/base/event_counts.hpp"
#include "sim/base/indexed.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/mapping/program.hpp"

namespace brownout::accelerator {

/// Reasons why the array does not stream. Together with the streamed cycles they make up a layer's
/// cycles.
enum class Stall {
  kWeights,         // the weight scratchpad's port: loads that streaming does not hide
  kWeightDma,       // the chunk is still on its way from the DRAM
  kAccumulators,    // both halves wait for the vector unit
  kActivationBank,  // the bank's port serves somebody else
  kVectorUnit,      // the last strip waits for the vector unit, busy with strips before it
  kDrain,           // array latency and last strip: the layer's end; a layer without matrix
};
/// "weights", "weight_dma", "accumulators", "activation_bank", "vector_unit", "drain".
const char* stall_name(Stall stall);
inline constexpr Stall kLastStall = Stall::kDrain;

struct LayerTally {
  std::int64_t cycles = 0;
  std::int64_t closed_form_cycles = 0;
  std::int64_t stream_cycles = 0;
  EnumTable<kLastStall, std::int64_t> stalls{};
  EventCounts counts;

  std::int64_t& stall(Stall cause) { return stalls[cause]; }
  std::int64_t stall(Stall cause) const { return stalls[cause]; }
  LayerTally& operator+=(const LayerTally& other);
};

enum class Module { kActivationDma, kWeightDma, kWeightLoader, kArray, kVectorUnit, kSequencer };
inline constexpr Module kLastModule = Module::kSequencer;
const char* module_name(Module module);

/// What a stretch of a module's time was spent on.
struct SpanWork {
  /// DMA: bytes between DRAM and scratchpad. Weight loader: bytes read from the scratchpad, of all
  /// tiles of the strip. Others: 0.
  std::int64_t bytes = 0;
  bool to_dram = false;  // DMA
  /// Cycles without streaming that the stretch accounts for. Summed over a layer's stretches they
  /// are its stalls.
  EnumTable<kLastStall, std::int64_t> stalls{};
};

/// A stretch of a module's time, for the timeline.
struct Span {
  Module module = Module::kActivationDma;
  mapping::LayerIndex layer;
  std::optional<std::size_t> strip;
  std::int64_t begin = 0, end = 0;
  SpanWork work;
  std::size_t column_tile = 0, k_tiles = 0;  // of the strip
};

/// What a run took.
struct RunResult {
  std::int64_t cycles = 0;                        // from the first DMA to the last
  std::int64_t input_wait_cycles = 0;             // waiting for input and output DMA
  Table<mapping::LayerIndex, LayerTally> layers;  // over all batches
  std::vector<Span> spans;                        // when asked for
  bool spans_cut = false;                         // there were more
  mapping::MemoryCounts bits_wrong;               // of the other memories, since configure()

  /// Sum over the layers; its cycles are those of the layers, without the waits for input.
  LayerTally total() const;
};

}  // namespace brownout::accelerator
