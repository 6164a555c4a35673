// SPDX-License-Identifier: Apache-2.0
// Augmented training images: what is done to an image depends on (seed, epoch, image) alone.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/base/yaml.hpp"
#include "sim/network/network.hpp"
#include "trainers/data/auto_augment.hpp"

namespace brownout::trainers {

/// Applied in this order. Pixels that come into the image from outside have the training set's mean
/// color.
struct AugmentationChoice {
  int crop = 0;               // pixels that the image may move up, down, left and right
  bool flip = false;          // left to right, every other image
  bool auto_augment = false;  // AutoAugment's policy for CIFAR-10
  int cutout = 0;             // side of a square around any pixel that is wiped out
  std::string origin;         // where it was given, for messages

  bool active() const { return crop > 0 || flip || auto_augment || cutout > 0; }
};

/// The block `dataset.augmentation`.
AugmentationChoice read_augmentation(YamlMap map);

/// ", augmentation: {…}", defaults included; "" when there is none.
std::string describe(const AugmentationChoice& choice);

class Augmenter {
 public:
  /// InputError when crop or cutout are larger than the images. `mean`: fraction per channel.
  Augmenter(const AugmentationChoice& choice, const network::Shape& shape,
            const std::vector<float>& mean, std::uint64_t seed);

  /// The image (HWC) as the epoch shows it; valid until the next call.
  const std::uint8_t* apply(const std::uint8_t* image, std::uint64_t epoch, std::int64_t index);

 private:
  void move(const std::uint8_t* image, const Philox::Block& draws);
  void change(std::uint64_t epoch, std::uint64_t index, std::uint64_t sub_policy);
  void cut_out(std::uint64_t epoch, std::uint64_t index);

  AugmentationChoice choice_;
  Philox random_;
  std::vector<std::uint8_t> fill_;
  Picture picture_;
};

}  // namespace brownout::trainers
