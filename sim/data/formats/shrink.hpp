// SPDX-License-Identifier: Apache-2.0
// Images of any size made square and small, with integers only: the same bytes everywhere.
#pragma once
#include <cstdint>

namespace brownout::data::formats {

/// The largest centred square of an image (height × width × 3, row-major), averaged by area:
/// an output pixel is the mean of what it covers, parts of pixels by their part, rounded half up.
/// That is shorter side to `side`, then the centre. Smaller images grow by repetition. `out`
/// receives side × side × 3. width, height at most 2^16.
void shrink_to_square(const std::uint8_t* pixels, int width, int height, int side,
                      std::uint8_t* out);

}  // namespace brownout::data::formats
