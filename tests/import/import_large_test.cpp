// SPDX-License-Identifier: Apache-2.0
// Networks of torchvision at their own size: the import computes what PyTorch does, and the engines
// compute the same codes.
#include <gtest/gtest.h>

#include "tests/import/import_suite.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::importing {
namespace {

class ImportLarge : public testing::TestWithParam<const char*> {};

TEST_P(ImportLarge, ComputesWhatPytorchDoesAndAllEnginesTheSame) {
  const network::TemporaryFolder folder;
  const std::string missing = run_tool("/usr/bin/python3 -B export_networks.py " +
                                       folder.path().string() + " 2 " + GetParam());
  if (!missing.empty()) GTEST_SKIP() << missing;
  const std::vector<ForeignNetwork> networks = foreign_networks(folder.path());
  ASSERT_EQ(networks.size(), 1u);
  const ForeignNetwork& foreign = networks[0];
  const ImportedNetwork imported = lower(Graph::read(foreign.file), exported_options());
  const std::vector<float> found = logits_of("float", imported.network, foreign.pixels);
  EXPECT_LT(relative_error(found, foreign.logits, imported.network.classes), 1e-4);
  const std::vector<std::uint8_t> one(foreign.pixels.begin(),
                                      foreign.pixels.begin() + imported.network.input.size());
  for (const QuantizeOptions& options : both_codings()) {
    SCOPED_TRACE(options.by_channel ? "by channel" : "one coding a tensor");
    const network::Network network = quantized(imported, foreign.pixels, options);
    EXPECT_EQ(logits_of("functional", network, one), logits_of("reference", network, one));
    expect_round_trip(network, one);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Torchvision, ImportLarge,
    testing::Values("alexnet", "densenet121", "efficientnet_b0", "googlenet", "mnasnet1_0",
                    "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "resnet18", "resnet50",
                    "resnext50_32x4d", "shufflenet_v2_x1_0", "squeezenet1_1", "vgg11_bn"),
    [](const testing::TestParamInfo<const char*>& of) { return std::string(of.param); });

}  // namespace
}  // namespace brownout::importing
