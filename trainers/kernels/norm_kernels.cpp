// SPDX-License-Identifier: Apache-2.0
// NHWC: eight channels at a time stay in registers while the loop goes over the pixels.
#include "trainers/kernels/norm_kernels.hpp"

#include <cmath>
#include <cstring>
#include <vector>

#include "trainers/kernels/vector_clones.hpp"

namespace brownout::trainers {
namespace {

// One AVX2 register: GCC splits wider vectors lane by lane where they are compared.
constexpr int kBlock = 8;
typedef float Vector __attribute__((vector_size(sizeof(float) * kBlock)));

#define BROWNOUT_INLINE static inline __attribute__((always_inline))

template <typename V>
BROWNOUT_INLINE void load(const float* from, V& to) {
  std::memcpy(&to, from, sizeof(V));
}
template <typename V>
BROWNOUT_INLINE void store(const V& from, float* to) {
  std::memcpy(to, &from, sizeof(V));
}

constexpr std::int64_t kChunk = 32;  // pixels summed in fp32 before they join the fp64 sums

/// Sums and sums of squares of V's channels over all pixels, as fp64.
template <typename V>
BROWNOUT_INLINE void sum_channels(const float* x, std::int64_t pixels, std::int64_t channels,
                                  double* s1, double* s2) {
  constexpr int lanes = sizeof(V) / sizeof(float);
  for (std::int64_t from = 0; from < pixels; from += kChunk) {
    const std::int64_t to = from + kChunk < pixels ? from + kChunk : pixels;
    V a{};
    V b{};
    V a1{};  // odd pixels: two chains of additions hide their latency
    V b1{};
    std::int64_t i = from;
    for (; i + 1 < to; i += 2) {
      V v;
      V w;
      load(x + i * channels, v);
      load(x + (i + 1) * channels, w);
      a += v;
      b += v * v;
      a1 += w;
      b1 += w * w;
    }
    if (i < to) {
      V v;
      load(x + i * channels, v);
      a += v;
      b += v * v;
    }
    a += a1;
    b += b1;
    float as[lanes];
    float bs[lanes];
    store(a, as);
    store(b, bs);
    for (int j = 0; j < lanes; ++j) {
      s1[j] += static_cast<double>(as[j]);
      s2[j] += static_cast<double>(bs[j]);
    }
  }
}

template <typename V>
BROWNOUT_INLINE void apply(const float* x, std::int64_t pixels, std::int64_t channels,
                           const float* scale, const float* offset, float floor, float* y) {
  V k;
  V o;
  load(scale, k);
  load(offset, o);
  const V low = V{} + floor;
  for (std::int64_t i = 0; i < pixels; ++i) {
    V v;
    load(x + i * channels, v);
    v = v * k + o;
    v = v > low ? v : low;
    store(v, y + i * channels);
  }
}

/// d = dy where the ReLU was open; sums of d and of d·(x - mean).
template <typename V>
BROWNOUT_INLINE void mask_gradient(const float* dy, const float* x, std::int64_t pixels,
                                   std::int64_t channels, const float* scale, const float* offset,
                                   const float* mean, float floor, float* dx, double* sa,
                                   double* sb) {
  constexpr int lanes = sizeof(V) / sizeof(float);
  V k;
  V o;
  V m;
  load(scale, k);
  load(offset, o);
  load(mean, m);
  const V low = V{} + floor;
  const V zero{};
  for (std::int64_t from = 0; from < pixels; from += kChunk) {
    const std::int64_t to = from + kChunk < pixels ? from + kChunk : pixels;
    V a{};
    V b{};
    for (std::int64_t i = from; i < to; ++i) {
      V v;
      V d;
      load(x + i * channels, v);
      load(dy + i * channels, d);
      d = v * k + o > low ? d : zero;
      store(d, dx + i * channels);
      a += d;
      b += d * (v - m);
    }
    float as[lanes];
    float bs[lanes];
    store(a, as);
    store(b, bs);
    for (int j = 0; j < lanes; ++j) {
      sa[j] += static_cast<double>(as[j]);
      sb[j] += static_cast<double>(bs[j]);
    }
  }
}

/// dx = k·d + slope·x + offset, d being in dx already.
template <typename V>
BROWNOUT_INLINE void spread_gradient(const float* x, std::int64_t pixels, std::int64_t channels,
                                     const float* scale, const float* slope, const float* offset,
                                     float* dx) {
  V k;
  V s;
  V o;
  load(scale, k);
  load(slope, s);
  load(offset, o);
  for (std::int64_t i = 0; i < pixels; ++i) {
    V v;
    V d;
    load(x + i * channels, v);
    load(dx + i * channels, d);
    d = d * k + (v * s + o);
    store(d, dx + i * channels);
  }
}

}  // namespace

BROWNOUT_CLONES
void group_norm_forward(const GroupNormShape& shape, const float* x, const float* gamma,
                        const float* beta, float* y, float* mean, float* rstd) {
  const int channels = shape.channels;
  const int per_group = channels / shape.groups;
  const std::size_t size = static_cast<std::size_t>(channels);
  std::vector<double> sums(2 * size, 0.0);
  std::vector<float> affine(2 * size);
  double* s1 = sums.data();
  double* s2 = s1 + channels;
  int c = 0;
  for (; c + kBlock <= channels; c += kBlock) {
    sum_channels<Vector>(x + c, shape.pixels, channels, s1 + c, s2 + c);
  }
  for (; c < channels; ++c) sum_channels<float>(x + c, shape.pixels, channels, s1 + c, s2 + c);
  const double count = static_cast<double>(per_group) * static_cast<double>(shape.pixels);
  for (int g = 0; g < shape.groups; ++g) {
    double a = 0.0;
    double b = 0.0;
    for (int i = g * per_group; i < (g + 1) * per_group; ++i) {
      a += s1[i];
      b += s2[i];
    }
    const double m = a / count;
    const double variance = b / count - m * m;
    mean[g] = static_cast<float>(m);
    rstd[g] = static_cast<float>(
        1.0 / std::sqrt((variance > 0.0 ? variance : 0.0) + static_cast<double>(shape.eps)));
    for (int i = g * per_group; i < (g + 1) * per_group; ++i) {
      affine[static_cast<std::size_t>(i)] = rstd[g] * gamma[i];
      affine[size + static_cast<std::size_t>(i)] =
          beta[i] - mean[g] * affine[static_cast<std::size_t>(i)];
    }
  }
  const float floor = shape.relu ? 0.0f : -INFINITY;
  const float* k = affine.data();
  const float* o = k + channels;
  for (c = 0; c + kBlock <= channels; c += kBlock) {
    apply<Vector>(x + c, shape.pixels, channels, k + c, o + c, floor, y + c);
  }
  for (; c < channels; ++c) apply<float>(x + c, shape.pixels, channels, k + c, o + c, floor, y + c);
}

BROWNOUT_CLONES
void group_norm_backward(const GroupNormShape& shape, const float* dy, const float* x,
                         const float* gamma, const float* beta, const float* mean,
                         const float* rstd, float* dx, float* dgamma, float* dbeta) {
  const int channels = shape.channels;
  const int per_group = channels / shape.groups;
  const std::size_t size = static_cast<std::size_t>(channels);
  std::vector<double> sums(2 * size, 0.0);
  std::vector<float> arrays(3 * size);
  double* sa = sums.data();
  double* sb = sa + channels;
  float* k = arrays.data();
  float* o = k + channels;
  float* m = o + channels;
  for (int i = 0; i < channels; ++i) {
    const int g = i / per_group;
    k[i] = rstd[g] * gamma[i];
    o[i] = beta[i] - mean[g] * k[i];
    m[i] = mean[g];
  }
  const float floor = shape.relu ? 0.0f : -INFINITY;
  int c = 0;
  for (; c + kBlock <= channels; c += kBlock) {
    mask_gradient<Vector>(dy + c, x + c, shape.pixels, channels, k + c, o + c, m + c, floor, dx + c,
                          sa + c, sb + c);
  }
  for (; c < channels; ++c) {
    mask_gradient<float>(dy + c, x + c, shape.pixels, channels, k + c, o + c, m + c, floor, dx + c,
                         sa + c, sb + c);
  }
  // dx = r·(gamma·d − mean(gamma·d) − x̂·mean(gamma·d·x̂)), with x̂ = (x − mean)·r
  const double count = static_cast<double>(per_group) * static_cast<double>(shape.pixels);
  float* slope = o;  // o and m have served
  float* offset = m;
  for (int g = 0; g < shape.groups; ++g) {
    const double r = static_cast<double>(rstd[g]);
    double a = 0.0;
    double b = 0.0;
    for (int i = g * per_group; i < (g + 1) * per_group; ++i) {
      dgamma[i] = static_cast<float>(sb[i] * r);
      dbeta[i] = static_cast<float>(sa[i]);
      a += static_cast<double>(gamma[i]) * sa[i];
      b += static_cast<double>(gamma[i]) * sb[i] * r;
    }
    const double s = -r * r * b / count;
    for (int i = g * per_group; i < (g + 1) * per_group; ++i) {
      slope[i] = static_cast<float>(s);
      offset[i] = static_cast<float>(-r * a / count - s * static_cast<double>(mean[g]));
    }
  }
  for (c = 0; c + kBlock <= channels; c += kBlock) {
    spread_gradient<Vector>(x + c, shape.pixels, channels, k + c, slope + c, offset + c, dx + c);
  }
  for (; c < channels; ++c) {
    spread_gradient<float>(x + c, shape.pixels, channels, k + c, slope + c, offset + c, dx + c);
  }
}

}  // namespace brownout::trainers
