// SPDX-License-Identifier: Apache-2.0
// Matrix products of training steps on AVX2.
#pragma once
#include <cstdint>

namespace brownout::trainers {

/// Whether this processor can run the functions below and those of winograd_kernels.hpp.
bool conv_kernels_available();

/// Channels that the kernels take: multiples of 16.
inline constexpr int kChannelStep = 16;

/// b[in][out] from w[out][in] in panels of 16 outputs, for `matrix_forward`; out a multiple of 16.
void pack_matrix(const float* w, int in, int out, float* b);

/// y[rows][out] = x[rows][in]·b + bias (may be null).
void matrix_forward(const float* x, const float* b, const float* bias, std::int64_t rows, int in,
                    int out, float* y);

/// db[in][out] += x[rows][in]ᵀ·dy[rows][out]; out a multiple of 16.
void matrix_weight_gradient(const float* x, const float* dy, std::int64_t rows, int in, int out,
                            float* db);

/// sums[out] += column sums of dy[rows][out].
void column_sums(const float* dy, std::int64_t rows, int out, float* sums);

}  // namespace brownout::trainers
