// SPDX-License-Identifier: Apache-2.0
// Direct convolution with AVX2: any kernel, stride, border and grouping, without im2col.
#include <algorithm>
#include <vector>

#include "sim/inference/convolution/avx2.hpp"
#include "sim/inference/convolution/avx2_common.hpp"

namespace brownout::inference {
namespace {

using namespace avx2;

// Widened images of one pass stay in the second-level cache.
constexpr std::size_t kPassBytes = 128 * 1024;
// Pixels that pass by while a panel of weights stays in the first-level cache.
constexpr int kPassPixels = 16 * kBlockRows;

class DirectConvolution : public Convolution {
 public:
  DirectConvolution(const ConvolutionShape& shape, int zero_point)
      : shape_(shape),
        zero_point_(zero_point),
        image_{shape.in_height,
               shape.in_width,
               shape.in_channels,
               shape.pad_top,
               shape.pad_left,
               shape.in_height + shape.pad_top + shape.pad_bottom,
               shape.in_width + shape.pad_left + shape.pad_right},
        // Without groups the channels of adjacent taps of a kernel row are adjacent in memory.
        taps_(shape.groups == 1 ? shape.kernel_w : 1),
        in_(shape.in_channels / shape.groups),
        out_(shape.out_channels / shape.groups),
        pairs_(divide_up(taps_ * in_, 2)),
        blocks_(divide_up(out_, kBlockOutputs)),
        weights_(static_cast<std::size_t>(shape.groups * blocks_) * panel_size()) {
    for (int y = 0; y < shape.kernel_h; ++y)
      for (int x = 0; x < shape.kernel_w; x += taps_) {
        for (int tap = 0; tap < taps_; ++tap)
          tap_elements_.push_back(offsets_.size() * static_cast<std::size_t>(pairs_) * 2 +
                                  static_cast<std::size_t>(tap * in_));
        offsets_.push_back(at(y, x) * 2);
      }
    for (int y = 0; y < shape.out_height; ++y)
      for (int x = 0; x < shape.out_width; ++x)
        pixels_.push_back(at(y * shape.stride_h, x * shape.stride_w));
  }

  void set_weights(const std::int8_t* n) override {
    for (int o = 0; o < shape_.out_channels; ++o) {
      const int block = o / out_ * blocks_ + o % out_ / kBlockOutputs;
      std::int16_t* const panel = weights_.data() + static_cast<std::size_t>(block) * panel_size() +
                                  o % out_ % kBlockOutputs * 2;
      for (std::size_t i = 0; i < static_cast<std::size_t>(in_); ++i)
        for (const std::size_t first : tap_elements_) {
          const std::size_t element = first + i;
          panel[element / 2 * (2 * kBlockOutputs) + element % 2] = *n++;
        }
    }
  }

  std::size_t scratch_bytes(int images) const override {
    return static_cast<std::size_t>(pass_images(images)) * image_.size() * 2 + kReadAhead +
           2 * kLine;
  }

  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const override {
    const std::size_t source = static_cast<std::size_t>(shape_.in_height) *
                               static_cast<std::size_t>(shape_.in_width) *
                               static_cast<std::size_t>(shape_.in_channels);
    const int most = pass_images(images);
    std::int16_t* const widened = Scratch(scratch).take<std::int16_t>(
        static_cast<std::size_t>(most) * image_.size() + kReadAhead / 2);
    for (int first = 0; first < images; first += most) {
      const int count = std::min(most, images - first);
      for (int i = 0; i < count; ++i)
        widen(q + static_cast<std::size_t>(first + i) * source, image_, zero_point_,
              widened + static_cast<std::size_t>(i) * image_.size());
      run_pass(widened, count,
               acc + static_cast<std::ptrdiff_t>(pixels_.size()) * first * shape_.out_channels);
    }
  }

  std::string name() const override { return "avx2-direct"; }

 private:
  std::ptrdiff_t at(int y, int x) const {
    return (std::ptrdiff_t{y} * image_.padded_width + x) * shape_.in_channels;
  }
  std::size_t panel_size() const {
    const int segments = shape_.kernel_h * shape_.kernel_w / taps_;
    return static_cast<std::size_t>(segments) * static_cast<std::size_t>(pairs_) * 2 *
           kBlockOutputs;
  }
  int pass_images(int images) const {
    return std::max(1, std::min(images, static_cast<int>(kPassBytes / (image_.size() * 2))));
  }

  void run_pass(const std::int16_t* widened, int images, std::int32_t* acc) const {
    const int pixels = static_cast<int>(pixels_.size());
    const int total = images * pixels;
    const std::int16_t* rows[kPassPixels];
    int image = 0, pixel = 0;
    for (int first = 0; first < total; first += kPassPixels) {
      const int count = std::min(kPassPixels, total - first);
      for (int i = 0; i < count; ++i) {
        rows[i] = widened + static_cast<std::size_t>(image) * image_.size() +
                  pixels_[static_cast<std::size_t>(pixel)];
        if (++pixel == pixels) pixel = 0, ++image;
      }
      std::int32_t* const out = acc + std::ptrdiff_t{first} * shape_.out_channels;
      for (int group = 0; group < shape_.groups; ++group) {
        for (int block = 0; block < blocks_; ++block) run_panel(rows, count, group, block, out);
        for (int i = 0; i < count; ++i) rows[i] += in_;
      }
    }
  }

  // One panel of weights over `count` pixels.
  void run_panel(const std::int16_t* const* rows, int count, int group, int block,
                 std::int32_t* out) const {
    const Reduction reduction{offsets_.data(), static_cast<int>(offsets_.size()), pairs_};
    const std::int16_t* const panel =
        weights_.data() + static_cast<std::size_t>(group * blocks_ + block) * panel_size();
    const int channel = block * kBlockOutputs;
    const int width = std::min(kBlockOutputs, out_ - channel);
    out += group * out_ + channel;
    if (width == kBlockOutputs) {
      multiply_rows(rows, count, reduction, panel, out, shape_.out_channels);
      return;
    }
    std::int32_t part[kPassPixels * kBlockOutputs];
    multiply_rows(rows, count, reduction, panel, part, kBlockOutputs);
    for (int r = 0; r < count; ++r)
      std::copy_n(part + r * kBlockOutputs, width, out + std::ptrdiff_t{r} * shape_.out_channels);
  }

  ConvolutionShape shape_;
  int zero_point_;
  PaddedImage image_;
  int taps_;    // kernel columns in a segment
  int in_;      // input channels of a group
  int out_;     // output channels of a group
  int pairs_;   // of a segment
  int blocks_;  // panels of 16 output channels of a group
  AlignedArray<std::int16_t> weights_;
  std::vector<std::size_t> tap_elements_;  // of each tap's first channel in the reduction
  std::vector<std::ptrdiff_t> offsets_;    // bytes, of the segments
  std::vector<std::ptrdiff_t> pixels_;     // values, of the outputs' first taps
};

}  // namespace

std::unique_ptr<Convolution> make_avx2_direct(const ConvolutionShape& shape, int zero_point) {
  return std::make_unique<DirectConvolution>(shape, zero_point);
}

}  // namespace brownout::inference
