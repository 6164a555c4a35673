// SPDX-License-Identifier: Apache-2.0
// Network × accelerator → program: strips and tiles, DMA transfers, the place of every tensor, and
// the closed-form cycles and event counts of each layer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/event_counts.hpp"
#include "sim/base/indexed.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/mapping/geometry.hpp"
#include "sim/mapping/placement.hpp"
#include "sim/mapping/plan.hpp"
#include "sim/network/network.hpp"

namespace brownout::mapping {

/// Changes when, for the same network and accelerator, a weight's cell in the scratchpad, a value's
/// place in the activation memory or a layer's cycles change. Part of a result's key. 2: chunks of
/// streamed weights are even. 3: only a norm that needs sums ends a walk, and flattens are free.
inline constexpr int kPlacementVersion = 3;

/// What the columns hold: output channels [n_first, n_first + n_count) of one group, with their
/// whole reduction (all K tiles), and the coded parameters that the vector unit needs for them. A
/// step without a matrix operator has column tiles for its coded parameters only, without K tiles.
struct ColumnTile {
  int group = 0;
  int n_first = 0, n_count = 0;       // absolute output channels
  std::size_t chunk = 0;              // of LayerProgram::chunks: which load brought the codes
  std::int64_t parameter_words = 0;   // words of bias, scale and shift runs, read before tile 0
  std::int64_t parameter_cycles = 0;  // port cycles of those
  /// Per K tile, ascending k: words its runs read, and port cycles.
  std::vector<std::int64_t> words, port_cycles;
};

/// One column tile with all its K tiles, for pixels [pixel_first, pixel_first + pixel_count) of the
/// batch: pixel = image·out_pixels + y·out_width + x. Weight-stationary: at most A pixels, and each
/// K tile streams pixel_count vectors. Output-stationary: at most R pixels, and each K tile streams
/// its k_count vectors.
struct Strip {
  std::size_t column_tile = 0;
  std::int64_t pixel_first = 0, pixel_count = 0;
  int half = 0;  // of the accumulators: strips of a layer take turns, the first has half 0
};

/// DRAM words [dram_word, dram_word + words) at scratchpad words [word, word + words).
struct WordRange {
  std::int64_t dram_word = 0, words = 0;
  std::int64_t word = 0;
};

/// A part of the layer's coded parameters in the weight scratchpad: whole consecutive column tiles
/// with their weights, biases, scales and shifts. Resident: there is one chunk, present from the
/// start (the ranges say where). Streamed: DMA brings the ranges in this order, one after the
/// other, each time the chunk is needed. Load events number the chunks of an inference; even ones
/// go to the lower half of the scratchpad, odd ones to the upper half.
struct Chunk {
  std::uint32_t load_event = 0;
  std::int64_t words = 0;  // of all ranges
  std::vector<WordRange> ranges;
};

/// Where the codes of a parameter lie while a chunk is loaded: code i begins in cell `origin +
/// i·bits`. The origin may be negative, because only the codes of the chunk are there.
struct ParameterPlace {
  network::ParameterIndex parameter;
  std::size_t chunk = 0;
  std::int64_t origin = 0;
};

/// A position in Program::layers.
using LayerIndex = Index<struct LayerTag>;

/// One plan step on the accelerator.
struct LayerProgram {
  std::string name;  // the step's first node's
  Step step;
  // Matrix operators; k = 0 for others, and the node has no weight.
  MatrixNode node;
  std::int64_t k = 0;  // reduction: group inputs × window, IHW order
  int k_tile = 0;      // R (weight-stationary) or T (output-stationary) codes of it a tile
  std::vector<Chunk> chunks;
  std::vector<ParameterPlace> parameters;  // per chunk: weight, bias, scales and shifts; coded ones
  std::vector<ColumnTile> column_tiles;
  std::vector<Strip> strips;  // in order of execution
  // Vector unit. A walk takes in all numbers and applies the operators in order up to the next
  // norm that needs sums (group norm, local response norm), which it forms. The walk after it
  // scales by these sums.
  int walks = 1;                    // 1 + norms that need sums
  std::int64_t vector_numbers = 0;  // of the batch, that the first walk takes in
  /// How many read Step::operands[i] besides what the walks take in.
  std::vector<int> operand_walks;
  // Numbers before the first such norm wait in the activation memory as fp32, because a group
  // spans several strips or column tiles. Walks after the first begin with them.
  bool staged = false;
  OptionalNode staged_norm;         // node of that norm
  network::Shape staged_shape;      // of an image
  std::int64_t staged_numbers = 0;  // of the batch
  // Cycles if nothing makes the layer wait.
  std::int64_t closed_form_cycles = 0;
  EventCounts counts;
};

/// The place of a value in the activation memory: bytes [address, address + slot·batch), image i in
/// slot i mod batch, NHWC.
struct Region {
  std::int64_t address = -1;  // none: -1 (fp32 numbers between fused operators)
  std::int64_t slot_bytes = 0;
  int bank_first = 0, bank_last = 0;
};

struct Program {
  AcceleratorConfig accelerator;
  int batch = 1;
  std::uint64_t bit_offset = 0;  // cell in which the network begins
  Table<LayerIndex, LayerProgram> layers;
  Table<network::ValueIndex, Region> regions;  // the input image is in input_pixels
  Region input_pixels[2];           // double-buffered: the next batch arrives while one is computed
  Region logits;                    // fp32
  Region staging;                   // fp32 numbers of a staged layer, or none
  Placement placement;              // which cell each code sits in, load events included
  std::int64_t resident_words = 0;  // of the whole network, as it lies in the DRAM
  std::int64_t input_bytes = 0, output_bytes = 0;  // of the batch, DMA in and out
  // Sums over layers, of one batch. The DMA of the input is counted in the layer that reads it
  // first, that of the logits in the last layer, and that of streamed weights in the layer they
  // serve.
  std::int64_t closed_form_cycles = 0;
  EventCounts counts;
};

/// Compiles. `bit_offset`: the cell in which the network begins (in the DRAM and in the resident
/// scratchpad). InputError when something does not fit: what is needed, what is there, which key to
/// change. `where` (a file name) begins every message.
Program compile(const network::Network& network, const AcceleratorConfig& accelerator, int batch,
                std::uint64_t bit_offset = 0, const std::string& where = "");

/// What the weight scratchpad holds of the clean network after a load event, by word; words that it
/// did not bring are 0.
struct StoredWords {
  std::uint32_t load_event = 0;
  std::vector<std::uint64_t> words;
};

/// One entry if resident, else one per chunk, in ascending load events.
std::vector<StoredWords> stored_words(const Program& program, const network::Network& network);

/// Arrays of the weight scratchpad that ever hold a chunk of the program.
std::int64_t used_weight_arrays(const Program& program);

/// Number of codes in K tile `t` of a layer.
inline int k_count(const LayerProgram& layer, std::size_t t) {
  const std::int64_t first = t * layer.k_tile;
  return static_cast<int>(std::min<std::int64_t>(layer.k_tile, layer.k - first));
}

/// Codes [first, last) of a parameter.
struct CodeRange {
  std::int64_t first = 0, last = 0;
};

/// The codes of coded parameter `parameter` that belong to channels [n_first, n_first + n_count) of
/// the layer: K per channel of the weight, one per channel of the others (after a flatten one per
/// pixel).
CodeRange codes_of(const network::Network& network, const LayerProgram& layer,
                   network::ParameterIndex parameter, int n_first, int n_count);

/// Where a parameter lies while a chunk is loaded.
const ParameterPlace& place_of(const LayerProgram& layer, network::ParameterIndex parameter,
                               std::size_t chunk);

/// Walks in which a strip leaves the accumulators. The strips of a staged layer leave in one walk;
/// its other walks go over the staged numbers of the batch when the last strip has left.
inline int strip_walks(const LayerProgram& layer) { return layer.staged ? 1 : layer.walks; }
inline int staged_walks(const LayerProgram& layer) { return layer.walks - strip_walks(layer); }

/// Numbers that the lanes take in, in all walks together.
inline std::int64_t vector_operations(const LayerProgram& layer) {
  return layer.vector_numbers * strip_walks(layer) + layer.staged_numbers * staged_walks(layer);
}

/// Cycles of the walks over numbers that do not wait in the accumulators. In a layer without a
/// matrix operator these are all walks, otherwise those over staged numbers, if any.
std::int64_t memory_walk_cycles(const VectorConfig& vector, const LayerProgram& layer);

/// Vectors that K tile `t` streams for a strip.
inline std::int64_t stream_cycles(const AcceleratorConfig& accelerator, const LayerProgram& layer,
                                  const Strip& strip, std::size_t t) {
  return accelerator.array.dataflow == Dataflow::kWeightStationary ? strip.pixel_count
                                                                   : k_count(layer, t);
}

/// Cycles of a layer when neither memory nor DMA nor vector unit makes it wait: first load + Σ over
/// tiles of max(stream, next load) + array latency + drain of the last strip + vector latency.
/// Staged layers: + their later walks over the staged numbers of the batch. Without a matrix
/// operator: load of the parameters, if any, + all walks + vector latency.
std::int64_t closed_form_cycles(const AcceleratorConfig& accelerator, const LayerProgram& layer);

}  // namespace brownout::mapping
