// SPDX-License-Identifier: Apache-2.0
// Layers of an ONNX file, by this project or by any other tool.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/estimate/topology.hpp"
#include "sim/import/tensor.hpp"

namespace brownout::estimate {

struct OnnxLayers {
  std::vector<MatrixLayer> layers;
  std::vector<std::string> remarks;  // operators that were passed over, codes that are assumed
};

/// Weights of other tools' files count as codes of 8 bits and need not be there. `input`: channels,
/// height and width of an image, for a file that leaves them open; empty: as the file has them.
/// InputError as read_onnx, importing::matrix_products, and for layers too large to count.
OnnxLayers layers_of_onnx(const std::filesystem::path& file, const importing::Dims& input);

}  // namespace brownout::estimate
