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
#include "sim/accelerator/tally.hpp"
#include "sim/mapping/program.hpp"

namespace brownout::accelerator {

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
