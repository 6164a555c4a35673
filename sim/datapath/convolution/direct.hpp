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

/// The weights of a group in panels of 16 outputs, and what their sums start with.
template <typename Weight>
struct Group {
  const Weight* panels;
  const std::int32_t* start;
  int outputs;
};

/// `Numbers` says what images and weights are made of, and multiplies them:
///   Value, Weight    of an image with its border, and of the panels
///   kStepValues      values of 32 bits
///   kPanelMultiple   a group has a multiple of so many panels
///   kCodes           whether the image holds q (its border z) instead of q − z
///   prepare(q, image, zero_point, to)
///   multiply(layout, rows, count, group, to, stride, scratch), scratch_bytes(layout), name()
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
        panels_(static_cast<int>(round_up(PanelLayout::panels(out_), Numbers::kPanelMultiple))),
        weights_(static_cast<std::size_t>(shape.groups * panels_) * layout_.panel_size()),
        start_(static_cast<std::size_t>(shape.groups * panels_) * kBlockOutputs) {}

  void set_weights(const std::int8_t* n) override {
    const std::ptrdiff_t reduction = shape_.reduction();
    for (int group = 0; group < shape_.groups; ++group, n += reduction * out_) {
      layout_.fill(n, out_, weights_.data() + first_panel(group) * layout_.panel_size());
      if (!Numbers::kCodes) continue;
      std::int32_t* const start = start_.data() + first_panel(group) * kBlockOutputs;
      for (int o = 0; o < out_; ++o) {
        const std::int8_t* const from = n + reduction * o;
        start[o] = -zero_point_ * std::accumulate(from, from + reduction, 0);
      }
    }
  }

  std::size_t scratch_bytes(int images) const override {
    return pass_images(images) * layout_.image().size() * sizeof(Value) + kReadAhead +
           numbers_.scratch_bytes(layout_) + 4 * kLine;
  }

  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const override {
    const std::size_t source = static_cast<std::size_t>(shape_.in_height) *
                               static_cast<std::size_t>(shape_.in_width) *
                               static_cast<std::size_t>(shape_.in_channels);
    const int most = pass_images(images);
    const std::size_t size = layout_.image().size();
    Scratch pieces(scratch);
    Value* const prepared = pieces.take<Value>(most * size + kReadAhead / sizeof(Value));
    auto* const spare = pieces.take<std::uint8_t>(numbers_.scratch_bytes(layout_));
    for (int first = 0; first < images; first += most) {
      const int count = std::min(most, images - first);
      for (int i = 0; i < count; ++i) {
        numbers_.prepare(q + (first + i) * source, layout_.image(), zero_point_,
                         prepared + i * size);
      }
      run_pass(prepared, count, spare,
               acc + static_cast<std::ptrdiff_t>(layout_.pixels()) * first * shape_.out_channels);
    }
  }

  std::string name() const override { return numbers_.name(); }

 private:
  // The images of one pass fit the second-level cache.
  static constexpr std::size_t kPassBytes = 128 * 1024;

  std::size_t first_panel(int group) const { return static_cast<std::size_t>(group * panels_); }
  int pass_images(int images) const {
    const std::size_t bytes = layout_.image().size() * sizeof(Value);
    return std::max(1, std::min(images, static_cast<int>(kPassBytes / bytes)));
  }

  void run_pass(const Value* prepared, int images, std::uint8_t* spare, std::int32_t* acc) const {
    const int total = images * layout_.pixels();
    const Value* rows[kPassPixels];
    for (int first = 0, count = 0; first < total; first += count) {
      count = next_part(total - first, kPassPixels);
      layout_.windows(prepared, first, count, rows);
      std::int32_t* out = acc + std::ptrdiff_t{first} * shape_.out_channels;
      for (int group = 0; group < shape_.groups; ++group) {
        const std::size_t panel = first_panel(group);
        const Group<Weight> panels{weights_.data() + panel * layout_.panel_size(),
                                   start_.data() + panel * kBlockOutputs, out_};
        numbers_.multiply(layout_, rows, count, panels, out, shape_.out_channels, spare);
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
