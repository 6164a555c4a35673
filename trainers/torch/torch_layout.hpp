// SPDX-License-Identifier: Apache-2.0
// What the two files of torch_ops.hpp share.
#pragma once
#include <torch/torch.h>

#include <array>

namespace brownout::trainers {

inline constexpr auto kLast = at::MemoryFormat::ChannelsLast;

inline torch::Tensor channels_last(const torch::Tensor& x) {
  return x.dim() == 4 ? x.contiguous(kLast) : x.contiguous();
}

inline torch::Tensor empty_image(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return torch::empty({n, c, h, w}, torch::TensorOptions().memory_format(kLast));
}

/// Pads as top, left, bottom, right that are the same on both sides.
inline bool pads_evenly(const std::array<int, 4>& pads) {
  return pads[0] == pads[2] && pads[1] == pads[3];
}

/// x with `value` around it.
inline torch::Tensor padded(const torch::Tensor& x, const std::array<int, 4>& pads, double value) {
  return torch::constant_pad_nd(x, {pads[1], pads[3], pads[0], pads[2]}, value);
}

}  // namespace brownout::trainers
