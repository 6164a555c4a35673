// SPDX-License-Identifier: Apache-2.0
// Internal: which attributes ONNX's operators have.
#pragma once

#include "sim/import/graph.hpp"

namespace brownout::importing {

/// The newest opset whose operators are known here.
inline constexpr std::int64_t kNewestOpset = 23;

/// InputError, which names the node and the attributes that there are, for an attribute that no
/// opset from 7 on gives the operator. Operators that are unknown here may have any.
void expect_known_attributes(const Node& node);

}  // namespace brownout::importing
