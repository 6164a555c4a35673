// SPDX-License-Identifier: Apache-2.0
// One rule an operator says what shapes its outputs have.
#include "sim/import/shape_rules.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "sim/base/error.hpp"
#include "sim/import/axes.hpp"
#include "sim/import/matrix_shapes.hpp"

namespace brownout::importing {

namespace {

std::vector<Dims> same(const Values& values, const Node& node) {
  return std::vector<Dims>(node.outputs.size(), values.input_dims(node, 0));
}

std::vector<Dims> broadcasting(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    dims = broadcast(dims, values.input_dims(node, i), node.place);
  }
  return {dims};
}

std::vector<Dims> flatten(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  std::int64_t axis = node.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(x.size());
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank)
    throw InputError("{}: axis {} of {}", node.place, axis, to_string(x));
  const Dims outer(x.begin(), x.begin() + axis);
  const Dims inner(x.begin() + axis, x.end());
  return {{element_count(outer, node.place), element_count(inner, node.place)}};
}

std::vector<Dims> reshape(const Values& values, const Node& node) {
  return {reshaped(values.input_dims(node, 0), values.setting(node, 1, "shape"),
                   node.integer("allowzero", 0) != 0, node.place)};
}

std::vector<Dims> transpose(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  Dims order(x.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = static_cast<std::int64_t>(order.size() - 1 - i);
  Dims dims;
  for (const std::int64_t axis : node.integers("perm", order)) {
    dims.push_back(x[axis_of(axis, x.size(), node.place)]);
  }
  if (dims.size() != x.size())
    throw InputError("{}: perm has {} axes, the input {}", node.place, dims.size(), x.size());
  return {dims};
}

std::vector<Dims> concat(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  const std::size_t axis = axis_of(node.integer("axis", 1), dims.size(), node.place);
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    Dims next = values.input_dims(node, i);
    if (next.size() == dims.size()) {
      const std::int64_t more = next[axis];
      next[axis] = dims[axis];
      if (next == dims) {
        dims[axis] += more;
        continue;
      }
      next[axis] = more;
    }
    throw InputError("{}: joins {} and {} along axis {}", node.place, to_string(dims),
                     to_string(next), axis);
  }
  return {dims};
}

std::vector<Dims> slice(const Values& values, const Node& node) {
  Dims dims;
  for (const SliceRange& range :
       slice_ranges(values.input_dims(node, 0), values.setting(node, 1, "starts"),
                    values.setting(node, 2, "ends"), values.setting(node, 3, "axes"),
                    values.setting(node, 4, "steps"), node.place)) {
    dims.push_back(range.count);
  }
  return {dims};
}

std::vector<Dims> split(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  const std::size_t axis = axis_of(node.integer("axis", 0), x.size(), node.place);
  std::vector<std::int64_t> parts = values.setting(node, 1, "split");
  if (parts.empty()) {  // equal ones, the last of which may be smaller
    const auto count = static_cast<std::int64_t>(node.outputs.size());
    const std::int64_t part = (x[axis] + count - 1) / count;
    parts.assign(node.outputs.size(), part);
    parts.back() = x[axis] - part * (count - 1);
  }
  std::int64_t sum = 0;
  std::vector<Dims> all;
  for (const std::int64_t part : parts) {
    all.push_back(x);
    all.back()[axis] = part;
    sum += part;
  }
  if (sum != x[axis] || all.size() != node.outputs.size())
    throw InputError("{}: parts {} of an axis of {}", node.place, to_string(parts), x[axis]);
  return all;
}

std::vector<Dims> squeeze(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  const std::vector<std::int64_t> axes = values.setting(node, 1, "axes");
  std::set<std::size_t> gone;
  for (const std::int64_t axis : axes) gone.insert(axis_of(axis, x.size(), node.place));
  Dims dims;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (axes.empty() ? x[i] != 1 : gone.count(i) == 0) dims.push_back(x[i]);
  }
  return {dims};
}

