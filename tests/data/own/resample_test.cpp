// SPDX-License-Identifier: Apache-2.0
// Pillow's numbers: the hashes are those of Image.resize((W, H), Image.BILINEAR), Pillow 9.4.
#include "sim/data/own/resample.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/files.hpp"

namespace brownout::data::own {
namespace {

std::vector<std::uint8_t> picture(int height, int width) {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        pixels.push_back(static_cast<std::uint8_t>(y * 37 + x * 11 + c * 101 + x * y * 7 % 251 +
                                                   x / 5 * (y / 3) * 13));
      }
    }
  }
  return pixels;
}

TEST(Resample, GivesPillowsBytes) {
  const struct {
    int height, width, to_height, to_width;
    const char* sha256;
  } cases[] = {{10, 7, 5, 7, "9c78d1d31b1250ac"},      {10, 7, 10, 3, "07975972f7aceac7"},
               {13, 17, 7, 5, "4e600bf01662c5b6"},     {8, 8, 16, 24, "778435334c887a17"},
               {100, 151, 33, 50, "40cfac4a13bb2ef3"}, {5, 5, 1, 1, "855a6da95b76e775"}};
  for (const auto& c : cases) {
    const std::vector<std::uint8_t> from = picture(c.height, c.width);
    const std::vector<std::uint8_t> to =
        resize_bilinear(from.data(), c.width, c.height, 3, c.to_width, c.to_height);
    ASSERT_EQ(to.size(), static_cast<std::size_t>(3 * c.to_width * c.to_height));
    const std::string bytes(to.begin(), to.end());
    EXPECT_EQ(sha256_hex(bytes).substr(0, 16), c.sha256) << c.to_height << " x " << c.to_width;
  }
}

TEST(Resample, TheSameSizeIsTheSamePicture) {
  const std::vector<std::uint8_t> from = picture(6, 9);
  EXPECT_EQ(resize_bilinear(from.data(), 9, 6, 3, 9, 6), from);
}

}  // namespace
}  // namespace brownout::data::own
