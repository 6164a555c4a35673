// SPDX-License-Identifier: Apache-2.0
// The whole-network check accepts what is right and names what is wrong.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "sim/base/error.hpp"
#include "tests/network/random_network.hpp"
#include "tests/network/reference_run.hpp"
#include "tests/network/same_network.hpp"
#include "tests/network/small_network.hpp"

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
    const Shapes shapes = check(network, "memory");
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      const Node& node = network.nodes[i];
      operators.insert(operator_name(node.op));
      const Shape& in = shapes[node.inputs[0]];
      if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
        if (conv->groups > 1) corners.insert(conv->groups == in.channels ? "depthwise" : "grouped");
        if (conv->dilation != std::array<int, 2>{1, 1}) corners.insert("dilated");
        if (conv->stride[0] != conv->stride[1]) corners.insert("uneven stride");
        if (conv->pads[0] != conv->pads[2]) corners.insert("uneven padding");
      }
      if (const auto* norm = std::get_if<GroupNorm>(&node.op)) {
        if (!norm->scale && !norm->shift) corners.insert("fixed norm");
        if (norm->scale && !norm->reparameterized) corners.insert("plain gamma");
      }
      if (const auto* flatten = std::get_if<Flatten>(&node.op); flatten != nullptr) {
        corners.insert(is_quantized(network, ValueIndex(i + 1)) ? "flat codes" : "flat fp32");
      }
    }
    for (const Parameter& p : network.parameters) {
      if (!p.coding) {
        corners.insert("uncoded");
        continue;
      }
      if (!p.channels.empty()) corners.insert("decodings by channel");
      codings.insert({to_string(p.coding->scheme), p.coding->bits});
      if (p.coding->alpha == 0.0f) corners.insert(p.coding->beta == 0.0f ? "zero" : "equal range");
    }
  }
  // A clip to [-1, 1] and a group norm of each pixel have names of their own.
  EXPECT_EQ(operators.size(), std::variant_size_v<Operator> + 2);
  // rquant, symmetric, asymmetric-signed: 2..8 bits; uniform: 1..8; binary: 1.
  EXPECT_EQ(codings.size(), 3u * 7u + 8u + 1u);
  EXPECT_EQ(corners, (std::set<std::string>{"depthwise", "grouped", "dilated", "uneven stride",
                                            "uneven padding", "fixed norm", "plain gamma",
                                            "flat codes", "flat fp32", "uncoded",
                                            "decodings by channel", "zero", "equal range"}));
}

TEST(RandomNetwork, LogitsMostlyDependOnTheImage) {
  int varied = 0;
  constexpr std::uint64_t kTried = 100;
  for (std::uint64_t seed = 0; seed < kTried; ++seed) {
    const Network network = random_network(seed);
    const std::vector<std::uint8_t> pixels = random_pixels(network, 2, seed);
    const Codes codes = clean_codes(network);
    varied += reference_logits(network, codes, pixels.data()) !=
                      reference_logits(network, codes, pixels.data() + network.input.size())
                  ? 1
                  : 0;
  }
  EXPECT_GE(varied, 75);  // the others die in a ReLU or saturate
}

/// The message for the small network after `edit`, without the leading "net: ".
std::string after(const std::function<void(Network&)>& edit) {
  Network network = small_network();
  edit(network);
  const std::string text = input_error([&] { check(network, "net"); });
  EXPECT_EQ(text.substr(0, 5), "net: ");
  return text.substr(5);
}
template <typename Op>
Op& op_of(Network& network, std::size_t node) {
  return std::get<Op>(network.nodes[node].op);
}

TEST(Check, GivesTheShapeOfEveryValue) {
  const Shapes expected = {{1, 4, 4}, {1, 4, 4}, {2, 2, 2}, {2, 2, 2},
                           {2, 2, 2}, {8, 1, 1}, {8, 1, 1}, {3, 1, 1}};
  EXPECT_EQ(check(small_network(), "net"), expected);
}

