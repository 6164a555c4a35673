// SPDX-License-Identifier: Apache-2.0
// Images of any size made square and small, with integers only: the same bytes everywhere.
#pragma once
#include <cstdint>

namespace brownout::data::formats {

/// The largest centred square of an image (height × width × 3, row-major), averaged by area. An
/// output pixel is the mean of the pixels that it covers; a pixel that is covered in part counts
/// with that part. The mean is rounded half up. This is the same as scaling the shorter side to
/// `side` and taking the centre. Smaller images grow by repetition. `out` receives side × side × 3.
/// Width and height are at most 2^16.
void shrink_to_square(const std::uint8_t* pixels, int width, int height, int side,
                      std::uint8_t* out);

}  // namespace brownout::data::formats
