// SPDX-License-Identifier: Apache-2.0
// Every data set from the outside: read by its name, and refused by a network of another shape.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/network/onnx_file.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;

/// A network that always answers class 0.
network::Network blind_network(network::Shape input, int classes) {
  network::Network net = tiny_network(network::Scheme::kRquant, 8);
  net.input = input;
  net.classes = classes;
  net.transform = {{0.5f, 0.5f, 0.5f}, {0.25f, 0.25f, 0.25f}};
  net.transform.mean.resize(static_cast<std::size_t>(input.channels));
  net.transform.std.resize(static_cast<std::size_t>(input.channels));
  net.parameters[0].shape = {classes, input.size()};
  net.parameters[0].n.assign(static_cast<std::size_t>(classes * input.size()), 0);
  net.parameters[1].shape = {classes};
  net.parameters[1].n.assign(static_cast<std::size_t>(classes), 0);
  net.parameters[1].n[0] = 100;
  std::get<network::Linear>(net.nodes[2].op).out_features = classes;
  return net;
}

class Datasets : public testing::Test {
 protected:
  Datasets() {
    for (const char* name : {"cifar", "cifar100", "svhn", "pictures"}) {
      fs::create_directory(workplace_.folder() / name);
    }
    data::write_cifar10(workplace_.folder() / "cifar");
    workplace_.write("cifar100/test.bin",
                     data::cifar_records({std::string("\0\0", 2), "\x13\x63"}));
    data::write_svhn(workplace_.folder() / "svhn/test_32x32.mat", {10, 1, 2, 10}, true);
    data::write_image_folders(workplace_.folder() / "pictures");
    network::write_onnx(blind_network({3, 32, 32}, 10), workplace_.folder() / "small.onnx");
    network::write_onnx(blind_network({3, 32, 32}, 100), workplace_.folder() / "hundred.onnx");
    network::write_onnx(blind_network({3, 64, 64}, 2), workplace_.folder() / "large.onnx");
  }
  void refuse(const std::vector<std::string>& arguments, const std::string& message) {
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
  }
  Workplace workplace_;
};

TEST_F(Datasets, EvalReadsEach) {
  const struct {
    const char *network, *dataset, *folder;
    int images;
    double error;
  } cases[] = {{"small.onnx", "cifar10", "cifar", 2, 50.0},
               {"small.onnx", "svhn", "svhn", 4, 50.0},
               {"hundred.onnx", "cifar100", "cifar100", 2, 50.0},
               {"large.onnx", "imagenette", "pictures", 4, 50.0},
               {"large.onnx", "imagenette", "pictures", 3, 100.0 / 3.0}};
  for (const auto& c : cases) {
    const Outcome outcome = workplace_.run(
        BROWNOUT_BINARY, {"eval", c.network, "--dataset", c.dataset, "--data", c.folder, "--images",
                          std::to_string(c.images), "--json", "-", "--quiet"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NEAR(outcome.json().at("err").get<double>(), c.error, 1e-9) << c.dataset;
    EXPECT_EQ(outcome.json().at("dataset"), c.dataset);
  }
}

TEST_F(Datasets, AnotherShapeIsRefusedByEveryVerb) {
  const std::string tiny = workplace_.network().string();
  const std::string message =
      "tiny-rquant-8b.onnx: input is 1x28x28 (channels x height x width), images of cifar10 are "
      "3x32x32";
  const std::vector<std::string> data = {"--dataset", "cifar10", "--data", "cifar"};
  const std::string accelerator = BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml";
  for (std::vector<std::string> verb : {std::vector<std::string>{"eval", tiny},
                                        {"run", tiny, "--accelerator", accelerator},
                                        {"sensitivity", tiny, "--rate", "0.01"}}) {
    verb.insert(verb.end(), data.begin(), data.end());
    refuse(verb, message);
  }
  workplace_.write("cifar.yaml", "technology: " BROWNOUT_SOURCE_DIR
                                 "/profiles/14nm-finfet.yaml\nmodels: [tiny-rquant-8b.onnx]\n"
                                 "dataset: cifar10\ndata_folder: cifar\nvoltages: [0.9, 1.0]\n"
                                 "chips: 1\n");
  refuse({"sweep", "cifar.yaml", "--out", "out"}, message);
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out/sweep.json"));
}

TEST_F(Datasets, AnotherNumberOfClassesIsRefused) {
  refuse({"eval", "hundred.onnx", "--dataset", "cifar10", "--data", "cifar"},
         "hundred.onnx: has 100 classes, cifar10 has 10");
}

}  // namespace
}  // namespace brownout::end_to_end
