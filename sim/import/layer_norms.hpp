// SPDX-License-Identifier: Apache-2.0
// Layer norms that a file writes out as operators of its own: (x - mean)/sqrt(variance + epsilon).
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/import/values.hpp"

namespace brownout::importing {

struct WrittenOutNorm {
  std::string input;
  std::vector<std::size_t> axes;  // of the input, which mean and variance are over; ascending
  float epsilon = 0.0f;
};

struct WrittenOutNorms {
  std::map<const Node*, WrittenOutNorm> norms;  // by the operator that computes the result
  std::set<const Node*> parts;                  // the operators before it
};

/// Norms whose mean and variance nothing else reads.
WrittenOutNorms written_out_norms(const Graph& graph, const Values& values);

}  // namespace brownout::importing
