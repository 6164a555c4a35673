// SPDX-License-Identifier: Apache-2.0
// The engines give the shipped networks the scores that the trainer measured when it exported them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "sim/base/error.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/network/onnx_file.hpp"

namespace brownout::engines {
namespace {

namespace fs = std::filesystem;

double error_pct(const std::string& engine_name, const network::Network& net,
                 const data::Dataset& data) {
  const auto engine = make_engine(engine_name, network::share(net), 2);
  engine->set_codes(network::clean_codes(net));
  const Evaluation result = evaluate(*engine, net, data, data.size(), 2);
  return 100.0 * static_cast<double>(result.wrong) / static_cast<double>(data.size());
}

TEST(ShippedScores, AreThoseOfTheTrainer) {
  data::Dataset data;
  try {
    data = data::load_dataset("fashion-mnist", data::Split::kTest, {});
  } catch (const InputError& error) {
    GTEST_SKIP() << error.what();
  }
  int networks = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(BROWNOUT_SOURCE_DIR) / "models")) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const network::Network net = network::read_onnx(entry.path());
    const auto& metadata = net.metadata;
    if (metadata.at("training.dataset") != "fashion-mnist") continue;
    // Two decimals are kept.
    EXPECT_NEAR(error_pct("float", net, data),
                std::atof(metadata.at("training.clean_error_pct").c_str()), 0.05 + 0.005);
    EXPECT_NEAR(error_pct("functional", net, data),
                std::atof(metadata.at("training.clean_error_u8_pct").c_str()), 0.3);
    ++networks;
  }
  EXPECT_GE(networks, 5);
}

}  // namespace
}  // namespace brownout::engines
