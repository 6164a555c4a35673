// SPDX-License-Identifier: Apache-2.0
// Tables of functions that are not finite everywhere, and biases that take in rounding errors.
#include "sim/import/quantize.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "sim/arithmetic/decode.hpp"
#include "sim/network/formula.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

using testing::HasSubstr;

std::vector<float> table_of(network::Lookup& lookup, const network::Quantize& codes,
                            const Range& seen) {
  fill_table(lookup, codes, seen, "net.onnx: node \"f\" (Div)");
  return lookup.table;
}

TEST(ImportTables, FunctionsMayBeInfiniteWhereNoNumberComes) {
  network::Lookup quotient{"2 x /", {}};
  const network::Quantize codes{0.01f, 0};
  const std::vector<float> table = table_of(quotient, codes, {0.5f, 2.55f});
  EXPECT_EQ(table[100], 2.0f / (0.01f * 100.0f));
  EXPECT_EQ(table[1], 2.0f / 0.01f);
  EXPECT_EQ(table[0], table[1]);
  // The formula says what the table holds.
  EXPECT_EQ(network::lookup_table(network::Formula(quotient.formula), 0.01f, 0), table);

  network::Lookup falling{"x neg log x * x neg sqrt +", {}};  // of negative numbers alone
  const std::vector<float> negative = table_of(falling, {0.01f, 250}, {-2.5f, -0.02f});
  for (const float entry : negative) EXPECT_TRUE(std::isfinite(entry));
  EXPECT_EQ(negative[255], negative[249]);

  network::Lookup plain{"x exp", {}};
  table_of(plain, codes, {0.5f, 2.55f});
  EXPECT_EQ(plain.formula, "x exp");
}

TEST(ImportTables, AnInfiniteEntryThatMayOccurIsNamed) {
  const auto refusal = [](const char* formula, const Range& seen) {
    network::Lookup lookup{formula, {}};
    return message_of([&] { table_of(lookup, {0.01f, 0}, seen); });
  };
  EXPECT_THAT(
      refusal("2 x /", {0.0f, 2.0f}),
      HasSubstr("net.onnx: node \"f\" (Div): its function gives inf at 0, expected a finite "
                "number"));
  EXPECT_THAT(refusal("x 1 - log", {0.5f, 2.0f}), HasSubstr("gives nan at 0.5"));
  network::Lookup unknown{"x log", {}};
  EXPECT_THAT(message_of([&] {
                fill_table(unknown, {0.01f, 0}, std::nullopt, "net.onnx");
              }),
              HasSubstr("gives -inf at 0"));
}

/// A layer without a bias and one with, both of two inputs and outputs.
ImportedNetwork two_layers() {
  GraphBuilder builder;
  builder.input("x", {1, 2}).output("y");
  onnx::TensorProto& w = builder.floats("w", {2, 2}, 0.3f);
  w.set_float_data(1, 1.0f);
  w.set_float_data(2, -0.77f);
  builder.floats("b", {2}, 0.25f);
  builder.node("Gemm", {"x", "w"}, {"h"});
  builder.node("Gemm", {"h", "w", "b"}, {"y"});
  return lower(Graph::read(builder.write()), {});
}

Quantized corrected(const ImportedNetwork& imported, const std::vector<double>& means, int bits,
                    const std::vector<network::Role>& coded = {network::Role::kWeight}) {
  QuantizeOptions options;
  options.bits = bits;
  options.coded = coded;
  options.means = [means](network::ValueIndex) { return means; };
  const std::vector<Range> ranges(imported.open.size(), Range{-1.0f, 1.0f});
  return quantize(imported, ranges, options, "test");
}

const network::Parameter* parameter_of(const network::Network& network, const std::string& name) {
  for (const network::Parameter& parameter : network.parameters) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

TEST(ImportBiasCorrection, LayersWithoutABiasGetOneWhereSomethingIsCorrected) {
  const ImportedNetwork imported = two_layers();
  const Quantized quantized = corrected(imported, {0.5, 0.25}, 3);
  EXPECT_EQ(quantized.corrected_biases, 2);
  const float plain[] = {0.3f, -0.77f, 1.0f, 0.3f};  // outputs x inputs
  for (const auto& [layer, before] : {std::pair{"node_h", 0.0}, std::pair{"node_y", 0.25}}) {
    const auto* weight = parameter_of(quantized.network, std::string(layer) + ".weight");
    const auto* bias = parameter_of(quantized.network, std::string(layer) + ".bias");
    ASSERT_TRUE(weight != nullptr && bias != nullptr) << layer;
    EXPECT_EQ(bias->role, network::Role::kBias);
    const std::vector<float> codes = arithmetic::decode_parameter(*weight, weight->n);
    for (std::size_t o = 0; o < 2; ++o) {
      const double shift = (double{codes[2 * o]} - double{plain[2 * o]}) * 0.5 +
                           (double{codes[2 * o + 1]} - double{plain[2 * o + 1]}) * 0.25;
      EXPECT_NE(shift, 0.0);
      EXPECT_NEAR(bias->values[o], before - shift, 1e-6) << layer << o;
    }
  }
  // Weight and bias of a layer follow each other, and each layer has its own.
  for (const network::Node& node : quantized.network.nodes) {
    const auto own = network::parameters_of(node.op);
    if (!network::is_matrix(node.op)) continue;
    ASSERT_EQ(own.size(), 2u);
    EXPECT_EQ(quantized.network.parameters[own[0]].name, node.name + ".weight");
    EXPECT_EQ(quantized.network.parameters[own[1]].name, node.name + ".bias");
  }
}

TEST(ImportBiasCorrection, NothingIsAddedWhereNothingIsCorrected) {
  const ImportedNetwork imported = two_layers();
  for (const std::vector<double>& means : {std::vector<double>{}, std::vector<double>{0.0, 0.0}}) {
    const Quantized quantized = corrected(imported, means, 3);
    EXPECT_EQ(quantized.corrected_biases, 0);
    EXPECT_EQ(parameter_of(quantized.network, "node_h.bias"), nullptr);
    EXPECT_EQ(parameter_of(quantized.network, "node_y.bias")->values,
              (std::vector<float>{0.25f, 0.25f}));
  }
}

TEST(ImportBiasCorrection, ANewBiasIsCodedLikeOthers) {
  const Quantized quantized =
      corrected(two_layers(), {0.5, 0.25}, 3, {network::Role::kWeight, network::Role::kBias});
  for (const network::Parameter& parameter : quantized.network.parameters)
    EXPECT_TRUE(parameter.coding.has_value()) << parameter.name;
}

}  // namespace
}  // namespace brownout::importing
