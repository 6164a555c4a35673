// SPDX-License-Identifier: Apache-2.0
// The walk over the graph, and what a value of it is in the network.
#include "sim/import/lower.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/base/text.hpp"
#include "sim/import/attributes.hpp"
#include "sim/import/lowering.hpp"
#include "sim/import/shape_rules.hpp"

namespace brownout::importing {

namespace {

/// A graph that reads a vector may have its image's extents named; everything else is as Values
/// has it.
Dims named_extents(const Graph& graph, const LowerOptions& options) {
  const std::size_t rank = graph.inputs().size() == 1 ? graph.inputs()[0].dims.size() : 0;
  const bool vector = rank == 2 || rank == 3;
  return vector ? Dims{} : options.input;
}

[[noreturn]] void refuse_operator(const Node& node) {
  throw InputError("{}: the operator cannot be imported; those that can are {}", node.place,
                   fmt::join(lowered_operators(), ", "));
}

int extent(std::int64_t number, const Graph& graph) {
  if (number < 1 || number > (1 << 28)) {
    throw InputError("{}: an extent of {}, expected 1 to 2^28", graph.file().string(), number);
  }
  return static_cast<int>(number);
}

/// Whether a transpose puts the channels of the input first, which then come last in the file:
/// either the input's own, or that of what operators make of it that keep the order of axes.
bool turned_to_channels_first(const Graph& graph, const std::string& input) {
  static const std::set<std::string> kept{"Add", "Cast",     "Clip",          "DequantizeLinear",
                                          "Div", "Identity", "Mul",           "Pad",
                                          "Sub", "Relu",     "QuantizeLinear"};
  std::set<std::string> same_order{input};
  for (const Node& node : graph.nodes()) {
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](const auto& name) { return same_order.count(name) > 0; });
    if (!reads) continue;
    if (node.op == "Transpose" && node.integers("perm", {}) == Dims{0, 3, 1, 2}) return true;
    if (kept.count(node.op) > 0) same_order.insert(node.outputs[0]);
  }
  return false;
}

}  // namespace

Lowering::Lowering(const Graph& graph, const LowerOptions& options)
    : graph_(graph), options_(options), values_(graph, named_extents(graph, options)) {
  if (!values_.missing_weights().empty()) {
    throw InputError(
        "{}: has no numbers for the weights {}, which are inputs of its graph; expected a network "
        "that was exported with its weights",
        graph.file().string(), fmt::join(values_.missing_weights(), ", "));
  }
  if (graph.outputs().size() != 1) {
    throw InputError("{}: the graph has {} outputs, expected one, the logits",
                     graph.file().string(), graph.outputs().size());
  }
}

/// Values that the output depends on.
std::set<std::string> Lowering::needed() const {
  std::set<std::string> needed{graph_.outputs()[0]};
  for (auto node = graph_.nodes().rbegin(); node != graph_.nodes().rend(); ++node) {
    const bool used = std::any_of(node->outputs.begin(), node->outputs.end(),
                                  [&](const std::string& name) { return needed.count(name) > 0; });
    if (used) needed.insert(node->inputs.begin(), node->inputs.end());
  }
  return needed;
}

ImportedNetwork Lowering::run() {
  network_.name = graph_.file().stem().string();
  const std::set<std::string> used = needed();
  readers_[graph_.outputs()[0]] = 1;
  const auto matters = [&](const Node& node) {
    return !values_.is_constant(node.outputs[0]) &&
           std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](const std::string& name) { return used.count(name) > 0; });
  };
  written_out_ = written_out_norms(graph_, values_);
  for (const Node& node : graph_.nodes()) {
    if (!matters(node) || written_out_.parts.count(&node) > 0) continue;
    if (const auto norm = written_out_.norms.find(&node); norm != written_out_.norms.end()) {
      ++readers_[norm->second.input];
      continue;
    }
    for (const std::string& name : node.inputs) ++readers_[name];
  }
  read_input();
  for (const Node& node : graph_.nodes()) {
    if (!matters(node)) continue;
    node_ = &node;
    draft_.set_place(node.place);
    if (written_out_.parts.count(&node) > 0) continue;
    if (const auto norm = written_out_.norms.find(&node); norm != written_out_.norms.end()) {
      lower_written_out(norm->second);
      continue;
    }
    const auto handler = handlers().find(node.op);
    if (handler == handlers().end()) refuse_operator(node);
    (this->*handler->second)();
  }
  const auto output = lowered_.find(graph_.outputs()[0]);
  if (node_ == nullptr) {
    throw InputError("{}: no operator computes output {} from the image", graph_.file().string(),
                     in_quotes(graph_.outputs()[0]));
  }
  if (output == lowered_.end()) {
    throw InputError("{}: output {} is not what the last operator computes", graph_.file().string(),
                     in_quotes(graph_.outputs()[0]));
  }
  if (output->second.padded()) {
    throw InputError("{}: output {} is a padded image, expected one number a class",
                     graph_.file().string(), in_quotes(graph_.outputs()[0]));
  }
  // First, because it may append nodes.
  const network::ValueIndex logits = numbers(closed(output->second));
  if (logits != draft_.last_value()) {
    throw InputError("{}: output {} is not what the last operator computes", graph_.file().string(),
                     in_quotes(graph_.outputs()[0]));
  }
  network_.classes = extent(
      values_.dims(graph_.outputs()[0]).size() < 2 ? 1 : values_.dims(graph_.outputs()[0])[1],
      graph_);
  ImportedNetwork result = std::move(draft_).finish(std::move(network_));
  if (graph_.opset() > kNewestOpset) {
    result.remarks.push_back(fmt::format(
        "opset {} is newer than {}, the newest that is known here; operators are taken as in that "
        "one",
        graph_.opset(), kNewestOpset));
  }
  result.quantized = std::any_of(graph_.nodes().begin(), graph_.nodes().end(),
                                 [](const Node& node) { return node.op == "QuantizeLinear"; });
  return result;
}

