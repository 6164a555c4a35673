// SPDX-License-Identifier: Apache-2.0
// Exact integer convolution on 16-bit multiply–adds, for processors with AVX2.
#pragma once
#include <memory>

#include "sim/inference/convolution/convolution.hpp"

namespace brownout::inference {

/// Whether this processor has AVX2.
bool avx2_available();

/// Ways to compute a convolution with AVX2. kAny takes the one with the lowest estimated cost.
enum class Avx2Method { kAny, kDirect, kWinograd, kDepthwise };

/// Whether `method` can compute this shape at all.
bool avx2_method_fits(Avx2Method method, const ConvolutionShape& shape);

/// The caller has checked the shape, `avx2_available()` and `avx2_method_fits()`.
std::unique_ptr<Convolution> make_avx2_convolution(const ConvolutionShape& shape, int zero_point,
                                                   int bits, Avx2Method method = Avx2Method::kAny);

std::unique_ptr<Convolution> make_avx2_direct(const ConvolutionShape& shape, int zero_point);
std::unique_ptr<Convolution> make_avx2_depthwise(const ConvolutionShape& shape, int zero_point);
std::unique_ptr<Convolution> make_avx2_winograd(const ConvolutionShape& shape, int zero_point,
                                                int bits);

}  // namespace brownout::inference
