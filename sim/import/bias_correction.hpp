// SPDX-License-Identifier: Apache-2.0
// Internal: biases that take in what rounding the weights does to the means of the outputs.
#pragma once

#include <vector>

#include "sim/network/network.hpp"

namespace brownout::importing {

/// Bias correction (Nagel et al. 2019, Section 4.2) of a matrix operator whose weights were `plain`
/// and are codes now: b_o -= Σ_i (ŵ_oi - w_oi)·E[x_i], with the `means` of its input channels. An
/// operator without a bias gets one. Returns whether anything changed; otherwise there is no new
/// bias.
bool correct_bias(network::Network& network, network::NodeIndex matrix,
                  const std::vector<float>& plain, const std::vector<double>& means);

}  // namespace brownout::importing
