// SPDX-License-Identifier: Apache-2.0
// `brownout eval --batch-statistics` from the outside.
#include <gtest/gtest.h>

#include "sim/network/onnx_file.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

/// The tiny network with a batch norm after its only layer.
network::Network with_batch_norm() {
  network::Network net = tiny_network(network::Scheme::kRquant, 8);
  network::BatchNorm norm;
  norm.mean.assign(static_cast<std::size_t>(net.classes), 0.5f);
  norm.variance.assign(static_cast<std::size_t>(net.classes), 2.0f);
  net.nodes.push_back({"norm", norm, {net.logits()}});
  return net;
}

class BatchStatistics : public testing::Test {
 protected:
  BatchStatistics() { network::write_onnx(with_batch_norm(), file()); }
  std::filesystem::path file() const { return workplace_.folder() / "normed.onnx"; }
  Outcome eval(const std::filesystem::path& network, std::vector<std::string> more) const {
    std::vector<std::string> arguments{
        "eval", network.string(), "--data", "data", "--batch-statistics", "--json", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  Workplace workplace_;
};

TEST_F(BatchStatistics, DependOnTheBatchAndOnNoThread) {
  const std::vector<std::string> at = {"--engine", "float", "--rate", "0.01", "--chips", "2"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), at.begin(), at.end());
    const Outcome outcome = eval(file(), more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return without_timing(outcome.json());
  };
  const auto one = with({"--threads", "1"});
  EXPECT_EQ(one["batch_statistics"], 128);
  EXPECT_EQ(one["engine"], "float");
  EXPECT_EQ(with({"--threads", "3"}), one);
  const auto other = with({"--batch", "50"});
  EXPECT_EQ(other["batch_statistics"], 50);
  EXPECT_NE(other["logits_sha256"], one["logits_sha256"]);
}

TEST_F(BatchStatistics, AreRefusedWhereThereAreNone) {
  const auto refused = [&](const std::filesystem::path& network,
                           const std::vector<std::string>& more, const std::string& message) {
    const Outcome outcome = eval(network, more);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
  };
  refused(file(), {}, "running statistics in engine functional; expected --engine float");
  refused(workplace_.network(), {"--engine", "float"},
          "tiny-rquant-8b.onnx: the network has no batch norm");
  refused(file(), {"--engine", "float", "--weight-noise", "0.1"}, "expected no --weight-noise");
  refused(file(),
          {"--engine", "float", "--accelerator",
           std::string(BROWNOUT_SOURCE_DIR) + "/configs/accelerators/edge-16x16.yaml"},
          "expected no --accelerator");
}

}  // namespace
}  // namespace brownout::end_to_end
