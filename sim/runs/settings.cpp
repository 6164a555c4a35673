// SPDX-License-Identifier: Apache-2.0
// What settings say as a part of the setup.
#include "sim/runs/settings.hpp"

#include <algorithm>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/text.hpp"
#include "sim/data/data_file.hpp"
#include "sim/mitigation/mitigations.hpp"
#include "sim/results/places.hpp"

namespace brownout::runs {

namespace {

constexpr char kDefaultTechnology[] = "14nm-finfet";

const std::vector<std::string>& memories() {
  static const std::vector<std::string> names{"input", "activations", "accumulators"};
  return names;
}

/// Calls set(number of the memory, value, "setting memory") for each MEMORY=VALUE.
template <typename Set>
void each_memory(const std::string& setting, const std::vector<std::string>& texts, Set set) {
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      throw InputError("{}: expected MEMORY=VALUE, got {}", setting, in_quotes(text));
    }
    const std::string memory = parse_choice(setting, text.substr(0, equals), memories());
    if (!seen.insert(memory).second) throw InputError("{}: {} is named twice", setting, memory);
    const auto at = std::find(memories().begin(), memories().end(), memory);
    set(at - memories().begin(), text.substr(equals + 1), fmt::format("{} {}", setting, memory));
  }
}

}  // namespace

std::filesystem::path default_technology() {
  for (const std::filesystem::path& file : shipped_files(kShippedTechnologies)) {
    if (file.stem() == kDefaultTechnology) return file;
  }
  return {};
}

mapping::AcceleratorConfig load_named_accelerator(const std::string& text) {
  return mapping::load_accelerator(
      find_shipped(kShippedAccelerators, text, field_text("accelerator")));
}

std::filesystem::path named_technology(const std::string& text) {
  return text.empty() ? std::filesystem::path()
                      : find_shipped(kShippedTechnologies, text, field_text("technology"));
}

void set_data(const SetupSettings& settings, experiment::Setup& setup) {
  experiment::Images& images = setup.images;
  images.dataset = settings.dataset;
  if (data::names_data_file(settings.dataset)) {
    images.data_file = settings.dataset;
    data::note_data_inputs(images.data_file);
  }
  images.split = settings.split == "train" ? data::Split::kTrain : data::Split::kTest;
  images.folder = settings.data;
  images.count = settings.images.value_or(0);
  setup.target.bit_offset = static_cast<std::uint64_t>(settings.bit_offset);
  setup.reads.evaluation_seed = static_cast<std::uint64_t>(settings.evaluation_seed);
  setup.reads.fresh = settings.reads == "fresh";
}

void set_mitigations(const SetupSettings& settings, experiment::TargetConfig& target) {
  if (settings.mitigation.empty()) return;
  target.set_mitigations(
      mitigation::parse_mitigations(settings.mitigation, field_text("mitigation")));
}

void set_supplies(const SetupSettings& settings, experiment::Setup& setup) {
  const auto need_accelerator = [&](const char* field, const std::vector<std::string>& texts) {
    if (texts.empty() || setup.target.accelerator) return;
    throw InputError("{}: needs an accelerator; expected {} FILE", Field{field},
                     Field{"accelerator"});
  };
  need_accelerator("memory_rate", settings.memory_rates);
  need_accelerator("supply", settings.supplies);
  each_memory(field_text("supply"), settings.supplies,
              [&](auto memory, const auto& value, const auto& where) {
                mapping::AcceleratorConfig& accelerator = *setup.target.accelerator;
                mapping::MemorySupply* const supplies[] = {&accelerator.input.supply,
                                                           &accelerator.activations.supply,
                                                           &accelerator.accumulators.supply};
                *supplies[memory] = mapping::parse_supply(value, where);
              });
  each_memory(field_text("memory_rate"), settings.memory_rates,
              [&](auto memory, const auto& value, const auto& where) {
                experiment::MemoryRates& rates = setup.rates;
                std::optional<double>* const places[] = {&rates.input, &rates.activations,
                                                         &rates.accumulators};
                *places[memory] = parse_number(where, value, 0.0, 1.0);
              });
}

std::shared_ptr<const technology::Technology> technology_of(const SetupSettings& settings,
                                                            const experiment::Setup& setup) {
  const std::filesystem::path usual =
      setup.target.accelerator ? setup.target.accelerator->technology : default_technology();
  const std::filesystem::path file =
      settings.technology.empty() ? usual : named_technology(settings.technology);
  if (file.empty()) return nullptr;
  return std::make_shared<const technology::Technology>(technology::Technology::load(file));
}

std::filesystem::path file_of(const std::shared_ptr<const technology::Technology>& technology) {
  return technology ? technology->file() : std::filesystem::path();
}

std::optional<double> voltage_of(const SetupSettings& settings,
                                 const technology::Technology* technology) {
  if (settings.voltage.empty()) return std::nullopt;
  if (technology == nullptr) {
    throw InputError("{}: needs a technology; expected {} FILE", Field{"voltage"},
                     Field{"technology"});
  }
  try {
    return parse_number(field_text("voltage"), settings.voltage, technology->lowest_voltage(),
                        technology->highest_voltage());
  } catch (const InputError& error) {
    throw InputError("{} (the range of {}, in Vmin)", error.text(), technology->file().string());
  }
}

std::string one_chip(const std::string& chip, std::optional<std::int64_t> seed, bool fails) {
  if (fails) {
    if (!chip.empty()) return chip;
    return results::chip_name(static_cast<std::uint64_t>(seed.value_or(0)), 0, 1.0);
  }
  if (!chip.empty())
    throw InputError("{}: needs an operating point; expected {} V", Field{"chip"},
                     Field{"voltage"});
  if (seed)
    throw InputError("{}: nothing fails without an operating point; expected {} V", Field{"seed"},
                     Field{"voltage"});
  return "";
}

}  // namespace brownout::runs
