// SPDX-License-Identifier: Apache-2.0
// Windows and weights as 16-bit numbers, in chunks that the compiler turns into multiply–adds.
#include "sim/inference/accumulator_faults.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::inference {

AccumulatorFaults::AccumulatorFaults(const mapping::AcceleratorConfig& accelerator,
                                     const mapping::LayerProgram& layer, int zero_point)
    : layer_(&layer),
      rows_(mapping::accumulator_rows(accelerator)),
      lanes_(accelerator.array.columns + 1),
      folds_(accelerator.array.dataflow == mapping::Dataflow::kWeightStationary),
      zero_point_(zero_point) {
  // Output-stationary: the reduction stays in the PE, one tile of it all.
  const std::int64_t tile = folds_ ? layer.k_tile : layer.k;
  int chunks = 0;
  for (std::int64_t first = 0; first < layer.k; first += tile) {
    const auto codes = static_cast<int>(std::min(tile, layer.k - first));
    for (int i = 0; i < codes; ++i) places_.push_back(chunks * kChunk + i);
    chunks += (codes + kChunk - 1) / kChunk;
    tile_ends_.push_back(chunks);
  }
  padded_ = static_cast<std::size_t>(chunks) * kChunk;
  ones_.assign(padded_, 0);
  for (const int place : places_) ones_[static_cast<std::size_t>(place)] = 1;
  if (folds_) {
    weights_.assign(static_cast<std::size_t>(layer.node.matrix.out_channels) * padded_, 0);
  }
}

void AccumulatorFaults::set_weights(const std::int8_t* n, int first, int count) {
  if (!folds_) return;  // exact sums are all that is needed
  for (int c = first; c < first + count; ++c) {
    std::int16_t* const to = weights_.data() + static_cast<std::size_t>(c) * padded_;
    for (const int place : places_) to[place] = *n++;
  }
}

void AccumulatorFaults::gather(const std::uint8_t* q, int group, std::int64_t pixel,
                               std::vector<std::int16_t>& window) const {
  if (window.size() < padded_) window.resize(padded_);
  const arithmetic::Matrix& matrix = layer_->node.matrix;
  const arithmetic::Window& shape = matrix.window;
  const auto y = static_cast<int>(pixel / shape.out_width);
  const auto x = static_cast<int>(pixel % shape.out_width);
  const int first_row = y * shape.stride_h - shape.pad_top;
  const int first_column = x * shape.stride_w - shape.pad_left;
  const int* place = places_.data();
  for (int i = 0; i < matrix.group_inputs(); ++i) {
    const std::uint8_t* const channel = q + group * matrix.group_inputs() + i;
    for (int row = first_row; row < first_row + shape.kernel_h; ++row) {
      for (int column = first_column; column < first_column + shape.kernel_w; ++column) {
        const bool inside =
            row >= 0 && row < shape.in_height && column >= 0 && column < shape.in_width;
        window[static_cast<std::size_t>(*place++)] =
            inside
                ? static_cast<std::int16_t>(
                      channel[(row * shape.in_width + column) * matrix.in_channels] - zero_point_)
                : std::int16_t{0};
      }
    }
  }
}

std::int32_t AccumulatorFaults::fold(const std::int16_t* window, const std::int16_t* weights,
                                     memory::WrongBits wrong) const {
  std::uint32_t total = 0;  // wraps as the adder does
  int chunk = 0;
  for (std::size_t t = 0; t < tile_ends_.size(); ++t) {
    std::int32_t partial = 0;
    for (; chunk < tile_ends_[t]; ++chunk, window += kChunk, weights += kChunk) {
      for (int i = 0; i < kChunk; ++i) partial += window[i] * weights[i];
    }
    total = (t == 0 ? 0 : wrong.read(total)) + static_cast<std::uint32_t>(partial);
  }
  return static_cast<std::int32_t>(wrong.read(total));
}

}  // namespace brownout::inference
