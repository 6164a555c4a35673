// SPDX-License-Identifier: Apache-2.0
// The vector unit with AVX2: a channel is a lane, so every sum runs over the pixels in order.
#include <immintrin.h>

#include <algorithm>
#include <limits>

#include "sim/datapath/simd.hpp"
#include "sim/datapath/vector_kernels.hpp"

namespace brownout::datapath {

namespace {

using arithmetic::Activation;

// FMA is used where the product is exact anyway (y² and 1·y in fp64).
constexpr int kLanes = 8;
constexpr int kTileNumbers = 2048;  // 8 KB

BROWNOUT_AVX2_FMA_INLINE __m256i load_integers(const std::int32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

/// Eight channels of one pixel.
BROWNOUT_AVX2_FMA_INLINE __m256 dequantized(const std::int32_t* acc, __m256 a, __m256 offset,
                                            __m256 bias) {
  const __m256 product = _mm256_mul_ps(a, _mm256_cvtepi32_ps(load_integers(acc)));
  return _mm256_add_ps(_mm256_add_ps(product, offset), bias);
}

/// Sums of y and y² of 8 channels.
struct Sums {
  __m256d low1, high1, low2, high2;
};

BROWNOUT_AVX2_FMA_INLINE Sums load_sums(const double* s1, const double* s2) {
  return {_mm256_loadu_pd(s1), _mm256_loadu_pd(s1 + 4), _mm256_loadu_pd(s2),
          _mm256_loadu_pd(s2 + 4)};
}

BROWNOUT_AVX2_FMA_INLINE void add(Sums& sums, __m256 y) {
  const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(y));
  const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(y, 1));
  // Written as multiply–adds, they leave the adders free for the conversions.
  const __m256d one = _mm256_set1_pd(1.0);
  sums.low1 = _mm256_fmadd_pd(low, one, sums.low1);
  sums.high1 = _mm256_fmadd_pd(high, one, sums.high1);
  sums.low2 = _mm256_fmadd_pd(low, low, sums.low2);
  sums.high2 = _mm256_fmadd_pd(high, high, sums.high2);
}

BROWNOUT_AVX2_FMA_INLINE void store(const Sums& sums, double* s1, double* s2) {
  _mm256_storeu_pd(s1, sums.low1);
  _mm256_storeu_pd(s1 + 4, sums.high1);
  _mm256_storeu_pd(s2, sums.low2);
  _mm256_storeu_pd(s2 + 4, sums.high2);
}

/// Adds pixels [first, last) of 8·Vectors channels from channel c on to the sums. acc and y may be
/// the same memory, so the task is a copy: no store can change it.
template <int Vectors, bool PerChannel>
BROWNOUT_AVX2_FMA void dequantize_block(const DequantizeTask task, int first, int last, int c,
                                        float* y, double* s1, double* s2) {
  const std::size_t channels = task.channels;
  __m256 a[Vectors];
  __m256 bias[Vectors];
  Sums sums[Vectors];
  for (int v = 0; v < Vectors; ++v) {
    a[v] = _mm256_loadu_ps(task.a + c + v * kLanes);
    bias[v] = _mm256_loadu_ps(task.bias + c + v * kLanes);
    sums[v] = load_sums(s1 + c + v * kLanes, s2 + c + v * kLanes);
  }
  std::size_t at = first * channels + static_cast<std::size_t>(c);
  for (int pixel = first; pixel < last; ++pixel, at += channels) {
    __m256 value[Vectors];
    for (int v = 0; v < Vectors; ++v) {
      const std::size_t lanes = at + static_cast<std::size_t>(v * kLanes);
      const __m256 offset = PerChannel ? _mm256_loadu_ps(task.offsets + lanes)
                                       : _mm256_broadcast_ss(task.offsets + pixel);
      value[v] = dequantized(task.acc + lanes, a[v], offset, bias[v]);
    }
    for (int v = 0; v < Vectors; ++v) {
      _mm256_storeu_ps(y + at + static_cast<std::size_t>(v * kLanes), value[v]);
      add(sums[v], value[v]);
    }
  }
  for (int v = 0; v < Vectors; ++v) store(sums[v], s1 + c + v * kLanes, s2 + c + v * kLanes);
}

/// Goes through the pixels in tiles that fit the first-level cache, all channels of a tile in turn.
template <bool PerChannel>
void dequantize_blocks(const DequantizeTask& task, float* y, double* s1, double* s2) {
  const int vectors = task.channels / kLanes;
  std::fill_n(s1, vectors * kLanes, 0.0);
  std::fill_n(s2, vectors * kLanes, 0.0);
  const int tile = std::max(16, kTileNumbers / task.channels);
  for (int first = 0; first < task.pixels; first += tile) {
    const int last = std::min(first + tile, task.pixels);
    int v = 0;
    for (; v + 2 <= vectors; v += 2) {
      dequantize_block<2, PerChannel>(task, first, last, v * kLanes, y, s1, s2);
    }
    if (v < vectors) {
      dequantize_block<1, PerChannel>(task, first, last, v * kLanes, y, s1, s2);
    }
  }
  if (vectors * kLanes < task.channels) {
    portable_dequantize_with_sums(task, vectors * kLanes, y, s1, s2);
  }
}

void dequantize_with_sums(const DequantizeTask& task, float* y, double* s1, double* s2) {
  if (task.offset_per_channel) {
    dequantize_blocks<true>(task, y, s1, s2);
  } else {
    dequantize_blocks<false>(task, y, s1, s2);
  }
}

BROWNOUT_AVX2_FMA void sums_block(const float* y, int pixels, int channels, int c, double* s1,
                                  double* s2) {
  const __m256d zero = _mm256_setzero_pd();
  Sums sums{zero, zero, zero, zero};
  y += c;
  for (int pixel = 0; pixel < pixels; ++pixel, y += channels) add(sums, _mm256_loadu_ps(y));
  store(sums, s1 + c, s2 + c);
}

void sums(const float* y, int pixels, int channels, double* s1, double* s2) {
  int c = 0;
  for (; c + kLanes <= channels; c += kLanes) sums_block(y, pixels, channels, c, s1, s2);
  if (c < channels) portable_sums(y, pixels, channels, c, s1, s2);
}

/// What a finish pass keeps in registers; the norm's constants are read from the first-level cache.
struct Constants {
  __m256 residual_scale, residual_zero, scale, low, high, clip_high;
  __m128i zero_point;
};

BROWNOUT_AVX2_FMA_INLINE Constants constants_of(const FinishTask& task) {
  return {_mm256_set1_ps(task.residual_scale),
          _mm256_castsi256_ps(_mm256_set1_epi32(task.residual_zero)),
          _mm256_set1_ps(task.scale),
          _mm256_set1_ps(static_cast<float>(-task.zero_point)),
          _mm256_set1_ps(static_cast<float>(255 - task.zero_point)),
          _mm256_set1_ps(task.high),
          _mm_set1_epi16(static_cast<short>(task.zero_point))};
}

/// Comparisons as sim/arithmetic writes them: max_ps(a, b) is a > b ? a : b, min_ps a < b ? a : b.
BROWNOUT_AVX2_FMA_INLINE __m256 activate(const FinishTask& task, const Constants& k, int c,
                                         __m256 y) {
  switch (task.activation) {
    case Activation::kNone:
      return y;
    case Activation::kRelu:
      return _mm256_max_ps(y, _mm256_setzero_ps());
    case Activation::kSign:
      return _mm256_blendv_ps(_mm256_set1_ps(-1.0f), _mm256_set1_ps(1.0f),
                              _mm256_cmp_ps(y, _mm256_setzero_ps(), _CMP_GT_OQ));
    case Activation::kClip:
      return _mm256_min_ps(k.clip_high, _mm256_max_ps(_mm256_loadu_ps(task.low + c), y));
    case Activation::kPRelu:
      return _mm256_blendv_ps(_mm256_mul_ps(_mm256_loadu_ps(task.low + c), y), y,
                              _mm256_cmp_ps(y, _mm256_setzero_ps(), _CMP_GT_OQ));
  }
  return y;
}

/// Vectors × 8 numbers of one input pixel after norm, residual and activation.
template <int Vectors, bool FromIntegers, bool Relu>
BROWNOUT_AVX2_FMA_INLINE void load(const FinishTask& task, const Constants& k, std::size_t pixel,
                                   int c, __m256* y) {
  const std::size_t at = pixel * task.channels + static_cast<std::size_t>(c);
  for (int v = 0; v < Vectors; ++v) {
    const int lane = v * kLanes;
    if constexpr (FromIntegers) {
      const DequantizeTask& from = task.integers;
      const __m256 offset = from.offset_per_channel ? _mm256_loadu_ps(from.offsets + at + lane)
                                                    : _mm256_broadcast_ss(from.offsets + pixel);
      y[v] = dequantized(from.acc + at + lane, _mm256_loadu_ps(from.a + c + lane), offset,
                         _mm256_loadu_ps(from.bias + c + lane));
    } else {
      y[v] = _mm256_loadu_ps(task.numbers + at + lane);
    }
    y[v] = _mm256_sub_ps(y[v], _mm256_loadu_ps(task.mean + c + lane));
    y[v] = _mm256_mul_ps(y[v], _mm256_loadu_ps(task.factor + c + lane));
    y[v] = _mm256_add_ps(y[v], _mm256_loadu_ps(task.shift + c + lane));
  }
  if (task.residual_codes != nullptr) {
    for (int v = 0; v < Vectors; ++v) {
      const __m128i codes =
          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(task.residual_codes + at + v * kLanes));
      const __m256i steps =
          _mm256_sub_epi32(_mm256_cvtepu8_epi32(codes), _mm256_castps_si256(k.residual_zero));
      y[v] = _mm256_add_ps(y[v], _mm256_mul_ps(k.residual_scale, _mm256_cvtepi32_ps(steps)));
    }
  } else if (task.residual_numbers != nullptr) {
    for (int v = 0; v < Vectors; ++v) {
      y[v] = _mm256_add_ps(y[v], _mm256_loadu_ps(task.residual_numbers + at + v * kLanes));
    }
  }
  if constexpr (Relu) {
    for (int v = 0; v < Vectors; ++v) y[v] = _mm256_max_ps(y[v], _mm256_setzero_ps());
  } else if (task.activation != Activation::kNone) {
    for (int v = 0; v < Vectors; ++v) y[v] = activate(task, k, c + v * kLanes, y[v]);
  }
}

