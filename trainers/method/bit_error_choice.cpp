// SPDX-License-Identifier: Apache-2.0
// Reads `bit_errors` of configs/trainings/*.yaml.
#include "trainers/method/bit_error_choice.hpp"

#include <algorithm>
#include <filesystem>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kGates = {"published-code", "paper"};
const std::vector<std::string> kVariants = {"standard", "curricular", "alternating"};
const std::vector<std::string> kSums = {"average", "sum"};
const std::vector<std::string> kCells = {"all", "persistent"};
const std::vector<std::string> kReads = {"frozen", "fresh"};

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

/// The name of a chip in which its file, if it has one, is replaced by what `change` makes of it.
/// For names that make_chip refuses the result may be anything.
template <typename Change>
std::string change_file(const std::string& chip, const Change& change) {
  const std::string physical = "physical:";
  if (starts_with(chip, "random:")) return chip;
  if (!starts_with(chip, physical)) return change(chip);  // options hold no slash
  const std::string rest = chip.substr(physical.size());
  const std::size_t digits = rest.find_first_not_of("0123456789");
  if (digits == std::string::npos) return chip;
  if (digits > 0 && rest[digits] == ',')
    return physical + rest.substr(0, digits + 1) + change(rest.substr(digits + 1));
  const std::size_t seed = rest.rfind(",seed=");
  if (seed == std::string::npos || seed == 0) return chip;
  return physical + change(rest.substr(0, seed)) + rest.substr(seed);
}

void read_pattern(YamlMap& map, BitErrorChoice& e) {
  const fs::path folder = fs::absolute(map.file()).parent_path();
  e.pattern = change_file(map.text("pattern"), [&](const std::string& file) {
    return (folder / file).lexically_normal().string();
  });
  e.pattern_origin = map.where("pattern");
  std::unique_ptr<chips::Chip> chip;
  try {
    chip = chips::make_chip(e.pattern);
  } catch (const InputError& error) {
    map.fail("pattern", error.what());
  }
  const bool has_voltage = map.has("voltage");
  if (has_voltage == map.has("rate")) {
    map.fail(has_voltage ? "voltage" : "pattern",
             fmt::format("expected either rate or voltage beside it, found {}",
                         has_voltage ? "both" : "neither"));
  }
  if (!has_voltage && chip->by_voltage()) {
    map.fail("rate", fmt::format("chip {} fails by its voltage; expected voltage instead",
                                 without_folder(e.pattern)));
  }
  if (chip->by_voltage() && map.has("technology")) {
    map.fail("technology",
             fmt::format("chip {} knows its own rates; expected none", without_folder(e.pattern)));
  }
  if (has_voltage) e.voltage = map.number("voltage", 0.01, 1.0);  // nothing fails above Vmin
  if (has_voltage && !chip->by_voltage()) {
    if (!map.has("technology")) {
      map.fail("voltage",
               "the rate of a random chip at a voltage is that of a technology; "
               "expected technology: FILE beside it, or rate");
    }
    const auto technology =
        technology::Technology::load(shipped_input_file(map, "technology", kShippedTechnologies));
    try {
      e.rate = technology.bit_error_rate(*e.voltage);
    } catch (const InputError& error) {
      map.fail("voltage", error.what());
    }
  } else if (!has_voltage) {
    if (map.has("technology")) map.fail("technology", "goes with voltage; expected none");
    e.rate = map.number("rate", 0.0, 1.0);
  }
  try {
    chip->faults(memory::MemoryId::kWeights, 0, e.point());
  } catch (const InputError& error) {
    map.fail(has_voltage ? "voltage" : "rate", error.what());
  }
  e.persistent_only = map.choice("cells", kCells, 0) == 1;
  e.fresh_reads = map.choice("reads", kReads, 0) == 1;
  e.evaluation_seed = static_cast<std::uint64_t>(map.integer("evaluation_seed", 0, 1ll << 62, 0));
}

}  // namespace

std::string without_folder(const std::string& chip) {
  return change_file(chip,
                     [](const std::string& file) { return fs::path(file).filename().string(); });
}

BitErrorChoice read_bit_errors(YamlMap map) {
  map.expect({"pattern", "rate", "voltage", "technology", "cells", "reads", "evaluation_seed",
              "start_loss", "gate", "gradient_clamp", "variant", "combine"});
  BitErrorChoice e;
  if (map.has("pattern")) {
    read_pattern(map, e);
  } else {
    for (const char* key : {"voltage", "technology", "cells", "reads", "evaluation_seed"}) {
      if (map.has(key))
        map.fail(key, "goes with a pattern; expected none, or pattern: CHIP as well");
    }
    e.rate = map.number("rate", 0.0, 0.5);
  }
  e.start_loss = map.number("start_loss", 0.0, 1e3, e.start_loss);
  e.published_gate = map.choice("gate", kGates, 0) == 0;
  e.gradient_clamp = map.number("gradient_clamp", 0.0, 1e6, e.gradient_clamp);
  e.variant = static_cast<BitErrorChoice::Variant>(map.choice("variant", kVariants, 0));
  if (e.variant == BitErrorChoice::Variant::kCurricular && !e.pattern.empty()) {
    map.fail(
        "variant",
        "the rate of a pattern is its chip's and cannot grow; expected standard or alternating");
  }
  if (e.variant == BitErrorChoice::Variant::kAlternating && map.has("combine")) {
    map.fail("combine", "alternating updates are not combined; expected none");
  }
  e.average = map.choice("combine", kSums, 0) == 0;
  map.finish();
  return e;
}

std::string describe(const BitErrorChoice& e) {
  if (!e.active()) return "";
  std::string errors = fmt::format("rate: {}", e.rate);
  if (!e.pattern.empty()) {
    errors = fmt::format(
        "pattern: \"{}\", {}, cells: {}, reads: {}, evaluation_seed: {}", without_folder(e.pattern),
        e.rate > 0.0 ? errors : fmt::format("voltage: {}", e.voltage.value_or(1.0)),
        kCells[e.persistent_only ? 1 : 0], kReads[e.fresh_reads ? 1 : 0], e.evaluation_seed);
  }
  const bool alternating = e.variant == BitErrorChoice::Variant::kAlternating;
  std::string how = alternating ? "" : fmt::format(", combine: {}", kSums[e.average ? 0 : 1]);
  if (e.variant != BitErrorChoice::Variant::kStandard) {
    how += ", variant: " + kVariants[static_cast<std::size_t>(e.variant)];
  }
  return fmt::format("bit_errors: {{{}, start_loss: {}, gate: {}, gradient_clamp: {}{}}}\n", errors,
                     e.start_loss, kGates[e.published_gate ? 0 : 1], e.gradient_clamp, how);
}

}  // namespace brownout::trainers
