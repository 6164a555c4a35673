// SPDX-License-Identifier: Apache-2.0
// Internal: a network while its operators are gathered. Parameters stand beside their operator, so
// that a later operator of the file may still change them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/import/lower.hpp"
#include "sim/network/network.hpp"

namespace brownout::importing {

/// Weights that a file holds as integers.
struct CodedWeight {
  network::Coding coding;
  std::vector<network::Decoding> channels;  // as network::Parameter has them
  std::vector<std::int8_t> n;
};

struct DraftNode {
  std::string name;
  std::string place;  // as messages begin; "": that of the operator that is lowered
  network::Operator op;
  std::vector<network::ValueIndex> inputs;
  // Of matrix operators and norms; in the order of the code.
  std::vector<std::int64_t> weight_shape;
  std::vector<float> weight, bias, scale, shift;
  std::optional<CodedWeight> coded_weight;  // in place of `weight`
  bool open = false;                        // a quantizer without a range
};

class Draft {
 public:
  /// The nodes that follow come from this operator of the file.
  void set_place(const std::string& place) { place_ = place; }
  /// Appends a node and returns its value. Its name is made one that a network file may hold.
  network::ValueIndex add(DraftNode node);
  DraftNode& node_of(network::ValueIndex value) { return nodes_[network::writer_of(value)]; }
  /// The value as codes: of its quantizer, which is added when there is none yet. Without a `grid`
  /// it is open.
  network::ValueIndex quantized(network::ValueIndex value, const std::string& name,
                                const std::optional<network::Quantize>& grid);
  bool has_quantizer(network::ValueIndex value) const;
  network::ValueIndex last_value() const { return network::ValueIndex(nodes_.size()); }

  /// `network` with nodes and parameters in code order, without nodes that the last value does not
  /// need.
  ImportedNetwork finish(network::Network network) &&;

 private:
  std::string free_name(const std::string& wanted);
  Table<network::NodeIndex, bool> needed_nodes() const;

  Table<network::NodeIndex, DraftNode> nodes_;
  std::map<network::ValueIndex, network::ValueIndex> quantizers_;  // value -> its quantizer's value
  std::set<std::string> names_;
  std::string place_;
};

}  // namespace brownout::importing