/// Steps from the zero point, as integers. Clamping to integers before rounding equals clamping
/// after it. NaN counts as 0 steps.
template <bool Relu>
BROWNOUT_AVX2_FMA_INLINE __m256i steps_of(const Constants& k, __m256 y) {
  __m256 steps = _mm256_div_ps(y, k.scale);
  if constexpr (!Relu) {  // after a ReLU nothing is NaN or below 0
    steps = _mm256_and_ps(steps, _mm256_cmp_ps(steps, steps, _CMP_ORD_Q));
    steps = _mm256_max_ps(steps, k.low);
  }
  return _mm256_cvtps_epi32(_mm256_min_ps(steps, k.high));
}

template <int Vectors, bool Relu>
BROWNOUT_AVX2_FMA_INLINE void store_codes(const Constants& k, const __m256* y, std::uint8_t* to) {
  if constexpr (Vectors == 4) {
    const __m256i zero_point = _mm256_broadcastsi128_si256(k.zero_point);
    const __m256i first = _mm256_packs_epi32(steps_of<Relu>(k, y[0]), steps_of<Relu>(k, y[1]));
    const __m256i second = _mm256_packs_epi32(steps_of<Relu>(k, y[2]), steps_of<Relu>(k, y[3]));
    const __m256i bytes = _mm256_packus_epi16(_mm256_add_epi16(first, zero_point),
                                              _mm256_add_epi16(second, zero_point));
    // The packs work within 128-bit halves; this puts the quarters in order.
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permutevar8x32_epi32(bytes, order));
  } else {
    for (int v = 0; v < Vectors; ++v) {
      const __m256i steps = steps_of<Relu>(k, y[v]);
      const __m128i words = _mm_add_epi16(
          _mm_packs_epi32(_mm256_castsi256_si128(steps), _mm256_extracti128_si256(steps, 1)),
          k.zero_point);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to + v * kLanes), _mm_packus_epi16(words, words));
    }
  }
}

