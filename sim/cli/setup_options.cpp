// SPDX-License-Identifier: Apache-2.0
// Declarations, and what they say as a part of the setup.
#include "sim/cli/setup_options.hpp"

#include <algorithm>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/verb.hpp"
#include "sim/data/data_file.hpp"
#include "sim/mitigation/mitigations.hpp"
#include "sim/results/places.hpp"
#include "sim/runs/evaluator.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::cli {

namespace {

const std::vector<std::string>& memories() {
  static const std::vector<std::string> names{"input", "activations", "accumulators"};
  return names;
}

/// Calls set(number of the memory, value, "--option memory") for each MEMORY=VALUE.
template <typename Set>
void each_memory(const std::string& option, const std::vector<std::string>& texts, Set set) {
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      throw InputError("{}: expected MEMORY=VALUE, got {}", option, in_quotes(text));
    }
    const std::string memory = parse_choice(option, text.substr(0, equals), memories());
    if (!seen.insert(memory).second) throw InputError("{}: {} is named twice", option, memory);
    const auto at = std::find(memories().begin(), memories().end(), memory);
    set(at - memories().begin(), text.substr(equals + 1), fmt::format("{} {}", option, memory));
  }
}

}  // namespace

mapping::AcceleratorConfig load_named_accelerator(const std::string& text) {
  return mapping::load_accelerator(find_shipped(kShippedAccelerators, text, "--accelerator"));
}

std::filesystem::path named_technology(const std::string& text) {
  return text.empty() ? std::filesystem::path()
                      : find_shipped(kShippedTechnologies, text, "--technology");
}

void add_data_options(Verb& verb, SetupOptions& options, const std::string& all_images) {
  verb.add_option("--images", options.images, "First N images")
      ->type_name("N")
      ->transform(integer_in(1, runs::kMaxImages))
      ->default_str(all_images);
  verb.add_option("--dataset", options.dataset, "Data set")
      ->type_name("NAME")
      ->transform(data_name())
      ->capture_default_str();
  verb.add_option("--split", options.split, "Part of the data set")
      ->type_name("NAME")
      ->transform(one_of({"train", "test"}))
      ->capture_default_str();
  verb.add_option("--data", options.data, "Folder of the dataset (default: the usual place)")
      ->type_name("DIR");
  verb.add_option("--bit-offset", options.bit_offset, "First cell of the network")
      ->type_name("N")
      ->transform(integer_in(0, runs::kMaxBitOffset))
      ->capture_default_str();
  verb.add_option("--evaluation-seed", options.evaluation_seed,
                  "Draws of cells that err with a probability")
      ->type_name("N")
      ->transform(integer_in(0, runs::kMaxSeed))
      ->capture_default_str();
  verb.add_option("--reads", options.reads,
                  "When they draw: once per evaluation, or once per batch of the inference and "
                  "load of their words")
      ->type_name("NAME")
      ->transform(one_of({"frozen", "fresh"}))
      ->capture_default_str();
}

void set_data(const SetupOptions& options, experiment::Setup& setup) {
  experiment::Images& images = setup.images;
  images.dataset = options.dataset;
  if (data::names_data_file(options.dataset)) {
    images.data_file = options.dataset;
    data::note_data_inputs(images.data_file);
  }
  images.split = options.split == "train" ? data::Split::kTrain : data::Split::kTest;
  images.folder = options.data;
  images.count = options.images.value_or(0);
  setup.target.bit_offset = static_cast<std::uint64_t>(options.bit_offset);
  setup.reads.evaluation_seed = static_cast<std::uint64_t>(options.evaluation_seed);
  setup.reads.fresh = options.reads == "fresh";
}

void add_engine(Verb& verb, SetupOptions& options, const std::string& help,
                const std::vector<std::string>& names, const std::string& usual) {
  options.engine = usual;
  verb.add_option("--engine", options.engine, help)
      ->type_name("NAME")
      ->transform(one_of(names))
      ->capture_default_str();
}

