// SPDX-License-Identifier: Apache-2.0
// The matrix products of any ONNX network, for estimates: shapes alone, no weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/import/graph.hpp"

namespace brownout::importing {

/// `groups` products of M pixels x K window codes x N filters, of one image.
struct MatrixProduct {
  std::string name;
  std::string place;  // begins messages
  std::int64_t m = 0, n = 0, k = 0, groups = 1;
};

struct MatrixProducts {
  std::vector<MatrixProduct> products;  // in the graph's order
  std::vector<std::string> remarks;     // what was passed over
};

/// Convolutions and matrix multiplications of a graph, plain and quantized. `input` as in Values.
/// InputError as Values, and when there is no matrix product at all.
MatrixProducts matrix_products(const Graph& graph, const Dims& input = {});

}  // namespace brownout::importing
