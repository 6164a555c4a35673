// SPDX-License-Identifier: Apache-2.0
// Chooses among the AVX2 convolutions by an estimate of their cycles.
#include "sim/datapath/convolution/avx2.hpp"

#include "sim/datapath/convolution/avx2_common.hpp"

namespace brownout::datapath {
namespace {

using avx2::divide_up;

// Cycles of one image. A pair of values times 16 outputs takes 1.3 cycles. The other constants are
// measured times of calls and transforms on Zen 3. Only the comparison matters.
constexpr double kValue = 0.65;

double direct_cycles(const ConvolutionShape& s) {
  const int panels = s.groups * divide_up(s.out_channels / s.groups, avx2::kBlockOutputs);
  const double pixels = double(s.out_height) * s.out_width;
  return panels * pixels * (kValue * double(s.reduction()) + 5.0);
}

double winograd_cycles(const ConvolutionShape& s) {
  const double tiles =
      double(divide_up(s.out_height, avx2::kTile)) * divide_up(s.out_width, avx2::kTile);
  const double inputs = divide_up(s.in_channels, 16) * 100.0;
  const double products = avx2::kPoints * (kValue * s.in_channels + 4.0);
  return tiles * (inputs + divide_up(s.out_channels, avx2::kBlockOutputs) * (products + 130.0));
}

}  // namespace

bool avx2_available() { return __builtin_cpu_supports("avx2") != 0; }

bool vnni_available() {
  return avx2_available() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0;
}

bool avx2_method_fits(Avx2Method method, const ConvolutionShape& s) {
  switch (method) {
    case Avx2Method::kWinograd:
      return s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 && s.stride_w == 1 &&
             s.dilation_h == 1 && s.dilation_w == 1 && s.groups == 1;
    case Avx2Method::kDepthwise:
      return s.groups == s.in_channels && s.groups == s.out_channels;
    case Avx2Method::kAny:
    case Avx2Method::kDirect:
      break;
  }
  return true;
}

bool is_depthwise(const ConvolutionShape& shape) {
  return shape.groups > 1 && avx2_method_fits(Avx2Method::kDepthwise, shape);
}

std::unique_ptr<Convolution> make_avx2_convolution(const ConvolutionShape& shape, int zero_point,
                                                   int bits, Avx2Method method) {
  if (method == Avx2Method::kAny) {
    method = Avx2Method::kDirect;
    if (is_depthwise(shape))
      method = Avx2Method::kDepthwise;
    else if (avx2_method_fits(Avx2Method::kWinograd, shape) &&
             winograd_cycles(shape) < direct_cycles(shape))
      method = Avx2Method::kWinograd;
  }
  switch (method) {
    case Avx2Method::kWinograd:
      return make_avx2_winograd(shape, zero_point, bits);
    case Avx2Method::kDepthwise:
      return make_avx2_depthwise(shape, zero_point);
    default:
      return make_avx2_direct(shape, zero_point);
  }
}

}  // namespace brownout::datapath
