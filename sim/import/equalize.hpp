// SPDX-License-Identifier: Apache-2.0
// Cross-layer equalization: channels between two layers change their scale, so that the channels of
// a tensor of weights have like ranges and one range for all of them wastes no codes.
#pragma once

#include <string>

#include "sim/import/lower.hpp"

namespace brownout::importing {

/// What equalize() found and did. The range of a channel is its largest |weight|.
struct Equalization {
  int pairs = 0;        // of layers that were rescaled
  int at_norms = 0;     // layers whose way to the next layer ends at a batch norm
  double before = 1.0;  // the largest ratio of two channels' ranges within a tensor of a pair
  double after = 1.0;   // the same after rescaling
};

/// Rescales the plain weights and biases of a network whose quantizers are still open, by Nagel et
/// al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (ICCV 2019),
/// Section 4.1. Of two matrix operators of which the second reads what becomes of the first one's
/// value, output channel i of the first is divided by s_i = sqrt(r1_i r2_i)/r2_i and input channel
/// i of the second multiplied by it; r1_i and r2_i are the ranges of these channels. All pairs take
/// turns until their scales settle. Nothing may lie between the two but operators that commute with
/// a positive scale (ReLU, PReLU, pools, Flatten, Unflatten, SelectChannels and open quantizers),
/// and each value between them has one reader. Up to rounding the network computes what it did
/// before.
///
/// A channel keeps its scale where a range is 0, or less than 2^-20 of the largest in its tensor,
/// and where its bias would no longer be finite. InputError, which begins with `where`, when the
/// network fails network::check.
Equalization equalize(ImportedNetwork& imported, const std::string& where);

}  // namespace brownout::importing
