// SPDX-License-Identifier: Apache-2.0
// Exact integer convolution for processors with AVX2 (16-bit multiply–adds) or AVX-512 VNNI
// (8-bit).
#pragma once
#include <memory>

#include "sim/datapath/convolution/avx2_common.hpp"
#include "sim/datapath/convolution/convolution.hpp"

namespace brownout::datapath {

/// Whether this processor has AVX2.
bool avx2_available();
/// Whether it has AVX2 and the instructions `vpdpwssd` and `vpdpbusd` on 512 bits.
bool vnni_available();
/// Whether it has AMX for bytes besides, and the system lets this process use it.
bool amx_available();

/// Ways to compute a convolution with AVX2. kAny takes the one with the lowest estimated
/// cost.
enum class Avx2Method { kAny, kDirect, kWinograd, kDepthwise };

/// Whether `method` can compute this shape at all.
bool avx2_method_fits(Avx2Method method, const ConvolutionShape& shape);
/// Whether every channel is a group of its own, and there are several.
bool is_depthwise(const ConvolutionShape& shape);

/// The caller has checked the shape, `avx2_method_fits()`, and that this processor has AVX2.
std::unique_ptr<Convolution> make_avx2_convolution(const ConvolutionShape& shape, int zero_point,
                                                   int bits, Avx2Method method = Avx2Method::kAny);

/// `kernel` multiplies.
std::unique_ptr<Convolution> make_avx2_direct(const ConvolutionShape& shape, int zero_point,
                                              avx2::MultiplyRows kernel = avx2::multiply_rows_avx2);
std::unique_ptr<Convolution> make_avx2_depthwise(const ConvolutionShape& shape, int zero_point);
std::unique_ptr<Convolution> make_avx2_winograd(const ConvolutionShape& shape, int zero_point,
                                                int bits);

/// On bytes, for processors with AVX-512 VNNI; `tiles`: with AMX.
std::unique_ptr<Convolution> make_byte_direct(const ConvolutionShape& shape, int zero_point,
                                              bool tiles);

}  // namespace brownout::datapath
