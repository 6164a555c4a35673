// SPDX-License-Identifier: Apache-2.0
// Networks of public repositories, which public_networks.yaml lists: `estimate` and `model import`
// do with each what stands there, and the shares that succeed are printed.
// fetch_public_networks.py brings the files; BROWNOUT_PUBLIC_NETWORKS names their folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <regex>
#include <sstream>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/npy_output.hpp"
#include "sim/base/random.hpp"
#include "sim/base/yaml.hpp"
#include "sim/import/graph.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::importing {
namespace {

namespace fs = std::filesystem;
using end_to_end::Outcome;
using Words = std::vector<std::string>;

constexpr char kOk[] = "ok";
constexpr int kImages = 8;

struct PublicNetwork {
  fs::path file;
  std::string name, sha256, kind, input, estimate, import;
  bool classifies = false;
};

struct Share {
  int good = 0, all = 0;
  void count(bool is_good) {
    ++all;
    good += is_good ? 1 : 0;
  }
  std::string text() const {
    return fmt::format("{} of {} ({:.0f} %)", good, all, 100.0 * good / all);
  }
};

std::vector<PublicNetwork> public_networks(const fs::path& folder) {
  YamlMap root = YamlMap::load(BROWNOUT_SOURCE_DIR "/tests/import/public_networks.yaml");
  std::vector<PublicNetwork> networks;
  for (YamlMap& repository : root.maps("repositories")) {
    repository.expect({"name", "commit", "files"});
    const std::string owner = repository.text("name");
    repository.text("commit");  // for fetch_public_networks.py
    for (YamlMap& row : repository.maps("files")) {
      row.expect(
          {"path", "sha256", "data", "kind", "classifies", "why", "input", "estimate", "import"});
      PublicNetwork network;
      const std::string path = row.text("path");
      network.name = owner + "/" + path;
      network.file = folder / owner / path;
      network.sha256 = row.text("sha256");
      row.text("data", "");  // for fetch_public_networks.py
      network.kind = row.text("kind");
      network.classifies = row.boolean("classifies", true);
      row.text("why", "");
      network.input = row.text("input", "");
      network.estimate = row.text("estimate", kOk);
      network.import = row.text("import", kOk);
      row.finish();
      networks.push_back(std::move(network));
    }
    repository.finish();
  }
  root.finish();
  return networks;
}

/// "CxHxW" of the images that a file reads; those of MNIST where it does not say.
std::string image_of(const PublicNetwork& network, const fs::path& file) {
  const std::string usual = "1x28x28";
  if (!network.input.empty()) return network.input;
  Dims dims;
  try {
    const Graph graph = Graph::read(file);
    if (graph.inputs().size() == 1) dims = graph.inputs()[0].dims;
  } catch (const InputError&) {  // which the command says too
  }
  if (dims.size() != 4 || *std::min_element(dims.begin() + 1, dims.end()) < 1) return usual;
  const bool last = dims[3] <= 4 && dims[1] > 4;  // channels
  return last ? fmt::format("{}x{}x{}", dims[3], dims[1], dims[2])
              : fmt::format("{}x{}x{}", dims[1], dims[2], dims[3]);
}

class PublicNetworks : public testing::Test {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("BROWNOUT_PUBLIC_NETWORKS");
    if (folder == nullptr) {
      GTEST_SKIP() << "BROWNOUT_PUBLIC_NETWORKS names no folder; "
                      "tests/import/fetch_public_networks.py makes one";
    }
    folder_ = folder;
  }

  /// Random images of this size, as a data file.
  std::string images(const std::string& size) {
    const std::string name = "images-" + size;
    if (fs::exists(workplace_.folder() / (name + ".yaml"))) return name + ".yaml";
    std::vector<std::int64_t> dims{kImages};
    std::int64_t count = kImages;
    std::istringstream extents(size);
    for (std::string extent; std::getline(extents, extent, 'x');) {
      dims.push_back(std::stoll(extent));
      count *= dims.back();
    }
    const Philox random(1, Purpose::kTest);
    std::vector<float> numbers(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = static_cast<float>(unit_open(random(i)[0]));
    }
    workplace_.write(name + ".npy", npy_bytes(dims, numbers));
    return workplace_
        .write(name + ".yaml",
               fmt::format("train: {{images: {0}.npy}}\ntest: {{images: {0}.npy}}\n", name))
        .filename();
  }

  /// Whether a command succeeded; what it says must be what the list expects.
  static bool as_expected(const PublicNetwork& network, const Outcome& outcome,
                          const std::string& expected, const char* verb) {
    if (expected == kOk) {
      EXPECT_EQ(outcome.code, 0) << network.name << ": " << verb << ": " << outcome.err;
    } else {
      EXPECT_EQ(outcome.code, 2) << network.name << ": " << verb << ": " << outcome.err;
      EXPECT_TRUE(std::regex_search(outcome.err, std::regex(expected)))
          << network.name << ": " << verb << ": expected " << expected << ", got " << outcome.err;
    }
    return outcome.code == 0;
  }

  fs::path folder_;
  end_to_end::Workplace workplace_;
};

TEST_F(PublicNetworks, AreTakenOrRefusedAsListed) {
  Share estimate, import;
  for (const PublicNetwork& network : public_networks(folder_)) {
    ASSERT_TRUE(fs::exists(network.file)) << network.file << ": missing";
    ASSERT_EQ(sha256_hex(read_file(network.file)), network.sha256) << network.file;
    fs::path file = network.file;
    if (file.extension() == ".gz") file = workplace_.write("unpacked.onnx", read_file_gz(file));
    Words words{"estimate", file, "--array", "16x16", "--quiet"};
    const bool loads =
        as_expected(network, workplace_.run(BROWNOUT_BINARY, words), network.estimate, "estimate");
    words = {"model",
             "import",
             file,
             "--calibrate",
             images(image_of(network, file)),
             "--images",
             "8",
             "--test-images",
             "8",
             "--out",
             "codes.onnx",
             "--overwrite",
             "--quiet"};
    if (!network.input.empty()) words.insert(words.end(), {"--input", network.input});
    const bool imports =
        as_expected(network, workplace_.run(BROWNOUT_BINARY, words), network.import, "import");
    if (!network.classifies) continue;
    estimate.count(loads);
    if (network.kind == "float" || network.kind == "qdq") import.count(imports);
  }
  std::cout << "estimate: " << estimate.text() << " of the classification networks\n"
            << "model import: " << import.text() << " of the float and QDQ ones\n";
}

}  // namespace
}  // namespace brownout::importing
