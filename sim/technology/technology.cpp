// SPDX-License-Identifier: Apache-2.0
// Reads a technology file and interpolates its bit error rates on the probit scale.
#include "sim/technology/technology.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/yaml.hpp"

namespace brownout::technology {
namespace {

// The same double arithmetic on every machine, without promotion to the platform's long double.
using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

/// Φ(z) of the standard normal distribution.
double normal_cdf(double z) { return 0.5 * boost::math::erfc(-z / std::sqrt(2.0), Policy()); }

/// Φ⁻¹(p), p in (0, 1).
double probit(double p) { return -std::sqrt(2.0) * boost::math::erfc_inv(2.0 * p, Policy()); }

/// Every row must say where its numbers come from.
void require_source(YamlMap& row) {
  const std::string source = row.text("source");
  if (source.find_first_not_of(" \t\n") == std::string::npos)
    row.fail("source", "expected where the numbers come from, got an empty text");
}

/// One coefficient of the blocks `energy`, `mitigation` and `rail`: `{value, source}`.
double read_coefficient(YamlMap& block, const char* key, double highest = 1e9) {
  YamlMap row = block.map(key);
  const double value = row.number("value", 0.0, highest);
  require_source(row);
  row.finish();
  return value;
}

struct Ranged {
  double value = 0.0, low = 0.0, high = 0.0;
};

/// `{value, source}` or `{value, low, high, source}`.
Ranged read_ranged(YamlMap& block, const char* key, double highest) {
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
  require_source(row);
  row.finish();
  return result;
}

Rail read_rail(YamlMap& block) {
  block.expect({"kind", "efficiency", "level_shift_fj_per_bit", "source"});
  Rail rail;
  rail.stated = true;
  rail.kind = static_cast<RailKind>(block.choice("kind", rail_kind_names()));
  require_source(block);
  if (rail.kind == RailKind::kSwitchingRegulator || block.has("efficiency")) {
    rail.efficiency = read_coefficient(block, "efficiency", 1.0);
    if (rail.efficiency <= 0.0)
      block.fail("efficiency", "expected an efficiency above 0 and up to 1, got 0");
  }
  if (block.has("level_shift_fj_per_bit"))
    rail.level_shift_fj_per_bit = read_coefficient(block, "level_shift_fj_per_bit");
  block.finish();
  return rail;
}

}  // namespace

Technology Technology::load(const std::filesystem::path& file) {
  Technology technology;
  technology.file_ = file;
  YamlMap root = YamlMap::load(file);
  root.expect(
      {"name", "validity", "bit_error_rate", "sram_energy", "energy", "rail", "mitigation"});
  technology.name_ = root.name("name");

  YamlMap validity = root.map("validity");
  validity.expect({"lowest_vmin", "highest_vmin", "source"});
  technology.lowest_ = validity.number("lowest_vmin", 0.1, 10.0);
  technology.highest_ = validity.number("highest_vmin", 0.1, 10.0);
  require_source(validity);
  validity.finish();
  if (technology.highest_ <= technology.lowest_)
    validity.fail("highest_vmin", fmt::format("expected a voltage above lowest_vmin ({}), got {}",
                                              technology.lowest_, technology.highest_));

  for (YamlMap& row : root.maps("bit_error_rate")) {
    row.expect({"voltage_vmin", "rate", "source"});
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
    require_source(row);
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
  energy.expect({"exponent", "source"});
  technology.energy_exponent_ = energy.number("exponent", 0.0, 10.0);
  require_source(energy);
  energy.finish();

  if (std::optional<YamlMap> block = root.optional_map("energy")) {
    std::vector<std::string> keys;
    for (const EnergyCoefficientField& field : kEnergyCoefficientFields)
      keys.emplace_back(field.key);
    block->expect(keys);
    technology.energy_.emplace();
    technology.energy_low_.emplace();
    technology.energy_high_.emplace();
    for (const EnergyCoefficientField& field : kEnergyCoefficientFields) {
      if (!field.required && !block->has(field.key)) continue;
      const Ranged row = read_ranged(*block, field.key, field.highest);
      (*technology.energy_).*field.value = row.value;
      (*technology.energy_low_).*field.value = row.low;
      (*technology.energy_high_).*field.value = row.high;
      technology.has_range_ = technology.has_range_ || row.low < row.high;
    }
    block->finish();
  }
  if (std::optional<YamlMap> block = root.optional_map("rail"))
    technology.rail_ = read_rail(*block);
  if (std::optional<YamlMap> block = root.optional_map("mitigation")) {
    const std::vector<mitigation::Coefficient> coefficients = mitigation::all_coefficients();
    std::vector<std::string> keys;
    for (const mitigation::Coefficient& one : coefficients) keys.emplace_back(one.key);
    block->expect(keys);
    technology.mitigation_.emplace();
    for (const mitigation::Coefficient& one : coefficients) {
      technology.mitigation_->set(one.key, read_coefficient(*block, one.key, one.highest));
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

double Technology::sram_energy_relative(double voltage) const {
  check_voltage(voltage);
  const double ratio = voltage / kVmin;
  return energy_exponent_ == 2.0 ? ratio * ratio : std::pow(ratio, energy_exponent_);
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
  return std::pow(voltage / kVmin, energy().sram_leakage_exponent);
}

}  // namespace brownout::technology
