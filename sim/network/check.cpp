// SPDX-License-Identifier: Apache-2.0
// The whole-network check: wiring, shapes, parameters, codes, and that int32 can hold every sum.
#include <cmath>
#include <set>

#include "sim/base/error.hpp"
#include "sim/network/decoding_check.hpp"
#include "sim/network/formula.hpp"
#include "sim/network/infer.hpp"
#include "sim/network/network.hpp"

namespace brownout::network {

namespace {

constexpr int kMaxActivation = 255;
constexpr std::int64_t kMaxAccumulator = 2147483647;  // 2^31 - 1

/// '#' separates what files derive from a name; "image" is the name of the input in files.
void check_name(const std::string& name, const char* what, const std::string& where,
                std::set<std::string>& taken) {
  bool plain = !name.empty() && name != "image";
  for (const char c : name) plain = plain && c > ' ' && c < 127 && c != '#';
  if (!plain) {
    throw InputError(
        "{}: {} is named \"{}\", expected printable ASCII without spaces and '#', and not "
        "\"image\"",
        where, what, name);
  }
  if (!taken.insert(name).second) {
    throw InputError("{}: two parts of the network are named \"{}\"", where, name);
  }
}

/// K·2^(m-1)·255 <= 2^31-1: the sums can never overflow, whatever faults make of the codes.
void check_accumulator(const Node& node, const Coding& coding, std::int64_t reduction,
                       const std::string& where) {
  const std::int64_t largest = std::int64_t{1} << (coding.bits - 1);
  if (reduction > kMaxAccumulator / (largest * kMaxActivation)) {
    throw InputError(
        "{}sums {} products of {}-bit codes and could overflow int32, expected at most {}",
        node_place(where, node), reduction, coding.bits,
        kMaxAccumulator / (largest * kMaxActivation));
  }
}

}  // namespace

void check_decoding(const Coding& coding, const std::string& place) {
  if (!std::isfinite(coding.alpha) || std::signbit(coding.alpha)) {
    throw InputError("{}alpha is {}, expected a finite number of at least 0", place, coding.alpha);
  }
  if (!std::isfinite(coding.beta)) {
    throw InputError("{}beta is {}, expected a finite number", place, coding.beta);
  }
  const bool binary = coding.scheme == Scheme::kBinary;
  if ((binary || coding.scheme == Scheme::kSymmetric) && coding.beta != 0.0f) {
    throw InputError("{}beta is {}, scheme {} expects 0", place, coding.beta,
                     to_string(coding.scheme));
  }
  if (binary && coding.alpha != 1.0f) {
    throw InputError("{}alpha is {}, scheme binary expects 1", place, coding.alpha);
  }
}

namespace {

void check_coding(const Parameter& parameter, const std::string& place) {
  const Coding& coding = *parameter.coding;
  try {
    check_bits(coding.scheme, coding.bits);
  } catch (const InputError& error) {
    throw InputError("{}{}", place, error.what());
  }
  check_decoding(coding, place);
  const bool binary = coding.scheme == Scheme::kBinary;
  if (!parameter.channels.empty()) {
    if (coding.alpha != 1.0f || coding.beta != 0.0f) {
      throw InputError(
          "{}alpha is {} beside decodings by channel, expected 1, and beta {}, expected 0", place,
          coding.alpha, coding.beta);
    }
    const std::size_t decodings = parameter.channels.size();
    if (decodings < 2 || static_cast<std::int64_t>(decodings) != parameter.shape[0]) {
      throw InputError("{}has {} decodings by channel, expected one for each of {} channels", place,
                       decodings, parameter.shape[0]);
    }
    for (std::size_t c = 0; c < parameter.channels.size(); ++c) {
      check_decoding(parameter.coding_of(static_cast<std::int64_t>(c)),
                     fmt::format("{}channel {}: ", place, c));
    }
  }
  const int low = n_lowest(coding);
  const int high = n_high(coding);
  for (std::size_t i = 0; i < parameter.n.size(); ++i) {
    const int n = parameter.n[i];
    if (n < low || n > high || (binary && n == 0)) {
      throw InputError("{}element {} is n = {}, scheme {} with {} bits expects {}", place, i, n,
                       to_string(coding.scheme), coding.bits,
                       binary ? "-1 or 1" : fmt::format("{} to {}", low, high));
    }
  }
}

class Checker {
 public:
  Checker(const Network& network, const std::string& where, MatrixWeights weights)
      : network_(network), where_(where), weights_(weights) {}

