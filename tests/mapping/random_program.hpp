// SPDX-License-Identifier: Apache-2.0
// Test helper: random networks compiled for random accelerators.
#pragma once

#include <cstdint>

#include "sim/mapping/program.hpp"

namespace brownout::mapping {

inline constexpr std::uint64_t kNetworks = 300;

/// Memories are nearly as small as possible, so that there are many chunks and values lie close
/// together.
struct Case {
  network::Network network;
  Program program;
};
Case random_case(std::uint64_t seed);

inline const network::Parameter& parameter_at(const network::Network& network,
                                              network::ParameterIndex parameter) {
  return network.parameters[parameter];
}

}  // namespace brownout::mapping
