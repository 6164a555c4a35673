// SPDX-License-Identifier: Apache-2.0
// SVHN's MATLAB files, packed and not: every byte is where it belongs, and all possible mistakes
// are reported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include <memory>

#include "sim/base/files.hpp"
#include "sim/data/dataset.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "tests/network/edit_onnx.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class Svhn : public testing::TestWithParam<bool> {
 protected:
  fs::path file() const { return folder_.path() / "test_32x32.mat"; }
  Dataset load() const { return load_dataset("svhn", Split::kTest, folder_.path()); }
  std::string message() const {
    return network::input_error([&] { load(); });
  }
  /// Writes one variable after another.
  struct Content {
    const char* name;
    matio_classes kind;
    matio_types type;
    std::vector<std::size_t> extents;
    bool complex = false;
    const void* data = nullptr;  // default: enough ones, as double
  };
  void write(const std::vector<Content>& content) const {
    const std::unique_ptr<mat_t, int (*)(mat_t*)> out(
        Mat_CreateVer(file().c_str(), nullptr, MAT_FT_MAT5), Mat_Close);
    ASSERT_NE(out, nullptr);
    std::vector<double> ones(100000, 1.0);
    mat_complex_split_t parts{ones.data(), ones.data()};
    for (const Content& c : content) {
      std::vector<std::size_t> extents = c.extents;
      const std::unique_ptr<matvar_t, void (*)(matvar_t*)> variable(
          Mat_VarCreate(c.name, c.kind, c.type, static_cast<int>(extents.size()), extents.data(),
                        c.complex           ? static_cast<void*>(&parts)
                        : c.data != nullptr ? const_cast<void*>(c.data)
                                            : ones.data(),
                        c.complex ? MAT_F_COMPLEX : 0),
          Mat_VarFree);
      ASSERT_NE(variable, nullptr);
      ASSERT_EQ(Mat_VarWrite(out.get(), variable.get(),
                             GetParam() ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE),
                0);
    }
  }
  network::TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(, Svhn, testing::Bool(), [](const auto& instance) {
  return instance.param ? "Compressed" : "Plain";
});

TEST_P(Svhn, TurnsColumnsFirstIntoRowsFirst) {
  write_svhn(file(), {10, 1, 9}, GetParam());
  const Dataset data = load();
  EXPECT_EQ(data.name, "svhn");
  EXPECT_EQ(data.shape, (network::Shape{3, 32, 32}));
  EXPECT_EQ(data.classes, 10);
  EXPECT_EQ(data.labels, (Labels{0, 1, 9}));  // 10 stands for the digit 0
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t p = 0; p < 1024; ++p) {
      for (std::size_t c = 0; c < 3; ++c) {
        ASSERT_EQ(data.image(static_cast<std::int64_t>(i))[p * 3 + c],
                  sample_pixel(i, c, p / 32, p % 32));
      }
    }
  }
}

TEST_P(Svhn, OneImageAndOtherClassesOfLabels) {
  write_svhn(file(), {3}, GetParam());  // matio drops the last extent
  EXPECT_EQ(load().labels, (Labels{3}));
  const Content x = {"X", MAT_C_UINT8, MAT_T_UINT8, {32, 32, 3, 2}};
  const std::uint8_t bytes[] = {10, 4};
  write({x, {"y", MAT_C_UINT8, MAT_T_UINT8, {2, 1}, false, bytes}});
  EXPECT_EQ(load().labels, (Labels{0, 4}));
  const std::int32_t integers[] = {10, 5};
  write({x, {"y", MAT_C_INT32, MAT_T_INT32, {2, 1}, false, integers}});
  EXPECT_EQ(load().labels, (Labels{0, 5}));
  const float singles[] = {10, 6};
  write({x, {"y", MAT_C_SINGLE, MAT_T_SINGLE, {2, 1}, false, singles}});
  EXPECT_EQ(load().labels, (Labels{0, 6}));
}

TEST_P(Svhn, LabelsThatDoNotFit) {
  for (const auto& [label, text] :
       {std::pair{0.0, "0"}, {11.0, "11"}, {2.5, "2.5"}, {-1.0, "-1"}, {1e300, "1e+300"}}) {
    write_svhn(file(), {1, label}, GetParam());
    EXPECT_EQ(message(), file().string() + ": y: image 1: found " + text +
                             ", expected 1 to 9, or 10 for the digit 0");
  }
}

