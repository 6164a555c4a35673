// SPDX-License-Identifier: Apache-2.0
// One rule an operator says which inputs are codes, scales and zero points.
#include "sim/import/plain_operators.hpp"

#include <map>

#include "sim/base/error.hpp"

namespace brownout::importing {

namespace {

constexpr const char* kAdd = "Add";
constexpr const char* kMul = "Mul";
constexpr const char* kAveragePool = "AveragePool";
constexpr const char* kGlobalAveragePool = "GlobalAveragePool";
constexpr const char* kLeakyRelu = "LeakyRelu";
constexpr const char* kReduceMean = "ReduceMean";
constexpr const char* kSigmoid = "Sigmoid";
constexpr const char* kSoftmax = "Softmax";

/// Builds the nodes that take the place of one.
class Replacement {
 public:
  Replacement(const Node& node, std::vector<Node>& nodes) : node_(node), nodes_(nodes) {}

  const std::string& input(std::size_t i) const {
    if (!node_.has_input(i)) throw InputError("{}: input {} is missing", node_.place, i + 1);
    return node_.inputs[i];
  }
  bool has_input(std::size_t i) const { return node_.has_input(i); }
  std::size_t inputs() const { return node_.inputs.size(); }
  const Node& node() const { return node_; }

  /// Codes, scale and zero point in three consecutive inputs, as numbers.
  std::string numbers(std::size_t first, std::int64_t axis = 1) {
    Node node = begin("DequantizeLinear", {input(first), input(first + 1)});
    if (has_input(first + 2)) node.inputs.push_back(input(first + 2));
    node.attributes["axis"] = axis;
    return add(std::move(node));
  }

  /// A bias in int32 codes; its scale is the product of those of image and weights.
  std::string bias(std::size_t i, std::size_t x_scale, std::size_t w_scale) {
    const std::string scale = add(begin("Mul", {input(x_scale), input(w_scale)}));
    Node node = begin("DequantizeLinear", {input(i), scale});
    node.attributes["axis"] = std::int64_t{0};
    return add(std::move(node));
  }

  /// The plain operator, with the attributes of the one that it replaces.
  std::string apply(const char* op, std::vector<std::string> values) {
    Node node = begin(op, std::move(values));
    node.attributes = node_.attributes;
    return add(std::move(node));
  }

  /// The result, as codes of the scale and zero point in two consecutive inputs.
  void codes(const std::string& value, std::size_t scale) {
    Node node = begin("QuantizeLinear", {value, input(scale)});
    if (has_input(scale + 1)) node.inputs.push_back(input(scale + 1));
    node.outputs = node_.outputs;
    nodes_.push_back(std::move(node));
  }

  void result(const std::string& value) {
    Node node = begin("Identity", {value});
    node.outputs = node_.outputs;
    nodes_.push_back(std::move(node));
  }

 private:
  Node begin(const char* op, std::vector<std::string> inputs) const {
    Node node;
    node.op = op;
    node.name = node_.name;
    node.place = node_.place;
    node.inputs = std::move(inputs);
    return node;
  }
  std::string add(Node node) {
    // A tab: names in files are words.
    node.outputs = {node_.outputs[0] + '\t' + std::to_string(next_++)};
    nodes_.push_back(std::move(node));
    return nodes_.back().outputs[0];
  }

  const Node& node_;
  std::vector<Node>& nodes_;
  int next_ = 0;
};

void replace_conv(Replacement& r) {
  std::vector<std::string> values{r.numbers(0), r.numbers(3, 0)};
  if (r.has_input(8)) values.push_back(r.bias(8, 1, 4));
  r.codes(r.apply("Conv", values), 6);
}

void replace_matmul(Replacement& r) { r.codes(r.apply("MatMul", {r.numbers(0), r.numbers(3)}), 6); }

void replace_gemm(Replacement& r) {
  const std::int64_t outputs = r.node().integer("transB", 0) != 0 ? 0 : 1;
  std::vector<std::string> values{r.numbers(0), r.numbers(3, outputs)};
  if (r.has_input(6)) values.push_back(r.bias(6, 1, 4));
  const std::string y = r.apply("Gemm", values);
  if (r.has_input(7)) {
    r.codes(y, 7);
  } else {
    r.result(y);
  }
}

template <const char* const& kOp>
void two_values(Replacement& r) {
  r.codes(r.apply(kOp, {r.numbers(0), r.numbers(3)}), 6);
}

template <const char* const& kOp>
void one_value(Replacement& r) {
  r.codes(r.apply(kOp, {r.numbers(0)}), 3);
}

void replace_concat(Replacement& r) {
  std::vector<std::string> values;
  for (std::size_t i = 2; i < r.inputs(); i += 3) values.push_back(r.numbers(i));
  r.codes(r.apply("Concat", values), 0);
}

using Rule = void (*)(Replacement&);

const std::map<std::string, Rule>& replacement_rules() {
  static const std::map<std::string, Rule> table{
      {"QGemm", replace_gemm},
      {"QLinearAdd", two_values<kAdd>},
      {"QLinearAveragePool", one_value<kAveragePool>},
      {"QLinearConcat", replace_concat},
      {"QLinearConv", replace_conv},
      {"QLinearGlobalAveragePool", one_value<kGlobalAveragePool>},
      {"QLinearLeakyRelu", one_value<kLeakyRelu>},
      {"QLinearMatMul", replace_matmul},
      {"QLinearMul", two_values<kMul>},
      {"QLinearReduceMean", one_value<kReduceMean>},
      {"QLinearSigmoid", one_value<kSigmoid>},
      {"QLinearSoftmax", one_value<kSoftmax>},
  };
  return table;
}

}  // namespace

std::vector<Node> plain_operators(const std::vector<Node>& nodes) {
  std::vector<Node> plain;
  plain.reserve(nodes.size());
  for (const Node& node : nodes) {
    const auto rule = replacement_rules().find(node.op);
    if (rule == replacement_rules().end()) {
      plain.push_back(node);
      continue;
    }
    Replacement replacement(node, plain);
    rule->second(replacement);
  }
  return plain;
}

}  // namespace brownout::importing