TEST(Check, CountsParametersAndBits) {
  Network network = small_network();
  EXPECT_EQ(network.coded_parameters(), 18 + 2 + 2 + 2 + 24);
  EXPECT_EQ(network.coded_bits(), 4 * 48);
  EXPECT_EQ(network.bits(), 4);
  network.parameters[1].coding->bits = 8;
  EXPECT_EQ(network.coded_bits(), 4 * 48 + 8);
  EXPECT_EQ(network.bits(), 0);
}

TEST(Check, KnowsWhichValuesAreQuantized) {
  Network network = small_network();
  std::vector<bool> quantized;
  for (std::size_t value = 0; value <= 7; ++value) {
    quantized.push_back(is_quantized(network, ValueIndex(value)));
  }
  EXPECT_EQ(quantized, (std::vector<bool>{false, true, false, false, false, false, true, false}));
  std::swap(network.nodes[4], network.nodes[5]);  // quantize, then flatten
  network.nodes[4].inputs = {ValueIndex(4)};
  network.nodes[5].inputs = {ValueIndex(5)};
  check(network, "net");
  EXPECT_TRUE(is_quantized(network, ValueIndex(6)));
}

TEST(Check, WiringErrors) {
  EXPECT_EQ(after([](Network& n) { n.nodes[3].inputs = {ValueIndex(4)}; }),
            "node \"relu1\" (relu): reads value 4, expected one computed before it (0 to 3)");
  EXPECT_EQ(after([](Network& n) { n.nodes[3].inputs = {}; }),
            "node \"relu1\" (relu): has 0 inputs, expected 1");
  EXPECT_EQ(after([](Network& n) { n.nodes[4].inputs = {ValueIndex(3)}; }),
            "the value of node \"relu1\" (relu) is never used");
  EXPECT_EQ(after([](Network& n) { n.nodes[1].inputs = {ValueIndex(0)}; }),
            "node \"conv1\" (conv): reads the input image, expected a quantize between them");
  EXPECT_EQ(after([](Network& n) { n.nodes[6].inputs = {ValueIndex(5)}; }),
            "node \"fc\" (linear): reads value 5, which is not quantized; expected a quantize "
            "before it");
  EXPECT_EQ(after([](Network& n) { n.nodes[3].inputs = {ValueIndex(1)}; }),
            "node \"relu1\" (relu): reads value 1, which is quantized; expected a value before its "
            "quantize");
  EXPECT_EQ(after([](Network& n) { n.nodes.clear(); }),
            "parameter \"conv1.weight\" belongs to no node");
}

TEST(Check, ShapeErrors) {
  EXPECT_EQ(after([](Network& n) {
              op_of<Conv2d>(n, 1).kernel = {5, 5};
            }),
            "node \"conv1\" (conv): has a window of 5 on an image of 4, expected one that fits");
  EXPECT_EQ(after([](Network& n) {
              op_of<Conv2d>(n, 1).stride = {0, 1};
            }),
            "node \"conv1\" (conv): has 0 as stride, expected 1 to 1048576");
  EXPECT_EQ(after([](Network& n) { op_of<Conv2d>(n, 1).groups = 2; }),
            "node \"conv1\" (conv): has 2 groups, expected a divisor of its 1 input and 2 output "
            "channels");
  EXPECT_EQ(after([](Network& n) { op_of<GroupNorm>(n, 2).groups = 3; }),
            "node \"gn1\" (group_norm): has 3 groups, expected a divisor of its 2 channels");
  EXPECT_EQ(after([](Network& n) {
              n.nodes[3].op = MaxPool{{2, 2}, {1, 1}, {2, 0, 0, 0}};
            }),
            "node \"relu1\" (max_pool): has padding 2, expected 0 to 1");
  EXPECT_EQ(
      after([](Network& n) { n.nodes[4].op = Relu{}; }),
      "node \"fc\" (linear): reads an image of 2x2x2, expected a vector: put a flatten before "
      "it");
  EXPECT_EQ(after([](Network& n) { n.classes = 4; }),
            "node \"fc\" (linear): gives 3x1x1 logits, expected 4 classes x1x1");
  EXPECT_EQ(after([](Network& n) { n.transform.mean.push_back(0.0f); }),
            "the input has 1 channels, 2 means and 1 standard deviations");
}

