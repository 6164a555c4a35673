// SPDX-License-Identifier: Apache-2.0
// Shapes of matrix operators and pools, taken from the network's nodes.
#include "sim/mapping/geometry.hpp"

namespace brownout::mapping {

namespace {

arithmetic::Window window_of(const network::Shape& in, const network::Shape& out,
                             const std::array<int, 2>& kernel, const std::array<int, 2>& stride,
                             const std::array<int, 4>& pads) {
  return {in.height, in.width,  out.height, out.width, kernel[0],
          kernel[1], stride[0], stride[1],  pads[0],   pads[1]};
}

}  // namespace

MatrixNode matrix_node(const network::Network& network, const network::Shapes& shapes,
                       network::NodeIndex node) {
  const network::Node& at = network.nodes[node];
  const network::Shape& in = shapes[at.inputs[0]];
  const network::Shape& out = shapes[network::value_of(node)];
  MatrixNode result;
  result.matrix.in_channels = in.channels;
  result.matrix.out_channels = out.channels;
  if (const auto* conv = std::get_if<network::Conv2d>(&at.op)) {
    result.matrix.window = window_of(in, out, conv->kernel, conv->stride, conv->pads);
    result.matrix.window.dilation_h = conv->dilation[0];
    result.matrix.window.dilation_w = conv->dilation[1];
    result.matrix.groups = conv->groups;
    result.pad_bottom = conv->pads[2];
    result.pad_right = conv->pads[3];
    result.weight = conv->weight;
    result.bias = conv->bias;
  } else {
    const auto& linear = std::get<network::Linear>(at.op);
    result.weight = linear.weight;
    result.bias = linear.bias;
  }
  return result;
}

arithmetic::Window pool_window(const network::Network& network, const network::Shapes& shapes,
                               network::NodeIndex node) {
  const network::Node& at = network.nodes[node];
  const network::Shape& in = shapes[at.inputs[0]];
  const network::Shape& out = shapes[network::value_of(node)];
  if (const auto* pool = std::get_if<network::MaxPool>(&at.op)) {
    return window_of(in, out, pool->kernel, pool->stride, pool->pads);
  }
  const auto& pool = std::get<network::AveragePool>(at.op);
  return window_of(in, out, pool.kernel, pool.stride, pool.pads);
}

}  // namespace brownout::mapping
