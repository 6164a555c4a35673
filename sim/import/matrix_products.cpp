// SPDX-License-Identifier: Apache-2.0
// Extents of each product from the shapes of its operands.
#include "sim/import/matrix_products.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/import/values.hpp"

namespace brownout::importing {

namespace {

/// Where an operator has its second operand, the weights.
std::size_t weights_of(const Node& node) { return node.op[0] == 'Q' ? 3 : 1; }

MatrixProduct convolution(const Values& values, const Node& node) {
  const Dims& weights = values.input_dims(node, weights_of(node));
  const Dims& out = values.dims(node.outputs[0]);
  MatrixProduct product;
  product.groups = node.integer("group", 1);
  product.m = element_count(Dims(out.begin() + 2, out.end()), node.place);
  product.n = weights[0] / product.groups;
  product.k = element_count(Dims(weights.begin() + 1, weights.end()), node.place);
  return product;
}

MatrixProduct gemm_product(const Values& values, const Node& node) {
  const Dims& a = values.input_dims(node, 0);
  const Dims& out = values.dims(node.outputs[0]);
  MatrixProduct product;
  product.m = 1;  // the rows are the batch
  product.k = a[node.integer("transA", 0) != 0 ? 0 : 1];
  product.n = out[1];
  return product;
}

/// [batch, ..., M, K] x [..., K, N]. Extents between are further rows when the weights are shared,
/// and groups when each has its own.
MatrixProduct matmul_product(const Values& values, const Node& node) {
  const Dims& a = values.input_dims(node, 0);
  const Dims& b = values.input_dims(node, weights_of(node));
  const Dims& out = values.dims(node.outputs[0]);
  MatrixProduct product;
  product.k = a.back();
  product.n = b.back();
  const std::int64_t rows = element_count(Dims(out.begin(), out.end() - 1), node.place);
  const std::int64_t images =
      a.size() > 1 && a.size() == out.size() ? std::max<std::int64_t>(a[0], 1) : 1;
  const std::int64_t own = element_count(Dims(b.begin(), b.end() - 2), node.place);
  product.groups = values.is_constant(node.inputs[weights_of(node)])
                       ? own
                       : std::max<std::int64_t>(own / images, 1);
  product.m = std::max<std::int64_t>(rows / images / product.groups, 1);
  return product;
}

}  // namespace

MatrixProducts matrix_products(const Graph& graph, const Dims& input) {
  const Values values(graph, input);
  MatrixProducts result;
  result.remarks = values.remarks();
  for (const Node& node : graph.nodes()) {
    MatrixProduct product;
    if (node.op == "Conv" || node.op == "ConvInteger") {
      product = convolution(values, node);
    } else if (node.op == "Gemm") {
      product = gemm_product(values, node);
    } else if (node.op == "MatMul" || node.op == "MatMulInteger") {
      product = matmul_product(values, node);
    } else if (node.op == "ConvTranspose") {
      const std::string remark = "operator ConvTranspose is passed over";
      if (std::find(result.remarks.begin(), result.remarks.end(), remark) == result.remarks.end())
        result.remarks.push_back(remark);
      continue;
    } else {
      continue;
    }
    if (values.is_constant(node.outputs[0])) continue;  // of constants: folded away
    product.name = node.name;
    product.place = node.place;
    result.products.push_back(std::move(product));
  }
  if (result.products.empty()) {
    throw InputError("{}: found no convolution and no matrix product", graph.file().string());
  }
  return result;
}

}  // namespace brownout::importing
