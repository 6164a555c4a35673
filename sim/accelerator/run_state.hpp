// SPDX-License-Identifier: Apache-2.0
// What the modules share while a program runs: the program, and the costs of each layer so far.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <ostream>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/base/event_counts.hpp"
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
inline constexpr int kStalls = 6;
/// "weights", "weight_dma", "accumulators", "activation_bank", "vector_unit", "drain".
const char* stall_name(int stall);

struct LayerTally {
  std::int64_t cycles = 0;
  std::int64_t closed_form_cycles = 0;
  std::int64_t stream_cycles = 0;
  std::array<std::int64_t, kStalls> stalls{};
  EventCounts counts;

  std::int64_t& stall(Stall cause) { return stalls[static_cast<std::size_t>(cause)]; }
  std::int64_t stall(Stall cause) const { return stalls[static_cast<std::size_t>(cause)]; }
  LayerTally& operator+=(const LayerTally& other);
};

/// A stretch of a module's time, for the timeline.
struct Span {
  int module = 0;  // Module
  int layer = -1;
  int strip = -1;
  std::int64_t begin = 0, end = 0;
};
enum class Module { kActivationDma, kWeightDma, kWeightLoader, kArray, kVectorUnit, kSequencer };
inline constexpr int kModules = 6;
const char* module_name(int module);

struct RunState {
  const mapping::Program* program = nullptr;
  bool compute = true;           // false: timing and counts only
  std::int64_t first_batch = 0;  // number of the run's first batch, for fresh draws
  std::int64_t batch = 0;        // that is computed, counted over the evaluation
  std::int64_t chunk_base = 0;   // streamed chunks of the batches before
  std::vector<LayerTally> layers;
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

  LayerTally& layer(int index) { return layers[static_cast<std::size_t>(index)]; }
  void span(Module module, int layer_index, int strip, std::int64_t begin, std::int64_t end) {
    if (!record || begin == end) return;
    if (spans.size() >= span_limit) {
      spans_cut = true;
      return;
    }
    spans.push_back({static_cast<int>(module), layer_index, strip, begin, end});
  }
};

/// A strip on its way through loader, array and vector unit. strip = -1: a layer without matrix.
struct StripToken {
  int layer = -1;
  int strip = -1;
  std::int64_t ready = 0;     // earliest cycle at which the receiver may begin
  std::int64_t dma_wait = 0;  // cycles the loader waited for the chunk
};
/// sc_fifo asks for it.
inline std::ostream& operator<<(std::ostream& out, const StripToken& token) {
  return out << "layer " << token.layer << " strip " << token.strip;
}

}  // namespace brownout::accelerator