TEST_P(Svhn, OtherShapesAndClasses) {
  const Content good = {"X", MAT_C_UINT8, MAT_T_UINT8, {32, 32, 3, 2}};
  const std::string wanted = ", expected 32 x 32 x 3 x images of class uint8";
  write({{"X", MAT_C_UINT8, MAT_T_UINT8, {32, 32, 4, 2}}});
  EXPECT_EQ(message(), file().string() + ": X: found 32 x 32 x 4 x 2 of class uint8" + wanted);
  write({{"X", MAT_C_DOUBLE, MAT_T_DOUBLE, {32, 32, 3, 2}}});
  EXPECT_EQ(message(), file().string() + ": X: found 32 x 32 x 3 x 2 of class double" + wanted);
  write({{"Z", MAT_C_DOUBLE, MAT_T_DOUBLE, {1, 1}}});
  EXPECT_EQ(message(), file().string() + ": no variable X" + wanted);
  write({good});
  EXPECT_THAT(message(), StartsWith(file().string() + ": no variable y, expected 2 x 1, one for"));
  write({good, {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, {3, 1}}});
  EXPECT_THAT(message(),
              StartsWith(file().string() + ": y: found 3 x 1 of class double, expected 2 x 1"));
  write({good, {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, {2, 1}, true}});
  EXPECT_THAT(message(), StartsWith(file().string() +
                                    ": y: found 2 x 1 of class complex double, expected 2 x 1"));
}

TEST_P(Svhn, CutShortAnywhere) {
  write_svhn(file(), {1, 2, 3}, GetParam());
  const std::string bytes = read_file(file());
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 9) {
    network::write_bytes(file(), bytes.substr(0, size));
    const std::string text = message();
    // If a file ends where an element ends, it is complete as such, but lacks a variable.
    ASSERT_TRUE(text.rfind(file().string() + ": cut short", 0) == 0 ||
                text.rfind(file().string() + ": no variable", 0) == 0)
        << size << " of " << bytes.size() << ": " << text;
  }
}

TEST_P(Svhn, OtherFiles) {
  network::write_bytes(file(), std::string(200, 'x'));
  EXPECT_EQ(message(), file().string() +
                           ": byte 124: found 78 78 78 78, expected 00 01 49 4d or 01 00 4d 49 "
                           "(MATLAB 5: version, \"IM\" or \"MI\")");
  fs::remove(file());
  EXPECT_THAT(message(), testing::AllOf(HasSubstr(": no file test_32x32.mat; "),
                                        HasSubstr("ufldl.stanford.edu/housenumbers")));
}

/// A big-endian file of one image, made by hand from the format's description: every element is
/// type, size and data, filled up to a multiple of 8 bytes.
std::string big_endian_file() {
  const auto number = [](std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
  };
  const auto element = [&](std::uint32_t type, const std::string& data) {
    return number(type) + number(static_cast<std::uint32_t>(data.size())) + data +
           std::string((8 - data.size() % 8) % 8, '\0');
  };
  const auto matrix = [&](const std::string& name, const std::vector<std::uint32_t>& extents,
                          const std::string& data) {
    std::string sizes;
    for (const std::uint32_t extent : extents) sizes += number(extent);
    return element(14, element(6, number(9) + number(0)) +  // class uint8
                           element(5, sizes) + element(1, name) + element(2, data));
  };
  std::string pixels;
  for (std::size_t i = 0; i < 3072; ++i) {
    pixels += static_cast<char>(sample_pixel(0, i / 1024, i % 32, i / 32 % 32));
  }
  return std::string(124, ' ') + std::string("\x01\x00MI", 4) +
         matrix("X", {32, 32, 3, 1}, pixels) + matrix("y", {1, 1}, "\x0a");
}

TEST(BigEndianSvhn, IsReadLikeAnyOther) {
  const network::TemporaryFolder folder;
  network::write_bytes(folder.path() / "test_32x32.mat", big_endian_file());
  const Dataset data = load_dataset("svhn", Split::kTest, folder.path());
  EXPECT_EQ(data.labels, (Labels{0}));
  for (std::size_t p = 0; p < 1024; ++p) {
    for (std::size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(data.pixels[p * 3 + c], sample_pixel(0, c, p / 32, p % 32));
    }
  }
}

TEST(CompressedSvhn, DamageIsNoticedInEveryByteOfThePackedImages) {
  const network::TemporaryFolder folder;
  const fs::path file = folder.path() / "train_32x32.mat";
  write_svhn(file, {1, 2}, true);
  const std::string bytes = read_file(file);
  for (std::size_t at = 136; at < bytes.size(); at += 37) {  // after the first element's tag
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    network::write_bytes(file, damaged);
    ASSERT_THAT(network::input_error([&] { load_dataset("svhn", Split::kTrain, folder.path()); }),
                StartsWith(file.string() + ": "))
        << at;
  }
}

}  // namespace
}  // namespace brownout::data