TEST(Check, ParameterErrors) {
  const std::string weight = "parameter \"conv1.weight\" of node \"conv1\" (conv): ";
  EXPECT_EQ(after([](Network& n) { n.parameters[0].n[7] = -8; }),
            weight + "element 7 is n = -8, scheme rquant with 4 bits expects -7 to 7");
  EXPECT_EQ(after([](Network& n) { n.parameters[0].n.pop_back(); }),
            weight + "holds 17 codes and 0 plain values, expected 18 and 0");
  EXPECT_EQ(after([](Network& n) { n.parameters[0].coding->bits = 1; }),
            weight + "scheme rquant takes 2 to 8 bits, got 1");
  EXPECT_EQ(after([](Network& n) { n.parameters[0].coding->scheme = Scheme::kSymmetric; }),
            weight + "beta is 0.5, scheme symmetric expects 0");
  EXPECT_EQ(after([](Network& n) { n.parameters[0].role = Role::kBias; }),
            weight + "has role bias, expected weight");
  EXPECT_EQ(after([](Network& n) {
              n.parameters[0].coding.reset();
              n.parameters[0].n.clear();
              n.parameters[0].values.assign(18, 0.0f);
            }),
            "node \"conv1\" (conv): its weight \"conv1.weight\" is not coded, the array computes "
            "on codes only");
  EXPECT_EQ(after([](Network& n) { n.nodes[1].name = n.parameters[0].name; }),
            "two parts of the network are named \"conv1.weight\"");
  EXPECT_EQ(after([](Network& n) { op_of<Linear>(n, 6).weight = network::ParameterIndex(0); }),
            "node \"fc\" (linear): its weight is parameter 0 of 5, expected 4: parameters stand in "
            "code order (nodes in order; weight, bias, scale, shift)");
}

/// A linear layer of K inputs and 8-bit codes, and nothing else.
Network wide_network(int inputs) {
  Network network;
  network.name = "wide";
  network.input = {1, 1, inputs};
  network.transform = {{0.0f}, {1.0f}};
  network.classes = 1;
  Parameter weight;
  weight.name = "weight";
  weight.shape = {1, inputs};
  weight.coding = Coding{};
  weight.n.assign(static_cast<std::size_t>(inputs), 1);
  network.parameters = {weight};
  network.nodes = {{"q", Quantize{}, {ValueIndex(0)}},
                   {"flat", Flatten{}, {ValueIndex(1)}},
                   {"fc", Linear{ParameterIndex(0), {}, 1}, {ValueIndex(2)}}};
  return network;
}

TEST(Check, RefusesSumsThatCouldOverflowInt32) {
  // (2^31 - 1) / (128·255) = 65793.0…: exact at the border.
  Network network = wide_network(1);
  network.input = {3, 1, 21931};
  network.transform = {{0.0f, 0.0f, 0.0f}, {1.0f, 1.0f, 1.0f}};
  network.parameters[0].shape = {1, 65793};
  network.parameters[0].n.assign(65793, 1);
  EXPECT_NO_THROW(check(network, "net"));
  network.input = {2, 1, 32897};
  network.transform = {{0.0f, 0.0f}, {1.0f, 1.0f}};
  network.parameters[0].shape = {1, 65794};
  network.parameters[0].n.assign(65794, 1);
  EXPECT_EQ(input_error([&] { check(network, "net"); }),
            "net: node \"fc\" (linear): sums 65794 products of 8-bit codes and could overflow "
            "int32, expected at most 65793");
}

}  // namespace
}  // namespace brownout::network
