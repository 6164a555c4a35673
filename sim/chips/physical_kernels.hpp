// SPDX-License-Identifier: Apache-2.0
// Inner loops of physical chips, over batches that vectorize: random numbers → gaps between
// candidates, critical voltages, error probabilities. Plain IEEE single precision; the order of
// operations is part of kPhysicalChipVersion.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace brownout::chips::physical {

/// Candidates handled at once; loops may run on to a multiple of 8.
inline constexpr int kBatch = 256;
template <typename T>
using Batch = std::array<T, kBatch>;

inline float float_of(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// What one 64-bit number says about a candidate: 23 bits for its gap, 23 for u's place in the
/// octave, 18 for its direction.
inline std::uint32_t gap_bits(std::uint64_t y) { return static_cast<std::uint32_t>(y >> 41); }
inline std::uint32_t place_bits(std::uint64_t y) { return static_cast<std::uint32_t>(y) >> 9; }
inline std::uint32_t direction_bits(std::uint64_t y) {
  return (static_cast<std::uint32_t>(y >> 32) & 511) << 9 | (static_cast<std::uint32_t>(y) & 511);
}
inline constexpr double kDirections = 0x1p18;

/// (2x + 1)/2^24 in (0, 1), exact, for 23 bits x.
inline float unit_open_23(std::uint32_t x) {
  return static_cast<float>(static_cast<std::int32_t>(2 * x + 1)) * 0x1p-24f;
}

/// Cells skipped before each candidate: floor(-ln(U)·scale), scale = -1/ln(1 - r) of the octave.
void fill_gaps(const std::uint64_t* numbers, int count, float scale, std::int32_t* gaps);

/// Numbers of the bits that are set, ascending; returns how many there are. As a rule words have
/// none, one or two set bits, in an order that cannot be predicted. kListedAtOnce numbers are
/// therefore always written, so that `bits` needs room for that many more.
inline constexpr int kListedAtOnce = 4;
std::size_t list_bits(const std::uint64_t* words, std::uint32_t count, std::uint32_t* bits);

/// g = Φ⁻¹(1 - u) in one octave.
class Quantiles {
 public:
  /// Of octave 0 to kLastOctave; made once.
  static const Quantiles& of(int octave);
  /// g of the candidates' places, to about 1e-6.
  void fill(const std::uint64_t* numbers, int count, float* g) const;

 private:
  explicit Quantiles(int octave);
  static constexpr int kTerms = 8;
  int octave_;
  std::array<float, kTerms> terms_{};  // of a polynomial in 2f - 1, octaves 1 to 15
};

/// The cells of the two directions. margin = above[d] + deviation[d]·g says how far a cell's
/// critical voltage is above the supply; d = 0 iff its direction bits are below `limit`.
struct Margins {
  float above[2], deviation[2];
  std::uint32_t limit;
  void fill(const std::uint64_t* numbers, const float* g, int count, float* margins) const;
};

/// Error probability by margin: Φ(margin/noise), linear between the knots of a table (to 3e-6). It
/// is 0 where it would be below 2^-10, and 1 as soon as Φ is 1 as a float. It never falls when the
/// margin grows.
class Probabilities {
 public:
  static constexpr double kLowest = -3.0972690781987844;  // Φ⁻¹(2^-10)
  static constexpr double kHighest = 6.0;

  explicit Probabilities(double read_noise);
  /// The position in the table of a candidate's probability, by its margin and direction.
  void locate(const float* margins, const std::uint64_t* numbers, std::uint32_t limit, int count,
              std::int32_t* knots, float* rests) const;
  /// The probability, negative in direction 1.
  float at(std::int32_t knot, float rest) const {
    const Knot& k = knots_[knot];
    return k.value + k.rise * rest;
  }

 private:
  struct Knot {
    float value, rise;
  };
  static constexpr int kIntervals = 1024;
  static constexpr int kUnlisted = kIntervals + 1;  // one knot more than intervals; then this one
  static constexpr int kDirection = kUnlisted + 1;  // the same for direction 1 begins there
  using Knots = std::array<Knot, 2 * kDirection>;
  static const Knots& knots();
  const Knots& knots_ = knots();
  float scale_, low_;  // position in the table = margin·scale - low
};

}  // namespace brownout::chips::physical
