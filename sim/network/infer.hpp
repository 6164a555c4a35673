// SPDX-License-Identifier: Apache-2.0
// Internal: the type of one operator's value from the types of its inputs.
#pragma once
#include <string>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::network {

/// What the checks know about a value besides its numbers.
struct ValueType {
  Shape shape;
  bool flat = false;       // after a Flatten or Linear: a vector, not an image
  bool quantized = false;  // u8 codes
};

using ValueTypes = Table<ValueIndex, ValueType>;

/// "<where>: node "conv1" (conv): ".
std::string node_place(const std::string& where, const Node& node);

/// The type of `node`'s value. `values` holds the types of all values before it. InputError for
/// wrong wiring, operands, windows and sizes. Parameters are examined by `check` only.
ValueType infer(const Node& node, const ValueTypes& values, const std::string& where);

}  // namespace brownout::network
