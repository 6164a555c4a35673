// SPDX-License-Identifier: Apache-2.0
// A convolution without im2col, as `Kernels::multiply_rows` reads it: where the windows of a
// widened image lie, and how weights stand in panels of 16 outputs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/datapath/convolution/avx2_common.hpp"

namespace brownout::datapath::avx2 {

// Pixels that are processed while a panel of weights stays in the first-level cache.
constexpr int kPassPixels = 16 * kBlockRows;

class PanelLayout {
 public:
  /// One of `Kernels::multiply_rows`, or plain loops that do the same.
  using Kernel = void (*)(const std::int16_t* const* rows, int count, const Reduction& reduction,
                          const std::int16_t* weights, std::int32_t* out,
                          std::ptrdiff_t out_stride);

  PanelLayout() = default;
  explicit PanelLayout(const ConvolutionShape& shape);

  const PaddedImage& image() const { return image_; }
  int group_inputs() const { return in_; }
  /// Outputs of an image.
  int pixels() const { return static_cast<int>(pixels_.size()); }
  /// Values of a panel.
  std::size_t panel_size() const { return offsets_.size() * pairs_ * 2 * kBlockOutputs; }
  static int panels(int outputs) { return divide_up(outputs, kBlockOutputs); }

  /// n: `outputs` reductions in IHW order, of one group. panels: panels(outputs) of them; only the
  /// places that a weight has are written.
  void fill(const std::int8_t* n, int outputs, std::int16_t* panels) const;

  /// Where the windows of `count` ≤ kPassPixels pixels from `first` on begin. Pixels are counted
  /// through images that lie back to back. These are the channels of the first group; the others
  /// follow.
  void windows(const std::int16_t* widened, std::int64_t first, int count,
               const std::int16_t** rows) const;

  /// One panel over `count` ≤ kPassPixels windows; its first `width` outputs go to
  /// out[r · out_stride + o].
  void multiply(Kernel kernel, const std::int16_t* const* rows, int count,
                const std::int16_t* panel, int width, std::int32_t* out,
                std::ptrdiff_t out_stride) const;

 private:
  PaddedImage image_{};
  int in_ = 1;                           // input channels of a group
  int pairs_ = 0;                        // of a segment: adjacent values of a kernel row
  std::vector<std::ptrdiff_t> offsets_;  // bytes, of the segments
  std::vector<std::ptrdiff_t> pixels_;   // values, of the outputs' first taps
  std::vector<std::size_t> places_;      // in a panel, of each weight of an output, in IHW order
};

}  // namespace brownout::datapath::avx2