std::vector<Dims> unsqueeze(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  const std::vector<std::int64_t> axes = values.setting(node, 1, "axes");
  const std::size_t rank = x.size() + axes.size();
  std::set<std::size_t> added;
  for (const std::int64_t axis : axes) added.insert(axis_of(axis, rank, node.place));
  if (added.size() != axes.size()) throw InputError("{}: an axis occurs twice", node.place);
  Dims dims;
  auto next = x.begin();
  for (std::size_t i = 0; i < rank; ++i) dims.push_back(added.count(i) > 0 ? 1 : *next++);
  return {dims};
}

std::vector<Dims> reduce(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  std::vector<std::int64_t> axes = values.setting(node, 1, "axes");
  if (axes.empty()) {
    if (node.integer("noop_with_empty_axes", 0) != 0) return {x};
    for (std::size_t i = 0; i < x.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  }
  std::set<std::size_t> gone;
  for (const std::int64_t axis : axes) gone.insert(axis_of(axis, x.size(), node.place));
  Dims dims;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (gone.count(i) == 0) {
      dims.push_back(x[i]);
    } else if (node.integer("keepdims", 1) != 0) {
      dims.push_back(1);
    }
  }
  return {dims};
}

std::vector<Dims> arg_reduce(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  const std::size_t axis = axis_of(node.integer("axis", 0), dims.size(), node.place);
  dims[axis] = 1;
  if (node.integer("keepdims", 1) == 0)
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  return {dims};
}

std::vector<Dims> pad(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  std::vector<std::int64_t> pads = values.setting(node, 1, "pads");
  if (pads.empty()) pads = node.integers("paddings", {});
  std::vector<std::int64_t> axes;
  if (node.has_input(3)) axes = values.constant(node.inputs[3]).integers();
  if (axes.empty()) {
    for (std::size_t i = 0; i < dims.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  }
  bounded(node, pads);
  if (pads.size() != 2 * axes.size())
    throw InputError("{}: {} pads for {} axes", node.place, pads.size(), axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    dims[axis_of(axes[i], dims.size(), node.place)] += pads[i] + pads[i + axes.size()];
  }
  return {dims};
}

std::vector<Dims> resize(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  if (node.op == "Resize" && node.has_input(3)) return {values.constant(node.inputs[3]).integers()};
  std::vector<float> scales;
  const std::size_t at = node.op == "Upsample" || values.graph().opset() < 11 ? 1 : 2;
  if (node.has_input(at)) {
    scales = values.constant(node.inputs[at]).floats();
  } else if (const auto found = node.attributes.find("scales"); found != node.attributes.end()) {
    if (const auto* numbers = std::get_if<std::vector<float>>(&found->second)) scales = *numbers;
  }
  if (scales.size() != dims.size())
    throw InputError("{}: {} scales for {}", node.place, scales.size(), to_string(dims));
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const double extent = static_cast<double>(dims[i]) * double{scales[i]};
    if (!(extent >= 0.0 && extent <= 2147483648.0))
      throw InputError("{}: a scale of {} for an extent of {}", node.place, scales[i], dims[i]);
    dims[i] = static_cast<std::int64_t>(extent);
  }
  return {dims};
}

std::vector<Dims> gather(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  const Dims& indices = values.input_dims(node, 1);
  const auto axis =
      static_cast<std::ptrdiff_t>(axis_of(node.integer("axis", 0), x.size(), node.place));
  Dims dims(x.begin(), x.begin() + axis);
  dims.insert(dims.end(), indices.begin(), indices.end());
  dims.insert(dims.end(), x.begin() + axis + 1, x.end());
  return {dims};
}

