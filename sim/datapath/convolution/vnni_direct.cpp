// SPDX-License-Identifier: Apache-2.0
// Direct convolution of bytes with AVX-512 VNNI: Σ n·(q − z) = Σ n·q − z·Σ n, with z in the border.
#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/direct.hpp"

namespace brownout::datapath {
namespace {

using namespace avx2;

struct Bytes {
  using Value = std::uint8_t;
  using Weight = std::int8_t;
  static constexpr int kStepValues = 4;
  static constexpr int kPanels = kBytePanels;
  static constexpr bool kCodes = true;

  static void prepare(const std::uint8_t* q, const PaddedImage& image, int zero_point,
                      std::uint8_t* to) {
    copy_codes(q, image, zero_point, to);
  }
  static void multiply(const PanelLayout& layout, const std::uint8_t* const* rows, int count,
                       const std::int8_t* panels, const std::int32_t* start, int outputs,
                       std::int32_t* to, std::ptrdiff_t stride) {
    const auto size = static_cast<std::ptrdiff_t>(layout.panel_size());
    multiply_bytes_vnni(rows, count, layout.reduction(), {panels, size, start}, outputs, to,
                        stride);
  }
  static std::string name() { return "vnni-direct"; }
};

}  // namespace

std::unique_ptr<Convolution> make_vnni_direct(const ConvolutionShape& shape, int zero_point) {
  return std::make_unique<DirectConvolution<Bytes>>(shape, zero_point, Bytes{});
}

}  // namespace brownout::datapath
