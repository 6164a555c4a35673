// SPDX-License-Identifier: Apache-2.0
// Networks, codings and programs as a user of the library meets them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "brownout/accelerator.hpp"
#include "brownout/experiment.hpp"
#include "sim/base/files.hpp"
#include "tests/api/expect_error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout {
namespace {

class PublicNetwork : public testing::Test {
 protected:
  Network network() const { return Network::load(workplace_.network().string()); }
  std::string file(const std::string& name) const { return (workplace_.folder() / name).string(); }
  end_to_end::Workplace workplace_;
};

TEST_F(PublicNetwork, SaysWhatTheFileHolds) {
  const Network net = network();
  EXPECT_EQ(net.name(), "tiny-rquant-8b");
  EXPECT_EQ(net.file(), workplace_.network().string());
  EXPECT_EQ(net.sha256(), sha256_hex(read_file(workplace_.network())));
  EXPECT_EQ(net.bits(), 8);
  EXPECT_EQ(net.classes(), 10);
  EXPECT_EQ(net.input_shape(), (std::array<int, 3>{28, 28, 1}));
  EXPECT_EQ(net.coded_parameters(), 7850);
  EXPECT_EQ(net.coded_bits(), 62800);
  EXPECT_EQ(net.input_mean().size(), 1u);
  EXPECT_EQ(net.input_deviation().size(), 1u);
}

TEST_F(PublicNetwork, ParametersAreCodedInTheOrderOfTheirCells) {
  std::int64_t codes = 0;
  for (const Parameter& parameter : network().parameters()) {
    const std::int64_t size = std::accumulate(parameter.shape.begin(), parameter.shape.end(),
                                              std::int64_t{1}, std::multiplies<>());
    EXPECT_EQ(static_cast<std::int64_t>(parameter.values.size()), size);
    ASSERT_EQ(parameter.scheme, "rquant");
    ASSERT_EQ(parameter.alpha.size(), 1u);
    const std::vector<std::uint8_t> stored = parameter.codes();
    ASSERT_EQ(stored.size(), parameter.n.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      EXPECT_EQ(stored[i], parameter.n[i] + 128);
      const float product = parameter.alpha[0] * static_cast<float>(parameter.n[i]);
      EXPECT_EQ(parameter.values[i], product + parameter.beta[0]);
    }
    codes += size;
  }
  EXPECT_EQ(codes, 7850);
}

TEST_F(PublicNetwork, ASavedNetworkIsTheSameNetwork) {
  const Network net = network();
  std::vector<std::vector<std::int8_t>> codes(net.parameters().size());
  codes[0] = net.parameters()[0].n;
  codes[0][5] = static_cast<std::int8_t>(codes[0][5] == 3 ? 4 : 3);
  const Network changed = net.with_codes(codes);
  EXPECT_EQ(changed.parameters()[0].n, codes[0]);
  EXPECT_EQ(changed.parameters()[1].n, net.parameters()[1].n);
  EXPECT_EQ(net.parameters()[0].n[6], codes[0][6]);
  EXPECT_EQ(changed.sha256(), "");
  EXPECT_EQ(changed.file(), "");
  changed.save(file("changed.onnx"));
  const Network again = Network::load(file("changed.onnx"));
  EXPECT_EQ(again.parameters()[0].n, codes[0]);
  EXPECT_NE(again.sha256(), net.sha256());
  expect_error([&] { changed.save(file("changed.onnx")); },
               "changed.onnx: exists; expected another file, or overwrite to replace it");
  // A file that was written, read and written again, in one process.
  net.save(file("changed.onnx"), /*overwrite=*/true);
  EXPECT_EQ(Network::load(file("changed.onnx")).sha256(), net.sha256());
}

TEST_F(PublicNetwork, WrongCodesAreRefused) {
  const Network net = network();
  expect_error([&] { net.with_codes({{}}); }, "codes: expected a list for each of the");
  std::vector<std::vector<std::int8_t>> codes(net.parameters().size());
  codes[0] = {1, 2, 3};
  expect_error([&] { net.with_codes(codes); }, "got 3");
  codes[0] = net.parameters()[0].n;
  codes[0][7] = -128;
  expect_error([&] { net.with_codes(codes); },
               "element 7 is -128; expected an integer in [-127, 127]");
}

TEST_F(PublicNetwork, FilesThatAreNoneAreRefused) {
  expect_error([&] { Network::load(file("none.onnx")); }, "none.onnx");
  workplace_.write("bad.onnx", "not a network");
  expect_error([&] { Network::load(file("bad.onnx")); }, "bad.onnx");
  expect_error([&] { Network::load("fmnist-simplenet16-randbet-9b"); },
               "network: expected a file or the name of a shipped network");
  ImportOptions options;
  options.calibration = "minmax";
  expect_error([&] { Network::from_onnx(file("bad.onnx"), options); },
               "calibration: expected one of min-max, percentile, least-error, got \"minmax\"");
  options = {};
  options.bits = 9;
  expect_error([&] { Network::from_onnx(file("bad.onnx"), options); }, "bits: ");
}

TEST_F(PublicNetwork, AnEmptyNameIsNoFile) {
  expect_error([&] { Network::load(""); }, "network: expected a file or the name of a shipped");
  expect_error([&] { Network::from_onnx(""); }, "file: expected a value, got \"\"");
  expect_error([&] { network().save(""); }, "file: expected a value, got \"\"");
  expect_error([&] { network().save("", /*overwrite=*/true); }, "file: expected a value");
}

TEST_F(PublicNetwork, AnImportedNetworkIsThatOfTheCommand) {
  const std::string model = std::string(BROWNOUT_SOURCE_DIR) + "/examples/own-network/lenet.onnx";
  const std::string data = file("data");
  for (const char* part : {"images-idx3-ubyte", "labels-idx1-ubyte"}) {  // also calibrates
    std::filesystem::copy_file(data + "/t10k-" + part, data + "/train-" + part);
  }
  const end_to_end::Outcome outcome = workplace_.run(
      BROWNOUT_BINARY,
      {"model",       "import",   model,       "--out",         "lenet.onnx", "--data",
       data,          "--images", "64",        "--test-images", "32",         "--bits",
       "7",           "--scheme", "symmetric", "--per-channel", "--mean",     "0.2860",
       "--deviation", "0.3530"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ImportOptions options;
  options.data = data;
  options.calibration_images = 64;
  options.test_images = 32;
  options.bits = 7;
  options.scheme = "symmetric";
  options.per_channel = true;
  options.mean = {0.2860};
  options.deviation = {0.3530};
  std::vector<std::string> remarks;
  const Network imported = Network::from_onnx(model, options, 2, &remarks);
  EXPECT_EQ(imported.name(), "lenet");
  EXPECT_EQ(imported.sha256(), "");
  imported.save(file("library.onnx"));
  EXPECT_EQ(read_file(file("library.onnx")), read_file(file("lenet.onnx")));
}

TEST_F(PublicNetwork, ProgramsAreThoseOfTheAccelerator) {
  const AcceleratorConfig edge("edge-16x16");
  EXPECT_EQ(edge.name(), "edge-16x16");
  EXPECT_EQ(edge.rows(), 16);
  EXPECT_EQ(edge.columns(), 16);
  EXPECT_EQ(edge.dataflow(), "weight-stationary");
  EXPECT_GT(edge.clock_mhz(), 0.0);
  const Program program(network(), edge, 4);
  EXPECT_EQ(program.batch(), 4);
  EXPECT_EQ(program.weight_words(), (62800 + 63) / 64);
  const std::vector<Program::Layer> layers = program.layers();
  ASSERT_FALSE(layers.empty());
  EXPECT_EQ(layers.back().macs, 4 * 784 * 10);
  EXPECT_GT(layers.back().closed_form_cycles, 0);
  expect_error([&] { AcceleratorConfig("edge-16x61"); },
               "accelerator: expected a file or the name of a shipped accelerator");
  expect_error([&] { Program(network(), edge, 0); }, "batch: expected an integer in [1, 65536]");
}

TEST(PublicCoding, IsThatOfNetworks) {
  end_to_end::Workplace workplace;
  for (const char* name : {"tiny-rquant-8b.onnx", "tiny-uniform-4b.onnx"}) {
    const Network net = Network::load((workplace.folder() / name).string());
    for (const Parameter& parameter : net.parameters()) {
      if (parameter.n.empty()) continue;
      const auto count = static_cast<std::int64_t>(parameter.n.size());
      std::vector<std::uint8_t> codes(parameter.n.size());
      encode(parameter, parameter.values.data(), count, codes.data());
      EXPECT_EQ(codes, parameter.codes());
      std::vector<float> values(codes.size());
      decode(parameter, codes.data(), count, values.data());
      EXPECT_EQ(values, parameter.values);
    }
  }
}

TEST(PublicCoding, RangesAreThoseOfTheValues) {
  const float values[] = {-1.0f, 0.5f, 3.0f, 2.0f, 2.5f, 2.75f};
  const Coding all = fit(values, 6, "rquant", 8);
  EXPECT_EQ(all.alpha, fit_range(-1.0, 3.0, "rquant", 8).alpha);
  EXPECT_EQ(all.beta, (std::vector<float>{1.0f}));
  EXPECT_EQ(all.alpha, (std::vector<float>{static_cast<float>(4.0 / 254.0)}));
  const Coding by_channel = fit(values, 6, "rquant", 8, 2);
  ASSERT_EQ(by_channel.alpha.size(), 2u);
  EXPECT_EQ(by_channel.alpha[1], fit_range(2.0, 2.75, "rquant", 8).alpha[0]);
  std::uint8_t codes[6];
  encode(by_channel, values, 6, codes);
  float back[6];
  decode(by_channel, codes, 6, back);
  for (int i = 0; i < 6; ++i)
    EXPECT_NEAR(back[i], values[i], 0.5f * by_channel.alpha[i / 3] + 1e-6f);
  EXPECT_EQ(codes[0], 1);    // the lowest n of rquant, -127
  EXPECT_EQ(codes[2], 255);  // the highest
}

TEST(PublicCoding, WrongArgumentsAreRefused) {
  const float values[] = {1.0f, std::numeric_limits<float>::infinity()};
  std::uint8_t codes[2] = {};
  float back[2];
  expect_error([&] { fit(values, 2, "rquant", 8); },
               "values: element 1 is inf; expected a finite number");
  expect_error([&] { fit(values, 1, "rqant", 8); }, "rqant");
  expect_error([&] { fit(values, 1, "rquant", 9); }, "9");
  expect_error([&] { fit(values, 0, "rquant", 8); }, "values: expected at least one element");
  expect_error([&] { fit(values, 2, "rquant", 8, 3); },
               "channels: expected a number that divides the 2 elements, got 3");
  expect_error([&] { fit_range(1.0, 0.0, "rquant", 8); }, "range: expected finite numbers");
  const Coding coding = fit_range(0.0, 1.0, "uniform", 4);
  expect_error([&] { encode(coding, values, 1, codes, "up"); },
               "rounding: expected one of nearest, truncate, got \"up\"");
  codes[1] = 16;
  expect_error([&] { decode(coding, codes, 2, back); },
               "codes: element 1 is 16; expected a code of 4 bits, in [0, 15]");
}

TEST(PublicCoding, ADecodingThatNoNetworkMayHaveIsRefused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  const float values[] = {0.5f, -0.5f};
  const std::uint8_t codes[] = {1, 0};
  std::uint8_t to_codes[2];
  float to_values[2];
  const auto refused = [&](const Coding& coding, const std::string& message) {
    expect_error([&] { encode(coding, values, 2, to_codes); }, message);
    expect_error([&] { decode(coding, codes, 2, to_values); }, message);
  };
  for (const float alpha : {kNan, kInfinite, -1.0f, -0.0f}) {
    refused({"rquant", 8, {alpha}, {0.0f}},
            "alpha is " + fmt::format("{}", alpha) + ", expected a finite number of at least 0");
  }
  for (const float beta : {kNan, kInfinite, -kInfinite}) {
    refused({"uniform", 8, {0.1f}, {beta}},
            "beta is " + fmt::format("{}", beta) + ", expected a finite number");
  }
  refused({"rquant", 8, {0.1f, kNan}, {0.0f, 0.0f}}, "channel 1: alpha is nan");
  refused({"symmetric", 8, {0.1f}, {0.5f}}, "beta is 0.5, scheme symmetric expects 0");
  refused({"binary", 1, {0.5f}, {0.0f}}, "alpha is 0.5, scheme binary expects 1");
  // All numbers are the same: alpha 0 is what their range gives.
  const float same[] = {0.25f, 0.25f};
  const Coding constant = fit(same, 2, "rquant", 8);
  EXPECT_EQ(constant.alpha[0], 0.0f);
  encode(constant, same, 2, to_codes);
  decode(constant, to_codes, 2, to_values);
  EXPECT_EQ(to_values[1], 0.25f);
  expect_error([&] { fit_range(-1e300, 1e300, "rquant", 8); }, "is too wide to quantize");
}

}  // namespace
}  // namespace brownout
