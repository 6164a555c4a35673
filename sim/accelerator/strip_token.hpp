// SPDX-License-Identifier: Apache-2.0
// What travels from the sequencer through weight loader and array to the vector unit.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>

#include "sim/accelerator/array_model.hpp"
#include "sim/mapping/program.hpp"

namespace brownout::accelerator {

/// A strip on its way. It carries everything that the modules must know of the layer that runs. A
/// layer without matrix operator has no strip.
struct StripToken {
  mapping::LayerIndex layer;
  std::optional<std::size_t> strip;
  std::int64_t ready = 0;     // earliest cycle at which the receiver may begin
  std::int64_t dma_wait = 0;  // cycles the loader waited for the chunk

  std::int64_t layer_begin = 0;  // the cycle
  std::int64_t batch = 0;        // that is computed, counted over the evaluation
  int input_buffer = 0;          // that holds the batch's pixels
  std::int64_t chunk_base = 0;   // streamed chunks of the batches before
  StripGates gates = {};         // what has kept it waiting so far
};

/// sc_fifo asks for it.
inline std::ostream& operator<<(std::ostream& out, const StripToken& token) {
  out << "layer " << token.layer.number();
  if (token.strip) out << " strip " << *token.strip;
  return out;
}

}  // namespace brownout::accelerator
