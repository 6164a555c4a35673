// SPDX-License-Identifier: Apache-2.0
// What the two files of torch_ops.hpp share.
#pragma once
#include <torch/torch.h>

#include <array>

#include "sim/base/error.hpp"

namespace brownout::trainers {

inline constexpr auto kLast = at::MemoryFormat::ChannelsLast;

inline torch::Tensor channels_last(const torch::Tensor& x) {
  return x.dim() == 4 ? x.contiguous(kLast) : x.contiguous();
}

inline torch::Tensor empty_image(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return torch::empty({n, c, h, w}, torch::TensorOptions().memory_format(kLast));
}

/// YAML architectures pad both sides equally.
inline void check_pads(const std::array<int, 4>& pads) {
  BROWNOUT_CHECK(pads[0] == pads[2] && pads[1] == pads[3], "pads {} {} {} {}", pads[0], pads[1],
                 pads[2], pads[3]);
}

}  // namespace brownout::trainers
