// SPDX-License-Identifier: Apache-2.0
// Internal: operators on codes (QLinearConv and its like) as plain operators between quantizers,
// and operators that ONNX Runtime fused as those that they were made of.
#pragma once

#include <vector>

#include "sim/import/graph.hpp"

namespace brownout::importing {

/// Every QLinear operator becomes DequantizeLinear, the plain operator and QuantizeLinear,
/// FusedConv and FusedGemm become the plain operator and the activation; other nodes stay. The
/// file's scales, zero points and integers are kept. Values keep their names; new ones have a name
/// that no file's value has. InputError when inputs are missing.
std::vector<Node> plain_operators(const std::vector<Node>& nodes);

}  // namespace brownout::importing
