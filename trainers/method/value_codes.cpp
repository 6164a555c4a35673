// SPDX-License-Identifier: Apache-2.0
// The rule of sim/import/lower.cpp, for architectures, which have no quantizers.
#include "trainers/method/value_codes.hpp"

namespace brownout::trainers {
namespace {

using network::Node;
using network::NodeIndex;
using network::ValueIndex;

bool needs_codes(const Node& node, std::size_t input) {
  const network::Operator& op = node.op;
  const bool joins =
      std::holds_alternative<network::Add>(op) || std::holds_alternative<network::Multiply>(op);
  return network::is_matrix(op) || std::holds_alternative<network::Lookup>(op) ||
         std::holds_alternative<network::Concat>(op) ||
         std::holds_alternative<network::SelectChannels>(op) || (joins && input == 1);
}

}  // namespace

ValueCodes choose_codes(const Architecture& net) {
  ValueCodes codes;
  codes.readings.resize(net.nodes.size());
  codes.origin.resize(net.nodes.size() + 1);
  Table<ValueIndex, int> readers(net.nodes.size() + 1, 0);
  for (const Node& node : net.nodes) {
    for (const ValueIndex input : node.inputs) ++readers[input];
  }
  for (const NodeIndex i : net.nodes.indices()) {
    const Node& node = net.nodes[i];
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueIndex value = node.inputs[k];
      const bool codes_only =
          value == network::kInputImage || codes.moved(value) || readers[value] > 1;
      const bool moves = codes_only && network::keeps_codes(node.op);
      const Reading reading = needs_codes(node, k) || moves ? Reading::kCodes
                              : codes_only                  ? Reading::kDecoded
                                                            : Reading::kNumbers;
      codes.readings[i].push_back(reading);
      if (reading != Reading::kNumbers && !codes.origin[value]) codes.origin[value] = value;
    }
    if (network::keeps_codes(node.op) && codes.readings[i][0] == Reading::kCodes) {
      codes.origin[network::value_of(i)] = codes.origin[node.inputs[0]];
    }
  }
  return codes;
}

}  // namespace brownout::trainers
