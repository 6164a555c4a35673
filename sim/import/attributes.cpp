// SPDX-License-Identifier: Apache-2.0
// The attributes of all opsets from 7 on, and those that ONNX Runtime's operators on codes add.
#include "sim/import/attributes.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::importing {

namespace {

using Names = std::vector<std::string>;

const std::map<std::string, Names>& known_attributes() {
  static const std::map<std::string, Names> table = [] {
    std::map<std::string, Names> names{
        {"AveragePool",
         {"auto_pad", "ceil_mode", "channels_last", "count_include_pad", "dilations",
          "kernel_shape", "pads", "strides"}},
        {"BatchNormalization", {"epsilon", "momentum", "spatial", "training_mode"}},
        {"Cast", {"round_mode", "saturate", "to"}},
        {"Celu", {"alpha"}},
        {"Clip", {"max", "min"}},
        {"Concat", {"axis"}},
        {"ConstantOfShape", {"value"}},
        {"Conv", {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}},
        {"DequantizeLinear", {"axis", "block_size", "output_dtype"}},
        {"Dropout", {"ratio", "seed"}},
        {"Elu", {"alpha"}},
        {"Flatten", {"axis"}},
        {"Gather", {"axis"}},
        {"Gelu", {"approximate"}},
        {"Gemm", {"alpha", "beta", "transA", "transB"}},
        {"GlobalAveragePool", {"channels_last"}},
        {"GroupNormalization", {"epsilon", "num_groups", "stash_type"}},
        {"HardSigmoid", {"alpha", "beta"}},
        {"InstanceNormalization", {"epsilon"}},
        {"LRN", {"alpha", "beta", "bias", "size"}},
        {"LayerNormalization", {"axis", "epsilon", "stash_type"}},
        {"LeakyRelu", {"alpha"}},
        {"LogSoftmax", {"axis"}},
        {"MaxPool",
         {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order",
          "strides"}},
        {"Pad", {"mode", "pads", "value"}},
        {"QuantizeLinear", {"axis", "block_size", "output_dtype", "precision", "saturate"}},
        {"ReduceMean", {"axes", "keepdims", "noop_with_empty_axes"}},
        {"Reshape", {"allowzero"}},
        {"Selu", {"alpha", "gamma"}},
        {"Shape", {"end", "start"}},
        {"Slice", {"axes", "ends", "starts"}},
        {"Softmax", {"axis", "opset"}},
        {"Split", {"axis", "num_outputs", "split"}},
        {"Squeeze", {"axes"}},
        {"ThresholdedRelu", {"alpha"}},
        {"Transpose", {"perm"}},
        {"Unsqueeze", {"axes"}},
    };
    for (const char* op :
         {"Abs",        "Add",       "Ceil",     "Div",          "Erf",      "Exp",      "Expand",
          "Floor",      "HardSwish", "Identity", "Log",          "MatMul",   "Max",      "Mean",
          "Min",        "Mish",      "Mul",      "Neg",          "Pow",      "PRelu",    "Relu",
          "Reciprocal", "Round",     "Sigmoid",  "Sign",         "Softsign", "Softplus", "Sqrt",
          "Sub",        "Sum",       "Tanh",     "GlobalMaxPool"})
      names[op] = {};
    return names;
  }();
  return table;
}

}  // namespace

void expect_known_attributes(const Node& node) {
  const auto known = known_attributes().find(node.op);
  if (known == known_attributes().end()) return;
  const Names& names = known->second;
  for (const auto& [name, value] : node.attributes) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw InputError("{}: has an attribute {}, which the operator does not have; expected {}",
                     node.place, in_quotes(name),
                     names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
  }
}

}  // namespace brownout::importing
