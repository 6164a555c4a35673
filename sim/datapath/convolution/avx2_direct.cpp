// SPDX-License-Identifier: Apache-2.0
// Direct convolution: any kernel, stride, border and grouping, without im2col.
#include <algorithm>
#include <string>

#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/panel_layout.hpp"

namespace brownout::datapath {
namespace {

using namespace avx2;

// The widened images of one pass fit the second-level cache.
constexpr std::size_t kPassBytes = 128 * 1024;

class DirectConvolution : public Convolution {
 public:
  DirectConvolution(const ConvolutionShape& shape, int zero_point, const Kernels& kernels)
      : shape_(shape),
        kernels_(kernels),
        zero_point_(zero_point),
        layout_(shape),
        out_(shape.out_channels / shape.groups),
        panels_(PanelLayout::panels(out_)),
        weights_(static_cast<std::size_t>(shape.groups * panels_) * layout_.panel_size()) {}

  void set_weights(const std::int8_t* n) override {
    const std::ptrdiff_t codes = shape_.reduction() * out_;
    for (int group = 0; group < shape_.groups; ++group) {
      layout_.fill(n + group * codes, out_, weights_.data() + panel_at(group, 0));
    }
  }

  std::size_t scratch_bytes(int images) const override {
    return pass_images(images) * layout_.image().size() * 2 + kReadAhead + 2 * kLine;
  }

  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const override {
    const std::size_t source = static_cast<std::size_t>(shape_.in_height) *
                               static_cast<std::size_t>(shape_.in_width) *
                               static_cast<std::size_t>(shape_.in_channels);
    const int most = pass_images(images);
    std::int16_t* const widened =
        Scratch(scratch).take<std::int16_t>(most * layout_.image().size() + kReadAhead / 2);
    for (int first = 0; first < images; first += most) {
      const int count = std::min(most, images - first);
      for (int i = 0; i < count; ++i)
        widen(q + (first + i) * source, layout_.image(), zero_point_,
              widened + i * layout_.image().size());
      run_pass(widened, count,
               acc + static_cast<std::ptrdiff_t>(layout_.pixels()) * first * shape_.out_channels);
    }
  }

  std::string name() const override { return kernels_.name + std::string("-direct"); }

 private:
  std::size_t panel_at(int group, int panel) const {
    return static_cast<std::size_t>(group * panels_ + panel) * layout_.panel_size();
  }
  int pass_images(int images) const {
    return std::max(1,
                    std::min(images, static_cast<int>(kPassBytes / (layout_.image().size() * 2))));
  }

  void run_pass(const std::int16_t* widened, int images, std::int32_t* acc) const {
    const int total = images * layout_.pixels();
    const std::int16_t* rows[kPassPixels];
    for (int first = 0; first < total; first += kPassPixels) {
      const int count = std::min(kPassPixels, total - first);
      layout_.windows(widened, first, count, rows);
      std::int32_t* out = acc + std::ptrdiff_t{first} * shape_.out_channels;
      for (int group = 0; group < shape_.groups; ++group) {
        for (int panel = 0; panel < panels_; ++panel) {
          const int channel = panel * kBlockOutputs;
          layout_.multiply(
              kernels_.multiply_rows, rows, count, weights_.data() + panel_at(group, panel),
              std::min(kBlockOutputs, out_ - channel), out + channel, shape_.out_channels);
        }
        out += out_;
        for (int i = 0; i < count; ++i) rows[i] += layout_.group_inputs();
      }
    }
  }

  ConvolutionShape shape_;
  Kernels kernels_;
  int zero_point_;
  PanelLayout layout_;
  int out_;     // output channels of a group
  int panels_;  // of a group
  AlignedArray<std::int16_t> weights_;
};

}  // namespace

std::unique_ptr<Convolution> make_avx2_direct(const ConvolutionShape& shape, int zero_point,
                                              const Kernels& kernels) {
  return std::make_unique<DirectConvolution>(shape, zero_point, kernels);
}

}  // namespace brownout::datapath
