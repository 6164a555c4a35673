// SPDX-License-Identifier: Apache-2.0
// Batches run on threads; a network is cut off after its last ReLU.
#include "sim/study/network_outputs.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/parallel.hpp"

namespace brownout::study {

std::vector<float> run_images(engines::Engine& engine, int outputs, const data::Dataset& data,
                              std::int64_t images, int threads) {
  BROWNOUT_CHECK(images >= 1 && images <= data.size(), "{} of {} images", images, data.size());
  std::vector<float> values(static_cast<std::size_t>(images) * static_cast<std::size_t>(outputs));
  const std::int64_t batch = engine.preferred_batch();
  parallel_for((images + batch - 1) / batch, threads, [&](std::int64_t index, int worker) {
    const std::int64_t first = index * batch;
    const auto count = static_cast<int>(std::min(batch, images - first));
    engine.run(data.image(first), first, count, values.data() + first * outputs, worker);
  });
  return values;
}

std::optional<network::Network> up_to_last_relu(const network::Network& network) {
  std::size_t last = network.nodes.size();
  while (last > 0 && !std::holds_alternative<network::Relu>(network.nodes[last - 1].op)) --last;
  if (last == 0) return std::nullopt;
  const network::Shape shape = network::check(network, network.name)[last];

  // Everything that the ReLU needs, and nothing else, because every value of a network must be
  // used.
  Table<network::ValueIndex, bool> needed(last + 1, false);
  needed[last] = true;
  for (std::size_t i = last; i-- > 0;) {
    if (!needed[i + 1]) continue;
    for (const network::ValueIndex input : network.nodes[i].inputs) needed[input] = true;
  }
  network::Network cut = network;
  cut.nodes.clear();
  cut.parameters.clear();
  Table<network::ValueIndex, network::ValueIndex> renumbered(last + 1);
  for (std::size_t i = 0; i < last; ++i) {
    if (!needed[i + 1]) continue;
    network::Node node = network.nodes[i];
    for (network::ValueIndex& input : node.inputs) input = renumbered[input];
    const auto move = [&](network::OptionalParameter& parameter) {
      if (!parameter) return;
      cut.parameters.push_back(network.parameters[*parameter]);
      parameter = network::ParameterIndex(cut.parameters.size() - 1);
    };
    if (auto* conv = std::get_if<network::Conv2d>(&node.op)) {
      move(conv->weight);
      move(conv->bias);
    } else if (auto* linear = std::get_if<network::Linear>(&node.op)) {
      move(linear->weight);
      move(linear->bias);
    } else if (auto* group = std::get_if<network::GroupNorm>(&node.op)) {
      move(group->scale);
      move(group->shift);
    } else if (auto* norm = std::get_if<network::BatchNorm>(&node.op)) {
      move(norm->scale);
      move(norm->shift);
    }
    cut.nodes.push_back(std::move(node));
    renumbered[i + 1] = cut.logits();
  }
  if (shape.height != 1 || shape.width != 1) {
    cut.nodes.push_back({"brownout.flatten", network::Flatten{}, {renumbered[last]}});
  }
  cut.classes = static_cast<int>(shape.size());
  network::check(cut, network.name + " up to its last ReLU");
  return cut;
}

}  // namespace brownout::study
