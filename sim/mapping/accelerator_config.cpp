// SPDX-License-Identifier: Apache-2.0
// Reads an accelerator file key by key; what it accepts is what docs/accelerator.md lists.
#include "sim/mapping/accelerator_config.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/base/enum_table.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/text.hpp"
#include "sim/base/yaml.hpp"
#include "sim/mapping/dataflow.hpp"
#include "sim/mapping/dram_preset.hpp"

namespace brownout::mapping {

namespace {

int integer(YamlMap& map, const std::string& key, std::int64_t low, std::int64_t high,
            int fallback) {
  return static_cast<int>(map.integer(key, low, high, fallback));
}

constexpr EnumNames<WeightResidency::kStreamed> kResidencyNames({"resident", "streamed"});
constexpr EnumNames<UnusedArrays::kOn> kUnusedNames({"gated", "on"});

template <auto kLast>
auto choice(YamlMap& map, const std::string& key, const EnumNames<kLast>& names,
            decltype(kLast) fallback) {
  return names.value(map.choice(key, names.all(), static_cast<int>(fallback)));
}

/// `scaled` is the rail that the operating voltage sets; `vmin` is one that stays at Vmin.
bool supply(YamlMap& map, bool scaled) {
  return map.choice("supply", {"scaled", "vmin"}, scaled ? 0 : 1) == 0;
}
const char* supply_name(bool scaled) { return scaled ? "scaled" : "vmin"; }

/// The same, or a voltage.
void read_supply(YamlMap& map, MemorySupply& supply) {
  if (!map.has("supply")) return;
  supply = parse_supply(map.text("supply"), map.where("supply"));
}

void read(YamlMap& map, InputMemoryConfig& input) { read_supply(map, input.supply); }

Dataflow read_dataflow(YamlMap& map, Dataflow fallback) {
  const char* const key = "dataflow";
  if (!map.has(key)) return fallback;
  const std::string text = map.text(key);
  const std::optional<Stationary> found = parse_dataflow(text);
  if (found == Stationary::kWeights) return Dataflow::kWeightStationary;
  if (found == Stationary::kOutputs) return Dataflow::kOutputStationary;
  map.fail(key, fmt::format(
                    "expected one of weight-stationary, output-stationary (or ws, os){}, got {}",
                    found ? "; an input-stationary array is not modelled" : "", in_quotes(text)));
}

/// InputError, which names both places, if a size is given in two ways.
void expect_one_of(const YamlMap& map, const char* one, const char* other) {
  if (!map.has(one) || !map.has(other)) return;
  map.fail(one, fmt::format("expected {} or {}, got both; the other is at {}", one, other,
                            map.where(other)));
}

constexpr std::int64_t kMostKib = std::int64_t{1} << 25;

/// The number of arrays that make up `kib`.
int arrays_of_kib(YamlMap& map, int array_rows) {
  const std::int64_t kib = map.integer("kib", 1, kMostKib);
  const std::int64_t array_bytes = std::int64_t{array_rows} * 8;
  const std::int64_t step = std::lcm<std::int64_t>(array_bytes, 1024) / 1024;  // KiB
  if (kib % step != 0) {
    const std::int64_t below = kib / step * step;
    map.fail("kib", fmt::format("expected whole arrays of {} words of 64 bit, {}{} KiB, got {}",
                                array_rows, below > 0 ? fmt::format("{} or ", below) : "",
                                below + step, kib));
  }
  const std::int64_t arrays = kib * 1024 / array_bytes;
  if (arrays > (1 << 20)) {
    map.fail("kib", fmt::format("expected at most 1048576 arrays of {} words, got {}", array_rows,
                                arrays));
  }
  return static_cast<int>(arrays);
}

void read(YamlMap& map, ArrayConfig& array) {
  array.rows = integer(map, "rows", 1, kMostArraySide, array.rows);
  array.columns = integer(map, "columns", 1, kMostArraySide, array.columns);
  array.dataflow = read_dataflow(map, array.dataflow);
  array.transpose_depth = integer(map, "transpose_depth", 1, 65536, array.transpose_depth);
}

void read(YamlMap& map, WeightMemoryConfig& weights) {
  expect_one_of(map, "kib", "arrays");
  weights.array_rows = integer(map, "array_rows", 1, 1 << 20, weights.array_rows);
  weights.sized_in_kib = map.has("kib");
  weights.arrays = map.has("kib") ? arrays_of_kib(map, weights.array_rows)
                                  : integer(map, "arrays", 1, 1 << 20, weights.arrays);
  weights.words_per_cycle = integer(map, "words_per_cycle", 1, 4096, weights.words_per_cycle);
  weights.residency = choice(map, "residency", kResidencyNames, weights.residency);
  weights.scaled_supply = supply(map, weights.scaled_supply);
  weights.unused = choice(map, "unused", kUnusedNames, weights.unused);
  weights.mitigations = mitigation::parse_mitigations(
      map.text("mitigation", "none"), map.where("mitigation"), map.file().parent_path());
  if (weights.arrays % weights.words_per_cycle != 0) {
    map.fail("words_per_cycle",
             fmt::format("expected a divisor of the {} arrays, which have one port each, got {}",
                         weights.arrays, weights.words_per_cycle));
  }
  if (weights.words() > std::numeric_limits<std::uint32_t>::max()) {
    map.fail(map.has("kib") ? "kib" : "array_rows",
             fmt::format("expected at most 2^32 - 1 words, got {} arrays of {} words",
                         weights.arrays, weights.array_rows));
  }
}

void read(YamlMap& map, ActivationMemoryConfig& activations) {
  activations.kib = integer(map, "kib", 1, 1 << 22, activations.kib);
  activations.banks = integer(map, "banks", 1, 1024, activations.banks);
  read_supply(map, activations.supply);
  if (activations.bytes() % activations.banks != 0) {
    map.fail("banks", fmt::format("expected a divisor of the {} bytes ({} KiB), got {}",
                                  activations.bytes(), activations.kib, activations.banks));
  }
}

/// As many rows as both halves have room for.
int depth_of_kib(YamlMap& map, int columns) {
  const std::int64_t bytes = map.integer("kib", 1, kMostKib) * 1024;
  const std::int64_t row_bytes = AccumulatorConfig{1, {}}.bytes(columns);
  const std::int64_t depth = bytes / row_bytes;
  if (depth < 1 || depth > (1 << 24)) {
    map.fail("kib", fmt::format("expected room for 1 to {} rows of {} x 32 bit in each half, {} "
                                "bytes a row, got {} bytes",
                                1 << 24, columns + 1, row_bytes, bytes));
  }
  return static_cast<int>(depth);
}

void read_accumulators(YamlMap& root, AcceleratorConfig& config) {
  std::optional<YamlMap> map = root.optional_map("accumulators");
  if (!map) return;
  AccumulatorConfig& accumulators = config.accumulators;
  map->expect({"depth", "kib", "supply"});
  expect_one_of(*map, "kib", "depth");
  accumulators.depth = map->has("kib") ? depth_of_kib(*map, config.array.columns)
                                       : integer(*map, "depth", 1, 1 << 24, accumulators.depth);
  read_supply(*map, accumulators.supply);
  map->finish();
}

void read(YamlMap& map, VectorConfig& vector) {
  vector.lanes = integer(map, "lanes", 1, 65536, vector.lanes);
  vector.latency_cycles = integer(map, "latency_cycles", 0, 10000, vector.latency_cycles);
}

void read(YamlMap& map, DmaConfig& dma) {
  dma.setup_cycles = integer(map, "setup_cycles", 0, 1'000'000, dma.setup_cycles);
  dma.bytes_per_cycle = integer(map, "bytes_per_cycle", 1, 1 << 20, dma.bytes_per_cycle);
  dma.burst_bytes = integer(map, "burst_bytes", 8, 1 << 30, dma.burst_bytes);
  if (dma.burst_bytes % 8 != 0) {
    map.fail("burst_bytes", fmt::format("expected a multiple of 8 bytes (bursts of weights are "
                                        "whole words of 64 bit), got {}",
                                        dma.burst_bytes));
  }
}

constexpr double kLeastBytesPerCycle = 0.001, kMostBytesPerCycle = 1e6;
constexpr int kMostLatencyCycles = 1'000'000;

/// The figures of a preset at the clock.
void apply_preset(YamlMap& map, double clock_mhz, DramConfig& dram) {
  const DramPreset preset = load_dram_preset(shipped_input_file(map, "preset", kShippedDrams));
  dram.preset = preset.name;
  dram.bytes_per_cycle = preset.bandwidth_gb_per_s.value * 1000.0 / clock_mhz;
  const double latency = std::ceil(preset.latency_ns.value * clock_mhz / 1000.0 - 1e-9);
  dram.pj_per_bit = preset.energy_pj_per_bit.value;
  if (dram.bytes_per_cycle < kLeastBytesPerCycle || dram.bytes_per_cycle > kMostBytesPerCycle ||
      latency > kMostLatencyCycles) {
    map.fail("preset", fmt::format("expected at most {} cycles and {} to {} bytes a cycle, got {} "
                                   "and {} at {} MHz",
                                   kMostLatencyCycles, kLeastBytesPerCycle, kMostBytesPerCycle,
                                   latency, dram.bytes_per_cycle, clock_mhz));
  }
  dram.latency_cycles = static_cast<int>(latency);
}

/// Keys beside a preset replace its figures.
void read_dram(YamlMap& root, AcceleratorConfig& config) {
  std::optional<YamlMap> map = root.optional_map("dram");
  if (!map) return;
  DramConfig& dram = config.dram;
  map->expect({"preset", "latency_cycles", "bytes_per_cycle", "pj_per_bit"});
  if (map->has("preset")) apply_preset(*map, config.clock_mhz, dram);
  dram.latency_cycles = integer(*map, "latency_cycles", 0, kMostLatencyCycles, dram.latency_cycles);
  dram.bytes_per_cycle =
      map->number("bytes_per_cycle", kLeastBytesPerCycle, kMostBytesPerCycle, dram.bytes_per_cycle);
  if (map->has("pj_per_bit")) dram.pj_per_bit = map->number("pj_per_bit", 0.0, 1e6);
  map->finish();
}

/// A section that may be left out; it then has its defaults.
template <typename Section>
void read_section(YamlMap& root, const char* key, const std::vector<std::string>& known,
                  Section& section) {
  std::optional<YamlMap> map = root.optional_map(key);
  if (!map) return;
  map->expect(known);
  read(*map, section);
  map->finish();
}

}  // namespace

std::string to_string(Dataflow dataflow) {
  return long_name(dataflow == Dataflow::kWeightStationary ? Stationary::kWeights
                                                           : Stationary::kOutputs);
}
std::string to_string(WeightResidency residency) { return kResidencyNames[residency]; }
std::string to_string(UnusedArrays unused) { return kUnusedNames[unused]; }

std::string to_string(const MemorySupply& supply) {
  if (supply.scaled) return "scaled";
  return supply.vmin == 1.0 ? "vmin" : fmt::format("{}", supply.vmin);
}

MemorySupply parse_supply(const std::string& text, const std::string& where) {
  if (text == "scaled") return {true, 1.0};
  if (text == "vmin") return {};
  double vmin = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, vmin);
  if (error != std::errc() || stop != end || !(vmin >= 0.1 && vmin <= 2.0)) {
    throw InputError("{}: expected scaled, vmin or a voltage in [0.1, 2] (units of Vmin), got {}",
                     where, in_quotes(text));
  }
  return {false, vmin};
}

