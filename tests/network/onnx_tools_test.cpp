// SPDX-License-Identifier: Apache-2.0
// Other tools: python3-onnx accepts our files in full, and what they compute is what we mean.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "sim/network/onnx_file.hpp"
#include "tests/network/random_network.hpp"
#include "tests/network/reference_run.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::network {
namespace {

template <typename T>
void write_raw(const std::filesystem::path& path, const std::vector<T>& data) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(data.data()),
             static_cast<std::streamsize>(data.size() * sizeof(T)));
  ASSERT_TRUE(file.good());
}

TEST(OnnxTools, AcceptOurFilesAndComputeTheSameLogits) {
  const TemporaryFolder folder;
  constexpr int kImages = 3;
  constexpr int kNetworks = 60;
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    const Network network = random_network(seed);
    const Codes codes = clean_codes(network);
    const std::vector<std::uint8_t> pixels = random_pixels(network, kImages, seed);
    std::vector<float> images;
    std::vector<double> logits;
    for (int i = 0; i < kImages; ++i) {
      const std::uint8_t* image = pixels.data() + i * network.input.size();
      const std::vector<float> normalized = normalized_image(network, image);
      images.insert(images.end(), normalized.begin(), normalized.end());
      const std::vector<double> found = reference_logits(network, codes, image);
      logits.insert(logits.end(), found.begin(), found.end());
    }
    const auto stem = folder.path() / network.name;
    write_onnx(network, stem.string() + ".onnx");
    write_raw(stem.string() + ".images", images);
    write_raw(stem.string() + ".logits", logits);
  }
  const std::string log = (folder.path() / "log").string();
  const std::string command = "/usr/bin/python3 " BROWNOUT_SOURCE_DIR
                              "/tests/network/run_onnx.py " +
                              folder.path().string() + " > " + log + " 2>&1";
  const int status = std::system(command.c_str());
  std::ifstream file(log);
  const std::string output((std::istreambuf_iterator<char>(file)), {});
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (exit_code == 77 || exit_code == 127) {
    GTEST_SKIP() << "no python3-onnx here: " << output;
  }
  EXPECT_EQ(exit_code, 0) << output;
  EXPECT_EQ(output, std::to_string(kNetworks) + " files checked and run\n");
}

}  // namespace
}  // namespace brownout::network
