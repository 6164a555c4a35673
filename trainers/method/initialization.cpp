// SPDX-License-Identifier: Apache-2.0
// Counter-based numbers; normal ones by Box and Muller.
#include "trainers/method/initialization.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/random.hpp"

namespace brownout::trainers {

namespace {

/// Kaiming-normal for `fan_in` inputs: the gain is ReLU's.
void draw_normal(const Philox& random, std::size_t tensor, double fan_in, std::int64_t count,
                 float* w) {
  const double deviation = std::sqrt(2.0 / fan_in);
  for (std::int64_t i = 0; i < count; i += 2) {
    const Philox::Block block = random(tensor, static_cast<std::uint64_t>(i / 2));
    const double radius = deviation * std::sqrt(-2.0 * std::log(unit_open(block[0])));
    const double angle = 2.0 * 3.14159265358979323846 * unit_open(block[1]);
    w[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < count) w[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
}

void draw_uniform(const Philox& random, std::size_t tensor, double fan_in, std::int64_t count,
                  float* w) {
  const double limit = 1.0 / std::sqrt(fan_in);
  for (std::int64_t i = 0; i < count; ++i) {
    const Philox::Block block = random(tensor, static_cast<std::uint64_t>(i));
    w[i] = static_cast<float>(limit * (2.0 * unit_open(block[0]) - 1.0));
  }
}

/// Scales that are not 1 + a' start at 1; everything else of a norm starts at 0.
Table<network::ParameterIndex, bool> plain_scales(const Architecture& net) {
  Table<network::ParameterIndex, bool> plain(net.parameters.size(), false);
  for (const network::Node& node : net.nodes) {
    if (const auto* op = std::get_if<network::GroupNorm>(&node.op); op && op->scale) {
      plain[*op->scale] = !op->reparameterized;
    }
    if (const auto* op = std::get_if<network::BatchNorm>(&node.op); op && op->scale) {
      plain[*op->scale] = !op->reparameterized;
    }
  }
  return plain;
}

}  // namespace

void initialize_weights(Initialization kind, const Architecture& net,
                        const std::vector<TensorSpan>& spans, std::uint64_t seed, float* weights) {
  const Philox random(seed, Purpose::kInitialization);
  const Table<network::ParameterIndex, bool> plain_scale = plain_scales(net);
  double fan_in = 1.0;  // of the last weight; its bias comes directly after it
  for (std::size_t t = 0; t < spans.size(); ++t) {
    const network::Parameter& p = net.parameters[t];
    float* w = weights + spans[t].first;
    const bool bias = p.role == network::Role::kBias;
    if (p.role == network::Role::kWeight) {
      fan_in = static_cast<double>(spans[t].count) / static_cast<double>(p.shape[0]);
    } else if (!bias || kind == Initialization::kKaimingNormal) {
      std::fill(w, w + spans[t].count, plain_scale[t] ? 1.0f : 0.0f);
      continue;
    }
    const auto draw = kind == Initialization::kKaimingNormal ? draw_normal : draw_uniform;
    draw(random, t, fan_in, spans[t].count, w);
  }
}

}  // namespace brownout::trainers
