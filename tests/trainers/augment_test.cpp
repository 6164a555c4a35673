// SPDX-License-Identifier: Apache-2.0
// Augmentation: exact pixels of every operation, and choices that depend only on (seed, epoch,
// image).
#include "trainers/data/augment.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "sim/base/error.hpp"
#include "trainers/method/training_config.hpp"

namespace brownout::trainers {
namespace {

using Bytes = std::vector<std::uint8_t>;

Picture grey(int height, int width, Bytes pixels) {
  return {height, width, 1, std::move(pixels), {}};
}

Bytes changed(Picture picture, Change change, int magnitude, bool negative = false) {
  const std::uint8_t fill[] = {200, 100, 50};
  change_picture(change, magnitude, negative, fill, picture);
  return picture.pixels;
}

Bytes counting(int size) {
  Bytes pixels(static_cast<std::size_t>(size));
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{1});
  return pixels;
}

TEST(AutoAugment, ShearMovesRowsByTheirHeight) {
  // Magnitude 9: 0.3 · (y + 1/2) = 0.15, 0.45, 0.75, 1.05 pixels.
  const Picture p = grey(4, 3, counting(12));
  EXPECT_EQ(changed(p, Change::kShearX, 9), (Bytes{1, 2, 3, 4, 5, 6, 8, 9, 200, 11, 12, 200}));
  EXPECT_EQ(changed(p, Change::kShearX, 9, true),
            (Bytes{1, 2, 3, 4, 5, 6, 200, 7, 8, 200, 10, 11}));
  EXPECT_EQ(changed(grey(3, 4, counting(12)), Change::kShearY, 9),
            (Bytes{1, 2, 7, 8, 5, 6, 11, 12, 9, 10, 200, 200}));
}

TEST(AutoAugment, TranslationIsAShareOfTheSide) {
  // 150/331 · 4 · 5/9 = 1.007 pixels, 150/331 · 4 · 3/9 = 0.60, 150/331 · 4 · 2/9 = 0.40.
  const Picture p = grey(2, 4, counting(8));
  EXPECT_EQ(changed(p, Change::kTranslateX, 5), (Bytes{2, 3, 4, 200, 6, 7, 8, 200}));
  EXPECT_EQ(changed(p, Change::kTranslateX, 3, true), (Bytes{200, 1, 2, 3, 200, 5, 6, 7}));
  EXPECT_EQ(changed(p, Change::kTranslateX, 2), counting(8));
  const Picture rgb = {2, 1, 3, {1, 2, 3, 4, 5, 6}, {}};  // 150/331 · 2 · 9/9 = 0.91
  EXPECT_EQ(changed(rgb, Change::kTranslateY, 9), (Bytes{4, 5, 6, 200, 100, 50}));
  // At 32 pixels the largest is 14.5: 14 or 15 by the nearest place.
  Bytes wide(32);
  std::iota(wide.begin(), wide.end(), std::uint8_t{0});
  const Bytes moved = changed(grey(1, 32, wide), Change::kTranslateX, 9);
  EXPECT_EQ(moved[0], 15);
  EXPECT_EQ(std::count(moved.begin(), moved.end(), 200), 15);
}

TEST(AutoAugment, RotationTurnsAboutTheCentre) {
  // 30° of a 5×5 image: the centre stays, a corner comes from outside.
  const Picture p = grey(5, 5, counting(25));
  const Bytes turned = changed(p, Change::kRotate, 9);
  EXPECT_EQ(turned[12], 13);
  EXPECT_EQ(turned[0], 200);
  // (2, 0) right of the centre comes from (2 cos, −2 sin) = (1.73, −1): the place (2, −1).
  EXPECT_EQ(turned[14], p.pixels[1 * 5 + 4]);
  EXPECT_EQ(changed(p, Change::kRotate, 9, true)[14], p.pixels[3 * 5 + 4]);
  EXPECT_EQ(changed(p, Change::kRotate, 0), p.pixels);
  // Two above the centre comes from (−2 sin, −2 cos) = (−1, −1.73).
  EXPECT_EQ(turned[2], p.pixels[0 * 5 + 1]);
  EXPECT_EQ(changed(p, Change::kRotate, 9, true)[2], p.pixels[0 * 5 + 3]);
}

TEST(AutoAugment, TablesOfOneValue) {
  const Picture p = grey(1, 6, {0, 50, 128, 200, 227, 255});
  EXPECT_EQ(changed(p, Change::kInvert, 3), (Bytes{255, 205, 127, 55, 28, 0}));
  // 256 · (1 − 2/9) = 199.1 and 256 · (1 − 8/9) = 28.4.
  EXPECT_EQ(changed(p, Change::kSolarize, 2), (Bytes{0, 50, 128, 55, 28, 0}));
  EXPECT_EQ(changed(p, Change::kSolarize, 8), (Bytes{0, 205, 127, 55, 28, 0}));
  EXPECT_EQ(changed(p, Change::kSolarize, 0), p.pixels);
  // 8 − 4 · 7/9 = 4.9: 5 bits; 8 − 4 = 4 bits.
  EXPECT_EQ(changed(p, Change::kPosterize, 7), (Bytes{0, 48, 128, 200, 224, 248}));
  EXPECT_EQ(changed(p, Change::kPosterize, 9), (Bytes{0, 48, 128, 192, 224, 240}));
  EXPECT_EQ(changed(p, Change::kBrightness, 7), (Bytes{0, 85, 218, 255, 255, 255}));
  EXPECT_EQ(changed(p, Change::kBrightness, 7, true), (Bytes{0, 15, 38, 60, 68, 77}));
}

TEST(AutoAugment, ContrastAndColorMoveAwayFromGrey) {
  // Mean (10 + 20 + 31) / 3 = 20.33 → 20.
  EXPECT_EQ(changed(grey(1, 3, {10, 20, 31}), Change::kContrast, 5), (Bytes{5, 20, 37}));
  EXPECT_EQ(changed(grey(1, 3, {10, 20, 31}), Change::kContrast, 5, true), (Bytes{15, 20, 26}));
  // Luma 0.299 · 100 + 0.587 · 50 + 0.114 · 200 = 82.05 → 82.
  const Picture pixel = {1, 1, 3, {100, 50, 200}, {}};
  EXPECT_EQ(changed(pixel, Change::kColor, 9), (Bytes{116, 21, 255}));
  EXPECT_EQ(changed(pixel, Change::kColor, 9, true), (Bytes{84, 79, 94}));
  EXPECT_EQ(changed(pixel, Change::kColor, 0), pixel.pixels);
  EXPECT_EQ(changed(grey(1, 2, {9, 90}), Change::kColor, 9), (Bytes{9, 90}));
}

TEST(AutoAugment, SharpnessLeavesTheBorder) {
  const Picture p = grey(3, 4, {10, 20, 30, 40, 50, 100, 70, 80, 90, 100, 110, 120});
  // Smoothed: (10+20+30+50+100+70+90+100+110 + 4 · 100)/13 = 75.4 → 75, and
  // (20+30+40+100+70+80+100+110+120 + 4 · 70)/13 = 73.1 → 73.
  EXPECT_EQ(changed(p, Change::kSharpness, 9),
            (Bytes{10, 20, 30, 40, 50, 123, 67, 80, 90, 100, 110, 120}));
  EXPECT_EQ(changed(p, Change::kSharpness, 9, true),
            (Bytes{10, 20, 30, 40, 50, 78, 73, 80, 90, 100, 110, 120}));
}

TEST(AutoAugment, HistogramsAreStretchedAndLevelledChannelByChannel) {
  EXPECT_EQ(changed(grey(1, 4, {10, 20, 30, 60}), Change::kAutoContrast, 0),
            (Bytes{0, 51, 102, 255}));
  EXPECT_EQ(changed(grey(1, 3, {7, 7, 7}), Change::kAutoContrast, 0), (Bytes{7, 7, 7}));
  const Picture two = {1, 2, 3, {10, 5, 0, 20, 5, 255}, {}};
  EXPECT_EQ(changed(two, Change::kAutoContrast, 0), (Bytes{0, 5, 0, 255, 5, 255}));
  // 1020 pixels: 510 of 3, 255 of 4, 255 of 200. Step (1020 − 255)/255 = 3:
  // 3 → 1/3 = 0, 4 → 511/3 = 170, 200 → 766/3 = 255.
  Bytes pixels(510, 3);
  pixels.resize(765, 4);
  pixels.resize(1020, 200);
  const Bytes level = changed(grey(34, 30, pixels), Change::kEqualize, 0);
  EXPECT_EQ(level[0], 0);
  EXPECT_EQ(level[510], 170);
  EXPECT_EQ(level[1019], 255);
  EXPECT_EQ(changed(grey(1, 3, {1, 2, 3}), Change::kEqualize, 0), (Bytes{1, 2, 3}));
}

TEST(AutoAugment, ThePolicyIsThePapersTable) {
  int operations[14] = {};
  int tenths = 0;
  int magnitudes = 0;
  for (const SubPolicy& steps : cifar10_policy()) {
    for (const PolicyStep& step : steps) {
      ++operations[static_cast<int>(step.change)];
      tenths += step.tenths;
      const bool plain = step.change == Change::kAutoContrast || step.change == Change::kEqualize ||
                         step.change == Change::kInvert;
      magnitudes += plain ? 0 : step.magnitude;
      EXPECT_GE(step.tenths, 0);
      EXPECT_LE(step.tenths, 9);
    }
  }
  // ShearX, ShearY, TranslateX, TranslateY, Rotate, AutoContrast, Invert, Equalize, Solarize,
  // Posterize, Contrast, Color, Brightness, Sharpness.
  const int expected[14] = {0, 2, 2, 5, 1, 7, 3, 9, 4, 1, 2, 5, 4, 5};
  for (int i = 0; i < 14; ++i) EXPECT_EQ(operations[i], expected[i]) << i;
  EXPECT_EQ(tenths, 265);
  EXPECT_EQ(magnitudes, 187);  // of those that have one
}

constexpr network::Shape kShape = {3, 12, 10};

/// Row + 20 · column + 7 · channel, never the fill.
Bytes sample() {
  Bytes pixels;
  for (int y = 0; y < kShape.height; ++y) {
    for (int x = 0; x < kShape.width; ++x) {
      for (int c = 0; c < 3; ++c) pixels.push_back(static_cast<std::uint8_t>(y + 20 * x + 7 * c));
    }
  }
  return pixels;
}

AugmentationChoice choice(int crop, bool flip, bool policy, int cutout) {
  return {crop, flip, policy, cutout, ""};
}

Bytes shown(const AugmentationChoice& what, std::uint64_t epoch, std::int64_t index,
            std::uint64_t seed = 3) {
  Augmenter augmenter(what, kShape, {0.9f, 0.95f, 1.0f}, seed);
  const Bytes image = sample();
  const std::uint8_t* out = augmenter.apply(image.data(), epoch, index);
  return Bytes(out, out + image.size());
}

TEST(Augmenter, CropsAndFlipsShowEveryPlaceAboutEquallyOften) {
  const Bytes image = sample();
  const Bytes fill = {230, 242, 255};  // the mean, rounded
  std::map<std::tuple<int, int, bool>, int> seen;
  constexpr int kRounds = 5000;
  Augmenter augmenter(choice(2, true, false, 0), kShape, {0.9f, 0.95f, 1.0f}, 3);
  for (int round = 0; round < kRounds; ++round) {
    const std::uint8_t* out = augmenter.apply(image.data(), 0, round);
    int matches = 0;
    for (int down = -2; down <= 2; ++down) {
      for (int right = -2; right <= 2; ++right) {
        for (const bool mirrored : {false, true}) {
          Bytes expected;
          for (int y = 0; y < kShape.height; ++y) {
            for (int x = 0; x < kShape.width; ++x) {
              const int from_y = y + down;
              const int from_x = (mirrored ? kShape.width - 1 - x : x) + right;
              const bool inside =
                  from_y >= 0 && from_y < kShape.height && from_x >= 0 && from_x < kShape.width;
              for (int c = 0; c < 3; ++c) {
                const auto at = static_cast<std::size_t>((from_y * kShape.width + from_x) * 3 + c);
                expected.push_back(inside ? image[at] : fill[static_cast<std::size_t>(c)]);
              }
            }
          }
          if (!std::equal(expected.begin(), expected.end(), out)) continue;
          ++matches;
          ++seen[{down, right, mirrored}];
        }
      }
    }
    ASSERT_EQ(matches, 1) << round;
  }
  EXPECT_EQ(seen.size(), 50u);
  for (const auto& [place, count] : seen) {
    EXPECT_NEAR(count, kRounds / 50, 50) << std::get<0>(place);  // five standard deviations
  }
}

TEST(Augmenter, CutoutIsASquareThatTheBorderMayCut) {
  const Bytes image = sample();
  std::set<std::size_t> sizes;
  for (int index = 0; index < 300; ++index) {
    const Bytes out = shown(choice(0, false, false, 4), 1, index);
    int top = kShape.height, bottom = -1, left = kShape.width, right = -1;
    std::size_t wiped = 0;
    for (int y = 0; y < kShape.height; ++y) {
      for (int x = 0; x < kShape.width; ++x) {
        const auto at = static_cast<std::size_t>((y * kShape.width + x) * 3);
        if (out[at] == 230 && out[at + 1] == 242 && out[at + 2] == 255) {
          ++wiped;
          top = std::min(top, y), bottom = std::max(bottom, y);
          left = std::min(left, x), right = std::max(right, x);
        } else {
          ASSERT_EQ(
              Bytes(out.begin() + static_cast<int>(at), out.begin() + static_cast<int>(at) + 3),
              Bytes(image.begin() + static_cast<int>(at),
                    image.begin() + static_cast<int>(at) + 3));
        }
      }
    }
    ASSERT_EQ(wiped, static_cast<std::size_t>((bottom - top + 1) * (right - left + 1)));
    sizes.insert(wiped);
  }
  EXPECT_EQ(*sizes.rbegin(), 16u);
  EXPECT_EQ(*sizes.begin(), 4u);  // around a corner
}

TEST(Augmenter, EveryChoiceHasItsOwnNumbers) {
  // The same crop and flip, whatever operations come after them.
  for (int index = 0; index < 20; ++index) {
    Bytes plain = shown(choice(2, true, false, 0), 4, index);
    const Bytes wiped = shown(choice(2, true, false, 4), 4, index);
    const Bytes only = shown(choice(0, false, false, 4), 4, index);
    const Bytes image = sample();
    for (std::size_t i = 0; i < plain.size(); ++i) {
      if (only[i] != image[i]) plain[i] = only[i];
    }
    EXPECT_EQ(plain, wiped) << index;
  }
}

TEST(Augmenter, DependsOnSeedEpochAndImageAlone) {
  const AugmentationChoice all = choice(2, true, true, 4);
  Augmenter augmenter(all, kShape, {0.9f, 0.95f, 1.0f}, 3);
  const Bytes image = sample();
  std::set<Bytes> different;
  for (int round = 0; round < 2; ++round) {
    for (const std::int64_t index : {5, 2, 9}) {  // in any order, from any object
      const std::uint8_t* out = augmenter.apply(image.data(), 7, index);
      EXPECT_EQ(Bytes(out, out + image.size()), shown(all, 7, index));
    }
  }
  for (int i = 0; i < 20; ++i) different.insert(shown(all, 7, i));
  different.insert(shown(all, 8, 0));
  different.insert(shown(all, 7, 0, 4));
  EXPECT_GE(different.size(), 21u);
}

TEST(Augmenter, SubPoliciesAndTheirStepsComeUpAsOftenAsTheyShould) {
  // An image that every operation changes, unless its magnitude is 0.
  constexpr network::Shape kLarge = {3, 32, 32};
  Bytes image;
  const Philox random(1, Purpose::kTest);
  for (std::uint64_t i = 0; i < 3072; ++i) {
    image.push_back(static_cast<std::uint8_t>(40 + random(i)[0] % 170));
  }
  double share = 0.0;
  for (const SubPolicy& steps : cifar10_policy()) {
    double untouched = 1.0;
    for (const PolicyStep& step : steps) {
      const bool nothing = step.change == Change::kColor && step.magnitude == 0;
      if (!nothing) untouched *= 1.0 - step.tenths / 10.0;
    }
    share += (1.0 - untouched) / kSubPolicies;
  }
  constexpr int kRounds = 3000;
  int changed_images = 0;
  Augmenter augmenter(choice(0, false, true, 0), kLarge, {0.5f, 0.5f, 0.5f}, 3);
  for (int index = 0; index < kRounds; ++index) {
    changed_images +=
        std::equal(image.begin(), image.end(), augmenter.apply(image.data(), 0, index)) ? 0 : 1;
  }
  EXPECT_NEAR(changed_images / double{kRounds}, share,
              4 * std::sqrt(share * (1 - share) / kRounds));
}

TrainingConfig config(const std::string& dataset) {
  return parse_training("architecture: {file: a.yaml}\ndataset: " + dataset +
                            "\nquantization: {scheme: rquant, bits: 8}\nschedule: {epochs: 1}\n"
                            "output: a.onnx\n",
                        "training.yaml");
}

std::string message(const std::string& dataset) {
  try {
    const TrainingConfig c = config(dataset);
    Augmenter(c.augmentation, {3, 32, 32}, {0.5f, 0.5f, 0.5f}, 1);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Augmentation, BelongsToTheTraining) {
  const TrainingConfig plain = config("{name: cifar10}");
  EXPECT_FALSE(plain.augmentation.active());
  EXPECT_NE(describe(plain).find("dataset: {name: cifar10}\n"), std::string::npos);
  const TrainingConfig all = config(
      "{name: cifar10, augmentation: {crop: 4, flip: true, autoaugment: cifar10, cutout: 16}}");
  EXPECT_EQ(all.augmentation.crop, 4);
  EXPECT_TRUE(all.augmentation.flip);
  EXPECT_TRUE(all.augmentation.auto_augment);
  EXPECT_EQ(all.augmentation.cutout, 16);
  EXPECT_NE(describe(all).find("dataset: {name: cifar10, augmentation: {crop: 4, flip: true, "
                               "autoaugment: cifar10, cutout: 16}}\n"),
            std::string::npos);
  const TrainingConfig none = config("{name: cifar10, augmentation: {autoaugment: none}}");
  EXPECT_EQ(describe(none), describe(plain));
}

TEST(Augmentation, WrongKeysAndSizes) {
  EXPECT_EQ(message("{name: cifar10, augmentation: {crop: 31, cutout: 32}}"), "no error");
  EXPECT_EQ(message("{name: cifar10, augmentation: {crop: 32}}"),
            "training.yaml:2:40: dataset.augmentation.crop: expected at most 31 for images of "
            "32x32, got 32");
  EXPECT_EQ(message("{name: cifar10, augmentation: {cutout: 33}}"),
            "training.yaml:2:40: dataset.augmentation.cutout: expected at most 32 for images of "
            "32x32, got 33");
  EXPECT_EQ(
      message("{name: cifar10, augmentation: {flips: true}}"),
      "training.yaml:2:41: unknown key \"dataset.augmentation.flips\"; did you mean \"flip\"?");
  EXPECT_NE(message("{name: cifar10, augmentation: {autoaugment: svhn}}").find("cifar10"),
            std::string::npos);
  EXPECT_NE(message("{name: cifar10, augmentation: {crop: -1}}").find("[0, 256]"),
            std::string::npos);
}

}  // namespace
}  // namespace brownout::trainers
