// SPDX-License-Identifier: Apache-2.0
// Column tiles over output channels, K tiles over the reduction, strips over pixels.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/mapping/compile_parts.hpp"

namespace brownout::mapping {

namespace {

struct NormParameters {
  std::vector<int> operator()(const network::GroupNorm& op) const { return {op.scale, op.shift}; }
  std::vector<int> operator()(const network::BatchNorm& op) const { return {op.scale, op.shift}; }
  template <typename Op>
  std::vector<int> operator()(const Op&) const {
    return {};
  }
};

const network::Operator& operator_at(const network::Network& network, int node) {
  return network.nodes[static_cast<std::size_t>(node)].op;
}

const network::GroupNorm* group_norm_of(const network::Network& network, const VectorPass& pass) {
  return pass.norm < 0 ? nullptr
                       : std::get_if<network::GroupNorm>(&operator_at(network, pass.norm));
}

/// The pass of the step's first group norm, or null.
const VectorPass* first_group_norm(const network::Network& network, const Step& step) {
  for (const VectorPass& pass : step.passes) {
    if (group_norm_of(network, pass) != nullptr) return &pass;
  }
  return nullptr;
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
    layer.walks += group_norm_of(network, pass) != nullptr ? 1 : 0;
  }
  int norms = 0;
  for (const VectorPass& pass : layer.step.passes) {
    norms += group_norm_of(network, pass) != nullptr ? 1 : 0;
    if (pass.residual < 0) continue;
    layer.residual_walks.push_back(norms == 0 && layer.staged ? 1 : layer.walks - norms);
  }
}

/// Whether every group of every group norm lies within one column tile.
bool norms_fit_column_tiles(const network::Network& network, const LayerProgram& layer) {
  for (const VectorPass& pass : layer.step.passes) {
    const network::GroupNorm* norm = group_norm_of(network, pass);
    if (norm == nullptr) continue;
    // After a flatten every channel of the matrix operator has become several.
    const int channels = pass.in.channels;
    const int per_channel = channels / layer.step.matrix_out.channels;
    const int size = channels / norm->groups;
    for (const ColumnTile& tile : layer.column_tiles) {
      if (tile.n_first * per_channel % size != 0) return false;
    }
  }
  return true;
}

}  // namespace

std::vector<int> coded_parameters(const network::Network& network, const LayerProgram& layer) {
  std::vector<int> all = {layer.node.weight, layer.node.bias};
  for (const VectorPass& pass : layer.step.passes) {
    if (pass.norm < 0) continue;
    const std::vector<int> norm = std::visit(NormParameters{}, operator_at(network, pass.norm));
    all.insert(all.end(), norm.begin(), norm.end());
  }
  std::vector<int> coded;
  for (const int parameter : all) {
    if (parameter < 0 || !network.parameters[static_cast<std::size_t>(parameter)].coding) continue;
    coded.push_back(parameter);
  }
  return coded;
}

CodeRange codes_of(const network::Network& network, const LayerProgram& layer, int parameter,
                   int n_first, int n_count) {
  const std::int64_t size = network.parameters[static_cast<std::size_t>(parameter)].size();
  const std::int64_t channels = layer.step.matrix_out.channels;
  BROWNOUT_CHECK(size % channels == 0, "{} codes of {} channels", size, channels);
  const std::int64_t each = size / channels;
  return {n_first * each, (n_first + n_count) * each};
}

LayerProgram begin_layer(const network::Network& network, const std::vector<network::Shape>& shapes,
                         const AcceleratorConfig& accelerator, int batch, const Step& step) {
  LayerProgram layer;
  layer.step = step;
  const int channels = step.matrix_out.channels;
  int groups = 1;
  if (step.matrix >= 0) {
    layer.node = matrix_node(network, shapes, step.matrix);
    const arithmetic::Matrix& matrix = layer.node.matrix;
    groups = matrix.groups;
    layer.k = std::int64_t{matrix.group_inputs()} * matrix.window.kernel_h * matrix.window.kernel_w;
    layer.k_tile = accelerator.array.dataflow == Dataflow::kWeightStationary
                       ? accelerator.array.rows
                       : accelerator.array.transpose_depth;
  }
  layer.vector_numbers = batch * step.matrix_out.size();
  if (step.matrix < 0) count_walks(network, layer);
  if (step.matrix < 0 && coded_parameters(network, layer).empty()) return layer;
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
  if (step.matrix < 0) return layer;
  if (const VectorPass* const pass = first_group_norm(network, step)) {
    layer.staged = strip_capacity(accelerator) < layer.node.matrix.window.out_pixels() ||
                   !norms_fit_column_tiles(network, layer);
    if (layer.staged) {
      layer.staged_norm = pass->norm;
      layer.staged_shape = pass->in;
      layer.staged_numbers = batch * pass->in.size();
    }
  }
  count_walks(network, layer);
  return layer;
}

void make_strips(const network::Network& network, const AcceleratorConfig& accelerator, int batch,
                 LayerProgram& layer) {
  if (layer.step.matrix < 0) return;
  std::int64_t longest = strip_capacity(accelerator);
  const std::int64_t image_pixels = layer.node.matrix.window.out_pixels();
  if (first_group_norm(network, layer.step) != nullptr && image_pixels <= longest) {
    longest -= longest % image_pixels;
  }
  const std::int64_t pixels = batch * image_pixels;
  const int tiles = static_cast<int>(layer.column_tiles.size());
  for (int first_tile = 0; first_tile < tiles;) {
    const int chunk = layer.column_tiles[static_cast<std::size_t>(first_tile)].chunk;
    int last_tile = first_tile;
    while (last_tile < tiles &&
           layer.column_tiles[static_cast<std::size_t>(last_tile)].chunk == chunk) {
      ++last_tile;
    }
    for (std::int64_t pixel = 0; pixel < pixels; pixel += longest) {
      for (int tile = first_tile; tile < last_tile; ++tile) {
        const int half = static_cast<int>(layer.strips.size() % 2);
        layer.strips.push_back({tile, pixel, std::min(longest, pixels - pixel), half});
      }
    }
    first_tile = last_tile;
  }
}

}  // namespace brownout::mapping
