// SPDX-License-Identifier: Apache-2.0
// Engines on networks that are small enough to compute by hand, and what they promise to their
// users.
#include "sim/engines/engine.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/base/error.hpp"
#include "sim/datapath/convolution/convolution.hpp"
#include "sim/engines/functional_engine.hpp"
#include "sim/network/formula.hpp"
#include "tests/network/built_networks.hpp"

namespace brownout::engines {
namespace {

using network::Coding;
using network::Role;
using network::Scheme;

std::vector<float> run(Engine& engine, const network::Network& network,
                       const std::vector<std::uint8_t>& pixels, int images) {
  std::vector<float> logits(static_cast<std::size_t>(images * network.classes));
  engine.run(pixels.data(), 0, images, logits.data(), 0);
  return logits;
}

/// Two pixels, two classes: codes 2·pixel/255 (z = 1), weights 3 -2 / 0 1, alpha ½, beta ¼.
network::Network tiny() {
  network::Builder b({1, 1, 2}, 2);
  b.add(network::Quantize{0.5f, 1});
  b.add(network::Flatten{});
  const auto weight =
      b.parameter(Role::kWeight, {2, 2}, Coding{Scheme::kRquant, 4, 0.5f, 0.25f}, {3, -2, 0, 1});
  const auto bias =
      b.parameter(Role::kBias, {2}, Coding{Scheme::kSymmetric, 8, 0.125f, 0.0f}, {8, -8});
  b.add(network::Linear{weight, bias, 2});
  return b.network();
}

TEST(Engines, ComputeATinyNetworkAsByHand) {
  const network::Network network = tiny();
  // Pixels 255 and 0: x = 1 and 0, q - z = 2 and 0. A = 0.25, B = 0.125.
  // acc = 6, 0; sum = 2; y = 0.25·6 + 0.125·2 + 1 = 2.75 and 0 + 0.25 - 1 = -0.75.
  for (const std::string& name : engine_names()) {
    const auto engine = make_engine(name, network::share(network), 1);
    engine->set_codes(network::clean_codes(network));
    EXPECT_EQ(run(*engine, network, {255, 0}, 1), (std::vector<float>{2.75f, -0.75f})) << name;
  }
}

TEST(Engines, UseTheCodesTheyAreGiven) {
  const network::Network network = tiny();
  network::Codes faulty = network::clean_codes(network);
  faulty[0][0] = -1;  // acc of class 0: -2 instead of 6
  for (const std::string& name : engine_names()) {
    const auto engine = make_engine(name, network::share(network), 1);
    engine->set_codes(faulty);
    EXPECT_EQ(run(*engine, network, {255, 0}, 1), (std::vector<float>{0.75f, -0.75f})) << name;
    engine->set_codes(network::clean_codes(network));
    EXPECT_EQ(run(*engine, network, {255, 0}, 1), (std::vector<float>{2.75f, -0.75f})) << name;
  }
}

TEST(Engines, AddAResidualThatIsComputedAfterTheMainBranch) {
  // Value 1 feeds a 1×1 convolution (×2) and, through a second one (×3) that comes after it in the
  // file, the residual.
  network::Builder b({1, 1, 1}, 1);
  const Coding coding{Scheme::kSymmetric, 8, 1.0f, 0.0f};
  const auto input = b.add(network::Quantize{1.0f / 255, 0});
  const auto main =
      b.add(network::Conv2d{b.parameter(Role::kWeight, {1, 1, 1, 1}, coding, {2}), {}, 1}, {input});
  const auto side =
      b.add(network::Conv2d{b.parameter(Role::kWeight, {1, 1, 1, 1}, coding, {3}), {}, 1}, {input});
  const auto codes = b.add(network::Quantize{0.5f, 0}, {side});
  b.add(network::Add{}, {main, codes});
  b.add(network::Relu{});
  b.add(network::Flatten{});
  for (const std::string& name : engine_names()) {
    const auto engine = make_engine(name, network::share(b.network()), 1);
    engine->set_codes(network::clean_codes(b.network()));
    EXPECT_EQ(run(*engine, b.network(), {255}, 1), (std::vector<float>{5.0f})) << name;
  }
}

TEST(Engines, FlattenInChannelOrder) {
  // Two channels on 1×2 pixels; the linear layer picks element 1: channel 0, second pixel.
  network::Builder b({2, 1, 2}, 1);
  b.add(network::Quantize{1.0f / 255, 0});
  b.add(network::Flatten{});
  const Coding coding{Scheme::kSymmetric, 8, 1.0f, 0.0f};
  b.add(network::Linear{b.parameter(Role::kWeight, {1, 4}, coding, {0, 1, 0, 0}), {}, 1});
  for (const std::string& name : engine_names()) {
    const auto engine = make_engine(name, network::share(b.network()), 1);
    engine->set_codes(network::clean_codes(b.network()));
    EXPECT_FLOAT_EQ(run(*engine, b.network(), {0, 255, 51, 0}, 1)[0], 0.2f) << name;
  }
}

/// What the engines of integers give; engine "float" does not round.
void expect_logits(const network::Network& network, const std::vector<std::uint8_t>& pixels,
                   const std::vector<float>& expected) {
  for (const std::string name : {"functional", "reference"}) {
    const auto engine = make_engine(name, network::share(network), 1);
    engine->set_codes(network::clean_codes(network));
    EXPECT_EQ(run(*engine, network, pixels, 1), expected) << name;
  }
}

TEST(Engines, DecodeByChannel) {
  network::Network network = tiny();
  network.parameters[0].coding = Coding{Scheme::kRquant, 4, 1.0f, 0.0f};
  network.parameters[0].channels = {{0.5f, 0.25f}, {2.0f, -1.0f}};
  // Class 1: acc = 0·2, sum = 2, B = -1·0.5: y = 0 - 1 - 1 = -2.
  expect_logits(network, {255, 0}, {2.75f, -2.0f});
}

TEST(Engines, LookUpTablesAndJoinValues) {
  // One pixel of two channels, 255 and 51: codes 10 and 2 of scale 0.1.
  network::Builder b({2, 1, 1}, 5);
  const auto codes = b.add(network::Quantize{0.1f, 0});
  network::Lookup squares;
  squares.formula = "x x *";
  squares.table = network::lookup_table(network::Formula(squares.formula), 0.1f, 0);
  squares.table[10] = 7.0f;  // the table counts, not the formula
  const auto looked_up = b.add(squares, {codes});
  const auto parts = b.add(network::Quantize{0.5f, 0}, {looked_up});  // 14, 0 (0.04 / 0.5)
  const auto turned = b.add(network::SelectChannels{{1, 0, 1}}, {codes});
  b.add(network::Concat{}, {turned, parts});
  b.add(network::Flatten{});
  const float one = 0.1f * 10.0f;
  const float fifth = 0.1f * 2.0f;
  expect_logits(b.network(), {255, 51}, {fifth, one, fifth, 7.0f, 0.0f});
}

TEST(Engines, MultiplyByOnePixel) {
  // One channel on 1×2 pixels, 255 and 51, multiplied by a pooled value.
  network::Builder b({1, 1, 2}, 2);
  const auto codes = b.add(network::Quantize{0.2f, 1});  // 6 and 2: 1 and 0.2
  const auto numbers = b.add(network::Dequantize{}, {codes});
  b.add(network::Dequantize{}, {codes});
  b.add(network::MaxPool{{1, 2}, {1, 1}, {0, 0, 0, 0}});
  const auto factor = b.add(network::Quantize{0.5f, 0});  // 2: 1
  b.add(network::Multiply{}, {numbers, factor});
  b.add(network::PRelu{{0.25f}});
  b.add(network::Clip{0.5f, 6.0f});
  b.add(network::Flatten{});
  expect_logits(b.network(), {255, 51}, {0.2f * 5.0f * (0.5f * 2.0f), 0.5f});
}

TEST(Engines, UnknownNamesAreInputErrorsThatListTheKnownOnes) {
  const network::Network network = tiny();
  try {
    make_engine("fast", network::share(network), 1);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "engine \"fast\" is unknown, expected one of functional, float, reference");
  }
}

TEST(Engines, RefuseCodesOfAnotherNetwork) {
  const network::Network network = tiny();
  network::Codes codes = network::clean_codes(network);
  codes[0].pop_back();
  for (const std::string& name : engine_names()) {
    EXPECT_THROW(make_engine(name, network::share(network), 1)->set_codes(codes), std::logic_error)
        << name;
  }
}

class FunctionalKinds : public ::testing::TestWithParam<std::string> {};

TEST_P(FunctionalKinds, EqualTheReferenceOnALayeredNetworkForEveryBatch) {
  if (GetParam() != "auto" && !datapath::convolution_available(GetParam())) {
    GTEST_SKIP() << "not on this processor";
  }
  const network::Network network = network::simple_network();
  const int images = 37;
  const auto pixels = network::images_for(network, images);
  const auto reference = make_engine("reference", network::share(network), 1);
  reference->set_codes(network::clean_codes(network));
  const auto expected = run(*reference, network, pixels, 3);
  std::vector<float> whole;
  for (const int batch : {1, 2, 16, 64}) {
    FunctionalOptions options;
    options.convolution = GetParam();
    options.batch = batch;
    const auto engine = make_functional_engine(network::share(network), 1, options);
    engine->set_codes(network::clean_codes(network));
    const auto logits = run(*engine, network, pixels, images);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), logits.begin())) << "batch " << batch;
    if (whole.empty()) whole = logits;
    ASSERT_EQ(whole, logits) << "batch " << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, FunctionalKinds, ::testing::Values("auto", "avx2"),
                         [](const auto& kind) {
                           std::string name = kind.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(FloatEngine, DependsOnNeitherBatchNorWorker) {
  const network::Network network = network::simple_network();
  const auto pixels = network::images_for(network, 9);
  const auto engine = make_engine("float", network::share(network), 2);
  engine->set_codes(network::clean_codes(network));
  const auto whole = run(*engine, network, pixels, 9);
  for (int i = 0; i < 9; ++i) {
    std::vector<float> one(10);
    engine->run(pixels.data() + i * network.input.size(), i, 1, one.data(), i % 2);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), whole.begin() + i * 10)) << "image " << i;
  }
}

TEST(FloatEngine, IsWhatTheFunctionalOneApproachesWithFineActivations) {
  // The same network with activations that lose almost nothing: 0 … 4 in 255 steps is coarse, so
  // the comparison has a tolerance that a wrong operator would exceed by orders of magnitude.
  const network::Network network = network::simple_network();
  const auto pixels = network::images_for(network, 4);
  std::vector<std::vector<float>> logits;
  for (const char* name : {"float", "functional"}) {
    const auto engine = make_engine(name, network::share(network), 1);
    engine->set_codes(network::clean_codes(network));
    logits.push_back(run(*engine, network, pixels, 4));
  }
  double difference = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < logits[0].size(); ++i) {
    difference += std::abs(static_cast<double>(logits[0][i]) - static_cast<double>(logits[1][i]));
    size += std::abs(static_cast<double>(logits[0][i]));
  }
  EXPECT_LT(difference, 0.05 * size);
  EXPECT_GT(difference, 0.0);  // and the activations really are quantized in one of them
}

}  // namespace
}  // namespace brownout::engines
