// SPDX-License-Identifier: Apache-2.0
// Area averages, first along rows, then down columns, in units of 1/side of a pixel.
#include "sim/data/formats/shrink.hpp"

#include <algorithm>
#include <vector>

namespace brownout::data::formats {

void shrink_to_square(const std::uint8_t* pixels, int width, int height, int side,
                      std::uint8_t* out) {
  const std::uint64_t square = static_cast<std::uint64_t>(std::min(width, height));
  const std::uint64_t size = static_cast<std::uint64_t>(side);
  const std::uint64_t row_bytes = static_cast<std::uint64_t>(width) * 3;
  pixels += (static_cast<std::uint64_t>(height) - square) / 2 * row_bytes +
            (static_cast<std::uint64_t>(width) - square) / 2 * 3;

  // Output pixel o covers [o·square, (o+1)·square); source pixel i is [i·size, (i+1)·size).
  const auto each_covered = [&](std::uint64_t o, const auto& take) {
    const std::uint64_t first = o * square;
    const std::uint64_t last = first + square;
    for (std::uint64_t i = first / size; i * size < last; ++i) {
      take(i, std::min((i + 1) * size, last) - std::max(i * size, first));
    }
  };
  // At most 255 · 2^16 after rows, 255 · 2^32 after columns.
  std::vector<std::uint32_t> rows(square * size * 3, 0);
  for (std::uint64_t y = 0; y < square; ++y) {
    for (std::uint64_t o = 0; o < size; ++o) {
      std::uint32_t* sum = rows.data() + (y * size + o) * 3;
      each_covered(o, [&](std::uint64_t i, std::uint64_t weight) {
        const std::uint8_t* from = pixels + y * row_bytes + i * 3;
        for (int c = 0; c < 3; ++c) sum[c] += static_cast<std::uint32_t>(weight) * from[c];
      });
    }
  }
  const std::uint64_t area = square * square;
  std::vector<std::uint64_t> sums(size * 3);
  for (std::uint64_t o = 0; o < size; ++o) {
    std::fill(sums.begin(), sums.end(), 0);
    each_covered(o, [&](std::uint64_t i, std::uint64_t weight) {
      const std::uint32_t* from = rows.data() + i * size * 3;
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += weight * from[k];
    });
    for (const std::uint64_t sum : sums)
      *out++ = static_cast<std::uint8_t>((sum + area / 2) / area);
  }
}

}  // namespace brownout::data::formats
