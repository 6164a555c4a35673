// SPDX-License-Identifier: Apache-2.0
// Internal: shapes of an operator's outputs from those of its inputs.
#pragma once

#include <vector>

#include "sim/import/values.hpp"

namespace brownout::importing {

/// Shapes of all outputs. InputError when the inputs do not fit the operator.
using ShapeRule = std::vector<Dims> (*)(const Values&, const Node&);

/// Null for an operator that is unknown.
ShapeRule shape_rule(const Node& node);

}  // namespace brownout::importing
