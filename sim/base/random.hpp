// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: Philox4x64-10 keyed by (seed, purpose). A number depends on its
// key and counter alone, so results do not depend on threads, ranks, order or engine.
#pragma once
#include <Random123/philox.h>

#include <array>
#include <cstdint>

namespace brownout {

/// What a stream of numbers is for. The values belong to the meaning of the file formats: append
/// only.
enum class Purpose : std::uint64_t {
  kRandomChip = 1,       // data cells of random chips
  kRandomChipCheck = 2,  // check-bit cells of random chips
  kRandomChipRead = 3,   // draws of probabilistic cells of random chips
  kTrainingChip = 4,     // fresh errors of a training step
  kShuffle = 5,          // order of the training images
  kInitialization = 6,   // initial weights
  kAugmentation = 7,
  kBackPressure = 8,        // gaps at the ports of the co-simulated core
  kPhysicalChip = 9,        // data cells of physical chips
  kPhysicalChipCheck = 10,  // check-bit cells of physical chips
  kSyntheticProfile = 11,   // cells of generated profiles
  kWeightNoise = 12,        // relative noise of weights
  kPhysicalChipRead = 13,   // draws of probabilistic cells of physical chips
  kMeasuredChipRead = 14,   // and of measured chips
  kPlaces = 15,             // places on the map of a measured chip
  kImageSample = 16,        // images that a chip is evaluated on
  kImageOrder = 17,         // the order in which a die sees images
  kTest = 100,
};

/// A keyed Philox4x64-10; call it with a counter of four 64-bit numbers.
class Philox {
 public:
  using Block = std::array<std::uint64_t, 4>;

  Philox(std::uint64_t seed, Purpose purpose) {
    key_.v[0] = seed;
    key_.v[1] = static_cast<std::uint64_t>(purpose);
  }

  Block operator()(std::uint64_t c0, std::uint64_t c1 = 0, std::uint64_t c2 = 0,
                   std::uint64_t c3 = 0) const {
    const r123::Philox4x64::ctr_type counter{{c0, c1, c2, c3}};
    const auto r = r123::Philox4x64{}(counter, key_);
    return {r.v[0], r.v[1], r.v[2], r.v[3]};
  }

 private:
  r123::Philox4x64::key_type key_{};
};

/// 64 random bits → a whole number below n: x · n / 2^64.
inline std::uint64_t scaled(std::uint64_t x, std::uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{x} * n >> 64);
}

/// 64 random bits → a double in (0, 1): 52 bits, offset by half a step, so never 0 and never 1.
inline double unit_open(std::uint64_t bits) {
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

}  // namespace brownout
