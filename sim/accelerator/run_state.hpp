// SPDX-License-Identifier: Apache-2.0
// What the modules share while a program runs: the program, and the costs of each layer so far.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <ostream>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/base/enum_table.hpp"
#include "sim/base/event_counts.hpp"
#include "sim/base/indexed.hpp"
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

struct RunState {
  std::shared_ptr<const mapping::Program> program;
  bool compute = true;           // false: timing and counts only
  std::int64_t first_batch = 0;  // number of the run's first batch, for fresh draws
  std::int64_t batch = 0;        // that is computed, counted over the evaluation
  std::int64_t chunk_base = 0;   // streamed chunks of the batches before
  Table<mapping::LayerIndex, LayerTally> layers;
  std::int64_t input_wait_cycles = 0;
  std::int64_t run_begin = 0;
  std::int64_t layer_begin = 0;  // of the layer that runs
  bool layer_runs = false;
  std::vector<StripGates> gates;  // of its strips
  bool record = false;
  std::size_t span_limit = 0;
  std::vector<Span> spans;
  bool spans_cut = false;
  std::exception_ptr error;

  LayerTally& layer(mapping::LayerIndex index) { return layers[index]; }
  void span(Module module, mapping::LayerIndex layer_index, std::optional<std::size_t> strip,
            std::int64_t begin, std::int64_t end, const SpanWork& work = {}) {
    if (!record || begin == end) return;
    if (spans.size() >= span_limit) {
      spans_cut = true;
      return;
    }
    Span span{module, layer_index, strip, begin, end, work};
    if (strip) {
      const mapping::LayerProgram& of = program->layers[layer_index];
      span.column_tile = of.strips[*strip].column_tile;
      span.k_tiles = of.column_tiles[span.column_tile].words.size();
    }
    spans.push_back(span);
  }
};

/// A strip on its way through loader, array and vector unit. A layer without
/// matrix operator has no strip.
struct StripToken {
  mapping::LayerIndex layer;
  std::optional<std::size_t> strip;
  std::int64_t ready = 0;     // earliest cycle at which the receiver may begin
  std::int64_t dma_wait = 0;  // cycles the loader waited for the chunk
};
/// sc_fifo asks for it.
inline std::ostream& operator<<(std::ostream& out, const StripToken& token) {
  out << "layer " << token.layer.number();
  if (token.strip) out << " strip " << *token.strip;
  return out;
}

}  // namespace brownout::accelerator
