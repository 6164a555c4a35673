// SPDX-License-Identifier: Apache-2.0
// Image folders: order, exact pixels, and a message for every possible mistake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stb_image.h>
#include <sys/stat.h>

#include "sim/base/files.hpp"
#include "sim/data/dataset.hpp"
#include "sim/data/formats/shrink.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "tests/network/edit_onnx.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class ImageFolders : public testing::Test {
 protected:
  ImageFolders() { write_image_folders(root()); }
  fs::path root() const { return folder_.path() / "imagenette2"; }
  Dataset load(Split split) const { return load_dataset("imagenette", split, folder_.path()); }
  std::string message(Split split = Split::kTrain) const {
    return network::input_error([&] { load(split); });
  }
  network::TemporaryFolder folder_;
};

TEST_F(ImageFolders, ClassesTakeTurnsInTheOrderOfNames) {
  const Dataset train = load(Split::kTrain);
  EXPECT_EQ(train.name, "imagenette");
  EXPECT_EQ(train.shape, (network::Shape{3, 64, 64}));
  EXPECT_EQ(train.classes, 2);
  EXPECT_EQ(train.labels, (Labels{0, 1, 0, 1, 0}));
  EXPECT_EQ(load(Split::kTest).labels, (Labels{0, 1, 0, 1}));
}

TEST_F(ImageFolders, PngPixelsAreExact) {
  const Dataset train = load(Split::kTrain);
  const Dataset val = load(Split::kTest);
  for (std::size_t h = 0; h < 64; ++h) {
    for (std::size_t w = 0; w < 64; ++w) {
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t at = (h * 64 + w) * 3 + c;
        ASSERT_EQ(train.image(0)[at], sample_pixel(0, c, h, w));          // as it is
        ASSERT_EQ(train.image(4)[at], sample_pixel(2, c, h / 2, w / 2));  // repeated
        int sum = 0;                                                      // mean of four
        for (std::size_t k = 0; k < 4; ++k) {
          sum += sample_pixel(3, c, 2 * h + k / 2, 2 * w + k % 2);
        }
        ASSERT_EQ(train.image(1)[at], (sum + 2) / 4);
        ASSERT_EQ(val.image(0)[at], sample_pixel(5, c, h, w + 1));  // one column off on each side
        ASSERT_EQ(val.image(2)[at], sample_pixel(6, c, h + 8, w));  // eight rows off
      }
    }
  }
}

TEST_F(ImageFolders, JpegPixelsAreTheDecodersShrunk) {
  const Dataset train = load(Split::kTrain);
  int width = 0, height = 0, channels = 0;
  for (const auto& [name, image] :
       {std::pair{"train/a/2.JPEG", std::int64_t{2}}, {"train/b/2.jpg", std::int64_t{3}}}) {
    const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
        stbi_load((root() / name).c_str(), &width, &height, &channels, 3), stbi_image_free);
    ASSERT_NE(pixels, nullptr);
    std::vector<std::uint8_t> expected(64 * 64 * 3);
    formats::shrink_to_square(pixels.get(), width, height, 64, expected.data());
    const std::uint8_t* found = train.image(image);
    EXPECT_EQ(expected, std::vector<std::uint8_t>(found, found + expected.size())) << name;
  }
}

TEST(ShrinkToSquare, AveragesByArea) {
  // Columns 10, 20, 31, 40, 90 and one row more; the centre starts at column 1, row 0.
  std::vector<std::uint8_t> pixels;
  for (int row = 0; row < 3; ++row) {
    for (const int value : {10, 20, 31, 40, 90}) {
      for (int c = 0; c < 3; ++c) pixels.push_back(static_cast<std::uint8_t>(value + 50 * c + row));
    }
  }
  std::vector<std::uint8_t> out(2 * 2 * 3);
  formats::shrink_to_square(pixels.data(), 5, 3, 2, out.data());
  // Left: (20 + 31/2) / 1.5 = 23.67, right: (31/2 + 40) / 1.5 = 37; rows add 1/3 and 5/3.
  EXPECT_EQ(out, (std::vector<std::uint8_t>{24, 74, 124, 37, 87, 137, 25, 75, 125, 39, 89, 139}));
  // A plain area keeps its colour at every ratio.
  for (const int size : {1, 7, 63, 64, 65, 500}) {
    const std::vector<std::uint8_t> plain(static_cast<std::size_t>(size * size * 3), 255);
    std::vector<std::uint8_t> shrunk(64 * 64 * 3);
    formats::shrink_to_square(plain.data(), size, size, 64, shrunk.data());
    ASSERT_EQ(shrunk, std::vector<std::uint8_t>(64 * 64 * 3, 255)) << size;
  }
}