template <int Vectors, bool ToCodes, bool Relu>
BROWNOUT_AVX2_FMA_INLINE void store(const FinishTask& task, const Constants& k, std::size_t pixel,
                                    int c, const __m256* y) {
  const std::size_t at = pixel * task.channels + static_cast<std::size_t>(c);
  if constexpr (ToCodes) {
    store_codes<Vectors, Relu>(k, y, task.codes + at);
  } else {
    for (int v = 0; v < Vectors; ++v) _mm256_storeu_ps(task.out + at + v * kLanes, y[v]);
  }
}

template <int Vectors, bool FromIntegers, bool ToCodes, bool Relu>
BROWNOUT_AVX2_FMA void finish_block(const FinishTask task, int c) {
  // The task is a copy, as bytes are stored and could otherwise change it.
  const Constants k = constants_of(task);
  __m256 y[Vectors];
  if (task.pool == nullptr) {
    for (std::size_t pixel = 0; pixel < static_cast<std::size_t>(task.pixels); ++pixel) {
      load<Vectors, FromIntegers, Relu>(task, k, pixel, c, y);
      store<Vectors, ToCodes, Relu>(task, k, pixel, c, y);
    }
    return;
  }
  std::size_t out_pixel = 0;
  for (int oy = 0; oy < task.pool->out_height; ++oy) {
    for (int ox = 0; ox < task.pool->out_width; ++ox, ++out_pixel) {
      const arithmetic::Span span = visible(*task.pool, oy, ox);
      __m256 best[Vectors];
      for (int v = 0; v < Vectors; ++v) {
        best[v] = _mm256_set1_ps(-std::numeric_limits<float>::infinity());
      }
      for (int row = span.top; row < span.bottom; ++row) {
        for (int column = span.left; column < span.right; ++column) {
          load<Vectors, FromIntegers, Relu>(
              task, k,
              static_cast<std::size_t>(row) * static_cast<std::size_t>(task.pool->in_width) +
                  static_cast<std::size_t>(column),
              c, y);
          for (int v = 0; v < Vectors; ++v) best[v] = _mm256_max_ps(y[v], best[v]);
        }
      }
      store<Vectors, ToCodes, Relu>(task, k, out_pixel, c, best);
    }
  }
}

