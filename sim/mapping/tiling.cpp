// SPDX-License-Identifier: Apache-2.0
// Column tiles over output channels, K tiles over the reduction, strips over pixels.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/mapping/compile_parts.hpp"

namespace brownout::mapping {

namespace {

/// The pass of the step's first norm that needs sums, or null.
const VectorPass* first_summing_norm(const network::Network& network, const Step& step) {
  for (const VectorPass& pass : step.passes) {
    if (summing_norm(network, pass)) return &pass;
  }
  return nullptr;
}

/// Channels whose numbers a summing norm needs together.
int channels_of_sums(const network::Operator& norm, int channels) {
  const auto* groups = std::get_if<network::GroupNorm>(&norm);
  return groups != nullptr ? channels / groups->groups : channels;
}

/// Pixels that a strip can hold.
std::int64_t strip_capacity(const AcceleratorConfig& accelerator) {
  return accelerator.array.dataflow == Dataflow::kWeightStationary ? accelerator.accumulators.depth
                                                                   : accelerator.array.rows;
}

/// Walks of the vector unit and what they read, when `staged` is known. A walk that begins with the
/// accumulators repeats the operators before the first norm; one that begins with staged numbers
/// does not.
void count_walks(const network::Network& network, LayerProgram& layer) {
  layer.walks = 1;
  for (const VectorPass& pass : layer.step.passes) {
    layer.walks += summing_norm(network, pass) ? 1 : 0;
  }
  int norms = 0;
  for (const VectorPass& pass : layer.step.passes) {
    norms += summing_norm(network, pass) ? 1 : 0;
    const OptionalNode reader = pass.residual ? pass.residual : pass.single;
    if (!reader) continue;
    const network::Node& node = network.nodes[*reader];
    if (std::holds_alternative<network::Concat>(node.op)) {
      // All its inputs are what the walks take in.
      layer.operand_walks.insert(layer.operand_walks.end(), node.inputs.size() - 1, 0);
      continue;
    }
    if (node.inputs.size() < 2) continue;
    layer.operand_walks.push_back(norms == 0 && layer.staged ? 1 : layer.walks - norms);
  }
}

/// Whether every group of every summing norm lies within one column tile.
bool norms_fit_column_tiles(const network::Network& network, const LayerProgram& layer) {
  for (const VectorPass& pass : layer.step.passes) {
    const OptionalNode norm = summing_norm(network, pass);
    if (!norm) continue;
    // After a flatten every channel of the matrix operator has become several.
    const int channels = pass.in.channels;
    const int per_channel = channels / layer.step.matrix_out.channels;
    const int size = channels_of_sums(network.nodes[*norm].op, channels);
    for (const ColumnTile& tile : layer.column_tiles) {
      if (tile.n_first * per_channel % size != 0) return false;
    }
  }
  return true;
}

}  // namespace

std::vector<network::ParameterIndex> coded_parameters(const network::Network& network,
                                                      const LayerProgram& layer) {
  std::vector<network::ParameterIndex> coded;
  const auto add = [&](const network::NodeIndex node) {
    for (const network::ParameterIndex parameter : network::parameters_of(network.nodes[node].op)) {
      if (network.parameters[parameter].coding) coded.push_back(parameter);
    }
  };
  if (layer.step.matrix) add(*layer.step.matrix);
  for (const VectorPass& pass : layer.step.passes) {
    if (pass.norm) add(*pass.norm);
    if (pass.single) add(*pass.single);
  }
  return coded;
}

CodeRange codes_of(const network::Network& network, const LayerProgram& layer,
                   network::ParameterIndex parameter, int n_first, int n_count) {
  const std::int64_t size = network.parameters[parameter].size();
  const std::int64_t channels = layer.step.matrix_out.channels;
  BROWNOUT_CHECK(size % channels == 0, "{} codes of {} channels", size, channels);
  const std::int64_t each = size / channels;
  return {n_first * each, (n_first + n_count) * each};
}

LayerProgram begin_layer(const network::Network& network, const network::Shapes& shapes,
                         const AcceleratorConfig& accelerator, int batch, const Step& step) {
  LayerProgram layer;
  layer.step = step;
  const int channels = step.matrix_out.channels;
  int groups = 1;
  if (step.matrix) {
    layer.node = matrix_node(network, shapes, *step.matrix);
    const arithmetic::Matrix& matrix = layer.node.matrix;
    groups = matrix.groups;
    layer.k = std::int64_t{matrix.group_inputs()} * matrix.window.kernel_h * matrix.window.kernel_w;
    layer.k_tile = accelerator.array.dataflow == Dataflow::kWeightStationary
                       ? accelerator.array.rows
                       : accelerator.array.transpose_depth;
  }
  layer.vector_numbers = batch * step.matrix_out.size();
  if (!step.matrix) count_walks(network, layer);
  if (!step.matrix && coded_parameters(network, layer).empty()) return layer;
  const int group_channels = channels / groups;
  for (int group = 0; group < groups; ++group) {
    for (int first = 0; first < group_channels; first += accelerator.array.columns) {
      ColumnTile tile;
      tile.group = group;
      tile.n_first = group * group_channels + first;
      tile.n_count = std::min(accelerator.array.columns, group_channels - first);
      layer.column_tiles.push_back(tile);
    }
  }
  if (!step.matrix) return layer;
  if (const VectorPass* const pass = first_summing_norm(network, step)) {
    layer.staged = strip_capacity(accelerator) < layer.node.matrix.window.out_pixels() ||
                   !norms_fit_column_tiles(network, layer);
    if (layer.staged) {
      layer.staged_norm = summing_norm(network, *pass);
      layer.staged_shape = pass->in;
      layer.staged_numbers = batch * pass->in.size();
    }
  }
  count_walks(network, layer);
  return layer;
}

void make_strips(const network::Network& network, const AcceleratorConfig& accelerator, int batch,
                 LayerProgram& layer) {
  if (!layer.step.matrix) return;
  std::int64_t longest = strip_capacity(accelerator);
  const std::int64_t image_pixels = layer.node.matrix.window.out_pixels();
  if (first_summing_norm(network, layer.step) != nullptr && image_pixels <= longest) {
    longest -= longest % image_pixels;
  }
  const std::int64_t pixels = batch * image_pixels;
  const std::size_t tiles = layer.column_tiles.size();
  for (std::size_t first_tile = 0; first_tile < tiles;) {
    const std::size_t chunk = layer.column_tiles[first_tile].chunk;
    std::size_t last_tile = first_tile;
    while (last_tile < tiles && layer.column_tiles[last_tile].chunk == chunk) ++last_tile;
    for (std::int64_t pixel = 0; pixel < pixels; pixel += longest) {
      for (std::size_t tile = first_tile; tile < last_tile; ++tile) {
        const int half = layer.strips.size() % 2;
        layer.strips.push_back({tile, pixel, std::min(longest, pixels - pixel), half});
      }
    }
    first_tile = last_tile;
  }
}

}  // namespace brownout::mapping
