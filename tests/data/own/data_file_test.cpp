// SPDX-License-Identifier: Apache-2.0
// The same images and labels from every kind of file, and each mistake with its place.
#include "sim/data/data_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "sim/base/error.hpp"
#include "tests/base/array_files.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

namespace fs = std::filesystem;
using arrays::npy_of;
using arrays::Packing;
using arrays::raw_of;
using arrays::zip_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::size_t kImages = 7, kChannels = 3, kHeight = 4, kWidth = 5;
constexpr std::size_t kImage = kChannels * kHeight * kWidth;

class DataFile : public testing::Test {
 protected:
  DataFile() {
    std::vector<std::uint8_t> first;
    for (std::size_t i = 0; i < kImages; ++i) {
      for (std::size_t y = 0; y < kHeight; ++y) {
        for (std::size_t x = 0; x < kWidth; ++x) {
          for (std::size_t c = 0; c < kChannels; ++c) last_.push_back(sample_pixel(i, c, y, x));
        }
      }
      for (std::size_t c = 0; c < kChannels; ++c) {
        for (std::size_t y = 0; y < kHeight; ++y) {
          for (std::size_t x = 0; x < kWidth; ++x) first.push_back(sample_pixel(i, c, y, x));
        }
      }
    }
    nhwc_ = raw_of(last_);
    nchw_ = raw_of(first);
    std::vector<float> floats;
    for (const std::uint8_t pixel : first) floats.push_back(static_cast<float>(pixel) / 255.0f);
    floats_ = raw_of(floats);
    write("x.npy", npy_of("u1", {kImages, kChannels, kHeight, kWidth}, nchw_));
    write("y.npy", npy_of("i8", {kImages}, raw_of<std::int64_t>({0, 1, 2, 3, 2, 1, 0})));
  }

  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name, std::ios::binary) << bytes;
  }
  Dataset load(const std::string& yaml, std::int64_t count = 0, Split split = Split::kTest) const {
    write("data.yaml", yaml);
    return load_data_file(folder_.path() / "data.yaml", split, count);
  }
  std::string refusal(const std::string& yaml, std::int64_t count = 0) const {
    return network::input_error([&] { load(yaml, count); });
  }
  void expect_all(const std::string& yaml) const {
    const Dataset data = load(yaml);
    EXPECT_EQ(data.shape, (network::Shape{kChannels, kHeight, kWidth})) << yaml;
    EXPECT_EQ(data.pixels, last_) << yaml;
    EXPECT_THAT(data.labels, ElementsAre(0, 1, 2, 3, 2, 1, 0)) << yaml;
    EXPECT_EQ(data.classes, 4) << yaml;
    const Dataset some = load(yaml, 3);
    EXPECT_THAT(some.pixels, SizeIs(3 * kImage)) << yaml;
    EXPECT_THAT(some.labels, ElementsAre(0, 1, 2)) << yaml;
    EXPECT_EQ(some.there, 7) << yaml;
    EXPECT_EQ(some.classes, 4) << yaml << ": of all labels";
    EXPECT_THAT(refusal(yaml, 8), HasSubstr("images: expected an integer in [1, 7]")) << yaml;
  }

  network::TemporaryFolder folder_;
  std::vector<std::uint8_t> last_;  // channels last
  std::string nhwc_, nchw_, floats_;
};

TEST_F(DataFile, EveryKindOfFileGivesTheSameImages) {
  const std::string labels = npy_of("u2", {kImages}, raw_of<std::uint16_t>({0, 1, 2, 3, 2, 1, 0}));
  const std::string last = npy_of("u1", {kImages, kHeight, kWidth, kChannels}, nhwc_);
  const std::string floats =
      npy_of("f4", {kImages, kChannels, kHeight, kWidth}, floats_, {3, true});
  write("last.npy", last);
  write("floats.npy", floats);
  write("s.npz", zip_of({{"x.npy", floats}, {"y.npy", labels}}, Packing::kStored));
  write("d.npz", zip_of({{"x.npy", last}, {"y.npy", labels}}, Packing::kDeflated));
  arrays::write_hdf5(
      folder_.path() / "d.h5",
      {{"test/x", "f4", {kImages, kChannels, kHeight, kWidth}, floats_, true},
       {"test/y", "i4", {kImages, 1}, raw_of<std::int32_t>({0, 1, 2, 3, 2, 1, 0}), false}});
  expect_all("test: {images: x.npy, labels: y.npy}");
  expect_all("test: {images: last.npy, labels: y.npy}\nlayout: NHWC");
  expect_all("test: {images: floats.npy, labels: y.npy}");
  expect_all("test: {images: s.npz, images_array: x, labels: s.npz, labels_array: y}");
  expect_all("test: {images: d.npz, images_array: x, labels: y.npy}\nlayout: NHWC");
  expect_all("test: {images: d.h5, images_array: test/x, labels: d.h5, labels_array: test/y}");
}

