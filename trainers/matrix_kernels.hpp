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
/// `transposed`: w is [in][out].
void pack_matrix(const float* w, int in, int out, bool transposed, float* b);

/// y[rows][out] = x[rows][in]·b + bias (may be null).
void matrix_forward(const float* x, const float* b, const float* bias, std::int64_t rows, int in,
                    int out, float* y);

/// db[in][out] += x[rows][in]ᵀ·dy[rows][out]; out a multiple of 16.
void matrix_weight_gradient(const float* x, const float* dy, std::int64_t rows, int in, int out,
                            float* db);

/// The same product for a few rows and large matrices: outputs of the panels [first, last), 16 a
/// panel. Every output is computed alike, whatever the split.
void linear_forward(const float* x, const float* b, const float* bias, std::int64_t rows, int in,
                    int out, int first, int last, float* y);

/// dw[out][in] = dyᵀ·x for the inputs of the panels [first, last); in a multiple of 16.
/// `dy_columns` is dy transposed: [out][rows].
void linear_weight_gradient(const float* x, const float* dy_columns, std::int64_t rows, int in,
                            int out, int first, int last, float* dw);

/// sums[out] += column sums of dy[rows][out].
void column_sums(const float* dy, std::int64_t rows, int out, float* sums);

}  // namespace brownout::trainers
