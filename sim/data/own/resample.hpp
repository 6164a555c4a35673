// SPDX-License-Identifier: Apache-2.0
// Pictures made larger or smaller as torchvision's Resize does it on pictures of Pillow.
#pragma once
#include <cstdint>
#include <vector>

namespace brownout::data::own {

/// Bilinear with antialiasing: each output pixel is a mean of the input pixels under a triangle as
/// wide as the step between output pixels (at least 2 input pixels), along rows and then along
/// columns, in Pillow's 8-bit fixed-point numbers and hence with its results. `from` is
/// height × width × channels; the result to_height × to_width × channels.
std::vector<std::uint8_t> resize_bilinear(const std::uint8_t* from, int width, int height,
                                          int channels, int to_width, int to_height);

}  // namespace brownout::data::own
