// SPDX-License-Identifier: Apache-2.0
// Parameters as the vector unit sees them: fl(fl(alpha·n) + beta), and gamma of the norms.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::arithmetic {

/// Values of a parameter: decoded from `n` when it is coded, its own fp32 values otherwise.
inline std::vector<float> decode_parameter(const network::Parameter& parameter,
                                           const std::vector<std::int8_t>& n) {
  if (!parameter.coding) return parameter.values;
  std::vector<float> values(n.size());
  for (std::size_t i = 0; i < n.size(); ++i) values[i] = network::decode(*parameter.coding, n[i]);
  return values;
}

/// The factor of a norm whose stored scale is `scale`: fl(1 + scale) when reparameterized, so that
/// clipping leaves the identity reachable.
inline float gamma(float scale, bool reparameterized) {
  return reparameterized ? 1.0f + scale : scale;
}

}  // namespace brownout::arithmetic
