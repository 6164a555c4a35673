// SPDX-License-Identifier: Apache-2.0
// Computes windows and panels once per convolution; the kernels only follow offsets.
#include "sim/datapath/convolution/panel_layout.hpp"

#include <algorithm>

namespace brownout::datapath::avx2 {

PanelLayout::PanelLayout(const ConvolutionShape& shape, int per_step)
    : image_(padded_image(shape)), in_(shape.in_channels / shape.groups), per_step_(per_step) {
  // Without groups and dilation, the channels of adjacent taps of a kernel row are adjacent in
  // memory.
  const int taps = shape.groups == 1 && shape.dilation_w == 1 ? shape.kernel_w : 1;
  steps_ = divide_up(taps * in_, per_step);
  const int value_bytes = 4 / per_step;
  const auto at = [&](int y, int x) {
    return (std::ptrdiff_t{y} * image_.padded_width + x) * shape.in_channels;
  };
  std::vector<std::size_t> tap_elements;  // of each tap's first channel in the reduction
  for (int y = 0; y < shape.kernel_h; ++y) {
    for (int x = 0; x < shape.kernel_w; x += taps) {
      for (int tap = 0; tap < taps; ++tap) {
        tap_elements.push_back(offsets_.size() * steps_ * per_step +
                               static_cast<std::size_t>(tap * in_));
      }
      offsets_.push_back(at(y * shape.dilation_h, x * shape.dilation_w) * value_bytes);
    }
  }
  places_.reserve(tap_elements.size() * in_);
  for (int i = 0; i < in_; ++i) {
    for (const std::size_t first : tap_elements) {
      const std::size_t element = first + static_cast<std::size_t>(i);
      places_.push_back(element / per_step * (per_step * kBlockOutputs) + element % per_step);
    }
  }
  for (int y = 0; y < shape.out_height; ++y) {
    for (int x = 0; x < shape.out_width; ++x) {
      pixels_.push_back(at(y * shape.stride_h, x * shape.stride_w));
    }
  }
}

void PanelLayout::multiply(MultiplyRows kernel, const std::int16_t* const* rows, int count,
                           const std::int16_t* panel, int width, std::int32_t* out,
                           std::ptrdiff_t out_stride) const {
  if (width == kBlockOutputs) {
    kernel(rows, count, reduction(), panel, out, out_stride);
    return;
  }
  std::int32_t part[kPassPixels * kBlockOutputs];
  kernel(rows, count, reduction(), panel, part, kBlockOutputs);
  for (int r = 0; r < count; ++r)
    std::copy_n(part + r * kBlockOutputs, width, out + r * out_stride);
}

}  // namespace brownout::datapath::avx2
