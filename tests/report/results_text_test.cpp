// SPDX-License-Identifier: Apache-2.0
// What the terminal says about errors and about how certain they are.
#include "sim/report/results_text.hpp"

#include <gtest/gtest.h>

#include "example_sweep.hpp"
#include "sim/report/error_text.hpp"

namespace brownout::report {
namespace {

results::WrongImages first_wrong(std::size_t wrong) {
  results::WrongImages images(200);
  for (std::size_t i = 0; i < wrong; ++i) images[i] = true;
  return images;
}

/// 200 images; the clean network and all chips get 12 of them wrong.
runs::EvalResult equal_chips(std::size_t chips) {
  runs::EvalResult result;
  result.images = 200;
  result.clean.wrong = 12;
  result.clean.wrong_images = first_wrong(12);
  for (std::size_t i = 0; i < chips; ++i) {
    results::ChipResult chip;
    chip.wrong = chip.wrong_either = 12;
    chip.wrong_images = first_wrong(12);
    result.chips.push_back(chip);
    result.config.chips.push_back("random:" + std::to_string(i));
  }
  if (chips > 0) {
    result.rate = 0.01;
    result.point = summarize(result.clean, result.chips, 200);
  }
  return result;
}

std::string line_of(const std::string& text, const std::string& begin) {
  const std::size_t at = text.find("\n  " + begin);
  if (at == std::string::npos) return "";
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(EvalText, StatesChipsAndImages) {
  const std::string text = eval_text(equal_chips(5));
  const std::string line = line_of(text, "RErr % ");
  EXPECT_NE(line.find("6.00            0.00      5.82 … 6.18           1.68    3.11 … 10.30"),
            std::string::npos)
      << text;
  EXPECT_NE(line_of(text, "clean error %").find("3.14 … 10.25"), std::string::npos) << text;
  EXPECT_NE(text.find("Over chips: other chips, these images. Over images: 200 other images, these "
                      "chips. Over both: other chips and images.\n"),
            std::string::npos)
      << text;
}

TEST(EvalText, ABoundAboveAHundredPointsSaysNothing) {
  const std::string text = eval_text(equal_chips(5));
  EXPECT_NE(text.find("Proposition 1 says nothing at 200 images and 5 patterns.\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("excess"), std::string::npos);
  runs::EvalResult sure = equal_chips(5);
  sure.point->prop1_excess = 4.1;
  const std::string other = eval_text(sure);
  EXPECT_NE(line_of(other, "Proposition 1 excess (99 %), points").find("4.10"), std::string::npos);
  EXPECT_EQ(other.find("says nothing"), std::string::npos);
}

TEST(EvalText, OneChipOrNoneHasImagesAlone) {
  for (const std::size_t chips : {0u, 1u}) {
    const std::string text = eval_text(equal_chips(chips));
    EXPECT_NE(line_of(text, chips == 0 ? "clean error %" : "RErr % ").find("3.14 … 10.25"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find("over chips"), std::string::npos) << text;
    EXPECT_EQ(text.find("One chip says nothing of other chips.") != std::string::npos, chips == 1);
  }
}

TEST(SweepText, SaysHowFarOtherImagesMoveTheMeans) {
  results::SweepResult result = example_sweep();
  EXPECT_NE(sweep_text(result).find(
                "Another 1000 images would move a mean by ± 0.75 points (standard error).\n"),
            std::string::npos)
      << sweep_text(result);
  result.points[3].rerr.images_se = 1.5;
  EXPECT_NE(sweep_text(result).find("± 0.75 to 1.50 points"), std::string::npos);
  for (results::Point& point : result.points) point.rerr.images_se.reset();
  EXPECT_EQ(sweep_text(result).find("Another 1000"), std::string::npos);
}

TEST(ErrorText, HasTwoDecimals) {
  EXPECT_EQ(spread_text({6.0, 0.125, {}}), "6.00 ± 0.12");
  EXPECT_EQ(spread_text({6.0, {}, {}}), "6.00");
  EXPECT_EQ(interval_text(std::nullopt), "");
  EXPECT_EQ(interval_text(std::array<double, 2>{1.0, 2.5}), "1.00 … 2.50");
  EXPECT_EQ(images_text({}, 200), "");
}

}  // namespace
}  // namespace brownout::report
