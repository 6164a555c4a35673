// SPDX-License-Identifier: Apache-2.0
// Damaged files of one's own data: every outcome is consistent data, or an InputError on one line.
#include <gtest/gtest.h>

#include <fstream>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/random.hpp"
#include "sim/data/data_file.hpp"
#include "tests/base/array_files.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "tests/network/edit_onnx.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

namespace fs = std::filesystem;
using arrays::npy_of;
using arrays::Packing;
using arrays::zip_of;

class OwnDataFuzz : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) const {
    network::write_bytes(folder_.path() / name, bytes);
  }

  /// Damages a file `rounds` times; returns how often the data were still read.
  int damage(const std::string& name, int rounds) const {
    const fs::path file = folder_.path() / name;
    const std::string valid = read_file(file);
    int read = 0;
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
      const Philox random(static_cast<std::uint64_t>(round), Purpose::kTest);
      const Philox::Block kind = random(2);
      std::string bytes = valid;
      if (kind[0] % 4 == 0) bytes.resize(kind[1] % valid.size());
      for (std::uint64_t i = 0; i < kind[2] % 6 && !bytes.empty(); ++i) {
        const Philox::Block edit = random(3, i);
        // Headers are at the start, or at the end.
        const std::size_t near = std::min<std::size_t>(bytes.size(), 200);
        const std::size_t at = edit[0] % 3 == 0   ? edit[1] % bytes.size()
                               : edit[0] % 3 == 1 ? edit[1] % near
                                                  : bytes.size() - 1 - edit[1] % near;
        const char plausible = "0123456789,.-()[]{}:'\"\n <>uif"[edit[3] % 30];
        bytes[at] = edit[2] % 3 == 0   ? plausible
                    : edit[2] % 3 == 1 ? static_cast<char>(edit[3] % 256)
                                       : static_cast<char>(bytes[at] ^ (1 << edit[3] % 8));
      }
      network::write_bytes(file, bytes);
      read += load(name, round) ? 1 : 0;
    }
    network::write_bytes(file, valid);
    EXPECT_TRUE(load(name, -1));
    return read;
  }

  bool load(const std::string& name, int round) const {
    try {
      const Dataset data = load_data_file(folder_.path() / "data.yaml", Split::kTest);
      EXPECT_EQ(static_cast<std::int64_t>(data.pixels.size()), data.size() * data.shape.size());
      EXPECT_GE(data.size(), 1);
      for (const std::uint16_t label : data.labels) EXPECT_LT(label, data.classes);
      return true;
    } catch (const InputError& error) {
      const std::string what = error.what();
      EXPECT_EQ(what.find('\n'), std::string::npos) << what;
      EXPECT_NE(what.find(folder_.path().string()), std::string::npos) << what;
    } catch (const std::exception& error) {
      ADD_FAILURE() << name << ", round " << round << ": " << error.what();
    }
    return false;
  }

  network::TemporaryFolder folder_;
  const std::string labels_ = npy_of("u1", {3}, std::string("\0\1\2", 3));
};

TEST_F(OwnDataFuzz, NumPyFiles) {
  write("x.npy", npy_of("f4", {3, 1, 2, 2}, std::string(48, '\0')));
  write("y.npy", labels_);
  write("data.yaml", "test: {images: x.npy, labels: y.npy}");
  for (const char* name : {"x.npy", "y.npy"}) {
    const int read = damage(name, 3000);
    EXPECT_GT(read, 100) << name;
    EXPECT_LT(read, 2900) << name;
  }
}

TEST_F(OwnDataFuzz, Archives) {
  const std::string images = npy_of("u1", {3, 4, 4}, std::string(48, '\7'));
  write("data.yaml",
        "test: {images: a.npz, images_array: x, labels: a.npz, labels_array: y}\nclasses: 3");
  for (const Packing packing : {Packing::kStored, Packing::kDeflated, Packing::kZip64}) {
    write("a.npz", zip_of({{"x.npy", images}, {"y.npy", labels_}}, packing));
    const int read = damage("a.npz", 3000);
    EXPECT_GT(read, 100);
    EXPECT_LT(read, 2900);
  }
}

TEST_F(OwnDataFuzz, Hdf5Files) {
  arrays::write_hdf5(folder_.path() / "d.h5",
                     {{"x", "u1", {6, 4, 4}, std::string(96, '\7'), true},
                      {"y", "u1", {6}, std::string("\0\1\2\0\1\2", 6), false}});
  write("data.yaml", "test: {images: d.h5, images_array: x, labels: d.h5, labels_array: y}");
  const int read = damage("d.h5", 300);
  EXPECT_GT(read, 10);
  EXPECT_LT(read, 295);
}

TEST_F(OwnDataFuzz, Pictures) {
  fs::create_directory(folder_.path() / "flat");
  write_picture(folder_.path() / "flat/a.png", 1, 9, 12);
  write_picture(folder_.path() / "flat/b.jpg", 2, 12, 9);
  write("data.yaml", "test: {images: flat}\nresize: 6\ncrop: 5");
  for (const char* name : {"flat/a.png", "flat/b.jpg"}) {
    const int read = damage(name, 2000);
    EXPECT_LT(read, 1990) << name;
  }
}

TEST_F(OwnDataFuzz, DataFiles) {
  write("x.npy", npy_of("f4", {3, 1, 2, 2}, std::string(48, '\0')));
  write("y.npy", labels_);
  write("data.yaml",
        "# mine\nclasses: 3\nlayout: NCHW\nrange: [0, 1]\n"
        "test:\n  images: x.npy\n  labels: y.npy\n");
  const int read = damage("data.yaml", 3000);
  EXPECT_GT(read, 100);
  EXPECT_LT(read, 2900);
}

}  // namespace
}  // namespace brownout::data
