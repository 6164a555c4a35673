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
  std::vector<float> values;
  values.reserve(n.size());
  const auto each = static_cast<std::size_t>(parameter.elements_a_decoding());
  for (std::size_t first = 0; first < n.size(); first += each) {
    const network::Coding coding = parameter.coding_of(static_cast<std::int64_t>(first / each));
    for (std::size_t i = first; i < first + each; ++i) {
      values.push_back(network::decode(coding, n[i]));
    }
  }
  return values;
}

/// The factor of a norm whose stored scale is `scale`: fl(1 + scale) when reparameterized, so that
/// clipping leaves the identity reachable.
inline float gamma(float scale, bool reparameterized) {
  return reparameterized ? 1.0f + scale : scale;
}

}  // namespace brownout::arithmetic
