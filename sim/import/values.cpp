// SPDX-License-Identifier: Apache-2.0
// Walks the nodes; shape_rules.cpp says what shapes an operator's outputs have.
#include "sim/import/values.hpp"

#include <algorithm>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/import/fold.hpp"
#include "sim/import/shape_rules.hpp"

namespace brownout::importing {

namespace {

/// The image's extents as the caller names them, where the file leaves them open.
Dims resolved(const Graph& graph, const GraphInput& input, const Dims& named) {
  Dims dims = input.dims;
  if (!dims.empty() && dims[0] < 0) dims[0] = 1;
  if (!named.empty()) {
    const Dims whole = [&] {
      Dims all{dims.empty() ? 1 : dims[0]};
      all.insert(all.end(), named.begin(), named.end());
      return all;
    }();
    if (!dims.empty() && dims.size() != whole.size()) {
      throw InputError("{}: {}: input {} has {} extents beside the batch, got {}",
                       graph.file().string(), Field{"input"}, in_quotes(input.name),
                       dims.size() - 1, named.size());
    }
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] >= 0 && dims[i] != whole[i]) {
        throw InputError("{}: {}: expected what fits input {} of the file, {}, got {}",
                         graph.file().string(), Field{"input"}, in_quotes(input.name),
                         to_string(dims), to_string(whole));
      }
    }
    dims = whole;
  }
  if (dims.size() < 2) {
    throw InputError("{}: input {} is {}, expected a batch of images", graph.file().string(),
                     in_quotes(input.name), to_string(dims));
  }
  if (std::any_of(dims.begin(), dims.end(), [](auto e) { return e < 0; })) {
    throw InputError(
        "{}: input {} leaves extents open ({}); expected {} channels x height x width, for example "
        "3x224x224",
        graph.file().string(), in_quotes(input.name), to_string(dims), Field{"input"});
  }
  return dims;
}

/// Whether the input stands for numbers of weights: operators that have such read it, none of them
/// first.
bool only_a_weight(const Graph& graph, const std::string& name) {
  static const std::set<std::string> weighted{
      "BatchNormalization",
      "Conv",
      "ConvTranspose",
      "Gemm",
      "GroupNormalization",
      "InstanceNormalization",
      "LayerNormalization",
      "MatMul",
      "PRelu",
  };
  bool read = false;
  for (const Node& node : graph.nodes()) {
    const auto found = std::find(node.inputs.begin(), node.inputs.end(), name);
    if (found == node.inputs.end()) continue;
    if (found == node.inputs.begin() || weighted.count(node.op) == 0) return false;
    read = true;
  }
  return read;
}

}  // namespace

Values::Values(const Graph& graph, const Dims& input) : graph_(graph) {
  // A file that was written without its weights has them as inputs.
  std::vector<const GraphInput*> images;
  for (const GraphInput& one : graph.inputs()) {
    const bool weight = only_a_weight(graph, one.name);
    const bool open = std::any_of(one.dims.begin(), one.dims.end(), [](auto e) { return e < 0; });
    if (graph.inputs().size() == 1 || !weight || open) {
      images.push_back(&one);
      continue;
    }
    dims_[one.name] = one.dims;
    missing_.push_back(one.name);
  }
  if (images.size() != 1) {
    std::string names;
    for (const GraphInput& one : graph.inputs()) {
      names += (names.empty() ? "" : ", ") + in_quotes(one.name);
    }
    throw InputError("{}: found {} inputs{}{}, expected one image", graph.file().string(),
                     graph.inputs().size(), names.empty() ? "" : ": ", names);
  }
  dims_[images[0]->name] = resolved(graph, *images[0], input);
  for (const Node& node : graph.nodes()) walk(node);
}

