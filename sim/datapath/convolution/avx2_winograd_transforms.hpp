// SPDX-License-Identifier: Apache-2.0
// The three transforms of integer Winograd F(4×4, 3×3); convolution_winograd_avx2.cpp says why they
// are exact.
#pragma once
#include "sim/datapath/convolution/avx2_common.hpp"

namespace brownout::datapath::avx2 {

/// U = G g Gᵀ for 16 lanes: tap t at taps + t·tap_stride, point p at out + p·point_stride.
void transform_filter(const std::int16_t* taps, std::ptrdiff_t tap_stride, std::int16_t* out,
                      std::ptrdiff_t point_stride);

/// V = Bᵀ d B of a 6×6 window, 16 channels at a time; out: point × depth. Reads and writes whole
/// vectors; the values after the last channel are arbitrary, because their weights are 0.
void transform_input(const std::int16_t* window, std::ptrdiff_t row_stride,
                     std::ptrdiff_t column_stride, int channels, std::int16_t* out,
                     std::ptrdiff_t depth);

/// acc = Aᵀ M A / 576 of one tile for 16 output channels (products: point × 16). Strides in values.
void transform_output(const std::int32_t* products, std::int32_t* out, std::ptrdiff_t row_stride,
                      std::ptrdiff_t column_stride);

}  // namespace brownout::datapath::avx2
