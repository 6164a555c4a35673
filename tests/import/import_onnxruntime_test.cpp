// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime as the oracle: of files that are quantized already, and of files that we write.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "sim/network/onnx_file.hpp"
#include "tests/import/import_suite.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::importing {
namespace {

namespace fs = std::filesystem;

constexpr int kClasses = 10;

/// What the networks read of an image, channels first.
std::vector<float> numbers_of(const std::vector<std::uint8_t>& pixels, int channels, int size) {
  std::vector<float> numbers(pixels.size());
  const auto c = static_cast<std::size_t>(channels);
  const auto p = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t image = i / (c * p);
    const std::size_t to = image * c * p + i % c * p + i / c % p;
    numbers[to] = (static_cast<float>(pixels[i]) / 255.0f - 0.45f) / 0.25f;
  }
  return numbers;
}

/// Gives every NAME.onnx of the folder its NAME.logits. Returns why that cannot be done here.
std::string run_onnxruntime(const fs::path& folder, int channels, int size) {
  std::vector<fs::path> images;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".images") images.push_back(entry.path());
  for (fs::path file : images) {
    const auto pixels = read_raw<std::uint8_t>(file);
    write_raw(file.replace_extension(".numbers"), numbers_of(pixels, channels, size));
  }
  return run_tool("node run_onnxruntime.mjs " + folder.string());
}

/// How many images two tools give the same class.
int agreeing(const std::vector<float>& a, const std::vector<float>& b) {
  const std::vector<std::size_t> first = predictions(a, kClasses);
  const std::vector<std::size_t> second = predictions(b, kClasses);
  int count = 0;
  for (std::size_t i = 0; i < first.size(); ++i) count += first[i] == second.at(i) ? 1 : 0;
  return count;
}

/// How many images have the same logits but for rounding in fp32.
int images_alike(const std::vector<float>& a, const std::vector<float>& b) {
  int count = 0;
  for (std::size_t first = 0; first < a.size(); first += kClasses) {
    bool alike = true;
    for (std::size_t i = first; i < first + kClasses; ++i)
      alike = alike && std::abs(a[i] - b.at(i)) <= 1e-5f * (1.0f + std::abs(a[i]));
    count += alike ? 1 : 0;
  }
  return count;
}

class ImportOnnxRuntime : public testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = run_onnxruntime(network::TemporaryFolder().path(), 1, 1);
    if (!missing.empty()) GTEST_SKIP() << missing;
  }

  /// Writes what ONNX Runtime is to compute later.
  void write(const std::string& name, const network::Network& network,
             const std::vector<std::uint8_t>& pixels, std::vector<float> logits) {
    network::write_onnx(network, written_.path() / (name + ".onnx"));
    write_raw(written_.path() / (name + ".images"), pixels);
    expected_[name] = std::move(logits);
  }
  void expect_same_from_written(int channels, int size) {
    ASSERT_EQ(run_onnxruntime(written_.path(), channels, size), "");
    for (const auto& [name, expected] : expected_) {
      SCOPED_TRACE(name);
      const auto found = read_raw<float>(written_.path() / (name + ".logits"));
      const int images = static_cast<int>(expected.size()) / kClasses;
      EXPECT_GE(agreeing(found, expected), images - 1);
      // Sums in fp32 move a number over a boundary between two codes now and then.
      EXPECT_GE(images_alike(found, expected), images - 2);
      EXPECT_LT(relative_error(found, expected, kClasses), 0.05);
    }
  }

  network::TemporaryFolder folder_;

 private:
  network::TemporaryFolder written_;
  std::map<std::string, std::vector<float>> expected_;
};

TEST_F(ImportOnnxRuntime, PredictsTheSameFromQuantizedFilesBeforeAndAfterTheImport) {
  constexpr int kImages = 1000;
  const std::string missing = run_tool("/usr/bin/python3 -B quantize_networks.py " +
                                       folder_.path().string() + " " + std::to_string(kImages));
  if (!missing.empty()) GTEST_SKIP() << missing;
  ASSERT_EQ(run_onnxruntime(folder_.path(), 1, 28), "");
  for (const ForeignNetwork& foreign : foreign_networks(folder_.path())) {
    SCOPED_TRACE(foreign.name);
    const ImportedNetwork imported = lower(Graph::read(foreign.file), exported_options());
    EXPECT_TRUE(imported.quantized);
    const network::Network network = quantized(imported, foreign.pixels, {});
    const std::vector<float> found = logits_of("functional", network, foreign.pixels);
    if (imported.open.empty()) {
      EXPECT_GE(agreeing(found, foreign.logits), kImages * 995 / 1000);
      // All but a few logits are the same number, to the bit.
      std::size_t equal = 0;
      for (std::size_t i = 0; i < found.size(); ++i) equal += found[i] == foreign.logits[i] ? 1 : 0;
      EXPECT_GE(equal, found.size() * 998 / 1000);
    } else {
      // Only some values have quantizers in the file; the network has more.
      EXPECT_NE(foreign.name.find("partial"), std::string::npos);
      EXPECT_GE(agreeing(found, foreign.logits), kImages * 97 / 100);
    }
    const std::vector<std::uint8_t> few(foreign.pixels.begin(),
                                        foreign.pixels.begin() + 10 * network.input.size());
    std::vector<float> first(found.begin(), found.begin() + 10 * kClasses);
    EXPECT_EQ(logits_of("reference", network, few), first);
    expect_round_trip(network, few);
    write(foreign.name, network, few, std::move(first));
  }
  expect_same_from_written(1, 28);
}

TEST_F(ImportOnnxRuntime, PredictsTheSameFromImportedFloatNetworks) {
  const std::string missing =
      run_tool("/usr/bin/python3 -B export_networks.py " + folder_.path().string() + " 20 small");
  if (!missing.empty()) GTEST_SKIP() << missing;
  for (const ForeignNetwork& foreign : foreign_networks(folder_.path())) {
    const ImportedNetwork imported = lower(Graph::read(foreign.file), exported_options());
    for (const QuantizeOptions& options : both_codings()) {
      const network::Network network = quantized(imported, foreign.pixels, options);
      write(foreign.name + (options.by_channel ? "-channels" : ""), network, foreign.pixels,
            logits_of("functional", network, foreign.pixels));
    }
  }
  expect_same_from_written(3, 32);
}

}  // namespace
}  // namespace brownout::importing
