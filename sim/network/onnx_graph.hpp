// SPDX-License-Identifier: Apache-2.0
// Internal: recognizes the operator groups of a network file in an ONNX graph.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/network/infer.hpp"
#include "sim/network/onnx_format.hpp"
#include "sim/network/onnx_tensor.hpp"

namespace brownout::network {

/// One entry of brownout.tensors.
struct DeclaredTensor {
  Scheme scheme = Scheme::kRquant;
  int bits = 0;
  std::string role;
};

/// brownout.formulas: those of lookups, by their nodes.
using Formulas = std::map<std::string, std::string>;

/// What an ONNX value stands for while the graph is read in file order.
struct Symbol {
  enum class Kind {
    kConstant,    // an initializer
    kScaled,      // alpha·n of `parameter`
    kParameter,   // decoded `parameter`
    kActivation,  // `value` of the network
    kCodes,       // u8 codes of `value`
    kGrouped,     // `value` as groups × rest
    kNormalized,  // the same after InstanceNormalization
    kPixels,      // `value` with channels last
    kUngrouped,   // the same after the norm of each pixel
    kPositive,    // `value` > 0
    kIndex,       // codes of `value` as positions in a table
    kMerged,      // a group norm's value before its scale or shift
  };
  Kind kind = Kind::kConstant;
  ParameterIndex parameter;
  ValueIndex value;
  const onnx::TensorProto* tensor = nullptr;  // kConstant
  bool plus_one = false;                      // kParameter: gamma = 1 + a'
  bool column = false;                        // kParameter: C -> C×1×1
  GroupNorm norm;                             // kGrouped, kNormalized, kUngrouped
  std::string name;                           // kNormalized, kUngrouped: the node's name
  bool used = false;
};

/// Each ONNX operator turns the meanings of its inputs into the meaning of its output. When a group
/// is complete, a network node is created. InputError "<where>: node "x" (Conv): ..." for anything
/// that the format does not know.
class GraphReader {
 public:
  /// Fills nodes, parameters (in code order), input and classes of `network`.
  GraphReader(const onnx::GraphProto& graph, const std::map<std::string, DeclaredTensor>& declared,
              const Formulas& formulas, const std::string& where, Network& network)
      : graph_(graph), declared_(declared), formulas_(formulas), where_(where), network_(network) {}
  void run();

 private:
  using Kind = Symbol::Kind;
  using Handler = void (GraphReader::*)();
  static const std::map<std::string, Handler>& handlers();

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError("{}{}", place_, fmt::format(format, std::forward<Args>(args)...));
  }

  void read_constants();
  void read_input();
  void read_node(const onnx::NodeProto& node);
  void read_output();
  void check_used() const;
  void order_parameters();
  std::vector<int> extents(const onnx::ValueInfoProto& info) const;

  // Values.
  void define(const std::string& name, const Symbol& symbol);
  void define_output(const Symbol& symbol) { define(node_->output(0), symbol); }
  const std::string& input_name(int i) const { return node_->input(i); }
  bool has_input(int i) const { return i < node_->input_size() && !node_->input(i).empty(); }
  void need_inputs(int low, int high) const;
  Symbol& input(int i);
  Symbol& input(int i, Kind kind);
  ValueIndex activation(int i) { return input(i, Kind::kActivation).value; }
  const ValueType& type_of(ValueIndex value) const { return types_[value]; }

  // Constants.
  template <typename T>
  std::vector<T> constant(int i);
  template <typename T>
  T scalar(int i);
  template <typename T>
  void expect_constant(int i, const std::vector<T>& expected);
  std::string tensor_place(const std::string& name) const;

  // Parameters.
  ParameterIndex add_parameter(const onnx::TensorProto& tensor);
  Parameter& parameter(const Symbol& symbol);
  /// A parameter. A float initializer that is not a derived constant becomes an uncoded parameter.
  Symbol& parameter_input(int i);
  bool is_parameter(int i);
  /// The index of the parameter that becomes this node's `role`.
  ParameterIndex attach(int i, Role role, bool column = false);

  // Network nodes.
  ValueIndex last_value() const { return network_.logits(); }
  void emit(const Operator& op, std::vector<ValueIndex> inputs, const std::string& name);
  Symbol value_symbol(Kind kind, ValueIndex value) const;
  /// The group norm that was just read, if input 0 is its value, so that a scale or shift may join
  /// it.
  GroupNorm* open_group_norm();

  // Operators.
  void read_add();
  void read_average_pool();
  void read_batch_norm();
  void read_beta(Parameter& parameter);
  void read_cast();
  void read_clip();
  void read_concat();
  void read_conv();
  void read_dequantize();
  void read_flatten();
  void read_gather();
  void read_gemm();
  void read_global_average_pool();
  void read_greater();
  void read_identity();
  void read_instance_norm();
  void read_lrn();
  void read_max_pool();
  void read_mul();
  void read_prelu();
  void read_quantize();
  void read_relu();
  void read_reshape();
  void read_transpose();
  void read_unsqueeze();
  void read_where();

  const onnx::GraphProto& graph_;
  const std::map<std::string, DeclaredTensor>& declared_;
  const Formulas& formulas_;
  const std::string& where_;
  Network& network_;
  std::map<std::string, Symbol> symbols_;
  std::set<std::string> used_formulas_;
  std::set<std::string> later_;     // all values that nodes compute
  std::set<std::string> attached_;  // parameters that have their operator
  ValueTypes types_;
  const onnx::NodeProto* node_ = nullptr;
  std::string place_;
};

const char* to_string(Symbol::Kind kind);

template <typename T>
std::vector<T> GraphReader::constant(int i) {
  const Symbol& symbol = input(i, Kind::kConstant);
  return tensor_data<T>(*symbol.tensor, tensor_place(input_name(i)));
}

template <typename T>
T GraphReader::scalar(int i) {
  const std::vector<T> data = constant<T>(i);
  if (data.size() != 1) fail("\"{}\" has {} elements, expected 1", input_name(i), data.size());
  return data[0];
}

template <typename T>
void GraphReader::expect_constant(int i, const std::vector<T>& expected) {
  const std::vector<T> found = constant<T>(i);
  if (found == expected) return;
  const auto shown = [](const std::vector<T>& data) {
    const std::vector<T> head(data.begin(),
                              data.begin() + (data.size() < 8 ? data.end() - data.begin() : 8));
    return fmt::format("[{}{}]", fmt::join(head, ", "), data.size() > 8 ? ", ..." : "");
  };
  fail("\"{}\" is {}, expected {}", input_name(i), shown(found), shown(expected));
}

}  // namespace brownout::network
