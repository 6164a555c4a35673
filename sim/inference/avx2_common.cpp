// SPDX-License-Identifier: Apache-2.0
// Widens images to int16 with their border, and picks the multiply–add kernel for a row count.
#include "sim/inference/avx2_common.hpp"

#include <algorithm>

namespace brownout::inference::avx2 {
namespace {

BROWNOUT_AVX2 void widen_run(const std::uint8_t* q, std::size_t count, int zero_point,
                             std::int16_t* out) {
  const __m256i zero = _mm256_set1_epi16(static_cast<std::int16_t>(zero_point));
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i),
                        _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), zero));
  }
  for (; i < count; ++i) out[i] = static_cast<std::int16_t>(q[i] - zero_point);
}

}  // namespace

void widen(const std::uint8_t* q, const PaddedImage& image, int zero_point, std::int16_t* out) {
  const std::size_t channels = static_cast<std::size_t>(image.channels);
  const std::size_t body = static_cast<std::size_t>(image.width) * channels;
  if (image.padded_height == image.height && image.padded_width == image.width) {
    widen_run(q, body * static_cast<std::size_t>(image.height), zero_point, out);
    return;
  }
  const std::size_t row = image.row();
  const std::size_t before = static_cast<std::size_t>(image.left) * channels;
  const std::size_t after = row - before - body;
  const std::size_t top = static_cast<std::size_t>(image.top) * row;
  std::fill_n(out, top, std::int16_t{0});
  out += top;
  for (int y = 0; y < image.height; ++y, q += body, out += row) {
    std::fill_n(out, before, std::int16_t{0});
    widen_run(q, body, zero_point, out + before);
    std::fill_n(out + before + body, after, std::int16_t{0});
  }
  const int bottom = image.padded_height - image.top - image.height;
  std::fill_n(out, static_cast<std::size_t>(bottom) * row, std::int16_t{0});
}

BROWNOUT_AVX2 void multiply_some_rows(int count, const std::int16_t* const* rows,
                                      const Reduction& reduction, const std::int16_t* weights,
                                      std::int32_t* out, std::ptrdiff_t out_stride) {
  switch (count) {
    case 1:
      return multiply_rows<1>(rows, reduction, weights, out, out_stride);
    case 2:
      return multiply_rows<2>(rows, reduction, weights, out, out_stride);
    case 3:
      return multiply_rows<3>(rows, reduction, weights, out, out_stride);
    case 4:
      return multiply_rows<4>(rows, reduction, weights, out, out_stride);
    case 5:
      return multiply_rows<5>(rows, reduction, weights, out, out_stride);
    default:
      return multiply_rows<6>(rows, reduction, weights, out, out_stride);
  }
}

}  // namespace brownout::inference::avx2
