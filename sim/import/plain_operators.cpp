// SPDX-License-Identifier: Apache-2.0
// One rule an operator says which inputs are codes, scales and zero points, or what was fused.
#include "sim/import/plain_operators.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

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

  /// The same with attributes of its own.
  std::string apply(const char* op, std::vector<std::string> values,
                    std::map<std::string, Attribute> attributes) {
    Node node = begin(op, std::move(values));
    node.attributes = std::move(attributes);
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

using ActivationSettings = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> names_of(const ActivationSettings& settings) {
  std::vector<std::string> names;
  for (const auto& [name, attributes] : settings) names.push_back(name);
  return names;
}

/// An operator that was fused with the activation after it, `numbers` of which are its settings.
void activate(Replacement& r, const std::string& value, const std::vector<float>& numbers) {
  static const ActivationSettings settings{
      {"Clip", {"min", "max"}}, {"Elu", {"alpha"}}, {"HardSigmoid", {"alpha", "beta"}},
      {"LeakyRelu", {"alpha"}}, {"Relu", {}},       {"Selu", {"alpha", "gamma"}},
      {"Sigmoid", {}},          {"Softplus", {}},   {"Tanh", {}}};
  const std::string name = r.node().text("activation", "");
  if (name.empty()) return r.result(value);
  const auto found = settings.find(name);
  if (found == settings.end()) {
    throw InputError("{}: activation is {}, expected one of {}", r.node().place, in_quotes(name),
                     fmt::join(names_of(settings), ", "));
  }
  std::map<std::string, Attribute> attributes;
  for (std::size_t i = 0; i < std::min(numbers.size(), found->second.size()); ++i) {
    attributes[found->second[i]] = numbers[i];
  }
  r.result(r.apply(found->first.c_str(), {value}, std::move(attributes)));
}

/// Those of the operator itself.
std::map<std::string, Attribute> without_activation(const Node& node) {
  std::map<std::string, Attribute> attributes;
  for (const auto& [name, value] : node.attributes) {
    if (name.rfind("activation", 0) != 0) attributes.emplace(name, value);
  }
  return attributes;
}

/// The activation of the sum of the convolution and, where there is one, input 4.
void replace_fused_conv(Replacement& r) {
  std::vector<std::string> inputs{r.input(0), r.input(1)};
  if (r.has_input(2)) inputs.push_back(r.input(2));
  std::string value = r.apply("Conv", inputs, without_activation(r.node()));
  if (r.has_input(3)) value = r.apply(kAdd, {value, r.input(3)}, {});
  std::vector<float> numbers;
  const auto found = r.node().attributes.find("activation_params");
  if (found != r.node().attributes.end()) {
    const auto* given = std::get_if<std::vector<float>>(&found->second);
    if (given == nullptr)
      throw InputError("{}: attribute activation_params: expected numbers", r.node().place);
    numbers = *given;
  }
  activate(r, value, numbers);
}

void replace_fused_gemm(Replacement& r) {
  std::vector<std::string> inputs{r.input(0), r.input(1)};
  if (r.has_input(2)) inputs.push_back(r.input(2));
  std::vector<float> numbers;
  for (const char* name : {"activation_alpha", "activation_beta"}) {
    if (r.node().attributes.count(name) > 0) numbers.push_back(r.node().number(name, 0.0f));
  }
  activate(r, r.apply("Gemm", inputs, without_activation(r.node())), numbers);
}

void replace_concat(Replacement& r) {
  std::vector<std::string> values;
  for (std::size_t i = 2; i < r.inputs(); i += 3) values.push_back(r.numbers(i));
  r.codes(r.apply("Concat", values), 0);
}

using Rule = void (*)(Replacement&);

const std::map<std::string, Rule>& replacement_rules() {
  static const std::map<std::string, Rule> table{
      {"FusedConv", replace_fused_conv},
      {"FusedGemm", replace_fused_gemm},
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
