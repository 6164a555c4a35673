// SPDX-License-Identifier: Apache-2.0
// Gaps between the cells an octave takes, from random bits, by plain IEEE operations only: no
// library function, so that a chip is the same chip on every machine.
#pragma once
#include <cstdint>
#include <cstring>

namespace brownout::memory {

inline double from_bits(std::uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline std::uint64_t to_bits(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// The last octave: all u below 2^-kLastOctave.
inline constexpr int kLastOctave = 16;

/// -1/ln(1 - r_j) for octave j: r_j = 1/(2^(j+1) - 1), in the last octave 2^-16. Octave 0 takes
/// every cell (r = 1), so all its gaps are 0.
inline constexpr double kGapScale[kLastOctave + 1] = {
    0x0.0p+0,
    0x1.3bafd4f4758c3p+1,
    0x1.9f2d9dc238a96p+2,
    0x1.cfd0e79407da8p+3,
    0x1.e7f4ced539332p+4,
    0x1.f3fd44eff99bbp+5,
    0x1.f9ff534f13f86p+6,
    0x1.fcffd514f1df6p+7,
    0x1.fe7ff54d4f22fp+8,
    0x1.ff3ffd5454f25p+9,
    0x1.ff9fff55354f2p+10,
    0x1.ffcfffd55154fp+11,
    0x1.ffe7fff554d55p+12,
    0x1.fff3fffd55455p+13,
    0x1.fff9ffff55535p+14,
    0x1.fffcffffd5551p+15,
    0x1.fffeffffd5554p+15,
};

/// -ln(unit_open(bits)), in (0, 36.8), to about 3e-16 of its value. The order of its operations is
/// part of kRandomChipVersion. It is written without conversions and branches, so that loops over
/// it vectorize.
inline double negative_log(std::uint64_t bits) {
  // unit_open(bits) = d·2^-53 with an odd integer d = 2q + 1, all exact.
  constexpr std::uint64_t kTwo52 = 0x4330000000000000;  // the bits of 2^52, ulp 1
  const double q = from_bits(kTwo52 | (bits >> 12)) - 0x1p52;
  const std::uint64_t d = to_bits(q + q + 1.0);
  // d = m·2^(k - 1023) with m in [√½, √2).
  constexpr std::uint64_t kOne = 0x3ff0000000000000;
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd;
  const std::uint64_t k = (d + (kOne - kSqrtHalf)) >> 52;
  const double m = from_bits(d - (k << 52) + kOne);
  const double exponent = from_bits(kTwo52 | k) - 0x1p52;
  // ln m = 2·artanh(s) = 2s·(1 + z/3 + z²/5 + …), z = s² <= 0.0295: the tenth term is below 1e-16.
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double a = 1.0 / 3 + z * (1.0 / 5);
  const double b = 1.0 / 7 + z * (1.0 / 9);
  const double c = 1.0 / 11 + z * (1.0 / 13);
  const double e = 1.0 / 15 + z * (1.0 / 17);
  const double series = ((a + z2 * b) + z4 * (c + z2 * e)) + (z4 * z4) * (1.0 / 19);
  const double two_s = s + s;
  const double ln_m = two_s + two_s * (z * series);
  return (1076.0 - exponent) * 0x1.62e42fefa39efp-1 - ln_m;
}

/// Cells skipped before the next one that the octave takes: floor(-ln(U)/-ln(1 - r)).
inline std::int32_t gap(std::uint64_t bits, double scale) {
  return static_cast<std::int32_t>(negative_log(bits) * scale);
}

}  // namespace brownout::memory
