// SPDX-License-Identifier: Apache-2.0
// IDX datasets: both spellings, gz or plain, and a message for everything that can be wrong.
#include "sim/data/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include "tests/network/edit_onnx.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

/// Two images of 2×3 pixels, values 0..11, labels 4 and 9.
std::string images() {
  std::string bytes = big_endian(0x803) + big_endian(2) + big_endian(2) + big_endian(3);
  for (char pixel = 0; pixel < 12; ++pixel) bytes += pixel;
  return bytes;
}
std::string labels() { return big_endian(0x801) + big_endian(2) + '\x04' + '\x09'; }

void write_gz(const std::filesystem::path& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  ASSERT_EQ(gzclose(file), Z_OK);
}

class IdxDataset : public testing::Test {
 protected:
  IdxDataset() {
    network::write_bytes(image_file(), images());
    network::write_bytes(label_file(), labels());
  }
  std::filesystem::path image_file() const { return folder_.path() / "t10k-images-idx3-ubyte"; }
  std::filesystem::path label_file() const { return folder_.path() / "t10k-labels-idx1-ubyte"; }
  Dataset load() const { return load_dataset("mnist", Split::kTest, folder_.path()); }
  std::string message() const {
    return network::input_error([&] { load(); });
  }
  network::TemporaryFolder folder_;
};

TEST_F(IdxDataset, ReadsPlainFiles) {
  const Dataset data = load();
  EXPECT_EQ(data.name, "mnist");
  EXPECT_EQ(data.shape, (network::Shape{1, 2, 3}));
  EXPECT_EQ(data.classes, 10);
  EXPECT_EQ(data.size(), 2);
  EXPECT_EQ(data.labels, (Labels{4, 9}));
  EXPECT_EQ(data.image(1)[0], 6);
  EXPECT_EQ(data.image(1)[5], 11);
}

TEST_F(IdxDataset, ReadsGzippedFilesAndDottedNames) {
  std::filesystem::remove(image_file());
  std::filesystem::remove(label_file());
  write_gz(folder_.path() / "t10k-images.idx3-ubyte.gz", images());
  write_gz(folder_.path() / "t10k-labels-idx1-ubyte.gz", labels());
  EXPECT_EQ(load().labels, (Labels{4, 9}));
}

TEST_F(IdxDataset, NamesWhatBringsMissingData) {
  EXPECT_THAT(network::input_error([&] { load_dataset("mnist", Split::kTrain, folder_.path()); }),
              HasSubstr("no file train-images-idx3-ubyte[.gz]"));
  EXPECT_THAT(network::input_error(
                  [&] { load_dataset("fashion-mnist", Split::kTest, folder_.path() / "nowhere"); }),
              testing::AllOf(HasSubstr("nowhere: dataset fashion-mnist is not there"),
                             HasSubstr("dataset-fashion-mnist"), HasSubstr("BROWNOUT_DATA")));
  EXPECT_EQ(network::input_error([] { load_dataset("cifar", Split::kTest); }),
            "unknown dataset \"cifar\", expected one of: fashion-mnist, mnist, cifar10, cifar100, "
            "svhn, imagenette");
}

TEST_F(IdxDataset, FindsFoldersThroughTheEnvironment) {
  ::unsetenv("BROWNOUT_DATA");
  EXPECT_THAT(network::input_error([] { load_dataset("mnist", Split::kTest); }),
              StartsWith("dataset mnist has no usual place: "));
  const auto inside = folder_.path() / "mnist";
  std::filesystem::create_directory(inside);
  std::filesystem::rename(image_file(), inside / image_file().filename());
  std::filesystem::rename(label_file(), inside / label_file().filename());
  ::setenv("BROWNOUT_DATA", folder_.path().c_str(), 1);
  EXPECT_EQ(load_dataset("mnist", Split::kTest).size(), 2);
  ::setenv("BROWNOUT_DATA", (folder_.path() / "nope").c_str(), 1);
  EXPECT_THAT(network::input_error([] { load_dataset("fashion-mnist", Split::kTest); }),
              HasSubstr("nope: the environment variable BROWNOUT_DATA names no folder"));
  ::unsetenv("BROWNOUT_DATA");
}

TEST_F(IdxDataset, FindsTheFoldersOfTorchvision) {
  const std::filesystem::path raw = folder_.path() / "root/MNIST/raw";
  std::filesystem::create_directories(raw);
  for (const char* name : {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    std::filesystem::rename(folder_.path() / name, raw / name);
  }
  EXPECT_EQ(load_dataset("mnist", Split::kTest, folder_.path() / "root").size(), 2);
  EXPECT_THAT(network::input_error(
                  [&] { load_dataset("fashion-mnist", Split::kTest, folder_.path() / "root"); }),
              testing::HasSubstr("no file t10k-images-idx3-ubyte[.gz]"));
}

TEST_F(IdxDataset, WrongMagic) {
  std::string bytes = images();
  bytes[3] = '\x02';
  network::write_bytes(image_file(), bytes);
  EXPECT_EQ(message(), image_file().string() +
                           ": byte 0: found magic 0x00000802, expected 0x00000803 (IDX images)");
}

TEST_F(IdxDataset, CutShortAnywhere) {
  const std::string bytes = images();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    network::write_bytes(image_file(), bytes.substr(0, size));
    ASSERT_THAT(message(), StartsWith(image_file().string() + ": cut short")) << size;
  }
  network::write_bytes(image_file(), bytes + "x");
  EXPECT_EQ(message(), image_file().string() + ": too long: found 29 bytes, its header expects 28");
}

TEST_F(IdxDataset, CutShortInsideGzip) {
  std::filesystem::remove(image_file());
  const auto file = image_file().string() + ".gz";
  write_gz(file, images());
  const std::string bytes = read_file(file);
  network::write_bytes(file, bytes.substr(0, bytes.size() - 10));
  EXPECT_THAT(message(), StartsWith(file + ": "));
}

TEST_F(IdxDataset, ExtentsBeyondReason) {
  std::string bytes = images();
  bytes[8] = '\x7f';
  network::write_bytes(image_file(), bytes);
  EXPECT_EQ(message(),
            image_file().string() + ": byte 8: found an extent of 2130706434, expected 1 to 4096");
}

TEST_F(IdxDataset, LabelsThatDoNotFit) {
  network::write_bytes(label_file(), big_endian(0x801) + big_endian(2) + '\x04' + '\x0a');
  EXPECT_EQ(message(), label_file().string() + ": label 1: found class 10, expected 0 to 9");
  network::write_bytes(label_file(), big_endian(0x801) + big_endian(1) + '\x04');
  EXPECT_EQ(message(), label_file().string() +
                           ": found 1 labels, expected 2: one for each image of "
                           "t10k-images-idx3-ubyte");
}

TEST(FashionMnist, HasItsPublishedSizes) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "Debian's package dataset-fashion-mnist is not installed";
  }
  const Dataset data = load_dataset("fashion-mnist", Split::kTest);
  EXPECT_EQ(data.size(), 10000);
  EXPECT_EQ(data.shape, (network::Shape{1, 28, 28}));
  std::vector<int> histogram(10, 0);
  for (const std::uint16_t label : data.labels) ++histogram[label];
  EXPECT_EQ(histogram, std::vector<int>(10, 1000));
  // Kept with every result: a new reader must see the same data.
  EXPECT_EQ(dataset_sha256(data),
            "f835f85297287d802c621864ab9cc0e23ae90d7dbafdcfaaac2ab31fd270fcb2");
}

}  // namespace
}  // namespace brownout::data
