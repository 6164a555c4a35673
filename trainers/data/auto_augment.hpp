// SPDX-License-Identifier: Apache-2.0
// AutoAugment's policy for CIFAR-10 (Cubuk et al., CVPR 2019, Table 7), in integers only.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace brownout::trainers {

/// An image that is being changed: height × width × channels (1 or 3), and a spare one of its size.
struct Picture {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> spare;
};

enum class Change {
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
  kAutoContrast,
  kInvert,
  kEqualize,
  kSolarize,
  kPosterize,
  kContrast,
  kColor,
  kBrightness,
  kSharpness,
};

/// Magnitude 0 … 9 divides the ranges of the paper's Table 6 evenly: shear by magnitude/30,
/// translate by 150/331 of the side · magnitude/9, rotate by 30° · magnitude/9, solarize from 256 −
/// 256 · magnitude/9, posterize to 8 − 4 · magnitude/9 bits, the last four to a factor of 1 ±
/// magnitude/10. `negative` takes the other direction if there are two. A place between pixels
/// takes the nearest pixel; pixels from outside are `fill` (one value a channel). Means are rounded
/// half up.
void change_picture(Change change, int magnitude, bool negative, const std::uint8_t* fill,
                    Picture& picture);

struct PolicyStep {
  Change change;
  int tenths;     // probability · 10
  int magnitude;  // of no use to AutoContrast, Equalize and Invert
};

using SubPolicy = std::array<PolicyStep, 2>;
constexpr int kSubPolicies = 25;
const std::array<SubPolicy, kSubPolicies>& cifar10_policy();

}  // namespace brownout::trainers
