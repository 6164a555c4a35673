// SPDX-License-Identifier: Apache-2.0
// Reads a sweep file key by key; what it accepts is what docs/sweep-file.md lists.
#include "sim/runs/sweep_file.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/text.hpp"
#include "sim/base/yaml.hpp"
#include "sim/data/data_file.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/runs/accelerator_grid.hpp"
#include "sim/runs/point_comparisons.hpp"
#include "sim/runs/sweep_rates.hpp"
#include "sim/runs/sweep_targets.hpp"

namespace brownout::runs {

namespace {

namespace fs = std::filesystem;

constexpr char kOneOfLevels[] =
    "expected exactly one of voltages, voltage_grid and rates (lists that are not empty)";

/// A voltage out of range; the message says whose range it is.
template <typename Read>
auto within(const technology::Technology& technology, Read read) {
  try {
    return read();
  } catch (const InputError& error) {
    throw InputError("{} (voltages in [{}, {}] Vmin: {})", error.what(),
                     technology.lowest_voltage(), technology.highest_voltage(),
                     technology.file().string());
  }
}

std::vector<double> read_voltages(YamlMap& root, const technology::Technology& technology) {
  const double low = technology.lowest_voltage();
  const double high = technology.highest_voltage();
  std::vector<double> voltages =
      within(technology, [&] { return root.numbers("voltages", low, high, /*required=*/false); });
  std::optional<YamlMap> grid = root.optional_map("voltage_grid");
  if (voltages.empty() == !grid.has_value()) {
    root.fail(grid ? "voltage_grid" : "voltages", kOneOfLevels);
  }
  if (grid) {
    const double from = within(technology, [&] { return grid->number("from", low, high); });
    const double to = within(technology, [&] { return grid->number("to", low, high); });
    const std::int64_t points = grid->integer("points", 2, 1000);
    if (!(from < to)) grid->fail("to", fmt::format("expected a voltage above from = {}", from));
    grid->finish();
    for (std::int64_t i = 0; i < points; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(points - 1);
      voltages.push_back(i == points - 1 ? to : from + (to - from) * share);
    }
  }
  std::sort(voltages.begin(), voltages.end(), std::greater<double>());
  const auto twice = std::adjacent_find(voltages.begin(), voltages.end());
  if (twice != voltages.end()) root.fail("voltages", fmt::format("{} is listed twice", *twice));
  return voltages;
}

void read_models(YamlMap& root, SweepConfig& config) {
  config.models = shipped_input_files(root, "models", kShippedNetworks);
  std::map<std::string, fs::path> names;
  for (std::size_t i = 0; i < config.models.size(); ++i) {
    const fs::path& model = config.models[i];
    const auto [entry, is_new] = names.emplace(model.stem().string(), model);
    if (!is_new) {
      root.fail("models", fmt::format("entry {}: \"{}\" names {} already; expected file names that "
                                      "differ, they name the networks in the results",
                                      i, entry->first, entry->second.string()));
    }
  }
}

void read_images(YamlMap& root, experiment::Images& images) {
  const data::DataName name = data::read_data_name(root, "dataset");
  images.dataset = name.text;
  images.data_file = name.file;
  images.split =
      root.choice("split", {"train", "test"}, 1) == 0 ? data::Split::kTrain : data::Split::kTest;
  images.folder = root.path("data_folder", fs::path());
  images.count = root.integer("images", 1, kMaxImages, 0);
}

/// The accelerator, or each of the grid over its keys.
void read_accelerators(YamlMap& root, SweepConfig& config) {
  const char* const key = "accelerator_grid";
  if (!root.has("accelerator")) {
    if (root.has(key)) root.fail(key, "needs an accelerator; expected the key accelerator: NAME");
    return;
  }
  const fs::path file = shipped_input_file(root, "accelerator", kShippedAccelerators);
  if (std::optional<YamlMap> grid = root.optional_map(key)) {
    config.grid_of = mapping::load_accelerator(file).name;
    config.accelerators = read_accelerator_grid(*grid, root.where(key), file);
  } else {
    config.accelerators = {mapping::load_accelerator(file)};
  }
}

void read_supplies(YamlMap& root, mapping::AcceleratorConfig& accelerator) {
  YamlMap supplies = root.map("supplies");
  const auto read = [&](const char* key, mapping::MemorySupply& supply) {
    const bool given = supplies.has(key);
    const std::string text = supplies.text(key, "");
    if (given) supply = mapping::parse_supply(text, supplies.where(key));
  };
  read("input", accelerator.input.supply);
  read("activations", accelerator.activations.supply);
  read("accumulators", accelerator.accumulators.supply);
  supplies.finish();
}

/// Prices come from the sweep's technology, whatever the accelerator file names.
void read_accelerator(YamlMap& root, SweepConfig& config) {
  read_accelerators(root, config);
  if (!config.accelerators.empty()) {
    // Refuses a technology without energies.
    if (!root.has("rates")) config.setup.technology->energy();
  } else if (engines::traits_of(config.setup.engine).on_accelerator) {
    root.fail("engine", "systemc needs an accelerator; expected the key accelerator: FILE");
  }
  for (const char* key : {"batch", "supplies"}) {
    if (!root.has(key) || !config.accelerators.empty()) continue;
    root.fail(key, "needs an accelerator; expected the key accelerator: FILE");
  }
  if (root.has("supplies")) {
    for (mapping::AcceleratorConfig& accelerator : config.accelerators) {
      read_supplies(root, accelerator);
    }
  }
  if (!config.grid_of.empty()) {
    expect_different(config.accelerators, root.where("accelerator_grid"));
  }
  config.setup.target.batch = static_cast<int>(root.integer("batch", 1, kMaxBatch, 1));
}

/// Files of sensitivities are relative to the sweep file.
void read_mitigations(YamlMap& root, SweepConfig& config) {
  const char* const key = "mitigations";
  mitigation::Mitigations own;
  for (mapping::AcceleratorConfig& accelerator : config.accelerators) {
    own = std::exchange(accelerator.weights.mitigations, {});
  }
  if (!config.accelerators.empty()) config.setup.target.accelerator = config.accelerators.front();
  config.mitigations.clear();
  if (!root.has(key)) {
    config.mitigations.push_back({mitigation::to_string(own), mitigation::identity(own), own});
  } else {
    for (const std::string& text : root.texts(key)) {
      SweepMitigation entry;
      entry.name = mitigation::to_string(mitigation::parse_mitigations(text, root.where(key)));
      entry.what = mitigation::parse_mitigations(text, root.where(key), root.file().parent_path());
      entry.identity = mitigation::identity(entry.what);
      for (const SweepMitigation& other : config.mitigations) {
        if (other.identity == entry.identity)
          root.fail(key, fmt::format("\"{}\" is listed twice", entry.name));
      }
      config.mitigations.push_back(std::move(entry));
    }
  }
  for (const SweepMitigation& entry : config.mitigations) {
    if (entry.what.any() && config.setup.technology)
      config.setup.technology->mitigation();  // refuses one without their prices
  }
}

double read_yield(YamlMap& map, double fallback) {
  try {
    return map.number("yield", kLowestYield, kHighestYield, fallback);
  } catch (const InputError&) {
    map.fail("yield", fmt::format("expected mean or a number in [{}, {}], got {}", kLowestYield,
                                  kHighestYield, in_quotes(map.text("yield"))));
  }
}

/// Of what a confidence leaves, the part for wrong decisions about dies on some of their images.
/// So little of it leaves the number of dies that may fail as it is: none of 29, one of 46, two of
/// 61.
constexpr double kShareOfImages = 0.01;

void read_safe_voltage(YamlMap& root, SweepConfig& config) {
  const char* const key = "safe_voltage";
  std::optional<YamlMap> map = root.optional_map(key);
  if (!map) return;
  SafeVoltageConfig& safe = config.safe;
  safe.origin = root.where(key);
  safe.max_drop_points = map->number("max_drop_points", 0.0, 100.0, safe.max_drop_points);
  safe.tolerance = map->number("tolerance", 1e-6, 1.0, safe.tolerance);
  if (map->has("yield") && map->text("yield") == "mean") {
    if (config.precision) {
      map->fail("yield",
                "a mean is searched on all images; expected a share of dies with precision");
    }
    safe.yield.reset();
    for (const char* of_yield : {"confidence", "chosen_on"}) {
      if (map->has(of_yield)) {
        map->fail(of_yield, "is of a yield; expected none with the mean, which is over `chips`");
      }
    }
  } else {
    safe.yield->yield = read_yield(*map, safe.yield->yield);
    safe.yield->confidence =
        map->number("confidence", kLowestYield, kHighestYield, safe.yield->confidence);
  }
  safe.chosen_on = map->integer("chosen_on", 1, kMaxChips, 0);
  safe.stated_on = map->integer("stated_on", 1, kMaxChips, 0);
  if (map->has("stated_seed")) safe.stated_seed = map->integer("stated_seed", 0, kMaxSeed);
  map->finish();
  for (const std::string& name : map->keys()) safe.places[name] = map->where(name);
}

/// Rates need none.
void read_technology(YamlMap& root, SweepConfig& config) {
  if (root.has("rates") && !root.has("technology")) return;
  if (!root.has("technology") && !root.has("voltages") && !root.has("voltage_grid")) {
    root.fail("technology", "missing; expected a technology and voltages, or rates without one");
  }
  const fs::path technology = shipped_input_file(root, "technology", kShippedTechnologies);
  config.setup.technology =
      std::make_shared<const technology::Technology>(technology::Technology::load(technology));
  config.technology_sha256 = sha256_hex(read_file(technology));
}

/// Samples of images are of random chips whose weights alone fail, and read the same in all
/// batches.
void read_precision(YamlMap& root, SweepConfig& config) {
  const char* const key = "precision";
  std::optional<YamlMap> map = root.optional_map(key);
  if (!map) return;
  map->expect({"half_width_points", "confidence", "at_most_chips", "images_a_chip"});
  results::PrecisionTarget target;
  target.half_width_points = map->number("half_width_points", 1e-4, 50.0);
  target.confidence = map->number("confidence", 0.5, 0.999, target.confidence);
  target.at_most_chips = map->integer("at_most_chips", 2, kMaxChips, target.at_most_chips);
  if (map->has("images_a_chip"))
    target.images_a_chip = map->integer("images_a_chip", 1, kMaxImages);
  map->finish();
  config.precision = target;
  const auto refuse = [&](const char* other, const char* why) {
    if (root.has(other)) root.fail(other, why);
  };
  refuse("chips", "precision decides how many; expected at_most_chips in precision");
  refuse("profile", "precision is of random chips; expected none with precision");
  refuse("compare", "is of all images of fixed chips; expected a sweep without precision");
}

/// Random chips, or places of a profile.
void read_chips(YamlMap& root, SweepConfig& config) {
  read_precision(root, config);
  config.chips = config.precision ? 1 : root.integer("chips", 1, kMaxChips);
  if (root.has("profile")) {
    for (const char* key : {"p_err", "p01", "p10"}) {
      if (root.has(key)) root.fail(key, "is of random chips; expected none with a profile");
    }
    config.profile = shipped_input_file(root, "profile", kShippedProfiles);
  }
  config.seed = root.integer("seed", 0, kMaxSeed, 0);
  if (!root.has("p01") && !root.has("p10")) {
    config.errors = chips::ReadErrors::both(root.number("p_err", kMinPErr, 1.0, 1.0));
    return;
  }
  if (root.has("p_err")) root.fail("p_err", "sets p01 and p10; expected none beside them");
  config.errors = {root.number("p01", 0.0, 1.0, 1.0), root.number("p10", 0.0, 1.0, 1.0)};
  if (config.errors.highest_rate() < kMinPErr) {
    root.fail("p01", fmt::format("expected p01 or p10 to be at least {}", kMinPErr));
  }
}

/// The key that limits the rate of random chips.
const char* limiting_key(const YamlMap& root, const chips::ReadErrors& errors) {
  if (!root.has("p01") && !root.has("p10")) return "p_err";
  return errors.p01 > errors.p10 ? "p01" : "p10";
}

/// Where the network lies in the memory, and how its faulty cells are read.
void read_reads(YamlMap& root, experiment::Setup& setup) {
  setup.target.bit_offset =
      static_cast<std::uint64_t>(root.integer("bit_offset", 0, kMaxBitOffset, 0));
  setup.reads.evaluation_seed =
      static_cast<std::uint64_t>(root.integer("evaluation_seed", 0, kMaxSeed, 0));
  setup.reads.fresh = root.choice("reads", {"frozen", "fresh"}, 0) == 1;
}

/// Some images of a chip mean what they mean among all images only if nothing depends on the images
/// before.
void expect_images_alone(const YamlMap& root, const SweepConfig& config,
                         const experiment::Setup& setup) {
  if (!config.precision) return;
  if (engines::traits_of(setup.engine).on_accelerator) {
    root.fail("engine",
              "runs all images through the accelerator; expected another one with "
              "precision");
  }
  if (setup.reads.fresh) {
    root.fail("reads", "fresh reads differ from batch to batch; expected frozen with precision");
  }
  if (setup.supplies().others_may_fail()) {
    root.fail("precision",
              "expected an accelerator on which only the weight memory fails; what "
              "other memories do depends on the images before");
  }
}

/// Random chips have cells that fail up to a rate of p_err (the higher of p01 and p10), and the
/// engine must have the memories that fail.
void expect_rates_that_chips_have(const YamlMap& root, const SweepConfig& config,
                                  const experiment::Setup& setup) {
  const experiment::Supplies supplies = setup.supplies();
  const experiment::Conditions lowest = config.by_rate() ? supplies.at_rate(config.rates.back())
                                                         : supplies.at(config.lowest_access());
  double highest_rate = lowest.supply.rate;
  const experiment::MemoryPoints others =
      config.by_rate() ? lowest.others : supplies.at(config.voltages.back()).others;
  experiment::check_engine(setup.engine, others);
  highest_rate = std::max(
      {highest_rate, others.input.rate, others.activations.rate, others.accumulators.rate});
  if (config.profile.empty() && highest_rate > config.errors.highest_rate()) {
    root.fail(limiting_key(root, config.errors),
              fmt::format("expected at least the highest bit error rate, {}{}", highest_rate,
                          config.by_rate() ? std::string()
                                           : fmt::format(" (the lowest voltage is {} Vmin)",
                                                         config.lowest_access())));
  }
}

/// A misspelt key, at the top or in a map of the file, is reported before anything else.
void refuse_unknown_keys(YamlMap& root) {
  root.expect({"technology",
               "models",
               "dataset",
               "split",
               "data_folder",
               "images",
               "engine",
               "accelerator",
               "supplies",
               "batch",
               "accelerator_grid",
               "mitigations",
               "chips",
               "profile",
               "seed",
               "p_err",
               "bit_offset",
               "evaluation_seed",
               "reads",
               "voltages",
               "voltage_grid",
               "safe_voltage",
               "rates",
               "memory_rates",
               "p01",
               "p10",
               "compare",
               "precision"});
  const std::vector<std::string> memories{"input", "activations", "accumulators"};
  const std::pair<const char*, std::vector<std::string>> maps[] = {
      {"supplies", memories},
      {"memory_rates", memories},
      {"voltage_grid", {"from", "to", "points"}},
      {"precision", {"half_width_points", "confidence", "at_most_chips", "images_a_chip"}},
      {"compare", {"networks", "mitigations", "voltages", "rates"}},
      {"safe_voltage",
       {"max_drop_points", "tolerance", "yield", "confidence", "chosen_on", "stated_on",
        "stated_seed"}}};
  for (const auto& [key, keys] : maps) {
    if (root.holds_map(key)) root.map(key).expect(keys);
  }
}

}  // namespace

double SweepConfig::lowest_access() const {
  double lowest = voltages.front();
  for (const SweepMitigation& entry : mitigations) {
    lowest = std::min(lowest, mitigation::access_voltage(entry.what, voltages.back()));
  }
  return lowest;
}

results::YieldTarget SweepConfig::tested_yield() const {
  results::YieldTarget target = *safe.yield;
  if (precision) target.confidence += kShareOfImages * (1.0 - target.confidence);
  return target;
}

double SweepConfig::decision_error(std::size_t levels) const {
  return kShareOfImages * (1.0 - safe.yield->confidence) /
         (static_cast<double>(safe.chosen_on) * static_cast<double>(levels));
}

void replace_settings(const SweepOverrides& overrides, SweepConfig& config) {
  if (overrides.images) {
    config.setup.images.count = *overrides.images;
    config.places.erase("images");
  }
  if (overrides.chips && config.precision) {
    throw InputError("{}: precision decides how many; expected none with {}", Field{"chips"},
                     config.file.string());
  }
  config.chips = overrides.chips.value_or(config.chips);
  config.seed = overrides.seed.value_or(config.seed);
  if (!overrides.data_folder.empty()) {
    config.setup.images.folder = overrides.data_folder;
    config.places.erase("data_folder");
  }
}

std::filesystem::path default_folder(const SweepConfig& config) {
  return std::filesystem::path("out") / config.file.stem();
}

SweepConfig load_sweep(const fs::path& file) {
  YamlMap root = YamlMap::load(file);
  refuse_unknown_keys(root);
  SweepConfig config;
  config.file = file;
  const bool by_rate = root.has("rates");
  for (const char* key : {"voltages", "voltage_grid"}) {
    if (by_rate && root.has(key)) root.fail("rates", kOneOfLevels);
  }
  if (by_rate) refuse_keys_of_voltages(root);
  read_technology(root, config);
  read_models(root, config);
  read_images(root, config.setup.images);
  const std::vector<std::string>& engines = experiment::evaluation_engine_names();
  config.setup.engine = engines[static_cast<std::size_t>(root.choice("engine", engines, 0))];
  read_accelerator(root, config);
  read_mitigations(root, config);
  read_chips(root, config);
  read_reads(root, config.setup);
  read_memory_rates(root, config);
  if (by_rate) {
    read_rates(root, config);
  } else {
    config.voltages = read_voltages(root, *config.setup.technology);
    read_safe_voltage(root, config);
  }
  config.comparisons = read_comparisons(root, config);
  root.finish();
  for (const std::string& key : root.keys()) config.places[key] = root.where(key);
  for (const SweepTarget& target : sweep_targets(config)) {
    expect_rates_that_chips_have(root, config, target.setup);
    expect_images_alone(root, config, target.setup);
  }
  return config;
}

}  // namespace brownout::runs