/// The shape of an image that the graph reads as a vector or as rows of numbers.
network::Shape Lowering::named_image(std::int64_t numbers, const network::Shape& usual) const {
  const Dims& named = options_.input;
  if (named.empty()) return usual;
  if (named.size() != 3 || element_count(named, graph_.file().string()) != numbers) {
    throw InputError("{}: {}: expected an image of the {} numbers of input {}, got {}",
                     graph_.file().string(), Field{"input"}, numbers,
                     in_quotes(graph_.inputs()[0].name), to_string(named));
  }
  return {extent(named[0], graph_), extent(named[1], graph_), extent(named[2], graph_)};
}

/// Whether a reshape of the input moves its one channel from the last axis to the first.
bool Lowering::reshapes_channels_first(const Node& node) const {
  const std::string& name = graph_.inputs()[0].name;
  if (node.inputs.empty() || node.inputs[0] != name) return false;
  const Dims& from = values_.dims(name);
  return node.op == "Reshape" && from[3] == 1 && from[1] != 1 &&
         values_.dims(node.outputs[0]) == Dims{from[0], from[3], from[1], from[2]};
}

void Lowering::read_input() {
  const GraphInput& input = graph_.inputs()[0];
  const Dims& dims = values_.dims(input.name);
  if (!input.is_float) {
    throw InputError("{}: input {} holds {}, expected an image of floats", graph_.file().string(),
                     in_quotes(input.name), input.holds);
  }
  Lowered image;
  if (dims.size() == 2) {
    image.flat = true;
    network::Shape usual{extent(dims[1], graph_), 1, 1};
    for (const Node& node : graph_.nodes()) {
      if (node.op != "Reshape" || node.inputs[0] != input.name) continue;
      const Dims& to = values_.dims(node.outputs[0]);
      if (to.size() == 4 && to[0] == dims[0]) {
        usual = {extent(to[1], graph_), extent(to[2], graph_), extent(to[3], graph_)};
      }
    }
    image.image = named_image(dims[1], usual);
  } else if (dims.size() == 3) {
    const int rows = extent(dims[1], graph_), columns = extent(dims[2], graph_);
    const network::Shape usual =
        columns == 1 ? network::Shape{rows, 1, 1} : network::Shape{1, rows, columns};
    image.image = named_image(std::int64_t{rows} * columns, usual);
  } else if (dims.size() == 4) {
    image.image = {extent(dims[1], graph_), extent(dims[2], graph_), extent(dims[3], graph_)};
    if (turned_to_channels_first(graph_, input.name) ||
        std::any_of(graph_.nodes().begin(), graph_.nodes().end(),
                    [&](const Node& node) { return reshapes_channels_first(node); })) {
      image.channels_last = true;
      image.image = {extent(dims[3], graph_), extent(dims[1], graph_), extent(dims[2], graph_)};
    }
  } else {
    throw InputError(
        "{}: input {} is {}, expected images (batch, channels, height, width) or "
        "vectors",
        graph_.file().string(), in_quotes(input.name), to_string(dims));
  }
  image.shared = readers_[input.name] > 1;
  lowered_[input.name] = image;
  network_.input = image.image;
  const auto channels = static_cast<std::size_t>(image.image.channels);
  network_.transform = options_.transform;
  for (const auto& [field, numbers] : {std::pair{Field{"mean"}, &network_.transform.mean},
                                       std::pair{Field{"deviation"}, &network_.transform.std}}) {
    if (numbers->size() == 1) numbers->assign(channels, numbers->front());
    if (numbers->size() == channels) continue;
    throw InputError("{}: {}: expected one number, or one for each of the {} channels, got {}",
                     graph_.file().string(), field, channels, numbers->size());
  }
}

std::vector<float> Lowering::floats(std::size_t i) const {
  if (!is_constant(i)) fail("input {} depends on the image, expected a constant", i + 1);
  std::vector<float> numbers = values_.constant(node_->inputs[i]).floats();
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (!std::isfinite(numbers[k]))
      fail("input {}: element {} is {}, expected a finite number", i + 1, k, numbers[k]);
  }
  return numbers;
}