TEST_F(ImageFolders, GreyPicturesBecomeRgb) {
  const std::uint8_t gray_png[] = {
      // 1 × 1, value 77
      0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0,    0,    0,    0x0d, 0x49, 0x48,
      0x44, 0x52, 0,    0,    0,    1,    0,    0,    0,    1,    8,    0,    0,    0,
      0,    0x3a, 0x7e, 0x9b, 0x55, 0,    0,    0,    0x0a, 0x49, 0x44, 0x41, 0x54, 0x78,
      0x9c, 0x63, 0xf0, 0x05, 0,    0,    0x4f, 0,    0x4e, 0xb9, 0xdc, 0xd0, 0xd0, 0,
      0,    0,    0,    0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
  network::write_bytes(root() / "train/a/1.png",
                       std::string(reinterpret_cast<const char*>(gray_png), sizeof gray_png));
  const Dataset data = load(Split::kTrain);
  EXPECT_EQ(std::vector<std::uint8_t>(data.image(0), data.image(1)),
            std::vector<std::uint8_t>(64 * 64 * 3, 77));
}

TEST_F(ImageFolders, NamesAnImageThatCannotBeDecoded) {
  const fs::path jpeg = root() / "train/a/2.JPEG";
  const std::string bytes = read_file(jpeg);
  network::write_bytes(jpeg, bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(message(), StartsWith(jpeg.string() + ": this JPEG image cannot be decoded: "));
  network::write_bytes(jpeg, "GIF89a");
  EXPECT_EQ(message(), jpeg.string() +
                           ": found a file that starts with 47 49 46 38, expected a JPEG or PNG "
                           "image");
  network::write_bytes(jpeg, "");
  EXPECT_EQ(message(), jpeg.string() +
                           ": found a file that starts with nothing, expected a JPEG or PNG image");
}

TEST_F(ImageFolders, FoldersThatDoNotFit) {
  fs::create_directory(root() / "train/c");
  fs::create_directory(root() / "val/c");
  EXPECT_EQ(message(), (root() / "train/c").string() + ": found no image, expected at least one");
  fs::remove(root() / "val/c");
  EXPECT_EQ(message(), (root() / "val").string() + ": no folder c, which " +
                           (root() / "train").string() + " has; expected the same classes in both");
  EXPECT_EQ(message(Split::kTest), message());
  fs::remove(root() / "train/c");
  network::write_bytes(root() / "train/a/notes.txt", "x");
  EXPECT_EQ(message(),
            (root() / "train/a/notes.txt").string() + ": expected an image: .JPEG, .jpg or .png");
  fs::remove(root() / "train/a/notes.txt");
  ASSERT_EQ(::mkfifo((root() / "train/a/0.jpg").c_str(), 0600), 0);  // would be waited for
  EXPECT_EQ(message(),
            (root() / "train/a/0.jpg").string() + ": expected an image, found no regular file");
  fs::remove(root() / "train/a/0.jpg");
  network::write_bytes(root() / "train/a/.DS_Store", "x");  // hidden: of no interest
  EXPECT_EQ(load(Split::kTrain).size(), 5);
  network::write_bytes(root() / "train/list.csv", "x");
  EXPECT_EQ(message(), (root() / "train/list.csv").string() +
                           ": found a file among the classes, expected folders only");
  fs::remove(root() / "train/list.csv");
  fs::remove_all(root() / "val");
  EXPECT_EQ(load(Split::kTrain).size(), 5);
  EXPECT_THAT(message(Split::kTest), StartsWith(root().string() + ": no folder val; download"));
  fs::remove_all(root() / "train/b");
  EXPECT_EQ(message(), (root() / "train").string() +
                           ": found 1 folders, expected 2 to 256: one for each class");
  fs::remove_all(root());
  EXPECT_THAT(message(), StartsWith(folder_.path().string() + ": no folders train and val; "));
}

}  // namespace
}  // namespace brownout::data
