// SPDX-License-Identifier: Apache-2.0
// Eight floats and what the AVX2 kernels do with them; only files compiled for AVX2 and FMA
// include this. Training is outside the arithmetic contract: fused multiply-adds are welcome.
#pragma once
#include <immintrin.h>

namespace brownout::trainers {
namespace {

using Vector = __m256;
constexpr int kLanes = 8;

inline Vector load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, Vector v) { _mm256_storeu_ps(p, v); }
inline Vector scaled(float s, Vector v) { return _mm256_mul_ps(_mm256_set1_ps(s), v); }
inline Vector fma(float s, Vector v, Vector sum) {
  return _mm256_fmadd_ps(_mm256_set1_ps(s), v, sum);
}

}  // namespace
}  // namespace brownout::trainers
