// SPDX-License-Identifier: Apache-2.0
// CIFAR's binary files: every byte is where it belongs, and all possible mistakes have a message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/base/files.hpp"
#include "sim/data/dataset.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "tests/network/edit_onnx.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::data {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Cifar : public testing::Test {
 protected:
  Cifar() { write_cifar10(folder_.path()); }
  Dataset load(Split split) const { return load_dataset("cifar10", split, folder_.path()); }
  std::string message(Split split = Split::kTest) const {
    return network::input_error([&] { load(split); });
  }
  network::TemporaryFolder folder_;
};

void expect_samples(const Dataset& data, std::int64_t image, std::size_t sample) {
  for (std::size_t p = 0; p < 1024; ++p) {
    for (std::size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(data.image(image)[p * 3 + c], sample_pixel(sample, c, p / 32, p % 32))
          << image << " " << p << " " << c;
    }
  }
}

TEST_F(Cifar, ReadsAllBatchesInOrder) {
  const Dataset train = load(Split::kTrain);
  EXPECT_EQ(train.name, "cifar10");
  EXPECT_EQ(train.shape, (network::Shape{3, 32, 32}));
  EXPECT_EQ(train.classes, 10);
  EXPECT_EQ(train.labels, (Labels{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  for (std::size_t i = 0; i < 10; ++i) expect_samples(train, static_cast<std::int64_t>(i), i);
  const Dataset test = load(Split::kTest);
  EXPECT_EQ(test.labels, (Labels{0, 1}));
  expect_samples(test, 1, 11);
}

TEST_F(Cifar, FindsTheFolderOfTheArchive) {
  const fs::path inside = folder_.path() / "cifar-10-batches-bin";
  fs::create_directory(inside);
  fs::rename(folder_.path() / "test_batch.bin", inside / "test_batch.bin");
  EXPECT_EQ(load(Split::kTest).size(), 2);
}

TEST_F(Cifar, HundredClassesComeWithTheirFineLabel) {
  const fs::path inside = folder_.path() / "cifar-100-binary";
  fs::create_directory(inside);
  network::write_bytes(inside / "train.bin",
                       cifar_records({"\x13\x63", std::string("\x00\x07", 2)}));
  const Dataset data = load_dataset("cifar100", Split::kTrain, folder_.path());
  EXPECT_EQ(data.name, "cifar100");
  EXPECT_EQ(data.classes, 100);
  EXPECT_EQ(data.labels, (Labels{99, 7}));
  expect_samples(data, 1, 1);
  network::write_bytes(inside / "train.bin", cifar_records({"\x14\x63"}));
  EXPECT_EQ(network::input_error([&] { load_dataset("cifar100", Split::kTrain, folder_.path()); }),
            (inside / "train.bin").string() +
                ": image 0 (byte 0): found coarse label 20, expected 0 to 19");
  network::write_bytes(inside / "train.bin", cifar_records({"\x13\x63", "\x13\x64"}));
  EXPECT_EQ(network::input_error([&] { load_dataset("cifar100", Split::kTrain, folder_.path()); }),
            (inside / "train.bin").string() +
                ": image 1 (byte 3075): found fine label 100, expected 0 to 99");
}

TEST_F(Cifar, NamesAMissingBatch) {
  fs::remove(folder_.path() / "data_batch_4.bin");
  EXPECT_THAT(
      message(Split::kTrain),
      testing::AllOf(HasSubstr(folder_.path().string() + ": no file data_batch_4.bin; "),
                     HasSubstr("cifar-10-binary.tar.gz"), HasSubstr("or name its folder (data, ")));
  EXPECT_EQ(load(Split::kTest).size(), 2);
}

TEST_F(Cifar, CutShortAnywhere) {
  const fs::path file = folder_.path() / "test_batch.bin";
  const std::string bytes = read_file(file);
  for (const std::size_t size : {0u, 1u, 3072u, 3074u, 6145u, 6147u}) {
    network::write_bytes(file, (bytes + "x").substr(0, size));
    EXPECT_EQ(message(), file.string() + ": cut short or in another format: found " +
                             std::to_string(size) +
                             " bytes, expected a multiple of 3073 (label + 3 x 32 x 32 pixels an "
                             "image)");
  }
}

TEST_F(Cifar, LabelsThatDoNotFit) {
  const fs::path file = folder_.path() / "data_batch_2.bin";
  network::write_bytes(file, cifar_records({"\x09", "\x0a"}));
  EXPECT_EQ(message(Split::kTrain),
            file.string() + ": image 1 (byte 3073): found label 10, expected 0 to 9");
}

TEST_F(Cifar, EveryFormatSaysWhatBringsIt) {
  for (const auto& [name, hint] : {std::pair{"cifar10", "cifar-10-binary.tar.gz"},
                                   {"cifar100", "cifar-100-binary.tar.gz"},
                                   {"svhn", "train_32x32.mat"},
                                   {"imagenette", "imagenette2-160.tgz"}}) {
    EXPECT_THAT(network::input_error([&, n = name] { load_dataset(n, Split::kTest); }),
                testing::AllOf(HasSubstr(std::string("dataset ") + name + " has no usual place: "),
                               HasSubstr(hint), HasSubstr("BROWNOUT_DATA=DIR")));
    EXPECT_THAT(network::input_error(
                    [&, n = name] { load_dataset(n, Split::kTest, folder_.path() / "nowhere"); }),
                testing::AllOf(HasSubstr("nowhere: dataset "), HasSubstr(" is not there: "),
                               HasSubstr(hint)));
  }
}

TEST_F(Cifar, ThePythonVersionIsRefusedByName) {
  const std::filesystem::path root = folder_.path() / "torchvision";
  std::filesystem::create_directories(root / "cifar-10-batches-py");
  EXPECT_THAT(network::input_error([&] { load_dataset("cifar10", Split::kTest, root); }),
              testing::HasSubstr("cifar-10-batches-py: found the Python version, whose pickles are "
                                 "not read; expected the binary version, cifar-10-binary.tar.gz"));
  std::filesystem::create_directories(root / "cifar-10-batches-bin");
  write_cifar10(root / "cifar-10-batches-bin");
  EXPECT_EQ(load_dataset("cifar10", Split::kTest, root).size(), 2);
}

}  // namespace
}  // namespace brownout::data
