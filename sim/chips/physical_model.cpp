// SPDX-License-Identifier: Apache-2.0
// Parameters of physical chips: their file, and the rates that they give on average.
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/yaml.hpp"
#include "sim/chips/physical_chip.hpp"
#include "sim/memory/normal.hpp"

namespace brownout::chips {
namespace {

constexpr double kVmin = 1.0;

PhysicalModel::Direction read_direction(YamlMap& root, const char* key) {
  YamlMap map = root.map(key);
  PhysicalModel::Direction direction;
  direction.mean = map.number("mean_vmin", -10.0, 10.0);
  direction.deviation = map.number("deviation_vmin", 1e-6, 10.0);
  map.finish();
  return direction;
}

double mean_rate(const PhysicalModel& m, const PhysicalModel::Direction& d, double voltage) {
  if (voltage >= kVmin) return 0.0;
  const double deviation =
      std::sqrt(d.deviation * d.deviation + m.read_noise * m.read_noise +
                m.array_deviation * m.array_deviation + m.row_deviation * m.row_deviation +
                m.column_deviation * m.column_deviation);
  return (1.0 - m.bad_column_share) * memory::normal_cdf((d.mean - voltage) / deviation) +
         m.bad_column_share *
             memory::normal_cdf((d.mean + m.bad_column_shift - voltage) / deviation);
}

}  // namespace

PhysicalModel PhysicalModel::load(const std::filesystem::path& file) {
  YamlMap root = YamlMap::load(file);
  root.expect({"name", "source", "zero_to_one", "one_to_zero", "zero_to_one_share",
               "read_noise_vmin", "array", "effects"});
  PhysicalModel model;
  model.name = root.name("name");
  root.text("source");
  model.zero_to_one = read_direction(root, "zero_to_one");
  model.one_to_zero = read_direction(root, "one_to_zero");
  model.zero_to_one_share = root.number("zero_to_one_share", 0.0, 1.0);
  model.read_noise = root.number("read_noise_vmin", 0.0, 1.0);
  YamlMap array = root.map("array");
  model.rows = static_cast<int>(array.integer("rows", 1, 65536));
  model.columns = static_cast<int>(array.integer("columns", 1, 4096));
  array.finish();
  constexpr int kMostCells = 1 << 22;
  const std::int64_t cells = std::int64_t{model.rows} * model.columns;
  if (cells % memory::kWordBits != 0 || cells > kMostCells)
    array.fail("rows", fmt::format("expected rows x columns to be a multiple of {} and at most {}, "
                                   "got {} x {}",
                                   memory::kWordBits, kMostCells, model.rows, model.columns));
  if (std::optional<YamlMap> effects = root.optional_map("effects")) {
    model.array_deviation = effects->number("array_deviation_vmin", 0.0, 1.0, 0.0);
    model.row_deviation = effects->number("row_deviation_vmin", 0.0, 1.0, 0.0);
    model.column_deviation = effects->number("column_deviation_vmin", 0.0, 1.0, 0.0);
    if (std::optional<YamlMap> bad = effects->optional_map("bad_columns")) {
      model.bad_column_share = bad->number("share", 0.0, 1.0);
      model.bad_column_shift = bad->number("shift_vmin", -1.0, 1.0);
      bad->finish();
    }
    effects->finish();
  }
  root.finish();
  return model;
}

double PhysicalModel::p01(double voltage) const {
  return zero_to_one_share * mean_rate(*this, zero_to_one, voltage);
}

double PhysicalModel::p10(double voltage) const {
  return (1.0 - zero_to_one_share) * mean_rate(*this, one_to_zero, voltage);
}

}  // namespace brownout::chips