  Shapes run() {
    check_input();
    values_.push_back({network_.input, false, false});
    used_.assign(network_.nodes.size() + 1, false);
    for (const Node& node : network_.nodes) {
      check_name(node.name, "a node", where_, names_);
      values_.push_back(infer(node, values_, where_));
      for (const ValueIndex input : node.inputs) used_[input] = true;
      const ValueType& in = values_[node.inputs[0]];
      std::visit([&](const auto& op) { check_parameters(node, op, in.shape); }, node.op);
    }
    if (next_parameter_ != network_.parameters.size()) {
      throw InputError("{}: parameter \"{}\" belongs to no node", where_,
                       network_.parameters[next_parameter_].name);
    }
    check_output();
    Shapes shapes;
    for (const ValueType& value : values_) shapes.push_back(value.shape);
    return shapes;
  }

 private:
  void check_input() const {
    const Shape& in = network_.input;
    for (const int extent : {in.channels, in.height, in.width}) {
      if (extent < 1 || extent > 65536) {
        throw InputError("{}: the input is {}x{}x{}, expected extents of 1 to 65536", where_,
                         in.channels, in.height, in.width);
      }
    }
    if (in.size() > (std::int64_t{1} << 28)) {
      throw InputError("{}: the input has {} values, expected at most 2^28", where_, in.size());
    }
    const InputTransform& transform = network_.transform;
    const std::size_t channels = in.channels;
    if (transform.mean.size() != channels || transform.std.size() != channels) {
      throw InputError("{}: the input has {} channels, {} means and {} standard deviations", where_,
                       channels, transform.mean.size(), transform.std.size());
    }
    for (std::size_t c = 0; c < channels; ++c) {
      if (!std::isfinite(transform.mean[c]) || !std::isfinite(transform.std[c]) ||
          !(transform.std[c] > 0.0f)) {
        throw InputError(
            "{}: input channel {} has mean {} and standard deviation {}, expected finite numbers, "
            "the second above 0",
            where_, c, transform.mean[c], transform.std[c]);
      }
    }
  }

  void check_output() const {
    if (network_.nodes.empty()) throw InputError("{}: the network has no nodes", where_);
    for (std::size_t value = 0; value + 1 < used_.size(); ++value) {
      if (used_[value]) continue;
      throw InputError(
          "{}: {} is never used", where_,
          value == 0 ? "the input image" : "the value of " + describe(network_.nodes[value - 1]));
    }
    const Node& last = network_.nodes.back();
    const Shape& logits = values_.back().shape;
    if (values_.back().quantized) {
      throw InputError("{}gives the logits quantized, expected fp32", node_place(where_, last));
    }
    if (network_.classes < 1 || !(logits == Shape{network_.classes, 1, 1})) {
      throw InputError("{}gives {}x{}x{} logits, expected {} classes x1x1",
                       node_place(where_, last), logits.channels, logits.height, logits.width,
                       network_.classes);
    }
  }

  static std::string describe(const Node& node) {
    return fmt::format("node \"{}\" ({})", node.name, operator_name(node.op));
  }

  /// Parameters come in code order, so a node's index can only be the next one.
  const Parameter* take(const Node& node, OptionalParameter index, Role role,
                        const std::vector<std::int64_t>& shape) {
    if (!index) return nullptr;
    if (!network_.parameters.contains(*index) || index->number() != next_parameter_) {
      throw InputError(
          "{}its {} is parameter {} of {}, expected {}: parameters stand in code order (nodes in "
          "order; weight, bias, scale, shift)",
          node_place(where_, node), to_string(role), index->number(), network_.parameters.size(),
          next_parameter_);
    }
    ++next_parameter_;
    const Parameter& parameter = network_.parameters[*index];
    check_name(parameter.name, "a parameter", where_, names_);
    const std::string place =
        fmt::format("{}: parameter \"{}\" of {}: ", where_, parameter.name, describe(node));
    if (parameter.role != role) {
      throw InputError("{}has role {}, expected {}", place, to_string(parameter.role),
                       to_string(role));
    }
    if (parameter.shape != shape) {
      throw InputError("{}has shape [{}], expected [{}]", place, fmt::join(parameter.shape, ", "),
                       fmt::join(shape, ", "));
    }
    check_data(parameter, place);
    return &parameter;
  }

