// SPDX-License-Identifier: Apache-2.0
// Which values of an architecture are codes in an exported network.
#pragma once
#include <vector>

#include "trainers/method/architecture.hpp"

namespace brownout::trainers {

/// How an operator reads a value.
enum class Reading {
  kNumbers,  // fp32, as its operator computes it
  kCodes,    // u8
  kDecoded   // fp32 again, from its codes
};

/// An accelerator keeps codes, not numbers. Matrix operators, tables, choices of channels, and what
/// joins, multiplies or is added read codes. Of the image, of values that are moved codes, and of
/// values that several operators read there are codes only.
struct ValueCodes {
  Table<network::NodeIndex, std::vector<Reading>> readings;  // by node and input
  /// The value whose quantizer makes the codes of a value: itself, or the one that a flatten or a
  /// choice of channels moves. None if the value is never codes.
  Table<network::ValueIndex, std::optional<network::ValueIndex>> origin;

  /// Written as codes: by a flatten or a choice of channels of codes.
  bool moved(network::ValueIndex value) const { return origin[value] && *origin[value] != value; }
};

ValueCodes choose_codes(const Architecture& net);

}  // namespace brownout::trainers
