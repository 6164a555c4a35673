// SPDX-License-Identifier: Apache-2.0
// Every choice has a number of its own, so that switching one off does not change the others.
#include "trainers/data/augment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace brownout::trainers {
namespace {

const std::vector<std::string> kPolicies = {"none", "cifar10"};
constexpr int kMaxPixels = 256;

// Blocks of four numbers an image and epoch.
constexpr std::uint64_t kPlace = 0;   // row, column, mirror, sub-policy
constexpr std::uint64_t kPolicy = 1;  // for each step: whether, which direction
constexpr std::uint64_t kCutout = 2;  // row, column

int below(std::uint64_t number, int limit) {
  return static_cast<int>(number % static_cast<std::uint64_t>(limit));
}

}  // namespace

AugmentationChoice read_augmentation(YamlMap map) {
  map.expect({"crop", "flip", "autoaugment", "cutout"});
  AugmentationChoice c;
  c.crop = static_cast<int>(map.integer("crop", 0, kMaxPixels, 0));
  c.flip = map.boolean("flip", false);
  c.auto_augment = map.choice("autoaugment", kPolicies, 0) == 1;
  c.cutout = static_cast<int>(map.integer("cutout", 0, kMaxPixels, 0));
  c.origin = map.where("");
  map.finish();
  return c;
}

std::string describe(const AugmentationChoice& c) {
  if (!c.active()) return "";
  return fmt::format(", augmentation: {{crop: {}, flip: {}, autoaugment: {}, cutout: {}}}", c.crop,
                     c.flip, kPolicies[c.auto_augment ? 1 : 0], c.cutout);
}

Augmenter::Augmenter(const AugmentationChoice& choice, const network::Shape& shape,
                     const std::vector<float>& mean, std::uint64_t seed)
    : choice_(choice), random_(seed, Purpose::kAugmentation) {
  const int side = std::min(shape.height, shape.width);
  const auto refuse = [&](const char* key, int limit, int found) {
    if (found <= limit) return;
    throw InputError("{}{}: expected at most {} for images of {}x{}, got {}", choice.origin, key,
                     limit, shape.height, shape.width, found);
  };
  refuse("crop", side - 1, choice.crop);
  refuse("cutout", side, choice.cutout);
  for (const float m : mean) {
    fill_.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(m * 255.0f), 0l, 255l)));
  }
  picture_.height = shape.height;
  picture_.width = shape.width;
  picture_.channels = shape.channels;
  picture_.pixels.resize(static_cast<std::size_t>(shape.size()));
}

const std::uint8_t* Augmenter::apply(const std::uint8_t* image, std::uint64_t epoch,
                                     std::int64_t index) {
  const auto counter = static_cast<std::uint64_t>(index);
  const Philox::Block draws = random_(epoch, counter, kPlace);
  move(image, draws);
  if (choice_.auto_augment) change(epoch, counter, draws[3] % kSubPolicies);
  if (choice_.cutout > 0) cut_out(epoch, counter);
  return picture_.pixels.data();
}

void Augmenter::move(const std::uint8_t* image, const Philox::Block& draws) {
  const int span = 2 * choice_.crop + 1;
  const int down = below(draws[0], span) - choice_.crop;
  const int right = below(draws[1], span) - choice_.crop;
  const bool mirrored = choice_.flip && draws[2] % 2 == 1;
  std::uint8_t* to = picture_.pixels.data();
  for (int y = 0; y < picture_.height; ++y) {
    for (int x = 0; x < picture_.width; ++x, to += picture_.channels) {
      const int from_y = y + down;
      const int from_x = (mirrored ? picture_.width - 1 - x : x) + right;
      const bool inside =
          from_y >= 0 && from_y < picture_.height && from_x >= 0 && from_x < picture_.width;
      const std::uint8_t* from =
          inside ? image + (from_y * picture_.width + from_x) * picture_.channels : fill_.data();
      std::copy(from, from + picture_.channels, to);
    }
  }
}

void Augmenter::change(std::uint64_t epoch, std::uint64_t index, std::uint64_t sub_policy) {
  const Philox::Block draws = random_(epoch, index, kPolicy);
  const SubPolicy& steps = cifar10_policy()[sub_policy];
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (unit_open(draws[2 * i]) >= steps[i].tenths / 10.0) continue;
    change_picture(steps[i].change, steps[i].magnitude, draws[2 * i + 1] % 2 == 1, fill_.data(),
                   picture_);
  }
}

void Augmenter::cut_out(std::uint64_t epoch, std::uint64_t index) {
  const Philox::Block draws = random_(epoch, index, kCutout);
  const auto range = [&](std::uint64_t number, int extent) {
    const int first = below(number, extent) - choice_.cutout / 2;
    return std::pair{std::max(first, 0), std::min(first + choice_.cutout, extent)};
  };
  const auto [top, bottom] = range(draws[0], picture_.height);
  const auto [left, right] = range(draws[1], picture_.width);
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      std::copy(fill_.begin(), fill_.end(),
                picture_.pixels.begin() + (y * picture_.width + x) * picture_.channels);
    }
  }
}

}  // namespace brownout::trainers
