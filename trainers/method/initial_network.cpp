// SPDX-License-Identifier: Apache-2.0
// Reads the file as `brownout model import` does, then takes the quantizers out of the network:
// the trainer places its own when it exports.
#include "trainers/method/initial_network.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/import/graph.hpp"
#include "sim/import/lower.hpp"
#include "sim/network/formula.hpp"

namespace brownout::trainers {
namespace {

using network::Node;
using network::Shape;
using network::ValueIndex;

const std::vector<std::string> kBatchNorms = {"keep", "fold"};

std::vector<std::int64_t> read_extents(YamlMap& map) {
  const std::string text = map.text("input");
  std::vector<std::int64_t> extents;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at <= end;) {
    std::int64_t extent = 0;
    const auto [stop, error] = std::from_chars(at, end, extent);
    const bool whole = stop == end || *stop == 'x';
    if (error != std::errc() || !whole || extent < 1 || extent > 65536) extents.clear();
    if (error != std::errc() || !whole) break;
    extents.push_back(extent);
    at = stop + 1;
  }
  if (extents.size() != 3) {
    map.fail("input", fmt::format("expected channels x height x width such as 3x32x32, got {}",
                                  in_quotes(text)));
  }
  return extents;
}

bool is_coder(const Node& node) {
  return std::holds_alternative<network::Quantize>(node.op) ||
         std::holds_alternative<network::Dequantize>(node.op);
}

/// A function that has steps has no gradient that could train what comes before it. A table always
/// holds the function of 0.
void need_trainable(const network::Lookup& lookup, const std::string& place) {
  using Action = network::Formula::Action;
  const network::Formula formula(lookup.formula);
  for (const network::Formula::Step& step : formula.steps()) {
    if (step.action != Action::kFloor && step.action != Action::kRound &&
        step.action != Action::kSign)
      continue;
    throw InputError("{}cannot be trained: its function {} has steps, so that its gradient is 0",
                     place, in_quotes(lookup.formula));
  }
  if (const double at_zero = formula(0.0); !std::isfinite(static_cast<float>(at_zero))) {
    throw InputError("{}cannot be trained: its function {} gives {} at 0, expected a finite number",
                     place, in_quotes(lookup.formula), at_zero);
  }
}

void need_float(const importing::ImportedNetwork& imported, const std::string& where) {
  if (imported.quantized) {
    throw InputError(
        "{}: has quantizers of its own (QuantizeLinear); expected a float network, since the "
        "trainer chooses codes itself",
        where);
  }
  for (const Node& node : imported.network.nodes) {
    const std::string place = fmt::format("{}: node {} ({}): ", where, in_quotes(node.name),
                                          network::operator_name(node.op));
    for (const network::ParameterIndex index : network::parameters_of(node.op)) {
      if (!imported.network.parameters[index].coding) continue;
      throw InputError("{}its weights are integers, expected a float network", place);
    }
    if (const auto* lookup = std::get_if<network::Lookup>(&node.op)) need_trainable(*lookup, place);
  }
  if (imported.network.parameters.empty()) {
    throw InputError("{}: has no weights that could be trained", where);
  }
}

bool only_scales(const Node& node) {
  const auto* norm = std::get_if<network::BatchNorm>(&node.op);
  const auto all = [](const std::vector<float>& numbers, float wanted) {
    return std::all_of(numbers.begin(), numbers.end(), [&](float x) { return x == wanted; });
  };
  return norm != nullptr && norm->eps == importing::kScaleEpsilon && all(norm->mean, 0.0f) &&
         all(norm->variance, 1.0f);
}

/// Without quantizers; values are numbered anew.
void take_nodes(const network::Network& from, const network::Shapes& shapes, Architecture& to) {
  Table<ValueIndex, ValueIndex> renumbered(from.nodes.size() + 1);
  to.shapes.push_back(from.input);
  for (const network::NodeIndex i : from.nodes.indices()) {
    Node node = from.nodes[i];
    for (ValueIndex& input : node.inputs) input = renumbered[input];
    if (is_coder(node)) {
      renumbered[network::value_of(i)] = node.inputs[0];
      continue;
    }
    to.fixed_statistics.push_back(only_scales(node));
    to.nodes.push_back(std::move(node));
    to.shapes.push_back(shapes[network::value_of(i)]);
    renumbered[network::value_of(i)] = ValueIndex(to.nodes.size());
  }
}

void reparameterize(Architecture& net) {
  for (Node& node : net.nodes) {
    auto* norm = std::get_if<network::BatchNorm>(&node.op);
    if (norm == nullptr || !norm->scale) continue;
    norm->reparameterized = true;
    for (float& scale : net.parameters[*norm->scale].values) scale -= 1.0f;
  }
}

void need_images(const InitialChoice& choice, const network::Network& net, const Shape& image,
                 int classes) {
  const auto text = [](const Shape& s) {
    return fmt::format("{}x{}x{}", s.channels, s.height, s.width);
  };
  const std::string where = choice.origin + ": " + choice.file.string();
  if (net.input.channels == image.size() && !(net.input == image)) {
    throw InputError("{}: reads vectors of {} numbers; expected the key initial.input: {}", where,
                     image.size(), text(image));
  }
  if (!(net.input == image)) {
    throw InputError(
        "{}: reads images of {} (channels x height x width), those of the data set are {}", where,
        text(net.input), text(image));
  }
  if (net.classes != classes) {
    throw InputError("{}: has {} classes, the data set has {}", where, net.classes, classes);
  }
}

importing::ImportedNetwork lowered(const InitialChoice& choice, const importing::Graph& graph) {
  importing::LowerOptions options;
  options.transform.mean.assign(choice.mean.begin(), choice.mean.end());
  options.transform.std.assign(choice.deviation.begin(), choice.deviation.end());
  options.input = choice.input;
  options.fold_batch_norm = choice.fold_batch_norm;
  const FieldNames names{
      {"mean", "initial.mean"}, {"deviation", "initial.deviation"}, {"input", "initial.input"}};
  return name_fields(names, [&] { return importing::lower(graph, options); });
}

}  // namespace

