// SPDX-License-Identifier: Apache-2.0
// Damaged dataset files: every outcome is a consistent dataset, or an InputError.
#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/random.hpp"
#include "sim/data/dataset.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "tests/network/edit_onnx.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

namespace fs = std::filesystem;

class DatasetFuzz : public testing::Test {
 protected:
  /// Damages `file`, which belongs to the dataset, `rounds` times; returns how often it was still
  /// read.
  int damage(const std::string& name, const fs::path& file, int rounds) {
    const std::string valid = read_file(file);
    int read = 0;
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
      const Philox random(static_cast<std::uint64_t>(round), Purpose::kTest);
      const Philox::Block kind = random(0);
      std::string bytes = valid;
      if (kind[0] % 4 == 0) bytes.resize(kind[1] % valid.size());
      const std::uint64_t edits = kind[0] % 4 == 0 ? kind[2] % 2 : 1 + kind[2] % 8;
      // Half of the edits are near the start, where headers are.
      for (std::uint64_t i = 0; i < edits && !bytes.empty(); ++i) {
        const Philox::Block edit = random(1, i);
        const std::uint64_t range =
            edit[0] % 2 == 0 ? bytes.size() : std::min<std::uint64_t>(bytes.size(), 400);
        const std::size_t at = edit[1] % range;
        bytes[at] = static_cast<char>(edit[2] % 2 == 0 ? bytes[at] ^ (1 << edit[3] % 8)
                                                       : static_cast<int>(edit[3] % 256));
      }
      network::write_bytes(file, bytes);
      try {
        const Dataset data = load_dataset(name, Split::kTest, folder_.path());
        EXPECT_EQ(data.pixels.size(),
                  data.labels.size() * static_cast<std::size_t>(data.shape.size()));
        EXPECT_FALSE(data.labels.empty());
        for (const std::uint16_t label : data.labels) EXPECT_LT(label, data.classes);
        ++read;
      } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find(file.filename().string()), std::string::npos)
            << error.what();
      } catch (const std::exception& error) {
        ADD_FAILURE() << name << ", round " << round << ": " << error.what();
      }
    }
    network::write_bytes(file, valid);
    EXPECT_NO_THROW(load_dataset(name, Split::kTest, folder_.path()));
    return read;
  }
  network::TemporaryFolder folder_;
};

TEST_F(DatasetFuzz, Cifar) {
  write_cifar10(folder_.path());
  const int read = damage("cifar10", folder_.path() / "test_batch.bin", 2000);
  EXPECT_GT(read, 0);
  EXPECT_LT(read, 2000);
}

TEST_F(DatasetFuzz, PlainSvhn) {
  const fs::path file = folder_.path() / "test_32x32.mat";
  write_svhn(file, {1, 2, 10}, false);
  const int read = damage("svhn", file, 2000);
  EXPECT_GT(read, 0);
  EXPECT_LT(read, 2000);
}

TEST_F(DatasetFuzz, CompressedSvhn) {
  const fs::path file = folder_.path() / "test_32x32.mat";
  write_svhn(file, {1, 2, 10}, true);
  EXPECT_LT(damage("svhn", file, 1500), 300);  // what survives fell on the header's text
}

TEST_F(DatasetFuzz, Images) {
  write_image_folders(folder_.path());
  for (const char* name : {"val/a/1.png", "val/b/2.jpg"}) {
    const int read = damage("imagenette", folder_.path() / name, 3000);
    EXPECT_GT(read, 0) << name;
    EXPECT_LT(read, 3000) << name;
  }
}

}  // namespace
}  // namespace brownout::data
