// SPDX-License-Identifier: Apache-2.0
// Architecture files: sizes that the papers state, residuals, and messages for wrong files.
#include "trainers/method/architecture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "sim/base/error.hpp"

namespace brownout::trainers {
namespace {

const std::filesystem::path kModels = std::filesystem::path(BROWNOUT_SOURCE_DIR) / "models";

Architecture simplenet(std::optional<int> width) {
  return load_architecture(kModels / "simplenet.yaml", {width, {1, 28, 28}, 10});
}

std::string message_of(const std::string& layers) {
  try {
    parse_architecture("name: x\nlayers:\n" + layers, "x.yaml", {{}, {1, 8, 8}, 10});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Architecture, SimplenetHasTheWeightsThePaperCounts) {
  EXPECT_EQ(simplenet({}).weights(), 1082826);
  EXPECT_EQ(simplenet(32).weights(), 1082826);
  EXPECT_EQ(simplenet(16).weights(), 272618);
}

TEST(Architecture, SimplenetEndsInTenLogitsAfterThirteenMatrixOperators) {
  const Architecture net = simplenet(16);
  int matrices = 0;
  for (const network::Node& node : net.nodes) matrices += network::is_matrix(node.op) ? 1 : 0;
  EXPECT_EQ(matrices, 12);
  EXPECT_EQ(net.shapes.back(), (network::Shape{10, 1, 1}));
}

TEST(Architecture, GroupsOfANormFollowThePapersRule) {
  std::vector<int> groups;
  for (const network::Node& node : simplenet(16).nodes) {
    if (const auto* op = std::get_if<network::GroupNorm>(&node.op)) groups.push_back(op->groups);
  }
  EXPECT_EQ(groups, (std::vector<int>{8, 16, 16, 16, 16, 16, 32, 32, 32, 32, 32}));
}

TEST(Architecture, Vgg3HasTheLayersOfTheMcelPaper) {
  const Architecture net = load_architecture(kModels / "vgg3.yaml", {{}, {1, 28, 28}, 10});
  const std::int64_t convolutions = 64 * 9 + 64 + 64 * 64 * 9 + 64;
  const std::int64_t norms = 4 * 64;
  const std::int64_t linear = 3136 * 2048 + 2048 + 2048 * 10 + 10;
  EXPECT_EQ(net.weights(), convolutions + norms + linear);
}

TEST(Architecture, AResidualAddsTheNamedLayer) {
  const Architecture net = parse_architecture(
      "name: r\nlayers:\n"
      "  - {op: conv, channels: 8, activation: relu, name: a}\n"
      "  - {op: conv, channels: 8, name: b}\n"
      "  - {op: add, with: a}\n"
      "  - {op: globalavgpool}\n  - {op: flatten}\n  - {op: linear, features: classes}\n",
      "r.yaml", {{}, {3, 8, 8}, 10});
  // Values: 1 = a's conv, 2 = its ReLU, 3 = b, 4 = the sum.
  EXPECT_EQ(net.nodes[3].inputs, (std::vector{network::ValueIndex(3), network::ValueIndex(2)}));
}

const char kBlocks[] =
    "name: x\nwidth: 4\nblocks:\n"
    "  residual:\n"
    "    parameters: [channels, kernel]\n"
    "    layers:\n"
    "      - {op: conv, channels: 2*$channels, kernel: $kernel, name: inner}\n"
    "      - {op: conv, input: inner, channels: $channels, kernel: $kernel, norm: default}\n"
    "      - {op: add, with: $input}\n"
    "  pair:\n"
    "    parameters: [channels]\n"
    "    layers:\n"
    "      - {block: residual, channels: $channels, kernel: 1}\n"
    "      - {block: residual, channels: in, kernel: 3, name: second}\n";

Architecture with_blocks(const std::string& layers,
                         const ArchitectureOptions& options = {{}, {1, 8, 8}, 10}) {
  return parse_architecture(
      kBlocks + ("layers:\n" + layers) + "  - {op: flatten}\n  - {op: linear, features: classes}\n",
      "x.yaml", options);
}

std::string blocks_message(const std::string& layers) {
  try {
    with_blocks(layers);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ArchitectureBlocks, AUseAddsTheLayersWithItsParametersAndReadsWhatStandsBefore) {
  const Architecture net = with_blocks(
      "  - {op: conv, channels: 2w, name: stem}\n"
      "  - {block: pair, channels: 2w, repeat: 2}\n  - {op: add, with: pair1}\n");
  std::vector<std::string> names;
  for (const network::Node& node : net.nodes) names.push_back(node.name);
  const std::vector<std::string> first = {"stem",
                                          "pair1.residual1.inner",
                                          "pair1.residual1.conv2",
                                          "pair1.residual1.conv2.norm",
                                          "pair1.residual1.add1",
                                          "pair1.second.inner",
                                          "pair1.second.conv2",
                                          "pair1.second.conv2.norm",
                                          "pair1.second.add1",
                                          "pair2.residual1.inner"};
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + 10), first);
  EXPECT_EQ(net.nodes[4].inputs, (std::vector{network::ValueIndex(4),
                                              network::ValueIndex(1)}));  // conv2.norm + the stem
  EXPECT_EQ(net.nodes[8].inputs,
            (std::vector{network::ValueIndex(8),
                         network::ValueIndex(5)}));  // + the first residual of the pair
  EXPECT_EQ(
      net.nodes[17].inputs,
      (std::vector{network::ValueIndex(17), network::ValueIndex(9)}));  // the last add, with pair1
  EXPECT_EQ(net.parameters[2].shape, (std::vector<std::int64_t>{16, 8, 1, 1}));
  EXPECT_EQ(net.shapes[17], (network::Shape{8, 8, 8}));
}

TEST(ArchitectureBlocks, AnErrorInABlockNamesItsPlaceAndTheUses) {
  const std::string message =
      blocks_message("  - {op: conv, channels: 3}\n  - {block: pair, channels: 5}\n");
  EXPECT_NE(message.find("x.yaml:9:25: blocks.residual.layers[2].with: its shape 3 x 8 x 8"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("used at x.yaml:13:17: blocks.pair.layers[0].block"), std::string::npos)
      << message;
  EXPECT_NE(message.find("used at x.yaml:17:13: layers[1].block"), std::string::npos) << message;
}

TEST(ArchitectureBlocks, WrongUsesAreErrors) {
  const auto message = [](const std::string& layer) {
    return blocks_message("  - {op: conv, channels: w}\n  - " + layer +
                          "\n  - {block: pair, channels: w}\n");
  };
  EXPECT_NE(message("{block: resdual, channels: w, kernel: 3}").find("did you mean \"residual\""),
            std::string::npos);
  EXPECT_NE(message("{block: residual, channels: w}").find("layers[1].kernel: missing"),
            std::string::npos);
  EXPECT_NE(message("{block: residual, channels: w, kernel: 3, stride: 2}").find("unknown key"),
            std::string::npos);
  EXPECT_NE(message("{block: residual, channels: w, kernel: 3, repeat: 0}").find("[1, 1000]"),
            std::string::npos);
  EXPECT_NE(message("{block: residual, channels: w, kernel: large}").find("got \"large\""),
            std::string::npos);
  EXPECT_NE(message("{op: relu, input: $input}").find("no earlier layer"), std::string::npos);
}

TEST(ArchitectureBlocks, WrongDefinitionsAreErrors) {
  const auto message = [](const std::string& blocks) -> std::string {
    try {
      parse_architecture("name: x\nblocks:\n" + blocks + "layers:\n  - {block: a}\n", "x.yaml",
                         {{}, {1, 8, 8}, 10});
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("  a: {layers: [{block: b}]}\n  b: {layers: [{block: a}]}\n")
                .find("\"a\" would use itself: a -> b -> a"),
            std::string::npos);
  EXPECT_NE(message("  a: {layers: [{op: conv, channels: $c}]}\n").find("called \"c\""),
            std::string::npos);
  EXPECT_NE(message("  a: {parameters: [name], layers: [{op: relu}]}\n").find("got \"name\""),
            std::string::npos);
  EXPECT_NE(message("  a: {layers: [{op: flatten}]}\n  b: {layers: [{op: flatten}]}\n")
                .find("x.yaml:4:6: blocks.b: no layer uses this block"),
            std::string::npos);
  std::string growing = "  z: {layers: [{op: conv, channels: 1}]}\n";
  char inner = 'z';
  for (const char name : {'d', 'c', 'b', 'a'}) {
    growing += fmt::format("  {}: {{layers: [{{block: {}, repeat: 1000}}]}}\n", name, inner);
    inner = name;
  }
  EXPECT_NE(message(growing).find("more than 10000 operators"), std::string::npos);
}

TEST(Architecture, ATrainingMayReplaceNormsAndActivations) {
  const auto count = [](const ArchitectureOptions& options) {
    std::map<std::string, int> counts;
    for (const network::Node& node : load_architecture(kModels / "vgg3.yaml", options).nodes) {
      ++counts[network::operator_name(node.op)];
    }
    return counts;
  };
  ArchitectureOptions options{{}, {1, 28, 28}, 10};
  EXPECT_EQ(count(options)["group_norm"], 2);
  options.norm = "batch";
  options.activation = "sign";
  EXPECT_EQ(count(options)["batch_norm"], 2);
  EXPECT_EQ(count(options)["group_norm"], 0);
  EXPECT_EQ(count(options)["sign"], 3);
  EXPECT_EQ(count(options)["relu"], 0);
  options.norm = "none";
  EXPECT_EQ(count(options)["batch_norm"], 0);
  options.norm = "fixed-batch";
  options.reparameterized = false;
  const Architecture net = load_architecture(kModels / "vgg3.yaml", options);
  for (const network::Node& node : net.nodes) {
    if (const auto* op = std::get_if<network::BatchNorm>(&node.op)) {
      EXPECT_FALSE(op->scale.has_value());
      EXPECT_FALSE(op->shift.has_value());
      EXPECT_FALSE(op->reparameterized);
      EXPECT_EQ(op->variance, std::vector<float>(64, 1.0f));
    }
  }
}

TEST(Architecture, TheImageIsReadByMatrixOperatorsOnly) {
  EXPECT_NE(message_of("  - {op: maxpool}\n").find("quantized pixels"), std::string::npos);
  EXPECT_NE(message_of("  - {op: flatten, activation: relu}\n").find("quantized pixels"),
            std::string::npos);
  EXPECT_EQ(message_of("  - {op: flatten}\n  - {op: linear, features: classes}\n"), "");
}

TEST(Architecture, SizesBeyondReasonAreErrors) {
  EXPECT_NE(message_of("  - {op: conv, channels: 999999*999999}\n").find("more than 1048576"),
            std::string::npos);
  EXPECT_NE(message_of("  - {op: conv, channels: 1048575}\n").find("expected a count"),
            std::string::npos);
  EXPECT_NE(message_of("  - {op: conv, channels: 999999, kernel: 20, pad: 6}\n").find("2^28"),
            std::string::npos);
  EXPECT_NE(message_of("  - {op: conv, channels: 8, name: a b}\n").find("letters, digits"),
            std::string::npos);
}

TEST(Architecture, AnUnknownOperatorIsNamedWithItsPlace) {
  const std::string message = message_of("  - {op: convv, channels: 8}\n");
  EXPECT_NE(message.find("x.yaml:3:"), std::string::npos) << message;
  EXPECT_NE(message.find("convv"), std::string::npos) << message;
}

TEST(Architecture, AnUnknownKeyIsAnError) {
  EXPECT_NE(message_of("  - {op: conv, channels: 8, kernal: 3}\n").find("kernal"),
            std::string::npos);
}

TEST(Architecture, AMultipleOfTheWidthNeedsAWidth) {
  EXPECT_NE(message_of("  - {op: conv, channels: 2w}\n").find("width"), std::string::npos);
}

TEST(Architecture, LinearWithoutFlattenIsAnError) {
  EXPECT_NE(message_of("  - {op: linear, features: classes}\n").find("flatten"), std::string::npos);
}

TEST(Architecture, LogitsMustMatchTheClasses) {
  EXPECT_NE(message_of("  - {op: flatten}\n  - {op: linear, features: 9}\n").find("10 logits"),
            std::string::npos);
}

TEST(Architecture, AWindowLargerThanTheImageIsAnError) {
  EXPECT_NE(
      message_of("  - {op: conv, channels: 2}\n  - {op: maxpool, kernel: 9}\n").find("window of 9"),
      std::string::npos);
}

TEST(Architecture, AnUnknownResidualIsAnError) {
  EXPECT_NE(message_of("  - {op: conv, channels: 2}\n  - {op: add, with: nobody}\n").find("nobody"),
            std::string::npos);
}

}  // namespace
}  // namespace brownout::trainers
