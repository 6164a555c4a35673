// SPDX-License-Identifier: Apache-2.0
// Operators on constants: what exporters leave in a graph to compute shapes, and small changes of
// weights.
#pragma once

#include <optional>
#include <vector>

#include "sim/import/graph.hpp"

namespace brownout::importing {

/// The first output of the operator on these constants; a null input is left out. None if the
/// operator is not one that is folded. InputError when the constants do not fit it.
std::optional<Tensor> fold(const Node& node, const std::vector<const Tensor*>& inputs);

}  // namespace brownout::importing
