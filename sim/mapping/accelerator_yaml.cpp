// SPDX-License-Identifier: Apache-2.0
// Section by section in the order of docs/accelerator.md.
#include "sim/mapping/accelerator_yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/text.hpp"
#include "sim/mapping/dram_preset.hpp"

namespace brownout::mapping {

namespace {

/// A text as YAML: quotation marks and escapes are those of JSON.
std::string quoted(const std::string& text) { return json_text(Json(text)); }

std::string technology_text(const AcceleratorConfig& config) {
  const std::string name = shipped_name(kShippedTechnologies, config.technology);
  return name.empty() ? quoted(config.technology.string()) : name;
}

std::string weights_text(const WeightMemoryConfig& weights) {
  const std::int64_t bytes = weights.words() * 8;
  const std::string size = bytes % 1024 == 0 ? fmt::format("kib: {}", bytes / 1024)
                                             : fmt::format("arrays: {}", weights.arrays);
  std::string text =
      fmt::format("weights: {{{}, array_rows: {}, words_per_cycle: {}, residency: {}, supply: {}",
                  size, weights.array_rows, weights.words_per_cycle, to_string(weights.residency),
                  weights.scaled_supply ? "scaled" : "vmin");
  if (weights.unused == UnusedArrays::kOn) text += ", unused: 'on'";
  if (weights.mitigations.any()) {
    mitigation::Mitigations used = weights.mitigations;
    if (!used.sensitivity.empty()) {
      used.sensitivity = std::filesystem::absolute(used.sensitivity).lexically_normal().string();
    }
    text += fmt::format(", mitigation: {}", quoted(mitigation::to_string(used)));
  }
  return text + fmt::format("}}   # {} arrays, {} KiB\n", weights.arrays,
                            static_cast<double>(bytes) / 1024.0);
}

/// The shipped preset of that name, if there is one.
std::optional<DramPreset> shipped_preset(const std::string& name) {
  for (const std::filesystem::path& file : shipped_files(kShippedDrams)) {
    if (file.stem() == name) return load_dram_preset(file);
  }
  return std::nullopt;
}

std::string dram_text(const AcceleratorConfig& config) {
  const DramConfig& dram = config.dram;
  const bool named = shipped_preset(dram.preset).has_value();
  // What the name alone gives at this clock.
  DramConfig of_name;
  if (named) {
    of_name = parse_accelerator(fmt::format("name: a\ntechnology: {}\nclock_mhz: {}\ndram: "
                                            "{{preset: {}}}\n",
                                            technology_text(config), config.clock_mhz, dram.preset),
                                "dram.yaml")
                  .dram;
  }
  std::vector<std::string> parts;
  if (named) parts.push_back("preset: " + dram.preset);
  if (!named || dram.latency_cycles != of_name.latency_cycles) {
    parts.push_back(fmt::format("latency_cycles: {}", dram.latency_cycles));
  }
  if (!named || dram.bytes_per_cycle != of_name.bytes_per_cycle) {
    parts.push_back(fmt::format("bytes_per_cycle: {}", dram.bytes_per_cycle));
  }
  if (dram.pj_per_bit && dram.pj_per_bit != of_name.pj_per_bit) {
    parts.push_back(fmt::format("pj_per_bit: {}", *dram.pj_per_bit));
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return fmt::format("dram: {{{}}}   # {} GB/s\n", text,
                     dram.bytes_per_cycle * config.clock_mhz / 1000.0);
}

}  // namespace

std::string accelerator_yaml(const AcceleratorConfig& config,
                             const std::vector<std::string>& remarks) {
  std::string text;
  for (const std::string& remark : remarks) text += fmt::format("# {}\n", remark);
  text += "# Units are in the names of the keys; docs/accelerator.md explains every key.\n";
  text += fmt::format("name: {}\n", quoted(config.name));
  if (!config.description.empty()) {
    text += fmt::format("description: {}\n", quoted(config.description));
  }
  text += fmt::format("technology: {}   # a shipped one by its name, or a file\n",
                      technology_text(config));
  text += fmt::format("clock_mhz: {}   # the same at every voltage\n", config.clock_mhz);
  const ArrayConfig& array = config.array;
  text += fmt::format("array: {{rows: {}, columns: {}, dataflow: {}, transpose_depth: {}}}\n",
                      array.rows, array.columns, to_string(array.dataflow), array.transpose_depth);
  text += weights_text(config.weights);
  text += fmt::format("input: {{supply: {}}}\n", to_string(config.input.supply));
  text += fmt::format("activations: {{kib: {}, banks: {}, supply: {}}}\n", config.activations.kib,
                      config.activations.banks, to_string(config.activations.supply));
  text += fmt::format("accumulators: {{depth: {}, supply: {}}}   # {} KiB\n",
                      config.accumulators.depth, to_string(config.accumulators.supply),
                      static_cast<double>(config.accumulators.bytes(array.columns)) / 1024.0);
  text += fmt::format("vector: {{lanes: {}, latency_cycles: {}}}\n", config.vector.lanes,
                      config.vector.latency_cycles);
  text += fmt::format("dma: {{setup_cycles: {}, bytes_per_cycle: {}, burst_bytes: {}}}\n",
                      config.dma.setup_cycles, config.dma.bytes_per_cycle, config.dma.burst_bytes);
  return text + dram_text(config);
}

std::vector<std::string> accelerator_assignments(
    const std::vector<std::pair<std::string, std::string>>& values) {
  static const std::map<std::string, std::vector<std::string>> kReplaced{
      {"weights.kib", {"weights.arrays"}},
      {"weights.arrays", {"weights.kib"}},
      {"accumulators.kib", {"accumulators.depth"}},
      {"accumulators.depth", {"accumulators.kib"}},
      {"dram.preset", {"dram.latency_cycles", "dram.bytes_per_cycle", "dram.pj_per_bit"}},
  };
  std::vector<std::string> assignments;
  for (const auto& [key, value] : values) {
    const auto replaced = kReplaced.find(key);
    if (replaced == kReplaced.end()) continue;
    for (const std::string& other : replaced->second) {
      const bool given = std::any_of(values.begin(), values.end(),
                                     [&](const auto& one) { return one.first == other; });
      if (!given) assignments.push_back(other + "=null");
    }
  }
  for (const auto& [key, value] : values) assignments.push_back(key + "=" + value);
  return assignments;
}

void expect_key_path(const std::string& key, const std::string& where) {
  const bool fine = !key.empty() && key.front() != '.' && key.back() != '.' &&
                    key.find("..") == std::string::npos && key.find('=') == std::string::npos;
  if (fine) return;
  throw InputError("{}: expected keys of an accelerator file, such as array.rows, got {}", where,
                   in_quotes(key));
}

}  // namespace brownout::mapping