InitialChoice read_initial(YamlMap& root, bool file_exists) {
  InitialChoice c;
  if (!root.holds_map("initial")) {
    c.origin = root.where("initial");
    c.file = file_exists ? root.input_file("initial") : root.path("initial");
    return c;
  }
  YamlMap map = root.map("initial");
  map.expect({"file", "mean", "deviation", "input", "batch_norm", "reparameterized"});
  c.origin = map.where("file");
  c.file = file_exists ? map.input_file("file") : map.path("file");
  if (map.has("mean")) c.mean = map.numbers("mean", -1e3, 1e3);
  if (map.has("deviation")) c.deviation = map.numbers("deviation", 1e-6, 1e3);
  if (map.has("input")) c.input = read_extents(map);
  c.fold_batch_norm = map.choice("batch_norm", kBatchNorms, 0) == 1;
  c.reparameterized = map.boolean("reparameterized", false);
  map.finish();
  return c;
}

std::string describe(const InitialChoice& choice) {
  std::string text =
      fmt::format("file: {}, mean: [{}], deviation: [{}], batch_norm: {}",
                  choice.file.filename().string(), fmt::join(choice.mean, ", "),
                  fmt::join(choice.deviation, ", "), kBatchNorms[choice.fold_batch_norm ? 1 : 0]);
  if (!choice.input.empty()) text += fmt::format(", input: {}", fmt::join(choice.input, "x"));
  if (choice.reparameterized) text += ", reparameterized: true";
  return "initial: {" + text + "}\n";
}

Architecture import_architecture(const InitialChoice& choice, const Shape& image, int classes) {
  const std::string where = choice.file.string();
  const importing::Graph graph = importing::Graph::read(choice.file);
  importing::expect_foreign(graph);
  importing::ImportedNetwork imported = lowered(choice, graph);
  need_float(imported, where);
  need_images(choice, imported.network, image, classes);
  Architecture net;
  net.name = imported.network.name;
  net.sha256 = graph.sha256();
  net.input = imported.network.input;
  net.classes = imported.network.classes;
  net.transform = imported.network.transform;
  take_nodes(imported.network,
             network::check(imported.network, where, network::MatrixWeights::kAny), net);
  net.parameters = std::move(imported.network.parameters);
  if (choice.reparameterized) reparameterize(net);
  return net;
}

}  // namespace brownout::trainers
