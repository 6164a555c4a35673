// SPDX-License-Identifier: Apache-2.0
// Windows and weights as 16-bit numbers, in chunks that the compiler turns into multiply–adds.
#include "sim/datapath/accumulator_faults.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::datapath {

AccumulatorFaults::AccumulatorFaults(const std::shared_ptr<const mapping::Program>& program,
                                     mapping::LayerIndex number, int zero_point)
    : layer_(program, &program->layers[number]),
      rows_(mapping::accumulator_rows(program->accelerator)),
      lanes_(program->accelerator.array.columns + 1),
      folds_(program->accelerator.array.dataflow == mapping::Dataflow::kWeightStationary),
      zero_point_(zero_point) {
  const mapping::LayerProgram& layer = *layer_;
  // Output-stationary: the reduction stays in the PE, so all of it is one tile.
  const std::int64_t tile = folds_ ? layer.k_tile : layer.k;
  int chunks = 0;
  for (std::int64_t first = 0; first < layer.k; first += tile) {
    const auto codes = static_cast<int>(std::min(tile, layer.k - first));
    for (int i = 0; i < codes; ++i) places_.push_back(chunks * kChunk + i);
    chunks += (codes + kChunk - 1) / kChunk;
    tile_ends_.push_back(chunks);
  }
  padded_ = static_cast<std::size_t>(chunks) * kChunk;
  const arithmetic::Matrix& matrix = layer.node.matrix;
  const arithmetic::Window& window = matrix.window;
  // As far as the last window reaches, wherever the image ends.
  width_ = std::max((window.out_width - 1) * window.stride_w + window.reach_w(),
                    window.pad_left + window.in_width);
  const int height = std::max((window.out_height - 1) * window.stride_h + window.reach_h(),
                              window.pad_top + window.in_height);
  widened_size_ = static_cast<std::size_t>(width_) * static_cast<std::size_t>(height) *
                  static_cast<std::size_t>(matrix.in_channels);
  for (int i = 0; i < matrix.group_inputs(); ++i) {
    for (int row = 0; row < matrix.window.kernel_h; ++row) {
      for (int column = 0; column < matrix.window.kernel_w; ++column) {
        offsets_.push_back((row * window.dilation_h * width_ + column * window.dilation_w) *
                               matrix.in_channels +
                           i);
      }
    }
  }
  ones_.assign(padded_, 0);
  for (const int place : places_) ones_[place] = 1;
  if (folds_) {
    weights_.assign(layer.node.matrix.out_channels * padded_, 0);
  }
}

void AccumulatorFaults::set_weights(const std::int8_t* n, int first, int count) {
  if (!folds_) return;  // exact sums are all that is needed
  for (int c = first; c < first + count; ++c) {
    std::int16_t* const to = weights_.data() + c * padded_;
    for (const int place : places_) to[place] = *n++;
  }
}

void AccumulatorFaults::widen(const std::uint8_t* q, std::int16_t* widened) const {
  const arithmetic::Matrix& matrix = layer_->node.matrix;
  const arithmetic::Window& window = matrix.window;
  std::fill_n(widened, widened_size_, std::int16_t{0});
  const std::ptrdiff_t row = std::ptrdiff_t{window.in_width} * matrix.in_channels;
  for (int y = 0; y < window.in_height; ++y) {
    std::int16_t* const to =
        widened +
        (std::ptrdiff_t{window.pad_top + y} * width_ + window.pad_left) * matrix.in_channels;
    for (std::ptrdiff_t i = 0; i < row; ++i) to[i] = static_cast<std::int16_t>(*q++ - zero_point_);
  }
}

void AccumulatorFaults::gather(const std::int16_t* input, int group, std::int64_t pixel,
                               std::vector<std::int16_t>& window) const {
  if (window.size() < padded_) window.resize(padded_);
  const arithmetic::Matrix& matrix = layer_->node.matrix;
  const arithmetic::Window& shape = matrix.window;
  const std::int64_t row = pixel / shape.out_width * shape.stride_h;
  const std::int64_t column = pixel % shape.out_width * shape.stride_w;
  const std::int16_t* const from =
      input + (row * width_ + column) * matrix.in_channels + group * matrix.group_inputs();
  std::int16_t* const to = window.data();
  const int* const places = places_.data();
  const int* const offsets = offsets_.data();
  const std::size_t codes = places_.size();
  for (std::size_t k = 0; k < codes; ++k) to[places[k]] = from[offsets[k]];
}

std::int32_t AccumulatorFaults::fold(const std::int16_t* window, const std::int16_t* weights,
                                     memory::WrongBits wrong, std::int64_t& bits_wrong) const {
  const auto read = [&](std::uint32_t stored) {
    bits_wrong += memory::ones(wrong.read(stored) ^ stored);
    return wrong.read(stored);
  };
  std::uint32_t total = 0;  // wraps as the adder does
  int chunk = 0;
  for (std::size_t t = 0; t < tile_ends_.size(); ++t) {
    std::int32_t partial = 0;
    for (; chunk < tile_ends_[t]; ++chunk, window += kChunk, weights += kChunk) {
      for (int i = 0; i < kChunk; ++i) partial += window[i] * weights[i];
    }
    total = (t == 0 ? 0 : read(total)) + static_cast<std::uint32_t>(partial);
  }
  return static_cast<std::int32_t>(read(total));
}

}  // namespace brownout::datapath
