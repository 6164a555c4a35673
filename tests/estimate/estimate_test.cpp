// SPDX-License-Identifier: Apache-2.0
// Closed forms: SCALE-Sim's integers, its shares fold by fold, and the program's own cycles.
#include "sim/estimate/estimate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/mapping/program.hpp"
#include "sim/mapping/timing.hpp"
#include "tests/estimate/scalesim_v2_rows.hpp"
#include "tests/network/built_networks.hpp"

namespace brownout::estimate {
namespace {

using Flow = EstimateDataflow;

MatrixLayer layer_of(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t groups = 1) {
  return {"layer", m, n, k, groups, "t.csv:1"};
}

LayerEstimate scalesim(const MatrixLayer& layer, int rows, int columns, Flow flow) {
  return estimate({layer}, {rows, columns, flow, Convention::kScaleSimV2}).layers[0];
}

std::string message_of(const MatrixLayer& layer, const EstimateConfig& config) {
  try {
    estimate({layer}, config);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ScaleSimV2, GivesItsPublishedIntegers) {
  const MatrixLayer conv = layer_of(2916, 64, 576), fc = layer_of(1, 1000, 512);
  EXPECT_EQ(scalesim(conv, 32, 32, Flow::kWeightStationary).cycles, 108359);
  EXPECT_EQ(scalesim(conv, 32, 32, Flow::kOutputStationary).cycles, 117391);
  EXPECT_EQ(scalesim(fc, 32, 32, Flow::kWeightStationary).cycles, 48639);
  EXPECT_EQ(scalesim(fc, 32, 32, Flow::kOutputStationary).cycles, 18367);
}

TEST(ScaleSimV2, EqualsItsReportsOfLayersOnArrays) {
  const std::vector<std::string>& flows = estimate_dataflows();
  std::set<std::string> kinds;
  for (const ScaleSimV2Row& row : kScaleSimV2Rows) {
    SCOPED_TRACE(fmt::format("{} {}x{} {}", row.dataflow, row.rows, row.columns, row.topology));
    const auto flow = std::find(flows.begin(), flows.end(), row.dataflow) - flows.begin();
    const std::vector<MatrixLayer> layers = parse_topology(row.topology, "t.csv");
    ASSERT_EQ(layers.size(), 1u);
    const LayerEstimate got = scalesim(layers[0], row.rows, row.columns, static_cast<Flow>(flow));
    long long cycles = 0, stalls = 0;
    double overall = 0.0, mapping = 0.0, compute = 0.0;
    ASSERT_EQ(std::sscanf(row.report, "%lld, %lld, %lf, %lf, %lf,", &cycles, &stalls, &overall,
                          &mapping, &compute),
              5);
    EXPECT_EQ(got.cycles, cycles);
    EXPECT_EQ(stalls, 0);
    EXPECT_DOUBLE_EQ(got.utilization * 100.0, overall);
    EXPECT_EQ(got.mapping_efficiency * 100.0, mapping);
    EXPECT_EQ(got.compute_utilization * 100.0, compute);
    const auto cells = std::count(row.topology, row.topology + std::strlen(row.topology), ',');
    kinds.insert(fmt::format("{} {}", row.dataflow, cells));
  }
  // Each dataflow with convolutions of one stride and of two, and with products of matrices.
  EXPECT_EQ(kinds, (std::set<std::string>{"ws 8", "ws 9", "ws 4", "os 8", "os 9", "os 4", "is 8",
                                          "is 9", "is 4"}));
}

TEST(ScaleSimV2, SharesOfAMillionFoldsAndMoreComeFromAClosedForm) {
  const LayerEstimate below = scalesim(layer_of(7, 3, 999'999), 1, 3, Flow::kWeightStationary);
  const LayerEstimate above = scalesim(layer_of(7, 3, 1'000'001), 1, 3, Flow::kWeightStationary);
  EXPECT_NEAR(above.mapping_efficiency, below.mapping_efficiency, 1e-9);
  EXPECT_NEAR(above.compute_utilization, below.compute_utilization, 1e-9);
  EXPECT_EQ(above.mapping_efficiency, 1.0);
}

TEST(ScaleSimV2, FollowsItsFormulasOnArraysThatAreNotSquare) {
  const MatrixLayer layer = layer_of(100, 30, 50);
  // Folds of K: 50/8 -> 7 on rows; N: 30/12 -> 3, M: 100/12 -> 9 on columns; M on rows: 13.
  const LayerEstimate ws = scalesim(layer, 8, 12, Flow::kWeightStationary);
  EXPECT_EQ(ws.folds, 7 * 3);
  EXPECT_EQ(ws.cycles, 21 * (16 + 12 + 100 - 2) - 1);
  const LayerEstimate os = scalesim(layer, 8, 12, Flow::kOutputStationary);
  EXPECT_EQ(os.folds, 13 * 3);
  EXPECT_EQ(os.cycles, 39 * (8 + 12 + 50 - 2) - 1);
  const LayerEstimate is = scalesim(layer, 8, 12, Flow::kInputStationary);
  EXPECT_EQ(is.folds, 7 * 9);
  EXPECT_EQ(is.cycles, 63 * (16 + 12 + 30 - 2) - 1);
}

TEST(ScaleSimV2, SharesAreMeansOverFolds) {
  const Philox random(11, Purpose::kTest);
  std::uint64_t draw = 0;
  const auto up_to = [&](std::uint64_t highest) {
    return static_cast<std::int64_t>(random(draw++)[0] % highest) + 1;
  };
  for (int i = 0; i < 200; ++i) {
    const MatrixLayer layer = layer_of(up_to(90), up_to(90), up_to(90));
    const auto r = up_to(20), c = up_to(20);
    for (const Flow flow :
         {Flow::kWeightStationary, Flow::kOutputStationary, Flow::kInputStationary}) {
      const std::int64_t rows = flow == Flow::kOutputStationary ? layer.m : layer.k;
      const std::int64_t columns = flow == Flow::kInputStationary ? layer.m : layer.n;
      const std::int64_t streamed = layer.m * layer.n * layer.k / rows / columns;
      const bool os = flow == Flow::kOutputStationary;
      const std::int64_t length = os ? r + c + streamed - 2 : 2 * r + 2 * c + streamed - 3;
      double mapped = 0.0, computed = 0.0;
      std::int64_t folds = 0;
      for (std::int64_t row = 0; row < rows; row += r) {
        for (std::int64_t column = 0; column < columns; column += c) {
          const auto used =
              static_cast<double>(std::min(r, rows - row) * std::min(c, columns - column));
          mapped += used / static_cast<double>(r * c);
          computed += used * static_cast<double>(streamed) / static_cast<double>(r * c * length);
          ++folds;
        }
      }
      const LayerEstimate got = scalesim(layer, static_cast<int>(r), static_cast<int>(c), flow);
      EXPECT_EQ(got.folds, folds);
      EXPECT_NEAR(got.mapping_efficiency, mapped / static_cast<double>(folds), 1e-12);
      EXPECT_NEAR(got.compute_utilization, computed / static_cast<double>(folds), 1e-12);
      EXPECT_EQ(got.macs, layer.macs());
    }
  }
}

TEST(ScaleSimV2, GroupsRunOneAfterTheOther) {
  const LayerEstimate one = scalesim(layer_of(49, 1, 9), 8, 8, Flow::kWeightStationary);
  const LayerEstimate many = scalesim(layer_of(49, 1, 9, 32), 8, 8, Flow::kWeightStationary);
  EXPECT_EQ(many.folds, 32 * one.folds);
  EXPECT_EQ(many.cycles + 1, 32 * (one.cycles + 1));
  EXPECT_EQ(many.macs, 32 * one.macs);
  EXPECT_EQ(many.mapping_efficiency, one.mapping_efficiency);
}

TEST(ScaleSimV2, ALayerOfOneCycleHasAFiniteUtilization) {
  const LayerEstimate tiny = scalesim(layer_of(1, 1, 1), 1, 1, Flow::kOutputStationary);
  EXPECT_EQ(tiny.cycles, 0);
  EXPECT_EQ(tiny.utilization, 1.0);
}

TEST(Estimate, AddsUpLayers) {
  const Estimate all = estimate({layer_of(10, 20, 30), layer_of(1, 7, 5)},
                                {4, 4, Flow::kOutputStationary, Convention::kScaleSimV2});
  EXPECT_EQ(all.total_cycles, all.layers[0].cycles + all.layers[1].cycles);
  EXPECT_EQ(all.total_macs, 10 * 20 * 30 + 7 * 5);
  EXPECT_EQ(all.layers[0].utilization, 6000.0 / (16.0 * static_cast<double>(all.layers[0].cycles)));
}

TEST(Estimate, RefusesWhatAConventionDoesNotHave) {
  EXPECT_EQ(message_of(layer_of(1, 1, 1), {4, 4, Flow::kInputStationary, Convention::kPhysical}),
            "dataflow: expected ws or os with convention physical, got \"is\", which only "
            "scalesim-v2 has");
}

TEST(Estimate, RefusesLayersTooLargeToCount) {
  const std::int64_t big = std::int64_t{1} << 31;
  for (const Flow flow : {Flow::kWeightStationary, Flow::kOutputStationary}) {
    EXPECT_EQ(message_of(layer_of(1, big, big), {1, 1, flow, Convention::kPhysical})
                  .find("t.csv:1: layer: expected at most 100000000 tiles"),
              0u);
  }
  // 2^62 folds: with two cycles each they are too many, with one they are not.
  EXPECT_EQ(
      message_of(layer_of(big, 1, big), {1, 1, Flow::kInputStationary, Convention::kScaleSimV2}),
      "t.csv:1: layer: expected fewer than 2^63 cycles, got more");
  EXPECT_EQ(
      message_of(layer_of(big, big, 1), {1, 1, Flow::kOutputStationary, Convention::kScaleSimV2}),
      "");
}

/// Two convolutions without biases or norms, with codes of `bits` bits. The second one's window is
/// its whole input. The codes of the first one fill whole words, so both layers begin at a word.
network::Network two_convolutions(const Philox& random, int bits) {
  std::uint64_t draw = 0;
  const auto up_to = [&](std::uint64_t highest) {
    return static_cast<int>(random(draw++)[0] % highest) + 1;
  };
  const network::Coding coding{network::Scheme::kRquant, bits, 0.003f, -0.02f};
  const int groups = up_to(3);
  const int whole_words = 64 / std::gcd(64, bits);  // channels that fill some, whatever K is
  const int inputs = groups * up_to(6),
            outputs = whole_words * groups * up_to(32 / whole_words + 1);
  const int height = 2 + up_to(40), width = 2 + up_to(40);
  network::Conv2d first;
  first.groups = groups;
  first.out_channels = outputs;
  first.kernel = {up_to(3), up_to(3)};
  first.stride = {up_to(2), up_to(2)};
  first.pads = {first.kernel[0] - 1, 0, 0, first.kernel[1] - 1};
  const int classes = up_to(40);
  network::Builder builder({inputs, height, width}, classes);
  first.weight = builder.parameter(
      network::Role::kWeight, {outputs, inputs / groups, first.kernel[0], first.kernel[1]}, coding);
  builder.add(network::Quantize{0.01f, 3});
  builder.add(first);
  builder.add(network::Quantize{0.1f, 0});
  network::Conv2d last;
  last.out_channels = classes;
  last.kernel = {(height - 1) / first.stride[0] + 1, (width - 1) / first.stride[1] + 1};
  last.weight = builder.parameter(network::Role::kWeight,
                                  {classes, outputs, last.kernel[0], last.kernel[1]}, coding);
  builder.add(last);
  return builder.network();
}

TEST(Physical, EqualsTheProgramWhereNothingButWeightsIsLoaded) {
  std::array<std::int64_t, 9> compared{};  // by bits
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const Philox random(seed, Purpose::kTest);
    // Every width, half of the cases 4 and 8 bits.
    const int bits = seed % 4 == 0 ? 8 : seed % 4 == 1 ? 4 : 2 + static_cast<int>(seed / 4 % 7);
    const network::Network network = two_convolutions(random, bits);
    mapping::AcceleratorConfig accelerator;
    accelerator.array.rows = 1 + static_cast<int>(random(100)[0] % 40);
    accelerator.array.columns = 1 + static_cast<int>(random(101)[0] % 40);
    const bool stationary = seed / 2 % 2 == 0;
    accelerator.array.dataflow =
        stationary ? mapping::Dataflow::kWeightStationary : mapping::Dataflow::kOutputStationary;
    accelerator.weights.arrays = 8192;
    accelerator.activations.kib = 4096;
    const mapping::Program program = mapping::compile(network, accelerator, 1, 0, "two");
    const Estimate got = estimate(
        matrix_layers(network, "two"),
        {accelerator.array.rows, accelerator.array.columns,
         stationary ? Flow::kWeightStationary : Flow::kOutputStationary, Convention::kPhysical});
    std::size_t at = 0;
    for (const mapping::LayerProgram& layer : program.layers) {
      if (!layer.step.matrix) continue;
      ASSERT_LT(at, got.layers.size());
      ASSERT_EQ(layer.walks, 1) << "seed " << seed;
      std::int64_t folds = static_cast<std::int64_t>(layer.strips.size());
      if (stationary) folds *= (layer.k + layer.k_tile - 1) / layer.k_tile;
      EXPECT_EQ(got.layers[at].folds, folds) << "seed " << seed;
      EXPECT_EQ(got.layers[at].bits, bits);
      EXPECT_EQ(got.layers[at].cycles, layer.closed_form_cycles) << "seed " << seed;
      ++at;
      ++compared[static_cast<std::size_t>(bits)];
    }
    EXPECT_EQ(at, got.layers.size());
  }
  for (std::size_t bits = 2; bits < compared.size(); ++bits) {
    EXPECT_GE(compared[bits], bits % 4 == 0 ? 60 : 8) << bits << " bits";
  }
}

TEST(Physical, SharesCountFoldsAsTheArrayIsMapped) {
  // 20 of K on 8 rows, 10 of N on 8 columns, 1500 pixels in two strips of accumulators.
  const LayerEstimate ws =
      estimate({layer_of(1500, 10, 20)}, {8, 8, Flow::kWeightStationary, Convention::kPhysical})
          .layers[0];
  EXPECT_EQ(ws.folds, 2 * 2 * 3);
  EXPECT_DOUBLE_EQ(ws.mapping_efficiency, 20.0 / 24 * 10 / 16);
  EXPECT_DOUBLE_EQ(ws.utilization, 300000.0 / (64.0 * static_cast<double>(ws.cycles)));
  const LayerEstimate os =
      estimate({layer_of(1500, 10, 20)}, {8, 8, Flow::kOutputStationary, Convention::kPhysical})
          .layers[0];
  EXPECT_EQ(os.folds, 188 * 2);
  EXPECT_DOUBLE_EQ(os.mapping_efficiency, 1500.0 / 1504 * 10 / 16);
}

}  // namespace
}  // namespace brownout::estimate
