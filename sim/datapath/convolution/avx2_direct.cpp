// SPDX-License-Identifier: Apache-2.0
// Direct convolution of int16 with AVX2, or with another kernel for int16.
#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/direct.hpp"

namespace brownout::datapath {
namespace {

using namespace avx2;

struct Words {
  using Value = std::int16_t;
  using Weight = std::int16_t;
  static constexpr int kStepValues = 2;
  static constexpr int kPanelMultiple = 1;
  static constexpr bool kCodes = false;

  static void prepare(const std::uint8_t* q, const PaddedImage& image, int zero_point,
                      std::int16_t* to) {
    widen(q, image, zero_point, to);
  }
  void multiply(const PanelLayout& layout, const std::int16_t* const* rows, int count,
                const Group<std::int16_t>& group, std::int32_t* to, std::ptrdiff_t stride,
                std::uint8_t* /*scratch*/) const {
    const std::int16_t* panel = group.panels;
    for (int o = 0; o < group.outputs; o += kBlockOutputs, panel += layout.panel_size()) {
      layout.multiply(kernel, rows, count, panel, std::min(kBlockOutputs, group.outputs - o),
                      to + o, stride);
    }
  }
  static std::size_t scratch_bytes(const PanelLayout&) { return 0; }
  static std::string name() { return "avx2-direct"; }

  MultiplyRows kernel;
};

}  // namespace

std::unique_ptr<Convolution> make_avx2_direct(const ConvolutionShape& shape, int zero_point,
                                              MultiplyRows kernel) {
  return std::make_unique<DirectConvolution<Words>>(shape, zero_point, Words{kernel});
}

}  // namespace brownout::datapath
