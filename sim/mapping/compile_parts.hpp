// SPDX-License-Identifier: Apache-2.0
// Internal: the stages of compile(), each filling its part of the program.
#pragma once

#include <string>
#include <vector>

#include "sim/mapping/program.hpp"

namespace brownout::mapping {

/// Coded parameters of a step: the weight first, then what the vector unit applies, in order.
std::vector<network::ParameterIndex> coded_parameters(const network::Network& network,
                                                      const LayerProgram& layer);

/// k, k_tile, node, column tiles (without chunks and words), walks and numbers of a step, and
/// whether it is staged.
LayerProgram begin_layer(const network::Network& network, const network::Shapes& shapes,
                         const AcceleratorConfig& accelerator, int batch, const Step& step);

/// Chunks, parameter places and words of every layer's column tiles; placement, resident_words.
void place_weights(const network::Network& network, std::uint64_t bit_offset,
                   const std::string& where, Program& program);

/// Strips in order of execution. Needs the chunks.
void make_strips(const network::Network& network, const AcceleratorConfig& accelerator, int batch,
                 LayerProgram& layer);

/// Regions of all values, input, logits and staging.
void place_activations(const network::Network& network, const network::Shapes& shapes,
                       const std::string& where, Program& program);

/// Event counts of one layer; `program` has everything else.
EventCounts count_events(const network::Network& network, const network::Shapes& shapes,
                         const Program& program, LayerIndex layer);

/// Bytes of one number of a value: codes take 1, fp32 numbers 4.
inline std::int64_t number_bytes(const network::Network& network, network::ValueIndex value) {
  return value == network::kInputImage || network::is_quantized(network, value) ? 1 : 4;
}

}  // namespace brownout::mapping