void Values::walk(const Node& node) {
  bool all_constant = true;
  for (const std::string& name : node.inputs) {
    if (name.empty()) continue;
    if (const Dims* dims = graph_.constant_dims(name)) {
      dims_.emplace(name, *dims);
      constant_.emplace(name, nullptr);
    }
    all_constant = all_constant && is_constant(name);
  }
  std::vector<Dims> shapes;
  if (const ShapeRule rule = shape_rule(node)) {
    shapes = rule(*this, node);
  } else if (node.has_input(0)) {
    shapes.assign(node.outputs.size(), input_dims(node, 0));
    const std::string remark =
        "operator " + printable(node.op) + " is unknown and taken to keep its input's shape";
    if (std::find(remarks_.begin(), remarks_.end(), remark) == remarks_.end())
      remarks_.push_back(remark);
  } else {
    throw InputError("{}: the operator is unknown and has no input", node.place);
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    // Second outputs that no rule names are masks and statistics.
    const Dims& dims = i < shapes.size() ? shapes[i] : shapes.front();
    element_count(dims, node.place);
    dims_[node.outputs[i]] = dims;
    if (all_constant || node.op == "Shape") constant_[node.outputs[i]] = &node;
  }
}

const Dims& Values::dims(const std::string& value) const {
  const auto found = dims_.find(value);
  if (found != dims_.end()) return found->second;
  if (const Dims* dims = graph_.constant_dims(value)) return *dims;
  throw InputError("{}: nothing computes {}", graph_.file().string(), in_quotes(value));
}

const Dims& Values::input_dims(const Node& node, std::size_t i) const {
  if (!node.has_input(i)) throw InputError("{}: input {} is missing", node.place, i + 1);
  return dims(node.inputs[i]);
}

std::vector<std::int64_t> Values::setting(const Node& node, std::size_t i,
                                          const char* attribute) const {
  if (node.has_input(i)) return constant(node.inputs[i]).integers();
  return node.integers(attribute, {});
}

const Tensor& Values::constant(const std::string& value) const {
  // Those that others need come first. A file may have chains of any length, so this is no
  // recursion.
  std::vector<std::string> wanted{value};
  while (!wanted.empty()) {
    const std::string next = wanted.back();
    if (computed_.count(next) > 0) {
      wanted.pop_back();
      continue;
    }
    const std::size_t before = wanted.size();
    const auto maker = constant_.find(next);
    if (maker != constant_.end() && maker->second != nullptr && maker->second->op != "Shape") {
      for (const std::string& input : maker->second->inputs) {
        if (!input.empty() && computed_.count(input) == 0) wanted.push_back(input);
      }
    }
    if (wanted.size() == before) computed_.emplace(next, compute(next));
  }
  return computed_.at(value);
}

/// Whatever it is computed from has been computed.
Tensor Values::compute(const std::string& value) const {
  if (graph_.constant_dims(value) != nullptr) return graph_.constant(value);
  const auto maker = constant_.find(value);
  if (maker == constant_.end()) {
    throw InputError("{}: {} depends on the image, expected a constant", graph_.file().string(),
                     in_quotes(value));
  }
  const Node& node = *maker->second;
  constexpr std::int64_t kMostComputed = std::int64_t{1} << 27;
  if (element_count(dims(value), node.place) > kMostComputed) {
    throw InputError("{}: computes a constant of {}, expected at most 2^27 elements", node.place,
                     to_string(dims(value)));
  }
  if (node.op == "Shape") {
    const Dims& of = input_dims(node, 0);
    const std::int64_t first = node.integer("start", 0);
    const auto rank = static_cast<std::int64_t>(of.size());
    const std::int64_t begin = std::clamp<std::int64_t>(first < 0 ? first + rank : first, 0, rank);
    const std::int64_t count = dims(value).at(0);
    return integer_tensor(Dims(of.begin() + begin, of.begin() + begin + count));
  }
  std::vector<const Tensor*> inputs;
  for (const std::string& name : node.inputs) {
    inputs.push_back(name.empty() ? nullptr : &computed_.at(name));
  }
  std::optional<Tensor> result = fold(node, inputs);
  if (!result || value != node.outputs[0]) {
    throw InputError("{}: the operator cannot be computed on constants", node.place);
  }
  return std::move(*result);
}

const Tensor& Values::constant_input(const Node& node, std::size_t i) const {
  if (!node.has_input(i)) throw InputError("{}: input {} is missing", node.place, i + 1);
  return constant(node.inputs[i]);
}

}  // namespace brownout::importing
