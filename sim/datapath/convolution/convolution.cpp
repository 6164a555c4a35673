// SPDX-License-Identifier: Apache-2.0
// Chooses a kind of convolution for this processor, and refuses shapes that cannot be exact.
#include "sim/datapath/convolution/convolution.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/kinds.hpp"

namespace brownout::datapath {

namespace {

void check_shape(const ConvolutionShape& s, int zero_point, int bits) {
  for (const int value :
       {s.in_channels, s.in_height, s.in_width, s.out_channels, s.out_height, s.out_width,
        s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.groups, s.dilation_h, s.dilation_w})
    if (value < 1) throw InputError("convolution: sizes must be at least 1, found {}", value);
  for (const int value : {s.pad_top, s.pad_left, s.pad_bottom, s.pad_right})
    if (value < 0) throw InputError("convolution: padding must be at least 0, found {}", value);
  if (s.in_channels % s.groups != 0 || s.out_channels % s.groups != 0)
    throw InputError("convolution: {} input and {} output channels do not divide into {} groups",
                     s.in_channels, s.out_channels, s.groups);
  const int room_h = s.in_height + s.pad_top + s.pad_bottom - ((s.kernel_h - 1) * s.dilation_h + 1);
  const int room_w = s.in_width + s.pad_left + s.pad_right - ((s.kernel_w - 1) * s.dilation_w + 1);
  const int height = room_h < 0 ? 0 : room_h / s.stride_h + 1;
  const int width = room_w < 0 ? 0 : room_w / s.stride_w + 1;
  if (height != s.out_height || width != s.out_width)
    throw InputError("convolution: the output is {}×{}, expected {}×{} from a {}×{} input",
                     s.out_height, s.out_width, height, width, s.in_height, s.in_width);
  if (zero_point < 0 || zero_point > 255)
    throw InputError("convolution: zero point {} is outside [0, 255]", zero_point);
  if (bits < 1 || bits > 8) throw InputError("convolution: {} bits are outside [1, 8]", bits);
  const std::int64_t most = (std::int64_t{1} << 31) - 1;
  if (s.reduction() > most / (255 << (bits - 1)))
    throw InputError("convolution: sums of {} products of {}-bit weights can leave 32 bits",
                     s.reduction(), bits);
}

}  // namespace

ConvolutionShape convolution_shape(const mapping::MatrixNode& node) {
  const arithmetic::Matrix& matrix = node.matrix;
  const arithmetic::Window& window = matrix.window;
  return {matrix.in_channels, window.in_height, window.in_width, matrix.out_channels,
          window.out_height,  window.out_width, window.kernel_h, window.kernel_w,
          window.stride_h,    window.stride_w,  window.pad_top,  window.pad_left,
          node.pad_bottom,    node.pad_right,   matrix.groups,   window.dilation_h,
          window.dilation_w};
}

const std::vector<std::string>& convolution_kinds() {
  static const std::vector<std::string> kinds{"amx", "vnni", "avx2", "reference"};
  return kinds;
}

bool convolution_available(const std::string& kind) {
  if (kind == "amx") return amx_available();
  if (kind == "vnni") return vnni_available();
  if (kind == "avx2") return avx2_available();
  return kind == "reference";
}

std::unique_ptr<Convolution> make_convolution(const std::string& kind,
                                              const ConvolutionShape& shape, int zero_point,
                                              int bits) {
  check_shape(shape, zero_point, bits);
  if (kind == "auto") {
    const auto best =
        std::find_if(convolution_kinds().begin(), convolution_kinds().end(), convolution_available);
    return make_convolution(*best, shape, zero_point, bits);
  }
  const auto& kinds = convolution_kinds();
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    throw InputError("convolution kind \"{}\" is unknown, expected auto, {}", kind,
                     fmt::join(kinds, ", "));
  if (!convolution_available(kind))
    throw InputError("convolution kind \"{}\" does not run on this processor", kind);
  if (kind == "avx2") return make_avx2_convolution(shape, zero_point, bits);
  if (kind == "amx" || kind == "vnni") {
    return is_depthwise(shape) ? make_avx2_depthwise(shape, zero_point)
                               : make_byte_direct(shape, zero_point, kind == "amx");
  }
  return make_reference_convolution(shape, zero_point);
}

}  // namespace brownout::datapath