TEST_F(DataFile, SplitsAreApart) {
  write("train.npy", npy_of("u1", {2, kChannels, kHeight, kWidth}, nchw_.substr(0, 2 * kImage)));
  const std::string yaml = "train: {images: train.npy}\ntest: {images: x.npy, labels: y.npy}";
  EXPECT_EQ(load(yaml, 0, Split::kTrain).size(), 2);
  EXPECT_EQ(load(yaml).size(), 7);
  EXPECT_THAT(refusal("train: {images: train.npy}"),
              HasSubstr("data.yaml: has no images for the split test; expected the key test"));
}

TEST_F(DataFile, FewerImagesDoWhereThatIsSaid) {
  write("data.yaml", "test: {images: x.npy, labels: y.npy}");
  arrays::write_hdf5(folder_.path() / "d.h5",
                     {{"x", "u1", {kImages, 2, 2}, std::string(28, '\1')}});
  write("h.yaml", "test: {images: d.h5}");
  for (const char* file : {"data.yaml", "h.yaml"}) {
    EXPECT_EQ(load_data_file(folder_.path() / file, Split::kTest, 512, true).size(), kImages);
    EXPECT_EQ(load_data_file(folder_.path() / file, Split::kTest, 3, true).size(), 3);
    EXPECT_THROW(load_data_file(folder_.path() / file, Split::kTest, 512), InputError);
  }
}

TEST_F(DataFile, GreyImagesNeedNoChannels) {
  write("grey.npy",
        npy_of("u1", {2, 2, 3}, raw_of<std::uint8_t>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})));
  const Dataset data = load("test: {images: grey.npy}");
  EXPECT_EQ(data.shape, (network::Shape{1, 2, 3}));
  EXPECT_THAT(data.pixels, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  EXPECT_FALSE(data.labelled());
  EXPECT_EQ(data.size(), 2);
}

TEST_F(DataFile, FloatsAreRoundedToTheNearestPixel) {
  write("f.npy", npy_of("f8", {1, 1, 5}, raw_of<double>({-1.0, -0.998, -0.996, 0.0, 1.0})));
  EXPECT_THAT(load("test: {images: f.npy}\nrange: [-1, 1]").pixels, ElementsAre(0, 0, 1, 128, 255));
  EXPECT_THAT(refusal("test: {images: f.npy}"),
              HasSubstr("f.npy: image 0, number 0 of it: found -1, expected 0 to 1 (range in "));
}

TEST_F(DataFile, HalfPrecisionGivesThePixelsOfItsNumbers) {
  // 0, 0.25, 0.5, 0.75 and 1
  const std::string raw = raw_of<std::uint16_t>({0x0000, 0x3400, 0x3800, 0x3a00, 0x3c00});
  write("h.npy", npy_of("f2", {1, 1, 5}, raw));
  write("h.npz", zip_of({{"x.npy", npy_of("f2", {1, 1, 5}, raw, {2, true})}}, Packing::kDeflated));
  arrays::write_hdf5(folder_.path() / "h.h5", {{"x", "f2", {1, 1, 5}, raw, false}});
  for (const char* file : {"h.npy", "h.npz", "h.h5"}) {
    EXPECT_THAT(load("test: {images: " + std::string(file) + "}").pixels,
                ElementsAre(0, 64, 128, 191, 255))
        << file;
  }
  write("h.npy", npy_of("f2", {1, 1, 1}, raw_of<std::uint16_t>({0x7c00})));
  EXPECT_THAT(refusal("test: {images: h.npy}"), HasSubstr("found inf, expected 0 to 1"));
}

