// SPDX-License-Identifier: Apache-2.0
// Direct convolution of bytes with AVX-512 VNNI or AMX: Σ n·(q − z) = Σ n·q − z·Σ n, with z in the
// border.
#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/direct.hpp"

namespace brownout::datapath {
namespace {

using namespace avx2;

struct Bytes {
  using Value = std::uint8_t;
  using Weight = std::int8_t;
  static constexpr int kStepValues = 4;
  static constexpr int kPanelMultiple = kBytePanels;
  static constexpr bool kCodes = true;

  static void prepare(const std::uint8_t* q, const PaddedImage& image, int zero_point,
                      std::uint8_t* to) {
    copy_codes(q, image, zero_point, to);
  }

  void multiply(const PanelLayout& layout, const std::uint8_t* const* rows, int count,
                const Group<std::int8_t>& group, std::int32_t* to, std::ptrdiff_t stride,
                std::uint8_t* scratch) const {
    const Reduction reduction = layout.reduction();
    const std::size_t size = layout.panel_size();
    if (tiles && count >= kFewestTileRows) {
      multiply_bytes_amx(rows, count, reduction, {group.panels, size, group.start}, group.outputs,
                         to, stride, scratch);
      return;
    }
    for (int o = 0; o < group.outputs; o += kBytePanels * kBlockOutputs) {
      multiply_bytes_vnni(rows, count, reduction,
                          {group.panels + o / kBlockOutputs * size, size, group.start + o},
                          std::min(kBytePanels * kBlockOutputs, group.outputs - o), to + o, stride);
    }
  }

  std::size_t scratch_bytes(const PanelLayout& layout) const {
    return tiles ? gathered_bytes(layout.reduction(), kPassPixels) : 0;
  }
  std::string name() const { return tiles ? "amx-direct" : "vnni-direct"; }

  static constexpr int kFewestTileRows = 8;  // for fewer, most of a tile is empty
  bool tiles;                                // AMX
};

}  // namespace

std::unique_ptr<Convolution> make_byte_direct(const ConvolutionShape& shape, int zero_point,
                                              bool tiles) {
  return std::make_unique<DirectConvolution<Bytes>>(shape, zero_point, Bytes{tiles});
}

}  // namespace brownout::datapath