  static void check_data(const Parameter& parameter, const std::string& place) {
    // The data must have the declared size before that product may overflow.
    const std::size_t held = parameter.coding ? parameter.n.size() : parameter.values.size();
    std::size_t size = 1;
    for (const std::int64_t extent : parameter.shape) {
      if (size <= held) size *= static_cast<std::size_t>(extent);
    }
    const std::size_t codes = parameter.coding ? size : 0;
    if (parameter.n.size() != codes || parameter.values.size() != size - codes) {
      throw InputError("{}holds {} codes and {} plain values, expected {} and {}", place,
                       parameter.n.size(), parameter.values.size(), codes, size - codes);
    }
    if (parameter.coding) check_coding(parameter, place);
    for (std::size_t i = 0; i < parameter.values.size(); ++i) {
      if (!std::isfinite(parameter.values[i])) {
        throw InputError("{}element {} is {}, expected a finite number", place, i,
                         parameter.values[i]);
      }
    }
  }

  void check_matrix(const Node& node, OptionalParameter weight, OptionalParameter bias,
                    const std::vector<std::int64_t>& shape) {
    const Parameter* found = take(node, weight, Role::kWeight, shape);
    if (found == nullptr) throw InputError("{}has no weight", node_place(where_, node));
    if (!found->coding && weights_ == MatrixWeights::kCoded) {
      throw InputError("{}its weight \"{}\" is not coded, the array computes on codes only",
                       node_place(where_, node), found->name);
    }
    if (found->coding) {
      check_accumulator(node, *found->coding, found->size() / shape[0], where_);
    }
    take(node, bias, Role::kBias, {shape[0]});
  }

  void check_parameters(const Node& node, const Conv2d& op, const Shape& in) {
    check_matrix(node, op.weight, op.bias,
                 {op.out_channels, in.channels / op.groups, op.kernel[0], op.kernel[1]});
  }
  void check_parameters(const Node& node, const Linear& op, const Shape& in) {
    check_matrix(node, op.weight, op.bias, {op.out_features, in.channels});
  }
  void check_parameters(const Node& node, const GroupNorm& op, const Shape& in) {
    take(node, op.scale, Role::kScale, {in.channels});
    take(node, op.shift, Role::kShift, {in.channels});
  }
  void check_parameters(const Node& node, const BatchNorm& op, const Shape& in) {
    take(node, op.scale, Role::kScale, {in.channels});
    take(node, op.shift, Role::kShift, {in.channels});
    const std::size_t channels = in.channels;
    if (op.mean.size() != channels || op.variance.size() != channels) {
      throw InputError("{}has {} means and {} variances, expected one per channel ({})",
                       node_place(where_, node), op.mean.size(), op.variance.size(), channels);
    }
    for (std::size_t c = 0; c < channels; ++c) {
      if (!std::isfinite(op.mean[c]) || !std::isfinite(op.variance[c]) || op.variance[c] < 0.0f) {
        throw InputError(
            "{}channel {} has mean {} and variance {}, expected finite numbers, the second at "
            "least 0",
            node_place(where_, node), c, op.mean[c], op.variance[c]);
      }
    }
  }
  /// The table may be missing where engine "float" alone computes.
  void check_parameters(const Node& node, const Lookup& op, const Shape& /*in*/) const {
    try {
      const Formula formula(op.formula);
    } catch (const InputError& error) {
      throw InputError("{}{}", node_place(where_, node), error.text());
    }
    if (op.table.empty() && weights_ == MatrixWeights::kAny) return;
    if (op.table.size() != 256) {
      throw InputError("{}has a table of {} numbers, expected 256", node_place(where_, node),
                       op.table.size());
    }
    for (std::size_t q = 0; q < op.table.size(); ++q) {
      if (std::isfinite(op.table[q])) continue;
      throw InputError("{}entry {} of its table is {}, expected a finite number",
                       node_place(where_, node), q, op.table[q]);
    }
  }
  template <typename Op>
  void check_parameters(const Node&, const Op&, const Shape&) const {}

  const Network& network_;
  const std::string& where_;
  const MatrixWeights weights_;
  ValueTypes values_;
  Table<ValueIndex, bool> used_;
  std::set<std::string> names_;
  std::size_t next_parameter_ = 0;
};

}  // namespace

Shapes check(const Network& network, const std::string& where, MatrixWeights weights) {
  return Checker(network, where, weights).run();
}

}  // namespace brownout::network
