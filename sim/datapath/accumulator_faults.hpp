// SPDX-License-Identifier: Apache-2.0
// Sums that pass through faulty accumulators: the partial sums of the K tiles are folded one after
// the other through the cells that read wrong.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/mapping/memory_faults.hpp"
#include "sim/memory/corruption.hpp"

namespace brownout::datapath {

/// The pixels of one image that belong to a strip.
struct StripPart {
  const mapping::Strip* strip = nullptr;
  std::int64_t image = 0;               // of the batch
  const std::int16_t* input = nullptr;  // its codes, widened
  std::int32_t* acc = nullptr;  // its sums, pixel · stride + channel, exact before the call
  std::int64_t stride = 0;
  std::uint64_t load_event = 0, batch = 0;  // of fresh draws
};

/// One layer on one accelerator. The time is proportional to the faulty words times the reduction.
class AccumulatorFaults {
 public:
  AccumulatorFaults() = default;
  AccumulatorFaults(const std::shared_ptr<const mapping::Program>& program,
                    mapping::LayerIndex layer, int zero_point);

  /// Weights of channels [first, first + count), absolute: n of K each, IHW order.
  void set_weights(const std::int8_t* n, int first, int count);

  /// Numbers of a widened image, and the image: q − z, with padding around it.
  std::size_t widened_size() const { return widened_size_; }
  void widen(const std::uint8_t* q, std::int16_t* widened) const;

  /// Writes what the drain reads into `part.acc`, and calls sum(pixel of the image, sum) if lane C
  /// has faulty cells. Returns how many bits read wrong. `window` is scratch memory of the caller.
  template <typename Sum>
  std::int64_t run(const memory::Corruption& cells, const StripPart& part,
                   std::vector<std::int16_t>& window, Sum&& sum) const;

 private:
  /// The window of a pixel, K tile by K tile, each padded with zeros to kChunk codes.
  void gather(const std::int16_t* input, int group, std::int64_t pixel,
              std::vector<std::int16_t>& window) const;
  std::int32_t fold(const std::int16_t* window, const std::int16_t* weights,
                    memory::WrongBits wrong, std::int64_t& bits_wrong) const;

  static constexpr int kChunk = 8;  // codes that are multiplied at once

  std::shared_ptr<const mapping::LayerProgram> layer_;
  std::int64_t rows_ = 0;  // of a half
  int lanes_ = 0;          // C + 1
  bool folds_ = false;     // weight-stationary: K tiles meet in the accumulators
  int zero_point_ = 0;
  std::vector<int> places_;  // of code k in the padded reduction
  int width_ = 0;            // of the widened image
  std::size_t widened_size_ = 0;
  std::vector<int> offsets_;           // in it, of code k from the window's first code
  std::vector<int> tile_ends_;         // in chunks
  std::size_t padded_ = 0;             // codes of a padded reduction
  std::vector<std::int16_t> weights_;  // channels × padded reduction
  std::vector<std::int16_t> ones_;     // lane C
};

template <typename Sum>
std::int64_t AccumulatorFaults::run(const memory::Corruption& cells, const StripPart& part,
                                    std::vector<std::int16_t>& window, Sum&& sum) const {
  std::int64_t bits_wrong = 0;
  const mapping::Strip& strip = *part.strip;
  const auto& tile = layer_->column_tiles[strip.column_tile];
  const std::int64_t pixels = layer_->node.matrix.window.out_pixels();
  const std::int64_t begin = std::max(strip.pixel_first, part.image * pixels);
  const std::int64_t end =
      std::min(strip.pixel_first + strip.pixel_count, (part.image + 1) * pixels);
  const auto word = [&](std::int64_t pixel) {
    return (strip.half * rows_ + pixel - strip.pixel_first) * lanes_;
  };
  std::int64_t gathered = -1;
  cells.visit(
      word(begin), word(end), part.load_event, part.batch,
      [&](std::int64_t index, memory::WrongBits wrong) {
        const std::int64_t pixel = begin + (index - word(begin)) / lanes_ - part.image * pixels;
        const auto lane = static_cast<int>((index - word(begin)) % lanes_);
        const bool sums = lane == lanes_ - 1;
        if (lane >= tile.n_count && !sums) return;
        std::int32_t* const acc = part.acc + pixel * part.stride + tile.n_first + lane;
        if (!sums && !folds_) {
          const auto stored = static_cast<std::uint32_t>(*acc);
          bits_wrong += memory::ones(wrong.read(stored) ^ stored);
          *acc = static_cast<std::int32_t>(wrong.read(stored));
          return;
        }
        if (gathered != pixel) gather(part.input, tile.group, pixel, window);
        gathered = pixel;
        if (sums) {
          sum(static_cast<int>(pixel), fold(window.data(), ones_.data(), wrong, bits_wrong));
        } else {
          const std::size_t channel = tile.n_first + lane;
          *acc = fold(window.data(), weights_.data() + channel * padded_, wrong, bits_wrong);
        }
      });
  return bits_wrong;
}

}  // namespace brownout::datapath