TEST_F(DataFile, ImagesOfOnePixelAreFeatures) {
  write("features.npy", npy_of("u1", {2, 4, 1, 1}, raw_of<std::uint8_t>({1, 2, 3, 4, 5, 6, 7, 8})));
  const Dataset data = load("test: {images: features.npy}");
  EXPECT_EQ(data.shape, (network::Shape{4, 1, 1}));
  EXPECT_THAT(data.pixels, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  const Dataset grey = load("test: {images: features.npy}\nlayout: NHWC");
  EXPECT_EQ(grey.shape, (network::Shape{1, 4, 1}));
}

TEST_F(DataFile, NumbersThatAreNoPixelsAreNamed) {
  const auto with = [&](double value) {
    std::vector<double> pixels(2 * 12, 0.5);
    pixels[12 + 7] = value;
    write("f.npy", npy_of("f8", {2, 3, 2, 2}, raw_of(pixels)));
    return refusal("test: {images: f.npy}");
  };
  EXPECT_THAT(with(std::nan("")), HasSubstr("f.npy: image 1, number 7 of it: found nan"));
  EXPECT_THAT(with(std::numeric_limits<double>::infinity()), HasSubstr("found inf"));
  EXPECT_THAT(with(1.0000001), HasSubstr("found 1.0000001, expected 0 to 1"));
  EXPECT_EQ(with(1.0), "no error");
}

TEST_F(DataFile, ArraysOfOtherTypesAndShapesAreRefused) {
  write("i.npy", npy_of("i2", {2, 2, 2}, std::string(16, '\0')));
  write("flat.npy", npy_of("u1", {4, 4}, std::string(16, '\0')));
  write("last.npy", npy_of("u1", {kImages, kHeight, kWidth, kChannels}, nhwc_));
  write("yf.npy", npy_of("f4", {kImages}, std::string(4 * kImages, '\0')));
  write("y2.npy", npy_of("i4", {kImages, 2}, std::string(8 * kImages, '\0')));
  write("y6.npy", npy_of("u1", {6}, std::string(6, '\0')));
  write("text.npy", "hello");
  EXPECT_THAT(refusal("test: {images: i.npy}"),
              HasSubstr("i.npy: expected uint8, float16, float32 or float64, found int16"));
  EXPECT_THAT(refusal("test: {images: flat.npy}"),
              HasSubstr("flat.npy: expected N x H x W or four dimensions, found the shape (4, 4)"));
  EXPECT_THAT(refusal("test: {images: last.npy}"), HasSubstr("layout: NHWC in "));
  EXPECT_THAT(refusal("test: {images: text.npy}"),
              HasSubstr("text.npy: expected a .npy, .npz or HDF5 file, found something else"));
  EXPECT_THAT(refusal("test: {images: x.npy, labels: yf.npy}"),
              HasSubstr("yf.npy: expected integers, one class for each image; found float32"));
  EXPECT_THAT(refusal("test: {images: x.npy, labels: y2.npy}"),
              HasSubstr("y2.npy: expected one class for each image, found the shape (7, 2)"));
  EXPECT_THAT(refusal("test: {images: x.npy, labels: y6.npy}"),
              HasSubstr("y6.npy: found 6 labels, expected 7: one for each image of x.npy"));
  EXPECT_THAT(refusal("test: {images: x.npy, images_array: x}"),
              HasSubstr("x.npy: holds one array without a name"));
}

TEST_F(DataFile, LabelsAreClasses) {
  write("y.npy", npy_of("i4", {kImages}, raw_of<std::int32_t>({0, 1, 999, 3, 2, 1, 0})));
  const Dataset data = load("test: {images: x.npy, labels: y.npy}");
  EXPECT_EQ(data.classes, 1000);
  EXPECT_FALSE(data.classes_stated);
  EXPECT_EQ(data.labels[2], 999);
  EXPECT_TRUE(load("test: {images: x.npy, labels: y.npy}\nclasses: 1000").classes_stated);
  EXPECT_THAT(refusal("test: {images: x.npy, labels: y.npy}\nclasses: 999"),
              HasSubstr("y.npy: label 2: found class 999, expected 0 to 998"));
  EXPECT_THAT(refusal("test: {images: x.npy, labels: y.npy}\nclasses: [cat, dog]"),
              HasSubstr("y.npy: label 2: found class 999, expected 0 to 1"));
  write("y.npy", npy_of("i4", {kImages}, raw_of<std::int32_t>({0, -1, 2, 3, 2, 1, 0})));
  EXPECT_THAT(refusal("test: {images: x.npy, labels: y.npy}"),
              HasSubstr("y.npy: label 1: found class -1, expected 0 to 65535"));
}

TEST_F(DataFile, MistakesInTheFileNameTheirPlace) {
  fs::create_directory(folder_.path() / "pictures");
  const struct {
    const char *yaml, *message;
  } cases[] = {
      {"test: {imagse: x.npy}", "data.yaml:1:8: unknown key \"test.imagse\"; did you mean"},
      {"tset: {images: x.npy}", "data.yaml:1:1: unknown key \"tset\"; did you mean \"test\""},
      {"classes: 3", "expected test, train or both; found neither"},
      {"test: {images: none.npy}", "data.yaml:1:16: test.images: "},
      {"test: {images: x.npy, labels: none.npy}", "data.yaml:1:31: test.labels: "},
      {"test: {images: x.npy, labels_array: y}", "expected labels: FILE too"},
      {"test: {images: pictures, images_array: y}", "expected none with a folder of pictures"},
      {"test: {images: x.npy}\nclasses: 0", "data.yaml:2:10: classes: expected an integer in"},
      {"test: {images: x.npy}\nclasses: [a, b, a]", "classes: \"a\" is listed twice"},
      {"test: {images: x.npy}\nlayout: HWC", "data.yaml:2:9: layout: expected one of"},
      {"test: {images: x.npy}\nrange: [1, 0]", "range: expected [low, high]"},
      {"test: {images: x.npy}\nrange: [0, 1]", "range: is of floating-point pixels; found uint8"},
      {"test: {images: x.npy}\nresize: 8", "resize: is of folders of pictures; found arrays"},
      {"test: {images: x.npy}\ncolour: grey", "colour: is of folders of pictures"},
      {"test: {images: pictures}\nlayout: NCHW", "layout: is of arrays; expected none with"},
      {"test: {images: pictures}\nresize: [1, 2, 3]", "expected one number, or [height, width]"},
      {"test: {images: pictures}\ncrop: 0", "data.yaml:2:7: crop: expected an integer in"},
  };
  for (const auto& c : cases) EXPECT_THAT(refusal(c.yaml), HasSubstr(c.message)) << c.yaml;
}

TEST_F(DataFile, TheOnlyArrayOfAnHdf5FileMayLieInAGroup) {
  const std::string pixels(28, '\1');
  const arrays::Hdf5Set images{"group/inner/x", "u1", {kImages, 2, 2}, pixels};
  arrays::write_hdf5(folder_.path() / "one.h5", {images});
  EXPECT_EQ(load("test: {images: one.h5}").size(), 7);
  arrays::write_hdf5(folder_.path() / "two.h5",
                     {images, {"y", "u1", {kImages}, pixels.substr(21)}});
  EXPECT_THAT(refusal("test: {images: two.h5}"),
              HasSubstr("expected the name of one of its data sets, found group/inner/x, y"));
  // A link to another file is no place of this file's images.
  const std::string linked = (folder_.path() / "linked.h5").string();
  arrays::write_hdf5(linked, {{"x", "u1", {kImages, 2, 2}, pixels}});
  const hid_t file = H5Fopen(linked.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const std::string other = (folder_.path() / "one.h5").string();
  H5Lcreate_external(other.c_str(), "/group/inner/x", file, "out", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_EQ(load("test: {images: linked.h5}").size(), 7);
  EXPECT_THAT(refusal("test: {images: linked.h5, images_array: out}"),
              HasSubstr("linked.h5: out: expected the data in the file itself; a link leads to"));
}

TEST_F(DataFile, TruncatedAndBoastfulHdf5FilesAreRefused) {
  arrays::write_hdf5(folder_.path() / "d.h5",
                     {{"x", "u1", {kImages, 2, 2}, std::string(28, '\1')}});
  EXPECT_EQ(load("test: {images: d.h5}").size(), 7);
  EXPECT_THAT(refusal("test: {images: d.h5, images_array: z}"), HasSubstr("d.h5: z: expected"));
  std::ifstream file(folder_.path() / "d.h5", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  for (const std::size_t size : {std::size_t{9}, std::size_t{100}, bytes.size() / 2}) {
    write("cut.h5", bytes.substr(0, size));
    EXPECT_THAT(refusal("test: {images: cut.h5}"), HasSubstr("cut.h5")) << size;
  }
}

TEST(DataName, IsKnownOrAFile) {
  EXPECT_TRUE(names_data_file("data.yaml"));
  EXPECT_TRUE(names_data_file("../my.data.yml"));
  EXPECT_FALSE(names_data_file("cifar10"));
  network::TemporaryFolder folder;
  std::ofstream(folder.path() / "data.yaml") << "test: {}";
  const auto read = [&](const std::string& text) {
    YamlMap map = YamlMap::parse(text, folder.path() / "sweep.yaml");
    return read_data_name(map, "dataset");
  };
  EXPECT_EQ(read("dataset: mnist").text, "mnist");
  EXPECT_EQ(read("dataset: data.yaml").file, folder.path() / "data.yaml");
  EXPECT_THAT(network::input_error([&] { read("dataset: none.yaml"); }),
              HasSubstr("sweep.yaml:1:10: dataset: "));
  EXPECT_THAT(network::input_error([&] { read("dataset: minst"); }),
              HasSubstr("sweep.yaml:1:10: dataset: expected one of"));
}

}  // namespace
}  // namespace brownout::data
