// SPDX-License-Identifier: Apache-2.0
// Where a float network stops giving numbers.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/data/dataset.hpp"
#include "sim/network/network.hpp"

namespace brownout::runs {

struct NotFinite {
  std::int64_t image = 0;  // of the data set
  network::NodeIndex node;
  float number = 0.0f;  // the first of its value that is infinite or NaN
};

/// The first node of engine "float" whose value is not finite, of the first of `images` images on
/// which there is one; none if there is none. Weights may be plain.
std::optional<NotFinite> first_not_finite(const network::Network& network,
                                          const data::Dataset& data, std::int64_t images);

}  // namespace brownout::runs