const Lowered& Lowering::open_input(std::size_t i) const {
  if (!node_->has_input(i)) fail("input {} is missing", i + 1);
  const auto found = lowered_.find(node_->inputs[i]);
  if (found == lowered_.end()) {
    fail("input {} is {}, expected a value of the image", i + 1,
         is_constant(i) ? "a constant" : "another output of an operator");
  }
  return found->second;
}

Lowered Lowering::input(std::size_t i) {
  const Lowered& x = open_input(i);
  static const std::set<std::string> of_rows{"Cast",     "DequantizeLinear", "Flatten",
                                             "Identity", "QuantizeLinear",   "ReduceMean",
                                             "Reshape",  "Squeeze",          "Unsqueeze"};
  const bool rows = !x.flat && dims(i).size() == 3;  // an image whose graph has no axis of size 1
  if (x.halves[0] > 0 || x.grouped > 0 || (rows && of_rows.count(node_->op) == 0))
    fail("reads {}, expected an image or a vector", to_string(dims(i)));
  if (x.repeats) fail("reads an image whose pixels Expand repeats, which only products can");
  if (x.formula.empty()) return x;
  Lowered& kept = lowered_[node_->inputs[i]];
  kept = closed(x);
  kept.shared = readers_[node_->inputs[i]] > 1;
  return kept;
}

Lowered Lowering::number_input(std::size_t i) {
  Lowered x = input(i);
  if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
  x.value = numbers(x);
  x.coded = false;
  x.shared = false;
  return x;
}

Lowered Lowering::number_image(std::size_t i) {
  image_input(i);
  return number_input(i);
}

Lowered Lowering::image_input(std::size_t i) {
  const Lowered x = input(i);
  if (x.flat || x.channels_last)
    fail("reads {}, expected an image with channels first", to_string(dims(i)));
  return x;
}

network::Shape Lowering::shape_of(const std::string& value) const {
  const Dims& dims = values_.dims(value);
  if (dims.size() == 2) return {extent(dims[1], graph_), 1, 1};
  if (dims.size() != 4) fail("gives {}, expected images or vectors", to_string(dims));
  return {extent(dims[1], graph_), extent(dims[2], graph_), extent(dims[3], graph_)};
}

void Lowering::define_output(std::size_t output, Lowered lowered) {
  const std::string& name = node_->outputs.at(output);
  const auto readers = readers_.find(name);
  lowered.shared = lowered.shared || (readers != readers_.end() && readers->second > 1);
  lowered_[name] = lowered;
}

Lowered Lowering::same_form(const Lowered& x, network::ValueIndex value) {
  Lowered result;
  result.value = value;
  result.flat = x.flat;
  result.channels_last = x.channels_last;
  result.image = x.image;
  return result;
}

void Lowering::define_image(network::ValueIndex value) {
  Lowered lowered;
  lowered.value = value;
  lowered.image = shape_of(node_->outputs[0]);
  define(lowered);
}

network::ValueIndex Lowering::emit(const network::Operator& op,
                                   std::vector<network::ValueIndex> inputs) {
  DraftNode draft;
  draft.name = node_->name;
  draft.op = op;
  draft.inputs = std::move(inputs);
  return draft_.add(std::move(draft));
}

network::ValueIndex Lowering::numbers(const Lowered& x) {
  if (!x.coded && !x.shared && x.value != network::kInputImage) return x.value;
  DraftNode draft;
  draft.name = node_->name + ".numbers";
  draft.op = network::Dequantize{};
  draft.inputs = {codes(x)};
  return draft_.add(std::move(draft));
}

network::ValueIndex Lowering::codes(const Lowered& x) {
  if (x.coded) return x.value;
  const network::ValueIndex quantized = draft_.quantized(
      x.value, x.value == network::kInputImage ? "input" : node_->name + ".input", x.grid);
  if (x.value != network::kInputImage || !x.flat) return quantized;
  if (!flat_image_) {
    DraftNode flatten;
    flatten.name = "input.flat";
    flatten.op = network::Flatten{};
    flatten.inputs = {quantized};
    flat_image_ = draft_.add(std::move(flatten));
  }
  return *flat_image_;
}

void expect_foreign(const Graph& graph) {
  if (graph.metadata().count("brownout.format") > 0) {
    throw InputError("{}: is a network of codes already, which every other verb takes as it is",
                     graph.file().string());
  }
  constexpr std::int64_t kOldestOpset = 7;
  if (graph.opset() < kOldestOpset) {
    throw InputError("{}: found opset {}, expected {} or later", graph.file().string(),
                     graph.opset(), kOldestOpset);
  }
}

ImportedNetwork lower(const Graph& graph, const LowerOptions& options) {
  // First, because a shape that is only guessed would let a later node be blamed.
  for (const Node& node : graph.nodes()) {
    if (shape_rule(node) == nullptr) refuse_operator(node);
    expect_known_attributes(node);
  }
  ImportedNetwork result = Lowering(graph, options).run();
  network::check(result.network, graph.file().string(), network::MatrixWeights::kAny);
  return result;
}

const std::vector<std::string>& lowered_operators() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, handler] : Lowering::handlers()) all.push_back(name);
    return all;
  }();
  return names;
}

}  // namespace brownout::importing
