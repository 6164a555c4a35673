// SPDX-License-Identifier: Apache-2.0
// Ranges to codings, weights to codes and back, for every scheme of the contract.
#include "sim/network/quantization.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/enum_table.hpp"
#include "sim/base/error.hpp"

namespace brownout::network {

namespace {

constexpr EnumNames<Scheme::kBinary> kSchemeNames({"rquant", "uniform", "symmetric",
                                                   "asymmetric-signed", "binary"});
constexpr EnumNames<Rounding::kTruncate> kRoundingNames({"nearest", "truncate"});

int half_range(int bits) { return (1 << (bits - 1)) - 1; }  // h

float stored(double value, const char* what, double lo, double hi) {
  const auto rounded = static_cast<float>(value);
  if (!std::isfinite(rounded)) {
    throw InputError("the range [{}, {}] is too wide to quantize: {} does not fit fp32", lo, hi,
                     what);
  }
  return rounded;
}

}  // namespace

const std::vector<std::string>& scheme_names() {
  static const std::vector<std::string> names = kSchemeNames.all();
  return names;
}

const std::vector<std::string>& rounding_names() {
  static const std::vector<std::string> names = kRoundingNames.all();
  return names;
}

std::string to_string(Scheme scheme) { return kSchemeNames[scheme]; }

std::string to_string(Rounding rounding) { return kRoundingNames[rounding]; }

Scheme scheme_from_string(const std::string& name) {
  const auto found = kSchemeNames.find(name);
  if (!found) {
    throw InputError("unknown quantization scheme \"{}\", expected one of: {}", name,
                     fmt::join(scheme_names(), ", "));
  }
  return *found;
}

void check_bits(Scheme scheme, int bits) {
  const int low = scheme == Scheme::kUniform || scheme == Scheme::kBinary ? 1 : 2;
  const int high = scheme == Scheme::kBinary ? 1 : 8;
  if (bits < low || bits > high) {
    throw InputError("scheme {} takes {} bits, got {}", to_string(scheme),
                     low == high ? "1" : fmt::format("{} to {}", low, high), bits);
  }
}

Coding fit(Scheme scheme, int bits, double lo, double hi) {
  check_bits(scheme, bits);
  BROWNOUT_CHECK(std::isfinite(lo) && std::isfinite(hi) && lo <= hi, "range [{}, {}]", lo, hi);
  const double h = half_range(bits);
  double alpha = 1.0;
  double beta = 0.0;
  switch (scheme) {
    case Scheme::kRquant:
    case Scheme::kAsymmetricSigned:
      alpha = (hi - lo) / (2.0 * h);
      beta = (hi + lo) / 2.0;
      break;
    case Scheme::kUniform:
      alpha = (hi - lo) / static_cast<double>((1 << bits) - 1);
      beta = lo + alpha * static_cast<double>(1 << (bits - 1));
      break;
    case Scheme::kSymmetric:
      alpha = std::max(std::abs(lo), std::abs(hi)) / h;
      break;
    case Scheme::kBinary:
      break;
  }
  return {scheme, bits, stored(alpha, "alpha", lo, hi), stored(beta, "beta", lo, hi)};
}

Coding fit(Scheme scheme, int bits, const float* values, std::int64_t count) {
  BROWNOUT_CHECK(count >= 1, "count {}", count);
  float lo = values[0];
  float hi = values[0];
  for (std::int64_t i = 0; i < count; ++i) {
    BROWNOUT_CHECK(std::isfinite(values[i]), "value {} at {}", values[i], i);
    lo = std::min(lo, values[i]);
    hi = std::max(hi, values[i]);
  }
  return fit(scheme, bits, static_cast<double>(lo), static_cast<double>(hi));
}

int n_low(const Coding& coding) {
  if (coding.scheme == Scheme::kBinary) return -1;
  // Only the uniform scheme takes -2^(m-1); the others span [-h, h] evenly around beta.
  const int h = half_range(coding.bits);
  return coding.scheme == Scheme::kUniform ? -h - 1 : -h;
}

int n_lowest(const Coding& coding) {
  const bool twos_complement =
      coding.scheme == Scheme::kSymmetric || coding.scheme == Scheme::kAsymmetricSigned;
  return twos_complement ? -(1 << (coding.bits - 1)) : n_low(coding);
}

int n_high(const Coding& coding) {
  return coding.scheme == Scheme::kBinary ? 1 : half_range(coding.bits);
}

int encode(const Coding& coding, float w, Rounding rounding) {
  if (coding.scheme == Scheme::kBinary) return w > 0.0f ? 1 : -1;
  if (coding.alpha == 0.0f) return 0;
  const double exact = (static_cast<double>(w) - static_cast<double>(coding.beta)) /
                       static_cast<double>(coding.alpha);
  BROWNOUT_CHECK(!std::isnan(exact), "weight {}", w);
  const double rounded = rounding == Rounding::kNearest ? std::nearbyint(exact) : std::trunc(exact);
  return static_cast<int>(
      std::clamp(rounded, static_cast<double>(n_low(coding)), static_cast<double>(n_high(coding))));
}

std::uint32_t code_of(const Coding& coding, int n) {
  const int half = 1 << (coding.bits - 1);
  switch (coding.scheme) {
    case Scheme::kRquant:
    case Scheme::kUniform:
      BROWNOUT_CHECK(n >= -half && n < half, "n {} of {} bits", n, coding.bits);
      return static_cast<std::uint32_t>(n + half);
    case Scheme::kSymmetric:
    case Scheme::kAsymmetricSigned:
      BROWNOUT_CHECK(n >= -half && n < half, "n {} of {} bits", n, coding.bits);
      return static_cast<std::uint32_t>(n) & ((1u << coding.bits) - 1u);
    case Scheme::kBinary:
      BROWNOUT_CHECK(n == -1 || n == 1, "n {} of a binary tensor", n);
      return n == 1 ? 1u : 0u;
  }
  return 0;
}

}  // namespace brownout::network
