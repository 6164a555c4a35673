// SPDX-License-Identifier: Apache-2.0
// The whole-network check accepts what is right and names what is wrong.
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "sim/base/error.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::network {
namespace {

constexpr std::uint64_t kSeeds = 400;

TEST(RandomNetwork, IsValidForEverySeed) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_NO_THROW(check(random_network(seed), "memory")) << "seed " << seed;
  }
}

TEST(RandomNetwork, CoversOperatorsSchemesAndCorners) {
  std::set<std::string> operators;
  std::set<std::pair<std::string, int>> codings;
  std::set<std::string> corners;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Network network = random_network(seed);
    const std::vector<Shape> shapes = check(network, "memory");
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      const Node& node = network.nodes[i];
      operators.insert(operator_name(node.op));
      const Shape& in = shapes[static_cast<std::size_t>(node.inputs[0])];
      if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
        if (conv->groups > 1) corners.insert(conv->groups == in.channels ? "depthwise" : "grouped");
        if (conv->stride[0] != conv->stride[1]) corners.insert("uneven stride");
        if (conv->pads[0] != conv->pads[2]) corners.insert("uneven padding");
      }
      if (const auto* norm = std::get_if<GroupNorm>(&node.op)) {
        if (norm->scale < 0 && norm->shift < 0) corners.insert("fixed norm");
        if (norm->scale >= 0 && !norm->reparameterized) corners.insert("plain gamma");
      }
      if (const auto* flatten = std::get_if<Flatten>(&node.op); flatten != nullptr) {
        corners.insert(is_quantized(network, static_cast<int>(i) + 1) ? "flat codes" : "flat fp32");
      }
    }
    for (const Parameter& p : network.parameters) {
      if (!p.coding) {
        corners.insert("uncoded");
        continue;
      }
      codings.insert({to_string(p.coding->scheme), p.coding->bits});
      if (p.coding->alpha == 0.0f) corners.insert(p.coding->beta == 0.0f ? "zero" : "equal range");
    }
  }
  EXPECT_EQ(operators.size(), std::variant_size_v<Operator>);
  // rquant, symmetric, asymmetric-signed: 2..8 bits; uniform: 1..8; binary: 1.
  EXPECT_EQ(codings.size(), 3u * 7u + 8u + 1u);
  EXPECT_EQ(corners,
            (std::set<std::string>{"depthwise", "grouped", "uneven stride", "uneven padding",
                                   "fixed norm", "plain gamma", "flat codes", "flat fp32",
                                   "uncoded", "zero", "equal range"}));
}

}  // namespace
}  // namespace brownout::network
