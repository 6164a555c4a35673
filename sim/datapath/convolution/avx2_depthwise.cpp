// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution with AVX2: lanes are channels, and taps are taken in pairs.
#include <algorithm>
#include <vector>

#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/avx2_common.hpp"

namespace brownout::datapath {
namespace {

using namespace avx2;

constexpr int kLanes = 16;  // channels of a vector

BROWNOUT_AVX2_INLINE void store_channels(std::int32_t* to, __m256i values, int channels) {
  if (channels >= 8)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), values);
  else if (channels > 0)
    _mm256_maskstore_epi32(to, first_lanes(channels), values);
}

// One output pixel: `channels` values of Σ over pairs of taps. weights: [group of 16][pair][32].
BROWNOUT_AVX2 void depthwise_pixel(const std::int16_t* first, const std::ptrdiff_t* offsets,
                                   int pairs, int channels, const std::int16_t* weights,
                                   std::int32_t* out) {
  for (int c = 0; c < channels; c += kLanes) {
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int p = 0; p < pairs; ++p, weights += 2 * kLanes) {
      const __m256i a =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first + offsets[2 * p] + c));
      const __m256i b =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first + offsets[2 * p + 1] + c));
      const auto* w = reinterpret_cast<const __m256i*>(weights);
      low = _mm256_add_epi32(low,
                             _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), _mm256_load_si256(w)));
      high = _mm256_add_epi32(
          high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), _mm256_load_si256(w + 1)));
    }
    // Unpacking works within 128-bit halves: low holds channels 0–3 and 8–11.
    store_channels(out + c, _mm256_permute2x128_si256(low, high, 0x20), channels - c);
    store_channels(out + c + 8, _mm256_permute2x128_si256(low, high, 0x31), channels - c - 8);
  }
}

class DepthwiseConvolution : public Convolution {
 public:
  DepthwiseConvolution(const ConvolutionShape& shape, int zero_point)
      : shape_(shape),
        zero_point_(zero_point),
        image_(padded_image(shape)),
        pairs_(divide_up(shape.kernel_h * shape.kernel_w, 2)),
        weights_(static_cast<std::size_t>(divide_up(shape.in_channels, kLanes) * pairs_) * 2 *
                 kLanes) {
    for (int y = 0; y < shape.kernel_h; ++y)
      for (int x = 0; x < shape.kernel_w; ++x)
        offsets_.push_back(at(y * shape.dilation_h, x * shape.dilation_w));
    if (offsets_.size() % 2 != 0) offsets_.push_back(0);  // its weights are 0
  }

  void set_weights(const std::int8_t* n) override {
    const int area = shape_.kernel_h * shape_.kernel_w;
    for (int c = 0; c < shape_.in_channels; ++c) {
      const int lane = c % kLanes;
      // The order that unpacking gives: 0–3, 8–11, then 4–7, 12–15.
      const int slot = (lane & 3) | (lane & 4) << 1 | (lane & 8) >> 1;
      for (int tap = 0; tap < area; ++tap) {
        const int pair = c / kLanes * pairs_ + tap / 2;
        weights_.data()[(std::ptrdiff_t{pair} * kLanes + slot) * 2 + tap % 2] = *n++;
      }
    }
  }

  std::size_t scratch_bytes(int) const override {
    return image_.size() * 2 + kReadAhead + 2 * kLine;
  }

  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const override {
    std::int16_t* const widened =
        Scratch(scratch).take<std::int16_t>(image_.size() + kReadAhead / 2);
    for (int i = 0; i < images; ++i) {
      widen(q, image_, zero_point_, widened);
      q += std::ptrdiff_t{shape_.in_height} * shape_.in_width * shape_.in_channels;
      for (int y = 0; y < shape_.out_height; ++y)
        for (int x = 0; x < shape_.out_width; ++x, acc += shape_.out_channels)
          depthwise_pixel(widened + at(y * shape_.stride_h, x * shape_.stride_w), offsets_.data(),
                          pairs_, shape_.in_channels, weights_.data(), acc);
    }
  }

  std::string name() const override { return "avx2-depthwise"; }

 private:
  std::ptrdiff_t at(int y, int x) const {
    return (std::ptrdiff_t{y} * image_.padded_width + x) * shape_.in_channels;
  }

  ConvolutionShape shape_;
  int zero_point_;
  PaddedImage image_;
  int pairs_;  // of taps
  AlignedArray<std::int16_t> weights_;
  std::vector<std::ptrdiff_t> offsets_;  // values, of the taps
};

}  // namespace

std::unique_ptr<Convolution> make_avx2_depthwise(const ConvolutionShape& shape, int zero_point) {
  return std::make_unique<DepthwiseConvolution>(shape, zero_point);
}

}  // namespace brownout::datapath
