// SPDX-License-Identifier: Apache-2.0
// Reads a technology file and interpolates its bit error rates on the probit scale.
#include "sim/technology/technology.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/yaml.hpp"

namespace brownout::technology {
namespace {

// The same double arithmetic on every machine, without promotion to the platform's long double.
using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

constexpr char kLeakageExponent[] = "sram_leakage_exponent";
constexpr char kLeakageTable[] = "sram_leakage_table";

/// Φ(z) of the standard normal distribution.
double normal_cdf(double z) { return 0.5 * boost::math::erfc(-z / std::sqrt(2.0), Policy()); }

/// Φ⁻¹(p), p in (0, 1).
double probit(double p) { return -std::sqrt(2.0) * boost::math::erfc_inv(2.0 * p, Policy()); }

/// Every row must say where its numbers come from, and may say how far to trust them.
SourcedRow read_source(YamlMap& row, const std::string& key, const std::string& value) {
  SourcedRow sourced{key, value, "", row.text("source")};
  if (sourced.source.find_first_not_of(" \t\n") == std::string::npos)
    row.fail("source", "expected where the numbers come from, got an empty text");
  if (row.has("trust")) {
    sourced.trust = trust_names()[static_cast<std::size_t>(row.choice("trust", trust_names()))];
  }
  return sourced;
}

using Rows = std::vector<SourcedRow>;

/// One coefficient of the blocks `energy`, `mitigation` and `rail`: `{value, source}`.
double read_coefficient(YamlMap& block, const char* name, const char* key, Rows& rows,
                        double highest = 1e9) {
  YamlMap row = block.map(key);
  const double value = row.number("value", 0.0, highest);
  rows.push_back(read_source(row, fmt::format("{}.{}", name, key), fmt::format("{}", value)));
  row.finish();
  return value;
}

struct Ranged {
  double value = 0.0, low = 0.0, high = 0.0;
};

/// `{value, source}` or `{value, low, high, source}`.
Ranged read_ranged(YamlMap& block, const char* key, double highest, Rows& rows) {
  YamlMap row = block.map(key);
  Ranged result;
  result.value = row.number("value", 0.0, highest);
  result.low = row.number("low", 0.0, highest, result.value);
  result.high = row.number("high", 0.0, highest, result.value);
  if (row.has("low") != row.has("high"))
    row.fail(row.has("low") ? "low" : "high", "expected low and high, or neither");
  if (result.low > result.value || result.high < result.value)
    row.fail("low", fmt::format("expected low <= value <= high, got {}, {} and {}", result.low,
                                result.value, result.high));
  const std::string value =
      result.low < result.high ? fmt::format("{} ({} to {})", result.value, result.low, result.high)
                               : fmt::format("{}", result.value);
  rows.push_back(read_source(row, fmt::format("energy.{}", key), value));
  row.finish();
  return result;
}

/// Points of a table relative to Vmin, which reach down to the lowest valid voltage.
VoltageCurve read_table(YamlMap& block, const std::string& block_name, const char* key,
                        double lowest, Rows& rows) {
  std::vector<std::pair<double, double>> points;
  for (YamlMap& row : block.maps(key)) {
    row.expect({"voltage_vmin", "rel", "source", "trust"});
    const double voltage = row.number("voltage_vmin", 0.0, 10.0);
    if (voltage >= kVmin) {
      row.fail(
          "voltage_vmin",
          fmt::format("expected a voltage below Vmin (1), where the value is 1, got {}", voltage));
    }
    if (points.empty() && voltage > lowest) {
      row.fail("voltage_vmin", fmt::format("expected the first point at validity.lowest_vmin ({}) "
                                           "or below, got {}",
                                           lowest, voltage));
    }
    if (!points.empty() && voltage <= points.back().first) {
      row.fail("voltage_vmin", fmt::format("expected rising voltages: above {}, got {}",
                                           points.back().first, voltage));
    }
    const double rel = row.number("rel", 0.0, 1e6);
    if (voltage <= 0.0) row.fail("voltage_vmin", "expected a voltage above 0, got 0");
    if (rel <= 0.0) row.fail("rel", "expected a value above 0, got 0");
    rows.push_back(read_source(row, fmt::format("{}.{} at {:.6g} Vmin", block_name, key, voltage),
                               fmt::format("{}", rel)));
    row.finish();
    points.emplace_back(voltage, rel);
  }
  return VoltageCurve::table(std::move(points));
}

/// `{exponent, source}` or `{table}`.
VoltageCurve read_sram_energy(YamlMap& block, double lowest, Rows& rows) {
  block.expect({"exponent", "source", "trust", "table"});
  if (block.has("exponent") && block.has("table"))
    block.fail("table", "expected an exponent or a table, found both");
  if (block.has("table")) {
    VoltageCurve curve = read_table(block, "sram_energy", "table", lowest, rows);
    block.finish();
    return curve;
  }
  const double exponent = block.number("exponent", 0.0, 10.0);
  rows.push_back(read_source(block, "sram_energy.exponent", fmt::format("{}", exponent)));
  block.finish();
  return VoltageCurve::power(exponent);
}

Rail read_rail(YamlMap& block, Rows& rows) {
  block.expect({"kind", "efficiency", "level_shift_fj_per_bit", "source", "trust"});
  Rail rail;
  rail.stated = true;
  rail.kind = static_cast<RailKind>(block.choice("kind", rail_kind_names()));
  rows.push_back(
      read_source(block, "rail.kind", rail_kind_names()[static_cast<std::size_t>(rail.kind)]));
  if (rail.kind == RailKind::kSwitchingRegulator || block.has("efficiency")) {
    rail.efficiency = read_coefficient(block, "rail", "efficiency", rows, 1.0);
    if (rail.efficiency <= 0.0)
      block.fail("efficiency", "expected an efficiency above 0 and up to 1, got 0");
  }
  if (block.has("level_shift_fj_per_bit"))
    rail.level_shift_fj_per_bit = read_coefficient(block, "rail", "level_shift_fj_per_bit", rows);
  block.finish();
  return rail;
}

}  // namespace

const std::vector<std::string>& trust_names() {
  static const std::vector<std::string> names{"measured", "published", "simulated", "derived",
                                              "assumed"};
  return names;
}

Technology Technology::load(const std::filesystem::path& file) {
  Technology technology;
  technology.file_ = file;
  YamlMap root = YamlMap::load(file);
  root.expect(
      {"name", "validity", "bit_error_rate", "sram_energy", "energy", "rail", "mitigation"});
  technology.name_ = root.name("name");

  YamlMap validity = root.map("validity");
  validity.expect({"lowest_vmin", "highest_vmin", "vmin_volt", "source", "trust"});
  technology.lowest_ = validity.number("lowest_vmin", 0.1, 10.0);
  technology.highest_ = validity.number("highest_vmin", 0.1, 10.0);
  if (validity.has("vmin_volt")) technology.vmin_volt_ = validity.number("vmin_volt", 0.01, 10.0);
  Rows& rows = technology.rows_;
  rows.push_back(read_source(
      validity, "validity", fmt::format("{} to {} Vmin", technology.lowest_, technology.highest_)));
  validity.finish();
  if (technology.highest_ <= technology.lowest_)
    validity.fail("highest_vmin", fmt::format("expected a voltage above lowest_vmin ({}), got {}",
                                              technology.lowest_, technology.highest_));

  for (YamlMap& row : root.maps("bit_error_rate")) {
    row.expect({"voltage_vmin", "rate", "source", "trust"});
    Point point{};
    point.voltage = row.number("voltage_vmin", 0.0, 10.0);
    if (point.voltage >= kVmin)
      row.fail("voltage_vmin", fmt::format("expected a voltage below Vmin (1), where the rate is 0 "
                                           "by definition, got {}",
                                           point.voltage));
    point.rate = row.number("rate", 0.0, 1.0);
    if (point.rate <= 0.0 || point.rate >= 1.0)
      row.fail("rate", fmt::format("expected a rate between 0 and 1, got {}", point.rate));
    point.probit = probit(point.rate);
    rows.push_back(read_source(row, fmt::format("bit_error_rate at {:.6g} Vmin", point.voltage),
                               fmt::format("{}", point.rate)));
    row.finish();
    if (!technology.points_.empty()) {
      const Point& last = technology.points_.back();
      if (point.voltage <= last.voltage)
        row.fail("voltage_vmin", fmt::format("expected rising voltages: above {}, got {}",
                                             last.voltage, point.voltage));
      if (point.rate >= last.rate)
        row.fail("rate", fmt::format("expected rates that fall with voltage: below {}, got {}",
                                     last.rate, point.rate));
    }
    technology.points_.push_back(point);
  }
  if (technology.points_.size() < 2)
    root.fail("bit_error_rate", fmt::format("expected at least 2 points to draw a line, got {}",
                                            technology.points_.size()));

  YamlMap energy = root.map("sram_energy");
  technology.sram_energy_ = read_sram_energy(energy, technology.lowest_, rows);

  if (std::optional<YamlMap> block = root.optional_map("energy")) {
    std::vector<std::string> keys;
    for (const EnergyCoefficientField& field : kEnergyCoefficientFields)
      keys.emplace_back(field.key);
    keys.emplace_back(kLeakageTable);
    block->expect(keys);
    technology.energy_.emplace();
    technology.energy_low_.emplace();
    technology.energy_high_.emplace();
    const bool by_table = block->has(kLeakageTable);
    if (by_table && block->has(kLeakageExponent)) {
      block->fail(kLeakageTable,
                  fmt::format("expected {} or a table, found both", kLeakageExponent));
    }
    for (const EnergyCoefficientField& field : kEnergyCoefficientFields) {
      if (by_table && std::string_view(field.key) == kLeakageExponent) continue;
      if (!field.required && !block->has(field.key)) continue;
      const Ranged row = read_ranged(*block, field.key, field.highest, rows);
      (*technology.energy_).*field.value = row.value;
      (*technology.energy_low_).*field.value = row.low;
      (*technology.energy_high_).*field.value = row.high;
      technology.has_range_ = technology.has_range_ || row.low < row.high;
    }
    technology.sram_leakage_ =
        by_table ? read_table(*block, "energy", kLeakageTable, technology.lowest_, rows)
                 : VoltageCurve::power(technology.energy_->sram_leakage_exponent);
    block->finish();
  }
  if (std::optional<YamlMap> block = root.optional_map("rail"))
    technology.rail_ = read_rail(*block, rows);
  if (std::optional<YamlMap> block = root.optional_map("mitigation")) {
    const std::vector<mitigation::Coefficient> coefficients = mitigation::all_coefficients();
    std::vector<std::string> keys;
    for (const mitigation::Coefficient& one : coefficients) keys.emplace_back(one.key);
    block->expect(keys);
    technology.mitigation_.emplace();
    for (const mitigation::Coefficient& one : coefficients) {
      technology.mitigation_->set(
          one.key, read_coefficient(*block, "mitigation", one.key, rows, one.highest));
    }
    block->finish();
  }
  root.finish();
  if (technology.rail_.level_shift_fj_per_bit > 0.0 && !technology.energy_)
    root.fail(
        "rail",
        "level_shift_fj_per_bit: expected a block \"energy\" beside it, with the energy of the "
        "accesses");
  return technology;
}

void Technology::check_voltage(double voltage) const {
  // Negated, so that NaN fails too.
  if (!(voltage >= lowest_ && voltage <= highest_))
    throw InputError("{}: validity: expected a voltage in [{}, {}] Vmin, got {}", file_.string(),
                     lowest_, highest_, voltage);
}

double Technology::rate_below_vmin(double voltage) const {
  // The segment that contains the voltage, or the outermost one on its side.
  auto right = std::upper_bound(points_.begin() + 1, points_.end() - 1, voltage,
                                [](double v, const Point& point) { return v < point.voltage; });
  const Point& a = *(right - 1);
  const Point& b = *right;
  if (voltage == a.voltage) return a.rate;
  if (voltage == b.voltage) return b.rate;
  const double slope = (b.probit - a.probit) / (b.voltage - a.voltage);
  return normal_cdf(a.probit + slope * (voltage - a.voltage));
}

double Technology::bit_error_rate(double voltage) const {
  check_voltage(voltage);
  return voltage >= kVmin ? 0.0 : rate_below_vmin(voltage);
}

double Technology::voltage_at_rate(double rate) const {
  const double highest_rate = bit_error_rate(lowest_);
  const double lowest_rate = bit_error_rate(highest_);
  if (!(rate >= lowest_rate && rate <= highest_rate))
    throw InputError(
        "{}: bit_error_rate: expected a rate in [{}, {}] (voltages in [{}, {}] Vmin), got {}",
        file_.string(), lowest_rate, highest_rate, lowest_, highest_, rate);
  if (rate == 0.0) return std::max(kVmin, lowest_);
  auto right = std::upper_bound(points_.begin() + 1, points_.end() - 1, rate,
                                [](double r, const Point& point) { return r >= point.rate; });
  const Point& a = *(right - 1);
  const Point& b = *right;
  double voltage = a.voltage;
  if (rate == b.rate) {
    voltage = b.voltage;
  } else if (rate != a.rate) {
    const double slope = (b.probit - a.probit) / (b.voltage - a.voltage);
    voltage = a.voltage + (probit(rate) - a.probit) / slope;
  }
  // At Vmin the rate drops to 0, so rates below the end of the curve first hold at Vmin.
  return std::clamp(voltage, lowest_, std::min(highest_, kVmin));
}

std::vector<double> Technology::stated_voltages() const {
  std::vector<double> voltages;
  for (const Point& point : points_) voltages.push_back(point.voltage);
  return voltages;
}

double Technology::sram_energy_relative(double voltage) const {
  check_voltage(voltage);
  return sram_energy_.at(voltage);
}

double Technology::access_energy_relative(double voltage) const {
  return sram_energy_relative(voltage) * rail_.drawn(voltage);
}

const EnergyCoefficients& Technology::energy(RangeEnd end) const {
  if (!energy_)
    throw InputError("{}: energy: missing; expected the energy of each event, to give joules",
                     file_.string());
  if (end == RangeEnd::kLow) return *energy_low_;
  if (end == RangeEnd::kHigh) return *energy_high_;
  return *energy_;
}

const mitigation::Coefficients& Technology::mitigation() const {
  if (!mitigation_)
    throw InputError("{}: mitigation: missing; expected what mitigations cost, to price one",
                     file_.string());
  return *mitigation_;
}

double Technology::sram_leakage_relative(double voltage) const {
  check_voltage(voltage);
  energy();  // refuses a file without
  return sram_leakage_.at(voltage);
}

}  // namespace brownout::technology
