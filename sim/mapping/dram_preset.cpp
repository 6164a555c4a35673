// SPDX-License-Identifier: Apache-2.0
// Three figures, each with its source.
#include "sim/mapping/dram_preset.hpp"

#include "sim/base/yaml.hpp"

namespace brownout::mapping {

namespace {

SourcedFigure read_figure(YamlMap& root, const char* key, double low, double high) {
  YamlMap row = root.map(key);
  row.expect({"value", "source"});
  SourcedFigure figure;
  figure.value = row.number("value", low, high);
  figure.source = row.text("source");
  if (figure.source.find_first_not_of(" \t\n") == std::string::npos) {
    row.fail("source", "expected where the number comes from, got an empty text");
  }
  row.finish();
  return figure;
}

}  // namespace

DramPreset load_dram_preset(const std::filesystem::path& file) {
  YamlMap root = YamlMap::load(file);
  root.expect({"name", "description", "bandwidth_gb_per_s", "latency_ns", "energy_pj_per_bit"});
  DramPreset preset;
  preset.file = file;
  preset.name = root.name("name");
  preset.description = root.text("description", "");
  preset.bandwidth_gb_per_s = read_figure(root, "bandwidth_gb_per_s", 1e-6, 1e6);
  preset.latency_ns = read_figure(root, "latency_ns", 0.0, 1e6);
  preset.energy_pj_per_bit = read_figure(root, "energy_pj_per_bit", 0.0, 1e6);
  root.finish();
  return preset;
}

}  // namespace brownout::mapping
