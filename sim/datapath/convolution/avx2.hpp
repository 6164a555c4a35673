// SPDX-License-Identifier: Apache-2.0
// Exact integer convolution on 16-bit multiply–adds, for processors with AVX2 or AVX-512 VNNI.
#pragma once
#include <memory>

#include "sim/datapath/convolution/avx2_common.hpp"
#include "sim/datapath/convolution/convolution.hpp"

namespace brownout::datapath {

/// Whether this processor has AVX2.
bool avx2_available();
/// Whether it has AVX2 and the instruction `vpdpwssd` on 512 bits.
bool vnni_available();

/// Ways to compute a convolution on these kernels. kAny takes the one with the lowest estimated
/// cost.
enum class Avx2Method { kAny, kDirect, kWinograd, kDepthwise };

/// Whether `method` can compute this shape at all.
bool avx2_method_fits(Avx2Method method, const ConvolutionShape& shape);

/// The caller has checked the shape, `avx2_method_fits()`, and that this processor has `kernels`.
std::unique_ptr<Convolution> make_avx2_convolution(const ConvolutionShape& shape, int zero_point,
                                                   int bits, const avx2::Kernels& kernels,
                                                   Avx2Method method = Avx2Method::kAny);

std::unique_ptr<Convolution> make_avx2_direct(const ConvolutionShape& shape, int zero_point,
                                              const avx2::Kernels& kernels);
std::unique_ptr<Convolution> make_avx2_depthwise(const ConvolutionShape& shape, int zero_point);
std::unique_ptr<Convolution> make_avx2_winograd(const ConvolutionShape& shape, int zero_point,
                                                int bits, const avx2::Kernels& kernels);

}  // namespace brownout::datapath
