// SPDX-License-Identifier: Apache-2.0
// Every architecture in models/: its size, a training step, and an export with random weights that
// can be read again and gives the trainer's logits. The files are kept for the accelerator's own
// test of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/base/random.hpp"
#include "sim/engines/engine.hpp"
#include "sim/network/onnx_file.hpp"
#include "trainers/output/export.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* file;
  network::Shape input;
  std::int64_t weights;  // with `norm` as the file says
  const char* norm;      // "" = the file's own
  const char* scheme;
  int classes = 10;
};

std::string name_of(const Case& c) {
  std::string name = c.file;
  if (*c.norm != '\0') name += std::string("-") + c.norm;
  return name;
}

void PrintTo(const Case& c, std::ostream* out) { *out << name_of(c); }

// SimpleNet: RandBET Table 6. The ResNets: published counts of their PyTorch forms. Wide ResNet:
// the paper says 20.5 M. The others are sums over their layers.
const std::vector<Case> kCases = {
    {"simplenet", {1, 28, 28}, 1082826, "", "rquant"},
    {"simplenet-32px", {3, 32, 32}, 5498378, "", "rquant"},
    {"resnet20", {3, 32, 32}, 272474, "", "rquant"},
    {"resnet20", {3, 32, 32}, 272474, "batch", "rquant"},
    {"resnet20", {3, 32, 32}, 272474 - 1568, "fixed-group", "rquant"},
    {"resnet20", {3, 32, 32}, 272474 - 1568, "fixed-batch", "rquant"},
    {"resnet50", {3, 32, 32}, 23520842, "", "rquant"},
    {"wrn-28-10", {3, 32, 32}, 20567488, "", "rquant", 100},
    {"wrn-28-10", {3, 32, 32}, 20567488, "batch", "rquant", 100},
    {"vgg3", {1, 28, 28}, 6482890, "", "uniform"},
    {"vgg3", {1, 28, 28}, 6482890, "batch", "uniform"},
    {"vgg3", {1, 28, 28}, 6482890 - 256, "none", "uniform"},
    {"vgg3-bn", {1, 28, 28}, 6486986, "", "uniform"},
    {"vgg3-binary", {1, 28, 28}, 6484800, "", "binary"},
    {"vgg7", {3, 32, 32}, 3251018, "", "uniform"},
    {"mobilenetv2", {3, 32, 32}, 117706, "", "uniform"},
    {"mobilenetv2", {3, 32, 32}, 117706, "group", "uniform"},
    {"resnet18", {3, 64, 64}, 11181642, "", "uniform"},
};

data::Dataset random_images(const Case& c, std::int64_t count, std::uint64_t seed) {
  data::Dataset data;
  data.name = "random";
  data.shape = c.input;
  data.classes = c.classes;
  const Philox random(seed, Purpose::kTest);
  for (std::int64_t i = 0; i < count; ++i) {
    data.labels.push_back(static_cast<std::uint8_t>(i % c.classes));
    for (std::int64_t p = 0; p < c.input.size(); ++p) {
      data.pixels.push_back(static_cast<std::uint8_t>(
          random(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(p))[0]));
    }
  }
  return data;
}

class Models : public testing::TestWithParam<Case> {};

TEST_P(Models, TrainExportAndComputeTheTrainersLogits) {
  const Case& c = GetParam();
  const bool binary = std::string(c.scheme) == "binary";
  ArchitectureOptions options{{}, c.input, c.classes};
  if (*c.norm != '\0') options.norm = c.norm;
  const Architecture architecture = load_architecture(
      fs::path(BROWNOUT_SOURCE_DIR) / "models" / (std::string(c.file) + ".yaml"), options);
  EXPECT_EQ(architecture.weights(), c.weights);

  const TrainingConfig config = parse_training(
      fmt::format("architecture: {{file: {}.yaml}}\ndataset: {{name: mnist}}\n"
                  "quantization: {{scheme: {}, bits: {}}}\noptimizer: {{learning_rate: 0.01}}\n"
                  "schedule: {{epochs: 1, batch: 2, milestones: []}}\ncalibration_images: 2\n"
                  "output: x.onnx\n",
                  c.file, c.scheme, binary ? 1 : 8),
      "test.yaml");
  const data::Dataset data = random_images(c, 2, 1);
  Trainer trainer(config, architecture, data, data, "cpu", 1);
  EXPECT_TRUE(std::isfinite(trainer.step().clean.loss));
  const auto quantizers = calibrate(trainer, 2);
  const fs::path file = fs::path(BROWNOUT_EXPORTED) / (name_of(c) + ".onnx");
  fs::create_directories(file.parent_path());
  network::write_onnx(build_network(trainer, quantizers, {}), file);
  const network::Network net = network::read_onnx(file);
  EXPECT_EQ(network::check(net, file.string()).back(), (network::Shape{c.classes, 1, 1}));

  std::vector<float> pixels(static_cast<std::size_t>(2 * c.input.size()));
  data::Labels labels(2);
  const std::vector<std::int32_t> order = {0, 1};
  trainer.train_reader().read(order.data(), 2, pixels.data(), labels.data());
  const auto size = static_cast<std::size_t>(2 * c.classes);
  for (const bool quantized : {false, true}) {
    std::vector<float> expected(size);
    std::vector<float> logits(size);
    trainer.pass().infer(trainer.decoded().data(), trainer.state().statistics, pixels.data(), 2,
                         expected.data(), quantized ? &quantizers : nullptr);
    const auto engine =
        engines::make_engine(quantized ? "functional" : "float", network::share(net), 1);
    engine->set_codes(network::clean_codes(net));
    engine->run(data.image(0), 0, 2, logits.data(), 0);
    double difference = 0.0;
    double largest = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
      difference += std::abs(static_cast<double>(logits[i]) - static_cast<double>(expected[i]));
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    }
    // A last bit of fp32 may move an activation to the next code, and a sign to the other one.
    EXPECT_LT(difference / static_cast<double>(size), largest * (quantized || binary ? 0.05 : 1e-4))
        << (quantized ? "functional" : "float") << ", logits up to " << largest;
  }
}

std::string test_name(const testing::TestParamInfo<Case>& test) {
  std::string name = name_of(test.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Models, testing::ValuesIn(kCases), test_name);

}  // namespace
}  // namespace brownout::trainers
