// SPDX-License-Identifier: Apache-2.0
// Box-Muller on counter-based numbers.
#include "trainers/initialization.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/random.hpp"

namespace brownout::trainers {

void initialize_weights(const Architecture& net, const std::vector<TensorSpan>& spans,
                        std::uint64_t seed, float* weights) {
  const Philox random(seed, Purpose::kInitialization);
  std::vector<bool> plain_scale(net.parameters.size(), false);
  for (const network::Node& node : net.nodes) {
    if (const auto* op = std::get_if<network::GroupNorm>(&node.op); op && op->scale >= 0) {
      plain_scale[static_cast<std::size_t>(op->scale)] = !op->reparameterized;
    }
    if (const auto* op = std::get_if<network::BatchNorm>(&node.op); op && op->scale >= 0) {
      plain_scale[static_cast<std::size_t>(op->scale)] = !op->reparameterized;
    }
  }
  for (std::size_t t = 0; t < spans.size(); ++t) {
    const network::Parameter& p = net.parameters[t];
    float* w = weights + spans[t].first;
    if (p.role != network::Role::kWeight) {
      std::fill(w, w + spans[t].count, plain_scale[t] ? 1.0f : 0.0f);
      continue;
    }
    const double fan_in = static_cast<double>(spans[t].count) / static_cast<double>(p.shape[0]);
    const double deviation = std::sqrt(2.0 / fan_in);
    for (std::int64_t i = 0; i < spans[t].count; i += 2) {
      const Philox::Block block = random(t, static_cast<std::uint64_t>(i / 2));
      const double radius = deviation * std::sqrt(-2.0 * std::log(unit_open(block[0])));
      const double angle = 2.0 * 3.14159265358979323846 * unit_open(block[1]);
      w[i] = static_cast<float>(radius * std::cos(angle));
      if (i + 1 < spans[t].count) w[i + 1] = static_cast<float>(radius * std::sin(angle));
    }
  }
}

}  // namespace brownout::trainers