std::string AcceleratorConfig::place_of(const std::string& key) const {
  const auto place = places.find(key);
  return place == places.end() ? file.string() : place->second;
}

int WeightMemoryConfig::array_of(std::int64_t word) const {
  const std::int64_t width = words_per_cycle;
  return static_cast<int>(word % width + width * (word / (width * array_rows)));
}

int WeightMemoryConfig::row_of(std::int64_t word) const {
  return static_cast<int>(word / words_per_cycle % array_rows);
}

namespace {

AcceleratorConfig read_accelerator(YamlMap root) {
  root.expect({"name", "description", "technology", "clock_mhz", "array", "weights", "input",
               "activations", "accumulators", "vector", "dma", "dram"});
  AcceleratorConfig config;
  config.file = root.file();
  config.name = root.name("name");
  config.description = root.text("description", "");
  config.technology = find_shipped(kShippedTechnologies, root.text("technology"),
                                   root.where("technology"), root.file().parent_path());
  config.technology = std::filesystem::absolute(config.technology).lexically_normal();
  if (!std::filesystem::is_regular_file(config.technology)) {
    root.fail("technology", fmt::format("expected a technology file, found none at \"{}\"",
                                        config.technology.string()));
  }
  config.clock_mhz = root.number("clock_mhz", 0.001, 100'000.0, config.clock_mhz);
  read_section(root, "array", {"rows", "columns", "dataflow", "transpose_depth"}, config.array);
  read_section(root, "weights",
               {"kib", "arrays", "array_rows", "words_per_cycle", "residency", "supply", "unused",
                "mitigation"},
               config.weights);
  read_section(root, "input", {"supply"}, config.input);
  read_section(root, "activations", {"kib", "banks", "supply"}, config.activations);
  read_accumulators(root, config);
  read_section(root, "vector", {"lanes", "latency_cycles"}, config.vector);
  read_section(root, "dma", {"setup_cycles", "bytes_per_cycle", "burst_bytes"}, config.dma);
  read_dram(root, config);
  root.finish();
  return config;
}

}  // namespace

AcceleratorConfig load_accelerator(const std::filesystem::path& file,
                                   const std::vector<std::string>& assignments) {
  return read_accelerator(YamlMap::load(file, assignments));
}

AcceleratorConfig parse_accelerator(const std::string& text, const std::filesystem::path& name,
                                    const std::vector<std::string>& assignments) {
  return read_accelerator(YamlMap::parse(text, name, assignments));
}

std::string resolved_json(const AcceleratorConfig& config) {
  // nlohmann's plain `json` sorts its keys. The places of the files do not belong to what they
  // describe, and the technology prices what happens without changing it: its hash has a key of its
  // own.
  nlohmann::json json = {
      {"name", config.name},
      {"description", config.description},
      {"technology", config.technology.filename().string()},
      {"clock_mhz", config.clock_mhz},
      {"array",
       {{"rows", config.array.rows},
        {"columns", config.array.columns},
        {"dataflow", to_string(config.array.dataflow)},
        {"transpose_depth", config.array.transpose_depth}}},
      {"weights",
       {{"arrays", config.weights.arrays},
        {"array_rows", config.weights.array_rows},
        {"words_per_cycle", config.weights.words_per_cycle},
        {"residency", to_string(config.weights.residency)},
        {"supply", supply_name(config.weights.scaled_supply)},
        {"unused", to_string(config.weights.unused)},
        {"mitigation", mitigation::identity(config.weights.mitigations)}}},
      {"activations",
       {{"kib", config.activations.kib},
        {"banks", config.activations.banks},
        {"supply", to_string(config.activations.supply)}}},
      {"accumulators",
       {{"depth", config.accumulators.depth}, {"supply", to_string(config.accumulators.supply)}}},
      {"input", {{"supply", to_string(config.input.supply)}}},
      {"vector",
       {{"lanes", config.vector.lanes}, {"latency_cycles", config.vector.latency_cycles}}},
      {"dma",
       {{"setup_cycles", config.dma.setup_cycles},
        {"bytes_per_cycle", config.dma.bytes_per_cycle},
        {"burst_bytes", config.dma.burst_bytes}}},
      {"dram",
       {{"latency_cycles", config.dram.latency_cycles},
        {"bytes_per_cycle", config.dram.bytes_per_cycle}}}};
  // Files from before these keys keep their keys in results.
  if (!config.dram.preset.empty()) json["dram"]["preset"] = config.dram.preset;
  if (config.dram.pj_per_bit) json["dram"]["pj_per_bit"] = *config.dram.pj_per_bit;
  return json_text(json);
}

}  // namespace brownout::mapping