std::vector<Dims> shape(const Values& values, const Node& node) {
  const auto rank = static_cast<std::int64_t>(values.input_dims(node, 0).size());
  const auto clamp = [rank](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t end = clamp(node.integer("end", rank));
  return {{std::max<std::int64_t>(end - clamp(node.integer("start", 0)), 0)}};
}

std::vector<Dims> constant_of_shape(const Values& values, const Node& node) {
  return {values.constant_input(node, 0).integers()};
}

std::vector<Dims> expand(const Values& values, const Node& node) {
  return {
      broadcast(values.input_dims(node, 0), values.constant_input(node, 1).integers(), node.place)};
}

std::vector<Dims> tile(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  const std::vector<std::int64_t> repeats = values.constant_input(node, 1).integers();
  bounded(node, repeats);
  if (repeats.size() != dims.size())
    throw InputError("{}: {} repeats for {}", node.place, repeats.size(), to_string(dims));
  for (std::size_t i = 0; i < dims.size(); ++i) dims[i] *= repeats[i];
  return {dims};
}

std::vector<Dims> space_to_depth(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  const std::int64_t block = node.integer("blocksize", 1);
  if (block < 1 || block > 65536) throw InputError("{}: a block of {}", node.place, block);
  expect_image(node, dims, 2);
  const bool to_depth = node.op == "SpaceToDepth";
  dims[1] = to_depth ? dims[1] * block * block : dims[1] / (block * block);
  for (const std::size_t i : {2u, 3u}) dims[i] = to_depth ? dims[i] / block : dims[i] * block;
  return {dims};
}

/// Scale and zero point are scalars beside the value.
std::vector<Dims> dynamic_quantize(const Values& values, const Node& node) {
  return {values.input_dims(node, 0), {}, {}};
}

const std::map<std::string, ShapeRule>& rules() {
  static const std::map<std::string, ShapeRule> table = [] {
    std::map<std::string, ShapeRule> rules{
        {"ArgMax", arg_reduce},
        {"ArgMin", arg_reduce},
        {"AveragePool", pool},
        {"Concat", concat},
        {"ConstantOfShape", constant_of_shape},
        {"Conv", conv},
        {"ConvInteger", conv},
        {"ConvTranspose", transposed_conv},
        {"DepthToSpace", space_to_depth},
        {"DynamicQuantizeLinear", dynamic_quantize},
        {"Expand", expand},
        {"Flatten", flatten},
        {"Gather", gather},
        {"Gemm", gemm},
        {"LpPool", pool},
        {"MatMul", matmul},
        {"MatMulInteger", matmul},
        {"MaxPool", pool},
        {"Pad", pad},
        {"Reshape", reshape},
        {"Resize", resize},
        {"Shape", shape},
        {"Slice", slice},
        {"SpaceToDepth", space_to_depth},
        {"Split", split},
        {"Squeeze", squeeze},
        {"Tile", tile},
        {"Transpose", transpose},
        {"Unsqueeze", unsqueeze},
        {"Upsample", resize},
    };
    for (const char* op :
         {"Add",   "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max",
          "Mean",  "Min", "Mod", "Mul",   "Or",      "PRelu",          "Pow",  "Sub",         "Sum",
          "Where", "Xor"})
      rules[op] = broadcasting;
    for (const char* op : {"GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"})
      rules[op] = global_pool;
    for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
                           "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"})
      rules[op] = reduce;
    for (const char* op : {"Abs",
                           "BatchNormalization",
                           "Cast",
                           "Ceil",
                           "Celu",
                           "Clip",
                           "Cos",
                           "DequantizeLinear",
                           "Dropout",
                           "Elu",
                           "Erf",
                           "Exp",
                           "Floor",
                           "Gelu",
                           "GroupNormalization",
                           "HardSigmoid",
                           "HardSwish",
                           "Hardmax",
                           "Identity",
                           "InstanceNormalization",
                           "LRN",
                           "LayerNormalization",
                           "LeakyRelu",
                           "Log",
                           "LogSoftmax",
                           "LpNormalization",
                           "MeanVarianceNormalization",
                           "Mish",
                           "Neg",
                           "Not",
                           "QuantizeLinear",
                           "Reciprocal",
                           "Relu",
                           "Round",
                           "Selu",
                           "Shrink",
                           "Sigmoid",
                           "Sign",
                           "Sin",
                           "Softmax",
                           "Softplus",
                           "Softsign",
                           "Sqrt",
                           "Tanh",
                           "ThresholdedRelu"})
      rules[op] = same;
    return rules;
  }();
  return table;
}

}  // namespace

ShapeRule shape_rule(const Node& node) {
  const auto found = rules().find(node.op);
  return found == rules().end() ? nullptr : found->second;
}

}  // namespace brownout::importing
