// SPDX-License-Identifier: Apache-2.0
// Makes chips from their names on the command line.
#include "sim/memory/chip.hpp"

#include <charconv>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/memory/random_chip.hpp"

namespace brownout::memory {
namespace {

/// The whole of `text` as a number; from_chars takes no sign '+', no blanks, and reports overflow.
template <typename T>
bool parse_whole(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

FaultList Chip::check_faults(MemoryId, std::uint32_t, const OperatingPoint&) const {
  throw InputError("chip {}: has no cells for check bits; expected one without mitigation", name());
}

std::unique_ptr<Chip> make_chip(const std::string& text) {
  constexpr std::string_view kRandom = "random:";
  constexpr std::string_view kProbability = "p_err=";
  if (starts_with(text, kRandom)) {
    std::string_view seed_text = std::string_view(text).substr(kRandom.size());
    std::uint64_t seed = 0;
    double p_err = 1.0;
    bool good = true;
    if (const std::size_t comma = seed_text.find(','); comma != std::string_view::npos) {
      const std::string_view option = seed_text.substr(comma + 1);
      seed_text = seed_text.substr(0, comma);
      good = starts_with(option, kProbability) &&
             parse_whole(option.substr(kProbability.size()), p_err) && p_err > 0.0 && p_err <= 1.0;
    }
    if (good && parse_whole(seed_text, seed)) return std::make_unique<RandomChip>(seed, p_err);
  }
  throw InputError(
      "chip \"{}\": expected random:SEED or random:SEED,p_err=P, SEED an integer in [0, {}], P a "
      "number above 0 and at most 1",
      text, UINT64_MAX);
}

}  // namespace brownout::memory
