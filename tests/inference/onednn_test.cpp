// SPDX-License-Identifier: Apache-2.0
// The unsplit oneDNN convolution, on any processor: codes of 7 bits cannot saturate 16-bit sums of
// two products (2 · 64 · 255 < 2^15), so it must be exact even where VNNI is missing.
#include <gtest/gtest.h>

#include <vector>

#include "sim/arithmetic/matrix.hpp"
#include "sim/base/random.hpp"
#include "sim/inference/convolution/kinds.hpp"

namespace brownout::inference {
namespace {

TEST(OnednnConvolution, UnsplitIsExactForSevenBits) {
  const ConvolutionShape shapes[] = {{1, 9, 9, 16, 9, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1},
                                     {32, 7, 7, 24, 4, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1},
                                     {16, 6, 6, 16, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1, 16},
                                     {24, 5, 5, 12, 6, 6, 2, 2, 1, 1, 1, 1, 1, 1, 3},
                                     {300, 1, 1, 10, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1}};
  constexpr int kImages = 21;  // 16 + 4 + 1
  for (const ConvolutionShape& shape : shapes) {
    for (const int zero_point : {0, 131, 255}) {
      const arithmetic::Matrix matrix{
          {shape.in_height, shape.in_width, shape.out_height, shape.out_width, shape.kernel_h,
           shape.kernel_w, shape.stride_h, shape.stride_w, shape.pad_top, shape.pad_left},
          shape.in_channels,
          shape.out_channels,
          shape.groups};
      const Philox random(static_cast<std::uint64_t>(zero_point), Purpose::kTest);
      const int pixels = matrix.window.in_pixels() * shape.in_channels;
      const int outputs = matrix.window.out_pixels() * shape.out_channels;
      std::vector<std::uint8_t> q;
      for (int i = 0; i < pixels * kImages; ++i) {
        const auto bits = random(static_cast<std::uint64_t>(i))[0];
        q.push_back(static_cast<std::uint8_t>(i < 2 * pixels ? 255 : bits));
      }
      std::vector<std::int8_t> n;
      for (std::int64_t i = 0; i < shape.reduction() * shape.out_channels; ++i) {
        const auto bits = random(static_cast<std::uint64_t>(i), 1)[0];
        n.push_back(static_cast<std::int8_t>(i % 3 == 0 ? -64 : static_cast<int>(bits % 128) - 64));
      }
      std::vector<std::int32_t> expected(static_cast<std::size_t>(outputs * kImages));
      for (int i = 0; i < kImages; ++i) {
        arithmetic::accumulate(matrix, q.data() + i * pixels, zero_point, n.data(),
                               expected.data() + i * outputs);
      }
      const auto convolution = make_onednn_convolution(shape, zero_point, false);
      convolution->set_weights(n.data());
      std::vector<std::byte> scratch(convolution->scratch_bytes(kImages));
      std::vector<std::int32_t> acc(expected.size());
      convolution->run(q.data(), kImages, acc.data(), scratch.data());
      ASSERT_EQ(expected, acc) << shape.in_channels << " channels, zero point " << zero_point;
    }
  }
}

}  // namespace
}  // namespace brownout::inference
