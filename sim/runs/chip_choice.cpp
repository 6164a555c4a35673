// SPDX-License-Identifier: Apache-2.0
// First what the engine can do, then the chips.
#include "sim/runs/chip_choice.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/chips/chip.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/results/places.hpp"
#include "sim/runs/evaluator.hpp"

namespace brownout::runs {

namespace {

/// Without an operating point nothing fails, so that nothing says which chips or cells do.
void refuse_chips(const ChipChoice& choice, const weights::Selection& selection) {
  const std::pair<Field, bool> given[] = {
      {{"chip"}, !choice.named.empty()},
      {{"chips"}, choice.count.has_value()},
      {{"p_err"}, choice.p_err.has_value()},
      {{"offsets"}, choice.offsets.has_value()},
      {{"seed"}, choice.seed.has_value()},
      {{"only_tensors"}, !selection.tensors.empty()},
      {{"only_layers"}, !selection.layers.empty()},
      {{"only_bits"}, !selection.all()},
  };
  for (const auto& [field, is_given] : given) {
    if (!is_given) continue;
    throw InputError("{}: needs an operating point; expected {} or {}", field, Field{"rate"},
                     Field{"voltage"});
  }
}

/// The chip by its canonical name ("random:7", not "random:07"), or at places of its map.
std::vector<std::string> names_of(const chips::Chip& chip, const std::string& text,
                                  const ChipChoice& choice, chips::ChipFiles& files) {
  if (!choice.offsets) return {chip.name()};
  if (chip.period() == 0 || text.find(',') != std::string::npos) {
    throw InputError("{}: places a profile FILE.h5 several times; got chip {}", Field{"offsets"},
                     text);
  }
  try {
    return results::place_names(files, text, *choice.offsets,
                                static_cast<std::uint64_t>(choice.seed.value_or(0)));
  } catch (const InputError& error) {
    throw InputError("{}: {}", Field{"offsets"}, error.text());
  }
}

/// Chips that fail by voltage have no rate, neither of the rail nor of a memory.
void expect_no_rates(const chips::Chip& chip, const EvalConfig& config) {
  if (!chip.by_voltage()) return;
  if (config.rate) {
    throw InputError("{}: chip {} fails by voltage; expected {}", Field{"rate"}, chip.name(),
                     Field{"voltage"});
  }
  if (config.setup.rates.any()) {
    throw InputError("{}: chip {} fails by voltage; expected {}", Field{"memory_rate"}, chip.name(),
                     Field{"supply"});
  }
}

void choose_named(const ChipChoice& choice, EvalConfig& config) {
  if (!choice.offsets && choice.seed) {
    throw InputError(
        "{}: draws random chips and places of a profile; expected none beside {} without {}",
        Field{"seed"}, Field{"chip"}, Field{"offsets"});
  }
  if (choice.offsets && choice.named.size() > 1) {
    throw InputError(
        "{}: places one profile several times; expected one {}, got {}. Places of several dies "
        "are not chips of one kind",
        Field{"offsets"}, Field{"chip"}, choice.named.size());
  }
  if (choice.offsets) config.seed = static_cast<std::uint64_t>(choice.seed.value_or(0));
  std::vector<std::string> names;
  std::vector<std::pair<memory::Die, std::string>> dies;  // one die is one chip, however spelled
  for (const std::string& text : choice.named) {
    const std::unique_ptr<chips::Chip> chip = config.files.make(text);
    expect_no_rates(*chip, config);
    for (const auto& [die, name] : dies) {
      if (!(die == chip->die()) || name == chip->name()) continue;
      throw InputError("{}: {} is the die of {}; expected each die once", Field{"chip"},
                       chip->name(), name);
    }
    dies.emplace_back(chip->die(), chip->name());
    const std::vector<std::string> of_chip = names_of(*chip, text, choice, config.files);
    names.insert(names.end(), of_chip.begin(), of_chip.end());
  }
  for (const std::string& name : names) {
    if (std::find(config.chips.begin(), config.chips.end(), name) != config.chips.end()) {
      throw InputError("{}: {} is named twice", Field{"chip"}, name);
    }
    config.chips.push_back(name);
  }
}

void draw_chips(const ChipChoice& choice, const experiment::Conditions& at, EvalConfig& config) {
  const double p_err = choice.p_err.value_or(1.0);
  for (const double rate : {at.supply.rate, at.others.input.rate, at.others.activations.rate,
                            at.others.accumulators.rate}) {
    if (rate <= p_err) continue;
    throw InputError("{}: expected at least the bit error rate {}, got {}", Field{"p_err"}, rate,
                     p_err);
  }
  config.seed = static_cast<std::uint64_t>(choice.seed.value_or(0));
  config.p_err = p_err;
  for (std::int64_t i = 0; i < choice.count.value_or(kDefaultChips); ++i) {
    config.chips.push_back(results::chip_name(*config.seed, i, p_err));
  }
}

void draw_noise(const ChipChoice& choice, EvalConfig& config) {
  config.seed = static_cast<std::uint64_t>(choice.seed.value_or(0));
  for (std::int64_t i = 0; i < choice.count.value_or(kDefaultChips); ++i) {
    config.chips.push_back(fmt::format("noise:{}", *config.seed + static_cast<std::uint64_t>(i)));
  }
}

}  // namespace

void expect_able_engine(const EvalConfig& config) {
  const experiment::Setup& setup = config.setup;
  const engines::EngineTraits& engine = engines::traits_of(setup.engine);
  if (setup.batch_statistics && engine.on_codes) {
    throw InputError(
        "{}: batch norms compute with running statistics in engine {}; expected {} float",
        Field{"batch_statistics"}, setup.engine, Field{"engine"});
  }
  if (engine.on_accelerator && !setup.target.accelerator) {
    throw InputError("{} systemc: needs an accelerator; expected {} FILE", Field{"engine"},
                     Field{"accelerator"});
  }
  if (config.weight_noise && engine.on_codes) {
    throw InputError(
        "{}: moves weights off their codes, which engine {} computes on; expected {} float",
        Field{"weight_noise"}, setup.engine, Field{"engine"});
  }
}

void choose_chips(const ChipChoice& choice, EvalConfig& config) {
  expect_able_engine(config);
  if (config.setup.target.mitigations().boost_vmin > 0.0 && config.rate) {
    throw InputError("mitigation boost: needs a supply to add to; expected {}, not {}",
                     Field{"voltage"}, Field{"rate"});
  }
  if (config.weight_noise) {
    draw_noise(choice, config);
    return;
  }
  const std::optional<experiment::Conditions> at =
      config.setup.supplies().resolve(config.voltage, config.rate);
  if (!at) {
    refuse_chips(choice, config.setup.reads.selection);
  } else if (!choice.named.empty()) {
    choose_named(choice, config);
  } else {
    draw_chips(choice, *at, config);
  }
}

}  // namespace brownout::runs
