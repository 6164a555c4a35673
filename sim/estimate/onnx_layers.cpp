// SPDX-License-Identifier: Apache-2.0
// The file's metadata say who wrote it.
#include "sim/estimate/onnx_layers.hpp"

#include "sim/base/error.hpp"
#include "sim/import/graph.hpp"
#include "sim/import/matrix_products.hpp"
#include "sim/network/onnx_file.hpp"

namespace brownout::estimate {

OnnxLayers layers_of_onnx(const std::filesystem::path& file, const importing::Dims& input) {
  const importing::Graph graph = importing::Graph::read(file);
  OnnxLayers result;
  if (graph.metadata().count("brownout.format") > 0) {
    if (!input.empty())
      throw InputError("{}: states the extents of its image; expected no {}", file.string(),
                       Field{"input"});
    result.layers = matrix_layers(network::read_onnx(file), file.string());
    return result;
  }
  importing::MatrixProducts found = importing::matrix_products(graph, input);
  result.remarks = std::move(found.remarks);
  for (importing::MatrixProduct& product : found.products) {
    MatrixLayer layer;
    layer.name = std::move(product.name);
    layer.where = std::move(product.place);
    layer.m = product.m;
    layer.n = product.n;
    layer.k = product.k;
    layer.groups = product.groups;
    check_size(layer);
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace brownout::estimate
