// SPDX-License-Identifier: Apache-2.0
// Makes chips from their names on the command line.
#include "sim/chips/chip.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/chips/chip_files.hpp"
#include "sim/chips/measured_chip.hpp"
#include "sim/chips/physical_chip.hpp"
#include "sim/chips/random_chip.hpp"

namespace brownout::chips {
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

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

/// The part of `text` after `prefix`.
std::string_view behind(std::string_view text, std::string_view prefix) {
  return text.substr(prefix.size());
}

/// "p_err=P", or "p01=P", "p10=P" or both; none for other texts.
std::optional<ReadErrors> read_errors(std::string_view text) {
  std::optional<double> p_err, p01, p10;
  const std::pair<std::string_view, std::optional<double>*> known[] = {
      {"p_err=", &p_err}, {"p01=", &p01}, {"p10=", &p10}};
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view option = text.substr(0, comma);
    if (more) text = text.substr(comma + 1);
    const auto* const entry = std::find_if(
        std::begin(known), std::end(known),
        [&](const auto& one) { return starts_with(option, one.first) && !*one.second; });
    double value = 0.0;
    if (entry == std::end(known) || !parse_whole(behind(option, entry->first), value) ||
        !(value >= 0.0 && value <= 1.0)) {
      return std::nullopt;
    }
    *entry->second = value + 0.0;  // "-0" is 0
  }
  if (p_err && (p01 || p10)) return std::nullopt;
  const ReadErrors errors =
      p_err ? ReadErrors::both(*p_err) : ReadErrors{p01.value_or(1.0), p10.value_or(1.0)};
  return errors.highest_rate() > 0.0 ? std::optional(errors) : std::nullopt;
}

/// "SEED", or that and what read_errors takes; null for other texts.
std::unique_ptr<Chip> random_chip(std::string_view text) {
  std::uint64_t seed = 0;
  std::optional<ReadErrors> errors = ReadErrors{};
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) {
    errors = read_errors(text.substr(comma + 1));
    text = text.substr(0, comma);
  }
  if (!errors || !parse_whole(text, seed)) return nullptr;
  return std::make_unique<RandomChip>(seed, *errors);
}

/// "SEED", "SEED,FILE" or "FILE,seed=SEED"; null for other texts.
std::unique_ptr<Chip> physical_chip(std::string_view text) {
  constexpr std::string_view kSeed = ",seed=";
  std::uint64_t seed = 0;
  if (parse_whole(text, seed)) return std::make_unique<PhysicalChip>(seed, PhysicalModel{});
  // A file name may contain commas: the option is the last part, a leading seed the first.
  if (const std::size_t at = text.rfind(kSeed); at != std::string_view::npos && at > 0) {
    if (!parse_whole(behind(text.substr(at), kSeed), seed)) return nullptr;
    return std::make_unique<PhysicalChip>(seed, documented_file(text.substr(0, at)));
  }
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos || comma + 1 == text.size() ||
      !parse_whole(text.substr(0, comma), seed))
    return nullptr;
  return std::make_unique<PhysicalChip>(seed, documented_file(text.substr(comma + 1)));
}

/// The shipped profile of that name; "" when there is none.
std::filesystem::path shipped_profile(std::string_view name) {
  for (const std::filesystem::path& file : shipped_files(kShippedProfiles)) {
    if (file.stem() == name) return file;
  }
  return {};
}

/// "FILE.h5", or the name of a shipped one, and options, each at most once; null for other texts.
/// `maps`: files read before.
std::unique_ptr<Chip> measured_chip(
    std::string_view text, std::map<std::string, std::shared_ptr<const MeasuredChip>>& maps) {
  constexpr std::string_view kNoWrap = ",no-wrap";
  constexpr std::string_view kOffset = ",offset=";
  MeasuredChip::Options options;
  bool offset_seen = false;
  const auto is_file = [](std::string_view name) {
    return ends_with(name, ".h5") || ends_with(name, ".hdf5");
  };
  std::filesystem::path file;
  while (file.empty()) {
    if (is_file(text)) {
      file = documented_file(text);
      break;
    }
    file = shipped_profile(text);
    if (!file.empty()) break;
    if (options.may_wrap && ends_with(text, kNoWrap)) {
      options.may_wrap = false;
      text.remove_suffix(kNoWrap.size());
      continue;
    }
    const std::size_t at = text.rfind(kOffset);
    if (offset_seen || at == std::string_view::npos ||
        !parse_whole(behind(text.substr(at), kOffset), options.offset))
      return nullptr;
    offset_seen = true;
    text = text.substr(0, at);
  }
  std::shared_ptr<const MeasuredChip>& map = maps[file.string()];
  if (map == nullptr) map = std::make_shared<const MeasuredChip>(file);
  return std::make_unique<MeasuredChip>(*map, options);
}

}  // namespace

memory::FaultList Chip::check_faults(memory::MemoryId, std::uint32_t, const OperatingPoint&) const {
  throw InputError("chip {}: has no cells for check bits; expected one without mitigation", name());
}

std::unique_ptr<Chip> make_chip(const std::string& text) { return ChipFiles().make(text); }

std::unique_ptr<Chip> ChipFiles::make(const std::string& text) {
  constexpr std::string_view kRandom = "random:";
  constexpr std::string_view kPhysical = "physical:";
  std::unique_ptr<Chip> chip;
  if (starts_with(text, kRandom)) {
    chip = random_chip(behind(text, kRandom));
  } else if (starts_with(text, kPhysical)) {
    chip = physical_chip(behind(text, kPhysical));
  } else {
    chip = measured_chip(text, maps_);
  }
  if (chip == nullptr)
    throw InputError(
        "chip \"{}\": expected random:SEED, random:SEED,p_err=P or random:SEED,p01=P,p10=P, SEED "
        "an "
        "integer in [0, {}], P a number above 0 and at most 1 (p01 or p10 may be 0); "
        "physical:SEED, physical:SEED,FILE.yaml or "
        "physical:FILE.yaml,seed=SEED; or a profile FILE.h5 or the name of a shipped one ({}), "
        "with "
        ",offset=CELLS and ,no-wrap at will",
        text, UINT64_MAX, fmt::join(shipped_names(kShippedProfiles), ", "));
  return chip;
}

}  // namespace brownout::chips
