// SPDX-License-Identifier: Apache-2.0
// Relative L∞ weight noise (RandBET, Fig. 9): robustness to changes of weights that are not bit
// errors.
#pragma once
#include <cstdint>

#include "sim/network/network.hpp"
#include "sim/runs/eval.hpp"

namespace brownout::runs {

/// Moves each value of every coded tensor by U·share·range: range is the largest minus the smallest
/// decoded value of its tensor, U is uniform in (-1, 1), namely 2·unit_open - 1 of number i mod 4
/// of Philox(seed, kWeightNoise) at (tensor, ⌊i/4⌋). The tensors are no longer coded afterwards,
/// because the sums are not values of codes. Computed in fp64, stored as fp32.
void add_weight_noise(network::Network& network, double share, std::uint64_t seed);

/// `brownout eval --weight-noise`: config.weight_noise, one draw for each of config.chips, seeds
/// from config.seed on, engine "float".
EvalResult run_noise_eval(EvalConfig config, int threads, bool quiet);

}  // namespace brownout::runs
