// SPDX-License-Identifier: Apache-2.0
// Small random but valid networks for property tests, with codes and images to run on them.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::network {

/// A network that passes `check`. Over some hundred seeds every operator occurs, every scheme and
/// width, strides, uneven padding, grouped and depthwise convolutions, identity and projected
/// residuals, joined, chosen and multiplied values, tables, decodings by channel, both norms with
/// and without parameters, equal ranges (alpha = 0), all-zero tensors,
/// tensors of extreme codes, uncoded parameters, and saturating activation scales.
Network random_network(std::uint64_t seed);

/// n as a badly failing memory would give it: every parameter's codes v are drawn from all 2^m.
Codes random_codes(const Network& network, std::uint64_t seed);

/// `count` images, NHWC; every fourth one is black or white throughout.
std::vector<std::uint8_t> random_pixels(const Network& network, int count, std::uint64_t seed);

}  // namespace brownout::network