void add_target_options(Verb& verb, SetupOptions& options, const TargetHelp& help) {
  options.simulator = verb.simulator();
  verb.add_option("--accelerator", options.accelerator, help.accelerator)->type_name("FILE");
  verb.add_option("--batch", options.batch, help.batch)
      ->type_name("B")
      ->transform(integer_in(1, runs::kMaxBatch))
      ->default_str(help.usual_batch);
  verb.add_option("--mitigation", options.mitigation,
                  "What is done against failing cells of the weight memory: none, or of secded, "
                  "parity, interleaved-parity, msb=K, boost=DV, spares=RxS, placement=FILE, joined "
                  "by + (default: what the accelerator file says, else none)")
      ->type_name("TEXT");
  verb.add_option("--supply", options.supplies,
                  "Supply of a memory, input, activations or accumulators: a voltage in units of "
                  "Vmin, vmin, or scaled (as --voltage); may be repeated (default: what the "
                  "accelerator file says, else vmin)")
      ->type_name("MEMORY=V")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--memory-rate", options.memory_rates,
                  "Bit error rate of a memory of those, whatever its supply; may be repeated")
      ->type_name("MEMORY=P")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void set_mitigations(const SetupOptions& options, experiment::TargetConfig& target) {
  if (options.mitigation.empty()) return;
  target.set_mitigations(mitigation::parse_mitigations(options.mitigation, "--mitigation"));
}

void set_supplies(const SetupOptions& options, experiment::Setup& setup) {
  each_memory("--supply", options.supplies, [&](auto memory, const auto& value, const auto& where) {
    mapping::AcceleratorConfig& accelerator = *setup.target.accelerator;
    mapping::MemorySupply* const supplies[] = {&accelerator.input.supply,
                                               &accelerator.activations.supply,
                                               &accelerator.accumulators.supply};
    *supplies[memory] = mapping::parse_supply(value, where);
  });
  each_memory("--memory-rate", options.memory_rates,
              [&](auto memory, const auto& value, const auto& where) {
                experiment::MemoryRates& rates = setup.rates;
                std::optional<double>* const places[] = {&rates.input, &rates.activations,
                                                         &rates.accumulators};
                *places[memory] = parse_number(where, value, 0.0, 1.0);
              });
}

void add_operating_point(Verb& verb, SetupOptions& options, const std::string& voltage_help) {
  verb.add_option("--voltage", options.voltage, voltage_help)->type_name("V");
  verb.add_option("--technology", options.technology,
                  "Technology: its name or file (default: the accelerator's, else 14nm-finfet)")
      ->type_name("FILE");
}

std::shared_ptr<const technology::Technology> technology_of(const SetupOptions& options,
                                                            const experiment::Setup& setup) {
  const std::filesystem::path usual =
      setup.target.accelerator ? setup.target.accelerator->technology : default_technology();
  const std::filesystem::path file =
      options.technology.empty() ? usual : named_technology(options.technology);
  if (file.empty()) return nullptr;
  return std::make_shared<const technology::Technology>(technology::Technology::load(file));
}

std::filesystem::path file_of(const std::shared_ptr<const technology::Technology>& technology) {
  return technology ? technology->file() : std::filesystem::path();
}

std::optional<double> voltage_of(const SetupOptions& options,
                                 const technology::Technology* technology) {
  if (options.voltage.empty()) return std::nullopt;
  if (technology == nullptr) {
    throw InputError("--voltage: needs a technology; expected --technology FILE");
  }
  try {
    return parse_number("--voltage", options.voltage, technology->lowest_voltage(),
                        technology->highest_voltage());
  } catch (const InputError& error) {
    throw InputError("{} (the range of {}, in Vmin)", error.what(), technology->file().string());
  }
}

void add_one_chip(Verb& verb, std::string& chip, CommonOptions& common) {
  verb.add_option("--chip", chip,
                  "The chip: random:SEED, physical:SEED or a profile FILE.h5 (default: random:SEED "
                  "of --seed)")
      ->type_name("TEXT");
  add_seed(verb, common);
  verb.excludes("--chip", {"--seed"}, "--seed: --chip names the chip itself");
}

std::string one_chip(const CommonOptions& common, const std::string& chip, bool fails) {
  if (fails) {
    if (!chip.empty()) return chip;
    return results::chip_name(static_cast<std::uint64_t>(common.seed.value_or(0)), 0, 1.0);
  }
  if (!chip.empty()) throw InputError("--chip: needs an operating point; expected --voltage V");
  if (common.seed) {
    throw InputError("--seed: nothing fails without an operating point; expected --voltage V");
  }
  return "";
}

}  // namespace brownout::cli
