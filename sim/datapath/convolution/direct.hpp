// SPDX-License-Identifier: Apache-2.0
// Direct convolution: any kernel, stride, border and grouping, without im2col.
#pragma once
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "sim/datapath/convolution/panel_layout.hpp"

namespace brownout::datapath::avx2 {

/// `Numbers` says what images and weights are made of, and multiplies them:
///   Value, Weight       of an image with its border, and of the panels
///   kStepValues         values of 32 bits
///   kPanels             panels that are multiplied together
///   kCodes              whether the image holds q (its border z) instead of q − z
///   prepare(q, image, zero_point, to), multiply(layout, rows, count, panels, start, outputs, to,
///   stride), name()
template <typename Numbers>
class DirectConvolution : public Convolution {
  using Value = typename Numbers::Value;
  using Weight = typename Numbers::Weight;

 public:
  DirectConvolution(const ConvolutionShape& shape, int zero_point, Numbers numbers)
      : shape_(shape),
        numbers_(std::move(numbers)),
        zero_point_(zero_point),
        layout_(shape, Numbers::kStepValues),
        out_(shape.out_channels / shape.groups),
        panels_(PanelLayout::panels(out_)),
        weights_(static_cast<std::size_t>(shape.groups * panels_) * layout_.panel_size()),
        start_(static_cast<std::size_t>(shape.groups * panels_) * kBlockOutputs) {}

  void set_weights(const std::int8_t* n) override {
    const std::ptrdiff_t reduction = shape_.reduction();
    for (int group = 0; group < shape_.groups; ++group, n += reduction * out_) {
      layout_.fill(n, out_, weights_.data() + panel_at(group, 0) * layout_.panel_size());
      if (!Numbers::kCodes) continue;
      std::int32_t* const start = start_.data() + panel_at(group, 0) * kBlockOutputs;
      for (int o = 0; o < out_; ++o) {
        const std::int8_t* const from = n + reduction * o;
        start[o] = -zero_point_ * std::accumulate(from, from + reduction, 0);
      }
    }
  }

  std::size_t scratch_bytes(int images) const override {
    return pass_images(images) * layout_.image().size() * sizeof(Value) + kReadAhead + 2 * kLine;
  }

  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const override {
    const std::size_t source = static_cast<std::size_t>(shape_.in_height) *
                               static_cast<std::size_t>(shape_.in_width) *
                               static_cast<std::size_t>(shape_.in_channels);
    const int most = pass_images(images);
    const std::size_t size = layout_.image().size();
    Value* const prepared = Scratch(scratch).take<Value>(most * size + kReadAhead / sizeof(Value));
    for (int first = 0; first < images; first += most) {
      const int count = std::min(most, images - first);
      for (int i = 0; i < count; ++i) {
        numbers_.prepare(q + (first + i) * source, layout_.image(), zero_point_,
                         prepared + i * size);
      }
      run_pass(prepared, count,
               acc + static_cast<std::ptrdiff_t>(layout_.pixels()) * first * shape_.out_channels);
    }
  }

  std::string name() const override { return numbers_.name(); }

 private:
  // The images of one pass fit the second-level cache.
  static constexpr std::size_t kPassBytes = 128 * 1024;

  std::size_t panel_at(int group, int panel) const {
    return static_cast<std::size_t>(group * panels_ + panel);
  }
  int pass_images(int images) const {
    const std::size_t bytes = layout_.image().size() * sizeof(Value);
    return std::max(1, std::min(images, static_cast<int>(kPassBytes / bytes)));
  }

  void run_pass(const Value* prepared, int images, std::int32_t* acc) const {
    const int total = images * layout_.pixels();
    const Value* rows[kPassPixels];
    for (int first = 0, count = 0; first < total; first += count) {
      count = next_part(total - first, kPassPixels);
      layout_.windows(prepared, first, count, rows);
      std::int32_t* out = acc + std::ptrdiff_t{first} * shape_.out_channels;
      for (int group = 0; group < shape_.groups; ++group) {
        for (int panel = 0; panel < panels_; panel += Numbers::kPanels) {
          const int channel = panel * kBlockOutputs;
          const std::size_t at = panel_at(group, panel);
          numbers_.multiply(layout_, rows, count, weights_.data() + at * layout_.panel_size(),
                            start_.data() + at * kBlockOutputs,
                            std::min(Numbers::kPanels * kBlockOutputs, out_ - channel),
                            out + channel, shape_.out_channels);
        }
        out += out_;
        for (int i = 0; i < count; ++i) rows[i] += layout_.group_inputs();
      }
    }
  }

  ConvolutionShape shape_;
  Numbers numbers_;
  int zero_point_;
  PanelLayout layout_;
  int out_;     // output channels of a group
  int panels_;  // of a group
  AlignedArray<Weight> weights_;
  std::vector<std::int32_t> start_;  // of the sums of codes: −z·Σ n
};

}  // namespace brownout::datapath::avx2
