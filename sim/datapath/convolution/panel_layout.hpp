// SPDX-License-Identifier: Apache-2.0
// A convolution without im2col, as the multiply–add kernels read it: where the windows of an image
// with its border lie, and how weights stand in panels of 16 outputs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/datapath/convolution/avx2_common.hpp"

namespace brownout::datapath::avx2 {

// Pixels that are processed between two readings of all weights.
constexpr int kPassPixels = 42 * kBlockRows;
constexpr int kTileSteps = 16;  // panels of bytes consist of whole tiles

class PanelLayout {
 public:
  PanelLayout() = default;
  /// per_step: values of a step of 32 bits. 2 for images and panels of int16, 4 for bytes.
  explicit PanelLayout(const ConvolutionShape& shape, int per_step = 2);

  const PaddedImage& image() const { return image_; }
  int group_inputs() const { return in_; }
  /// Outputs of an image.
  int pixels() const { return static_cast<int>(pixels_.size()); }
  /// Values of a panel.
  std::size_t panel_size() const {
    const std::size_t steps = offsets_.size() * steps_;
    return (per_step_ == 4 ? round_up(steps, kTileSteps) : steps) * per_step_ * kBlockOutputs;
  }
  Reduction reduction() const {
    return {offsets_.data(), static_cast<int>(offsets_.size()), steps_};
  }
  static int panels(int outputs) { return divide_up(outputs, kBlockOutputs); }

  /// n: `outputs` reductions in IHW order, of one group. panels: panels(outputs) of them; only the
  /// places that a weight has are written.
  template <typename Weight>
  void fill(const std::int8_t* n, int outputs, Weight* panels) const {
    for (int o = 0; o < outputs; ++o) {
      Weight* const panel =
          panels + (o / kBlockOutputs) * panel_size() + o % kBlockOutputs * per_step_;
      for (const std::size_t place : places_) panel[place] = *n++;
    }
  }

  /// Where the windows of `count` ≤ kPassPixels pixels from `first` on begin. Pixels are counted
  /// through images that lie back to back. These are the channels of the first group; the others
  /// follow.
  template <typename Value>
  void windows(const Value* images, std::int64_t first, int count, const Value** rows) const {
    const std::int64_t pixels = pixels_.size();
    const Value* image = images + (first / pixels) * image_.size();
    std::size_t pixel = first % pixels;
    for (int i = 0; i < count; ++i) {
      rows[i] = image + pixels_[pixel];
      if (++pixel == pixels_.size()) pixel = 0, image += image_.size();
    }
  }

  /// One panel over `count` ≤ kPassPixels windows; its first `width` outputs go to
  /// out[r · out_stride + o]. `kernel`: MultiplyRows, or plain loops that do the same.
  void multiply(MultiplyRows kernel, const std::int16_t* const* rows, int count,
                const std::int16_t* panel, int width, std::int32_t* out,
                std::ptrdiff_t out_stride) const;

 private:
  PaddedImage image_{};
  int in_ = 1;                           // input channels of a group
  int per_step_ = 2;                     // values
  int steps_ = 0;                        // of a segment: adjacent values of a kernel row
  std::vector<std::ptrdiff_t> offsets_;  // bytes, of the segments
  std::vector<std::ptrdiff_t> pixels_;   // values, of the outputs' first taps
  std::vector<std::size_t> places_;      // in a panel, of each weight of an output, in IHW order
};

}  // namespace brownout::datapath::avx2
