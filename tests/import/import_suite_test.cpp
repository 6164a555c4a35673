// SPDX-License-Identifier: Apache-2.0
// Small networks of PyTorch, one for each idea: the import computes what PyTorch does, and all
// engines compute the same codes.
#include "tests/import/import_suite.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/import/equalize.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::importing {
namespace {

namespace fs = std::filesystem;

constexpr int kImages = 4;

/// Exported once for all tests.
class ImportSuite : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<network::TemporaryFolder>();
    missing_ = run_tool("/usr/bin/python3 -B export_networks.py " + folder_->path().string() + " " +
                        std::to_string(kImages) + " small");
    if (missing_.empty()) networks_ = foreign_networks(folder_->path());
  }
  static void TearDownTestSuite() {
    folder_.reset();
    networks_.clear();
  }
  void SetUp() override {
    if (!missing_.empty()) GTEST_SKIP() << missing_;
    ASSERT_FALSE(networks_.empty());
  }

  static std::unique_ptr<network::TemporaryFolder> folder_;
  static std::string missing_;
  static std::vector<ForeignNetwork> networks_;
};
std::unique_ptr<network::TemporaryFolder> ImportSuite::folder_;
std::string ImportSuite::missing_;
std::vector<ForeignNetwork> ImportSuite::networks_;

/// Calls `check` with every network's codes, of both codings.
template <typename Check>
void with_codes(const std::vector<ForeignNetwork>& networks, const Check& check) {
  for (const ForeignNetwork& foreign : networks) {
    const ImportedNetwork imported = lower(Graph::read(foreign.file), exported_options());
    for (const QuantizeOptions& options : both_codings()) {
      SCOPED_TRACE(foreign.name + (options.by_channel ? ", by channel" : ""));
      check(foreign, quantized(imported, foreign.pixels, options));
    }
  }
}

/// The first of the pixels, as many as two images have.
std::vector<std::uint8_t> two_images(const ForeignNetwork& foreign) {
  const auto size = static_cast<std::ptrdiff_t>(foreign.pixels.size());
  return {foreign.pixels.begin(), foreign.pixels.begin() + size * 2 / kImages};
}

TEST_F(ImportSuite, EngineFloatComputesWhatPytorchDoes) {
  for (const ForeignNetwork& foreign : networks_) {
    const Graph graph = Graph::read(foreign.file);
    for (const bool fold : {true, false}) {
      SCOPED_TRACE(foreign.name + (fold ? ", norms folded" : ", norms kept"));
      LowerOptions options = exported_options();
      options.fold_batch_norm = fold;
      const ImportedNetwork imported = lower(graph, options);
      EXPECT_FALSE(imported.quantized);
      const std::vector<float> found = logits_of("float", imported.network, foreign.pixels);
      EXPECT_LT(relative_error(found, foreign.logits, imported.network.classes), 1e-4);
    }
  }
}

TEST_F(ImportSuite, EqualizedNetworksComputeTheSame) {
  int pairs = 0;
  for (const ForeignNetwork& foreign : networks_) {
    SCOPED_TRACE(foreign.name);
    ImportedNetwork imported = lower(Graph::read(foreign.file), exported_options());
    const std::vector<float> before = logits_of("float", imported.network, foreign.pixels);
    pairs += equalize(imported, foreign.name).pairs;
    const std::vector<float> after = logits_of("float", imported.network, foreign.pixels);
    EXPECT_LT(relative_error(after, before, imported.network.classes), 1e-5);
  }
  EXPECT_GT(pairs, 10);
}

TEST_F(ImportSuite, EnginesAgreeOnTheCodesAndTheyStayCloseToTheNumbers) {
  with_codes(networks_, [](const ForeignNetwork& foreign, const network::Network& network) {
    const std::vector<float> functional = logits_of("functional", network, foreign.pixels);
    EXPECT_LT(relative_error(functional, foreign.logits, network.classes), 0.15);
    const std::vector<float> first(functional.begin(),
                                   functional.begin() + std::ptrdiff_t{2} * network.classes);
    EXPECT_EQ(logits_of("reference", network, two_images(foreign)), first);
  });
}

TEST_F(ImportSuite, TheAcceleratorModelComputesTheSame) {
  const fs::path accelerators = fs::path(BROWNOUT_SOURCE_DIR) / "configs" / "accelerators";
  with_codes(networks_, [&](const ForeignNetwork& foreign, const network::Network& network) {
    const std::vector<std::uint8_t> two = two_images(foreign);
    const std::vector<float> expected = logits_of("functional", network, two);
    for (const char* file : {"edge-16x16.yaml", "dot-64x8.yaml"}) {
      engines::SystemcEngine systemc(accelerator::process_host(), network::share(network),
                                     mapping::load_accelerator(accelerators / file), 1, 0, file);
      systemc.set_codes(network::clean_codes(network));
      EXPECT_EQ(logits_of(systemc, network, two), expected) << file;
    }
  });
}

TEST_F(ImportSuite, FilesHoldTheSameNetwork) {
  with_codes(networks_, [](const ForeignNetwork& foreign, const network::Network& network) {
    expect_round_trip(network, two_images(foreign));
  });
}

}  // namespace
}  // namespace brownout::importing