template <bool FromIntegers, bool ToCodes, bool Relu>
void finish_blocks(const FinishTask& task) {
  int c = 0;
  for (; c + 4 * kLanes <= task.channels; c += 4 * kLanes) {
    finish_block<4, FromIntegers, ToCodes, Relu>(task, c);
  }
  for (; c + 2 * kLanes <= task.channels; c += 2 * kLanes) {
    finish_block<2, FromIntegers, ToCodes, Relu>(task, c);
  }
  for (; c + kLanes <= task.channels; c += kLanes) {
    finish_block<1, FromIntegers, ToCodes, Relu>(task, c);
  }
  if (c < task.channels) portable_finish(task, c);
}

template <bool FromIntegers, bool ToCodes>
void finish_from_to(const FinishTask& task) {
  if (task.activation == Activation::kRelu) {
    finish_blocks<FromIntegers, ToCodes, true>(task);
  } else {
    finish_blocks<FromIntegers, ToCodes, false>(task);
  }
}

void finish(const FinishTask& task) {
  const bool integers = task.numbers == nullptr;
  if (task.codes != nullptr) {
    integers ? finish_from_to<true, true>(task) : finish_from_to<false, true>(task);
  } else {
    integers ? finish_from_to<true, false>(task) : finish_from_to<false, false>(task);
  }
}

}  // namespace

const VectorKernels* avx2_vector_kernels() {
  static const VectorKernels kernels{"avx2", dequantize_with_sums, sums,
                                     finish, avx2_channel_sums,    avx2_window_offsets};
  static const bool here = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return here ? &kernels : nullptr;
}

}  // namespace brownout::datapath
