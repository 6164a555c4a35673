// SPDX-License-Identifier: Apache-2.0
// Numbers to codes and back: sim/network/quantization.hpp over whole arrays.
#include <algorithm>
#include <cmath>

#include "brownout/network.hpp"
#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/mapping/code_table.hpp"
#include "sim/network/decoding_check.hpp"
#include "sim/network/quantization.hpp"

namespace brownout {
namespace {

network::Scheme scheme_of(const std::string& scheme, int bits) {
  const network::Scheme known = network::scheme_from_string(scheme);
  network::check_bits(known, bits);
  return known;
}

/// Elements that share a decoding.
std::int64_t part_of(std::int64_t count, std::int64_t parts, const char* field) {
  if (count < 0) throw InputError("{}: expected no negative number, got {}", Field{"count"}, count);
  if (parts < 1 || count % parts != 0)
    throw InputError("{}: expected a number that divides the {} elements, got {}", Field{field},
                     count, parts);
  return count / parts;
}

/// The codings of all parts, one after the other.
std::vector<network::Coding> codings_of(const Coding& coding) {
  network::Coding one;
  one.scheme = scheme_of(coding.scheme, coding.bits);
  one.bits = coding.bits;
  if (coding.alpha.size() != coding.beta.size())
    throw InputError("{}: expected as many as there are of {}, {}, got {}", Field{"beta"},
                     Field{"alpha"}, coding.alpha.size(), coding.beta.size());
  std::vector<network::Coding> all;
  for (std::size_t i = 0; i < coding.alpha.size(); ++i) {
    one.alpha = coding.alpha[i];
    one.beta = coding.beta[i];
    network::check_decoding(one, coding.alpha.size() == 1 ? "" : fmt::format("channel {}: ", i));
    all.push_back(one);
  }
  return all;
}

void check_finite(const float* values, std::int64_t count) {
  const float* const wrong =
      std::find_if(values, values + count, [](float value) { return !std::isfinite(value); });
  if (wrong == values + count) return;
  throw InputError("{}: element {} is {}; expected a finite number", Field{"values"},
                   wrong - values, *wrong);
}

void append(const network::Coding& from, Coding& into) {
  into.alpha.push_back(from.alpha);
  into.beta.push_back(from.beta);
}

}  // namespace

std::vector<std::string> scheme_names() { return network::scheme_names(); }
std::vector<std::string> rounding_names() { return network::rounding_names(); }

Coding fit(const float* values, std::int64_t count, const std::string& scheme, int bits,
           std::int64_t channels) {
  const network::Scheme known = scheme_of(scheme, bits);
  const std::int64_t part = part_of(count, channels, "channels");
  if (part == 0) throw InputError("{}: expected at least one element, got none", Field{"values"});
  check_finite(values, count);
  Coding coding{scheme, bits, {}, {}};
  for (std::int64_t i = 0; i < channels; ++i) {
    append(network::fit(known, bits, values + i * part, part), coding);
  }
  return coding;
}

Coding fit_range(double low, double high, const std::string& scheme, int bits) {
  const network::Scheme known = scheme_of(scheme, bits);
  if (!(std::isfinite(low) && std::isfinite(high) && low <= high))
    throw InputError("{}: expected finite numbers low <= high, got {} and {}", Field{"range"}, low,
                     high);
  Coding coding{scheme, bits, {}, {}};
  append(network::fit(known, bits, low, high), coding);
  return coding;
}

void encode(const Coding& coding, const float* values, std::int64_t count, std::uint8_t* codes,
            const std::string& rounding) {
  const std::vector<network::Coding> codings = codings_of(coding);
  const std::int64_t part = part_of(count, static_cast<std::int64_t>(codings.size()), "alpha");
  const std::vector<std::string>& names = network::rounding_names();
  parse_choice(field_text("rounding"), rounding, names);
  const auto how = static_cast<network::Rounding>(std::find(names.begin(), names.end(), rounding) -
                                                  names.begin());
  check_finite(values, count);
  for (const network::Coding& one : codings) {
    const mapping::CodeTable& table = mapping::code_table(one.scheme, one.bits);
    for (std::int64_t i = 0; i < part; ++i) {
      const int n = network::encode(one, *values++, how);
      *codes++ = table.code_of_n[static_cast<std::uint8_t>(n)];
    }
  }
}

void decode(const Coding& coding, const std::uint8_t* codes, std::int64_t count, float* values) {
  const std::vector<network::Coding> codings = codings_of(coding);
  const std::int64_t part = part_of(count, static_cast<std::int64_t>(codings.size()), "alpha");
  const std::uint8_t* const wrong = std::find_if(
      codes, codes + count, [&](std::uint8_t code) { return code >> coding.bits != 0; });
  if (wrong != codes + count)
    throw InputError("{}: element {} is {}; expected a code of {} bits, in [0, {}]", Field{"codes"},
                     wrong - codes, *wrong, coding.bits, (1 << coding.bits) - 1);
  for (const network::Coding& one : codings) {
    float value_of[256] = {};
    for (std::uint32_t v = 0; v < 1u << one.bits; ++v)
      value_of[v] = network::decode(one, network::n_of(one.scheme, one.bits, v));
    for (std::int64_t i = 0; i < part; ++i) *values++ = value_of[*codes++];
  }
}

std::vector<std::uint8_t> Parameter::codes() const {
  std::vector<std::uint8_t> all;
  if (n.empty()) return all;
  const mapping::CodeTable& table = mapping::code_table(scheme_of(scheme, bits), bits);
  all.reserve(n.size());
  for (const std::int8_t one : n) all.push_back(table.code_of_n[static_cast<std::uint8_t>(one)]);
  return all;
}

}  // namespace brownout
