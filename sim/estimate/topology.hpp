// SPDX-License-Identifier: Apache-2.0
// Layers as matrix products, without weights: from SCALE-Sim topology files or from a network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::estimate {

/// `groups` products of M pixels × K window codes × N filters, of one image. M, N and K are those
/// of one group; all are at least 1, and the multiply–adds of the layer fit 62 bits.
struct MatrixLayer {
  std::string name;
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t groups = 1;
  std::string where;       // "topology.csv:3": begins messages about the layer
  int bits = 8;            // of a weight's code
  std::string sparsity{};  // "2:4": a file says that two of four weights are there; "" of all

  std::int64_t macs() const { return groups * m * n * k; }
};

/// Reads a topology file (docs/estimate.md): the convolution form with one or two strides,
/// or the GEMM form. InputError "file:line: ..." for anything else.
std::vector<MatrixLayer> read_topology(const std::filesystem::path& file);
/// The same from text; `name` stands for the file in messages.
std::vector<MatrixLayer> parse_topology(const std::string& text, const std::string& name);

/// Matrix operators of a network in order, with their padding; `where` begins messages.
std::vector<MatrixLayer> matrix_layers(const network::Network& network, const std::string& where);

/// InputError for multiply-adds above 62 bits, which would overflow the sums.
void check_size(const MatrixLayer& layer);

}  // namespace brownout::estimate
