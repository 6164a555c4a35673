// SPDX-License-Identifier: Apache-2.0
// The network once more, with a quantizer after every node that computes numbers: engine "float"
// passes over quantizers, and shows what they would round.
#include "sim/runs/not_finite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/engines/float_engine.hpp"

namespace brownout::runs {

namespace {

struct ProbedNetwork {
  network::Network network;
  std::map<network::NodeIndex, network::NodeIndex> node_before;  // probe -> the original's node
};

/// Begins the name of no node.
std::string free_prefix(const network::Network& network) {
  std::string prefix = "probe.";
  const auto begins = [&](const network::Node& node) { return node.name.rfind(prefix, 0) == 0; };
  while (std::any_of(network.nodes.begin(), network.nodes.end(), begins)) prefix += '.';
  return prefix;
}

ProbedNetwork probed(const network::Network& original) {
  const std::string prefix = free_prefix(original);
  ProbedNetwork result;
  result.network = original;
  result.network.nodes.clear();
  Table<network::ValueIndex, network::ValueIndex> now(original.nodes.size() + 1);
  const auto add = [&](network::Node node) {
    result.network.nodes.push_back(std::move(node));
    return result.network.logits();
  };
  for (const network::NodeIndex number : original.nodes.indices()) {
    network::Node node = original.nodes[number];
    for (network::ValueIndex& input : node.inputs) input = now[input];
    const network::ValueIndex value = network::value_of(number);
    now[value] = add(node);
    if (value == original.logits() || network::is_quantized(original, value)) continue;
    const network::ValueIndex codes =
        add({fmt::format("{}{}", prefix, number.number()), network::Quantize{}, {now[value]}});
    result.node_before[network::writer_of(codes)] = number;
    now[value] =
        add({fmt::format("{}{}.numbers", prefix, number.number()), network::Dequantize{}, {codes}});
  }
  return result;
}

}  // namespace

std::optional<NotFinite> first_not_finite(const network::Network& network,
                                          const data::Dataset& data, std::int64_t images) {
  ProbedNetwork probes = probed(network);
  const auto not_finite = [](float number) { return !std::isfinite(number); };
  std::optional<NotFinite> found;
  std::int64_t image = 0;
  const auto see = [&](network::NodeIndex node, const float* numbers, std::int64_t count) {
    const float* number = std::find_if(numbers, numbers + count, not_finite);
    if (number != numbers + count && (!found || node < found->node))
      found = NotFinite{image, node, *number};
  };
  engines::FloatObservers observers;
  observers.quantizers = [&](network::NodeIndex quantizer, const float* numbers, std::int64_t count,
                             std::size_t) {
    const auto probe = probes.node_before.find(quantizer);
    if (probe != probes.node_before.end()) see(probe->second, numbers, count);
  };
  const network::SharedNetwork shared = network::share(std::move(probes.network));
  const std::unique_ptr<engines::Engine> engine = engines::make_float_engine(shared, 1, observers);
  engine->set_codes(network::clean_codes(*shared));
  std::vector<float> logits(static_cast<std::size_t>(network.classes));
  for (; image < images && !found; ++image) {
    engine->run(data.image(image), image, 1, logits.data(), 0);
    see(network::writer_of(network.logits()), logits.data(), network.classes);
  }
  return found;
}

}  // namespace brownout::runs
