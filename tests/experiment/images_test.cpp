// SPDX-License-Identifier: Apache-2.0
// How many images are used, and which place a message names.
#include "sim/experiment/images.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::experiment {
namespace {

class ImagesTest : public testing::Test {
 protected:
  void SetUp() override { images_.folder = workplace_.folder() / "data"; }
  std::string message() const {
    try {
      name_fields(places_, [&] { return open(images_); });
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  end_to_end::Workplace workplace_;
  Images images_;
  FieldNames places_;
};

TEST_F(ImagesTest, ACountOfZeroMeansAll) {
  EXPECT_EQ(open(images_).count, end_to_end::Workplace::kImages);
  images_.count = 7;
  const OpenImages opened = open(images_);
  EXPECT_EQ(opened.count, 7);
  EXPECT_EQ(opened.data->size(), end_to_end::Workplace::kImages);
}

TEST_F(ImagesTest, MoreThanThereAreAreRefusedWithThePlaceOfTheNumber) {
  images_.count = 401;
  EXPECT_EQ(message(),
            "images: expected an integer in [1, 400], the images of fashion-mnist (test), got "
            "401");
  places_["images"] = "x.yaml:2:2: images";
  EXPECT_EQ(message().rfind("x.yaml:2:2: images: expected an integer in [1, 400]", 0), 0u);
}

TEST_F(ImagesTest, AMissingFolderIsNamedWithItsPlace) {
  images_.folder = workplace_.folder() / "nowhere";
  const std::string plain = message();
  EXPECT_EQ(plain.rfind("data_folder: " + images_.folder.string(), 0), 0u) << plain;
  places_["data_folder"] = "x.yaml:1:1: data_folder";
  EXPECT_EQ(message(), "x.yaml:1:1: " + plain);
}

}  // namespace
}  // namespace brownout::experiment
