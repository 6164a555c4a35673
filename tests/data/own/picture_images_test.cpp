// SPDX-License-Identifier: Apache-2.0
// Folders of pictures: order, classes, sizes, and what is skipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "sim/base/error.hpp"
#include "sim/data/data_file.hpp"
#include "tests/base/array_files.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class PictureFolder : public testing::Test {
 protected:
  void picture(const std::string& name, std::size_t image, int height, int width) const {
    fs::create_directories((folder_.path() / name).parent_path());
    write_picture(folder_.path() / name, image, height, width);
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_.path() / name, std::ios::binary) << bytes;
  }
  Dataset load(const std::string& yaml, std::int64_t count = 0) const {
    write("data.yaml", yaml);
    return load_data_file(folder_.path() / "data.yaml", Split::kTest, count);
  }
  std::string refusal(const std::string& yaml, std::int64_t count = 0) const {
    return network::input_error([&] { load(yaml, count); });
  }
  network::TemporaryFolder folder_;
};

TEST_F(PictureFolder, ClassesComeInTurnsAndOnlyWhatIsWantedIsDecoded) {
  picture("val/cat/1.png", 1, 4, 6);
  picture("val/cat/2.png", 2, 4, 6);
  picture("val/ape/3.png", 3, 4, 6);
  for (const char* name : {"val/Thumbs.db", "val/.DS_Store", "val/ape/desktop.ini"})
    write(name, "x");
  write("val/cat/9.png", "no picture");
  const Dataset data = load("test: {images: val}", 3);
  EXPECT_EQ(data.shape, (network::Shape{3, 4, 6}));
  EXPECT_EQ(data.there, 4);
  EXPECT_EQ(data.classes, 2);
  EXPECT_TRUE(data.classes_stated);
  EXPECT_THAT(data.labels, ElementsAre(0, 1, 1));
  EXPECT_EQ(data.image(0)[0], sample_pixel(3, 0, 0, 0));
  EXPECT_EQ(data.image(2)[3 * 6 + 4], sample_pixel(2, 1, 1, 1));
  EXPECT_THAT(load("test: {images: val}\nclasses: [cat, ape]", 3).labels, ElementsAre(0, 1, 0));
  EXPECT_THAT(refusal("test: {images: val}"), HasSubstr("9.png: found a file that starts with"));
}

TEST_F(PictureFolder, WithoutSubfoldersThereAreNoLabelsOrThoseOfAFile) {
  for (const std::size_t i : {0, 1, 2}) picture("flat/" + std::to_string(i) + ".png", i, 4, 4);
  const Dataset data = load("test: {images: flat}");
  EXPECT_FALSE(data.labelled());
  EXPECT_EQ(data.size(), 3);
  EXPECT_FALSE(data.classes_stated);
  write("y.npy", arrays::npy_of("u1", {3}, "\x02\x01\x05"));
  const Dataset labelled = load("test: {images: flat, labels: y.npy}", 2);
  EXPECT_THAT(labelled.labels, ElementsAre(2, 1));
  EXPECT_EQ(labelled.classes, 6);
  write("y.npy", arrays::npy_of("u1", {2}, "\x02\x01"));
  EXPECT_THAT(refusal("test: {images: flat, labels: y.npy}"),
              HasSubstr("found 2 labels, expected 3"));
}

TEST_F(PictureFolder, ShorterSideThenTheCentre) {
  picture("flat/wide.png", 0, 20, 31);
  picture("flat/high.png", 1, 33, 20);
  EXPECT_EQ(load("test: {images: flat}\nresize: 10\ncrop: 8").shape, (network::Shape{3, 8, 8}));
  EXPECT_EQ(load("test: {images: flat}\nresize: [7, 9]").shape, (network::Shape{3, 7, 9}));
  EXPECT_EQ(load("test: {images: flat}\ncrop: [4, 6]\ncolour: grey").shape,
            (network::Shape{1, 4, 6}));
  EXPECT_THAT(refusal("test: {images: flat}\nresize: 10"),
              HasSubstr("wide.png: is 10 x 15 (height x width), "));
  EXPECT_THAT(refusal("test: {images: flat}\ncrop: 21"),
              HasSubstr("is 33 x 20 (height x width) before the crop, expected at least 21 x 21"));
  // 20 x 31 about a crop of 4 x 6: rows from 8 on, columns from 12 on (12.5 to the even number).
  fs::remove(folder_.path() / "flat/high.png");
  const Dataset cropped = load("test: {images: flat}\ncrop: [4, 6]");
  EXPECT_EQ(cropped.pixels[0], sample_pixel(0, 0, 8, 12));
}

TEST_F(PictureFolder, FoldersThatDoNotFitTheClassesAreNamed) {
  picture("val/a/1.png", 1, 4, 4);
  picture("val/b/2.png", 2, 4, 4);
  picture("train/a/1.png", 1, 4, 4);
  picture("train/c/2.png", 2, 4, 4);
  EXPECT_THAT(refusal("test: {images: val}\nclasses: [a, b, c]"),
              HasSubstr("val: no folder \"c\""));
  EXPECT_THAT(refusal("test: {images: val}\nclasses: [a]"), HasSubstr("val/b: a folder that "));
  EXPECT_THAT(refusal("test: {images: val}\nclasses: 3"), HasSubstr("found 2 folders, expected 3"));
  EXPECT_THAT(refusal("test: {images: val}\ntrain: {images: train}"),
              HasSubstr("train: no folder b, which "));
  write("y.npy", arrays::npy_of("u1", {2}, "\x01\x01"));
  EXPECT_THAT(refusal("test: {images: val, labels: y.npy}"), HasSubstr("are the classes"));
  fs::create_directory(folder_.path() / "val/c");
  EXPECT_THAT(refusal("test: {images: val}"), HasSubstr("val/c: found no image"));
  fs::create_directory(folder_.path() / "empty");
  EXPECT_THAT(refusal("test: {images: empty}"), HasSubstr("empty: found no image"));
}

}  // namespace
}  // namespace brownout::data
