// SPDX-License-Identifier: Apache-2.0
// Network files: what is written is what is read, bit for bit.
#include "sim/network/onnx_file.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "tests/network/random_network.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::network {
namespace {

TEST(OnnxFile, ReadsWhatWasWrittenForRandomNetworks) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "random.onnx";
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Network written = random_network(seed);
    write_onnx(written, path);
    expect_same(written, read_onnx(path), fmt::format("seed {}", seed));
    if (HasFailure()) return;
  }
}

TEST(OnnxFile, WritesTheSameBytesAgain) {
  const TemporaryFolder folder;
  const auto first = folder.path() / "first.onnx";
  const auto second = folder.path() / "second.onnx";
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    write_onnx(random_network(seed), first);
    write_onnx(read_onnx(first), second);
    EXPECT_EQ(read_file(first), read_file(second)) << "seed " << seed;
  }
}

TEST(OnnxFile, KeepsMetadataAndName) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "named.onnx";
  Network network = random_network(3);
  network.name = "fmnist simplenet16";
  network.metadata = {{"", "empty key"}, {"method", "randbet\nλ = 1"}, {"seed", "7"}};
  write_onnx(network, path);
  const Network read = read_onnx(path);
  EXPECT_EQ(read.name, network.name);
  EXPECT_EQ(read.metadata, network.metadata);
}

TEST(OnnxFile, RefusesToWriteAnInvalidNetwork) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "invalid.onnx";
  Network network = random_network(3);
  network.parameters[0].coding->alpha = -1.0f;
  EXPECT_THROW(write_onnx(network, path), InputError);
  network = random_network(3);
  network.metadata["broken"] = "\xff";
  EXPECT_THROW(write_onnx(network, path), InputError);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace brownout::network
