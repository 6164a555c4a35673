// SPDX-License-Identifier: Apache-2.0
// Quantization schemes: m-bit codes v with one affine decoding per tensor or per output channel,
// w = alpha·n + beta.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace brownout::network {

/// How a code v becomes the integer n, and how alpha and beta follow from the range [lo, hi];
/// h = 2^(m-1) - 1.
enum class Scheme {
  kRquant,     // n = max(v, 1) - 2^(m-1); alpha = (hi-lo)/2h, beta = (hi+lo)/2; m >= 2
  kUniform,    // MCEL Eq. 11: n = v - 2^(m-1); alpha = (hi-lo)/(2^m-1), beta = lo+alpha·2^(m-1)
  kSymmetric,  // n = v as two's complement; alpha = max|w|/h, beta = 0; m >= 2
  kAsymmetricSigned,  // n = v as two's complement; alpha, beta as kRquant; m >= 2
  kBinary,            // m = 1, n = 2v - 1, alpha = 1, beta = 0
};

/// Rounding of (w - beta)/alpha to n: to nearest even, or toward zero (the paper's float-to-integer
/// cast).
enum class Rounding { kNearest, kTruncate };

std::string to_string(Scheme scheme);      // "rquant", "uniform", "symmetric", ...
std::string to_string(Rounding rounding);  // "nearest", "truncate"
/// Names in the order of the enumerators.
const std::vector<std::string>& scheme_names();
const std::vector<std::string>& rounding_names();
/// InputError, which lists the known names, for others.
Scheme scheme_from_string(const std::string& name);

/// w = alpha·n + beta.
struct Decoding {
  float alpha = 1.0f;
  float beta = 0.0f;
};

/// How the cells of one tensor, or of one output channel of it, are read: codes and their decoding.
struct Coding {
  Scheme scheme = Scheme::kRquant;
  int bits = 8;
  float alpha = 1.0f;
  float beta = 0.0f;
};

/// Throws InputError unless bits is in [1, 8] and allowed by the scheme.
void check_bits(Scheme scheme, int bits);

/// The coding of a range (finite, lo <= hi): computed in fp64, stored as fp32. For kSymmetric only
/// max(|lo|, |hi|) counts.
Coding fit(Scheme scheme, int bits, double lo, double hi);
/// The coding of the range of `count` finite values (count >= 1).
Coding fit(Scheme scheme, int bits, const float* values, std::int64_t count);

/// Smallest and largest n that clean codes take (rquant never stores v = 0).
int n_low(const Coding& coding);
int n_high(const Coding& coding);
/// Smallest n that stored codes may have: two's complement codes of other tools may be -2^(m-1).
int n_lowest(const Coding& coding);

/// n = rint((double(w) - beta)/alpha), or truncated, clamped to [n_low, n_high]; alpha = 0 gives 0
/// (for kBinary: w > 0 ? 1 : -1).
int encode(const Coding& coding, float w, Rounding rounding);

/// v from n (clean codes are bijective) and n from any v in [0, 2^m).
std::uint32_t code_of(const Coding& coding, int n);
inline int n_of(Scheme scheme, int bits, std::uint32_t v) {
  const int half = 1 << (bits - 1);
  switch (scheme) {
    case Scheme::kRquant:
      return static_cast<int>(v == 0 ? 1 : v) - half;
    case Scheme::kUniform:
      return static_cast<int>(v) - half;
    case Scheme::kSymmetric:
    case Scheme::kAsymmetricSigned:
      return static_cast<int>(v ^ static_cast<std::uint32_t>(half)) - half;
    case Scheme::kBinary:
      return v == 0 ? -1 : 1;
  }
  return 0;
}

/// fl(fl(alpha·n) + beta).
inline float decode(const Coding& coding, int n) {
  const float product = coding.alpha * static_cast<float>(n);
  return product + coding.beta;
}

}  // namespace brownout::network
