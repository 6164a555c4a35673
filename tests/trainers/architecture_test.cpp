// SPDX-License-Identifier: Apache-2.0
// Architecture files: sizes that the papers state, residuals, and messages for wrong files.
#include "trainers/architecture.hpp"

#include <gtest/gtest.h>

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
  EXPECT_EQ(net.nodes[3].inputs, (std::vector<int>{3, 2}));
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
  EXPECT_NE(message_of("  - {op: maxpool, kernel: 9}\n").find("window of 9"), std::string::npos);
}

TEST(Architecture, AnUnknownResidualIsAnError) {
  EXPECT_NE(message_of("  - {op: add, with: nobody}\n").find("nobody"), std::string::npos);
}

}  // namespace
}  // namespace brownout::trainers
