// SPDX-License-Identifier: Apache-2.0
// `brownout profile export --format masks`: a chip's faulty cells as masks of somebody's memory.
#include <memory>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/chips/chip.hpp"
#include "sim/chips/word_masks.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/profile_options.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/report/profile_export.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::cli {

namespace {

std::string chip_of(const ProfileOptions& options) {
  if (options.file.empty() == options.chip.empty()) {
    throw InputError("--chip: expected a chip, as FILE.h5 or with --chip, got {}",
                     options.file.empty() ? "none" : "both");
  }
  return options.file.empty() ? options.chip : options.file;
}

/// --words or --bits.
std::int64_t parse_extent(const char* option, const std::string& text, std::int64_t most) {
  if (text.empty()) throw InputError("{}: masks need it; expected {} N", option, option);
  return parse_integer(option, text, 1, most);
}

/// Fills voltage and rate. Chips that fail by a voltage need no technology.
chips::OperatingPoint point_of(const ProfileOptions& options, const chips::Chip& chip,
                               report::MasksExport& made) {
  chips::OperatingPoint at;
  if (options.voltage.empty() && options.rate.empty()) {
    throw InputError("--voltage: masks need an operating point; expected --voltage V{}",
                     chip.by_voltage() ? "" : " or --rate P");
  }
  if (chip.by_voltage()) {
    constexpr double kHighest = 10.0;
    for (const auto& [option, text] :
         {std::pair{"--rate", &options.rate}, std::pair{"--technology", &options.technology}}) {
      if (text->empty()) continue;
      throw InputError("{}: chip {} fails by its voltage; expected --voltage V alone", option,
                       chip.name());
    }
    at.voltage = parse_number("--voltage", options.voltage, 0.0, kHighest);
    made.voltage = at.voltage;
    return at;
  }
  if (!options.rate.empty()) {
    at.rate = parse_number("--rate", options.rate, 0.0, 1.0);
  } else {
    SetupOptions setup;
    setup.voltage = options.voltage;
    setup.technology = options.technology;
    const auto technology = technology_of(setup, {});
    made.voltage = voltage_of(setup, technology.get());
    at.voltage = *made.voltage;
    at.rate = technology->bit_error_rate(at.voltage);
  }
  made.rate = at.rate;
  return at;
}

}  // namespace

int profile_export_masks(const ProfileOptions& options) {
  report::MasksExport made;
  const std::string name = chip_of(options);
  const std::int64_t words = parse_extent("--words", options.words, chips::kMostMaskCells);
  const std::int64_t bits = parse_extent("--bits", options.bits, chips::kMostMaskBits);
  const Output output(options.common, {options.file, options.technology}, {{"--out", options.out}});
  const std::unique_ptr<chips::Chip> chip = chips::make_chip(name);
  const chips::OperatingPoint at = point_of(options, *chip, made);
  made.evaluation_seed = static_cast<std::uint64_t>(options.evaluation_seed);
  made.masks = chips::word_masks(*chip, words, bits, at, made.evaluation_seed);
  made.chip = chip->name();
  made.chip_note = chip->note();
  made.file = options.out;
  write_output("--out", options.out, report::masks_mem(made));
  output.json(report::masks_json(made));
  output.text(report::masks_text(made));
  return 0;
}

}  // namespace brownout::cli
