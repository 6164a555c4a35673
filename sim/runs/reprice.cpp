// SPDX-License-Identifier: Apache-2.0
// Reads what pricing needs, with the place in every message.
#include "sim/runs/reprice.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/experiment/pricing.hpp"
#include "sim/mitigation/policy.hpp"
#include "sim/results/event_counts_json.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::runs {

namespace {

constexpr std::int64_t kHighestCount = std::numeric_limits<std::int64_t>::max();

Json read_run(const std::filesystem::path& file) {
  try {
    return read_json(file);
  } catch (const InputError& error) {
    throw InputError("{}; expected the JSON of `brownout run`", error.what());
  }
}

/// Reads what pricing needs from a run's JSON, with the place in every message.
class RunFile {
 public:
  explicit RunFile(const std::filesystem::path& file)
      : file_(file.string()), json_(read_run(file)) {
    if (!json_.is_object()) throw InputError("{}: expected the JSON of `brownout run`", file_);
  }

  Json& json() { return json_; }
  const std::string& name() const { return file_; }

  double number(const Json& in, const std::string& where, const char* key) const {
    const Json& value = at(in, where, key);
    const bool fine = value.is_number() && value.get<double>() >= 0.0 && value.get<double>() < 1e15;
    if (!fine) fail(where, key, "a number in [0, 1e15)", value);
    return value.get<double>();
  }
  bool flag(const Json& in, const std::string& where, const char* key) const {
    const Json& value = at(in, where, key);
    if (!value.is_boolean()) fail(where, key, "true or false", value);
    return value.get<bool>();
  }
  std::string text(const Json& in, const std::string& where, const char* key) const {
    const Json& value = at(in, where, key);
    if (!value.is_string()) fail(where, key, "text", value);
    return value.get<std::string>();
  }
  const Json& at(const Json& in, const std::string& where, const char* key) const {
    if (!in.is_object() || !in.contains(key)) {
      throw InputError("{}: {}{}: missing; expected the JSON of `brownout run`", file_, where, key);
    }
    return in[key];
  }

 private:
  [[noreturn]] void fail(const std::string& where, const char* key, const char* expected,
                         const Json& found) const {
    throw InputError("{}: {}{}: expected {}, got {}", file_, where, key, expected,
                     json_shown(found));
  }
  std::string file_;
  Json json_;
};

/// Layers, and the wait that belongs to no layer, must add up to the whole, which is priced by
/// itself.
void check_sums(const RunFile& run, const Json& json) {
  const auto counts_in = [&](const Json& in, const std::string& where) {
    return results::read_event_counts(run.at(in, where, "event_counts"),
                                      run.name() + ": " + where + "event_counts");
  };
  EventCounts counts;
  double cycles = run.number(json, "", "input_wait_cycles");
  const Json& layers = run.at(json, "", "layers");
  if (!layers.is_array()) throw InputError("{}: layers: expected a list", run.name());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string where = fmt::format("layers[{}].", i);
    const EventCounts layer = counts_in(layers[i], where);
    cycles += run.number(layers[i], where, "cycles");
    for (const EventCountField& field : kEventCountFields) {
      if (layer.*field.count > kHighestCount - counts.*field.count) {
        throw InputError("{}: {}event_counts.{}: expected a sum over the layers up to {}",
                         run.name(), where, field.name, kHighestCount);
      }
      counts.*field.count += layer.*field.count;
    }
  }
  const EventCounts total = counts_in(json, "");
  for (const EventCountField& field : kEventCountFields) {
    if (total.*field.count == counts.*field.count) continue;
    throw InputError("{}: event_counts.{}: expected the sum of the layers, {}, got {}", run.name(),
                     field.name, counts.*field.count, total.*field.count);
  }
  const double whole = run.number(json, "", "cycles_total");
  if (whole != cycles) {
    throw InputError(
        "{}: cycles_total: expected the cycles of the layers and input_wait_cycles, {}, got {}",
        run.name(), cycles, whole);
  }
}

/// The block `pricing.protection`.
class RunProtection final : public mitigation::ProtectionFile {
 public:
  RunProtection(const RunFile& run, const Json& from) : run_(run), from_(from) {}

  std::string text(const char* key) const override { return run_.text(from_, kPlace, key); }
  double amount(const char* key) const override { return run_.number(from_, kPlace, key); }
  bool flag(const char* key) const override { return run_.flag(from_, kPlace, key); }
  int count(const char* key, int low) const override {
    const double value = amount(key);
    if (value < low || value > 1e6 || value != std::floor(value))
      refuse(key, fmt::format("an integer in [{}, 1000000], got {}", low, value));
    return static_cast<int>(value);
  }
  std::string place(const char* keys) const override {
    return fmt::format("{}: {}{}", run_.name(), kPlace, keys);
  }

 private:
  static constexpr char kPlace[] = "pricing.protection.";
  const RunFile& run_;
  const Json& from_;
};

/// Runs from before mitigations had prices say nothing about protection.
mitigation::Protection protection_of(const RunFile& run, const Json& pricing) {
  if (!pricing.is_object() || !pricing.contains("protection")) return {};
  return mitigation::read_protection(RunProtection(run, pricing["protection"]));
}

std::filesystem::path technology_of(const RunFile& run, const Json& json,
                                    const std::filesystem::path& given) {
  return given.empty() ? std::filesystem::path(run.text(json, "", "technology_file")) : given;
}

/// Runs from before each memory had a supply of its own have no voltage here.
mapping::MemorySupply supply_of(const RunFile& run, const Json& pricing, const char* scaled,
                                const char* own) {
  mapping::MemorySupply supply;
  supply.scaled = run.flag(pricing, "pricing.", scaled);
  if (!supply.scaled && pricing.contains(own)) supply.vmin = run.number(pricing, "pricing.", own);
  return supply;
}

experiment::Pricing pricing_of(const RunFile& run, const Json& json) {
  const Json& from = run.at(json, "", "pricing");
  const std::string place = "pricing.";
  experiment::Pricing pricing;
  technology::Structure& structure = pricing.structure;
  structure.weight_kib = run.number(from, place, "weight_kib");
  structure.activation_kib = run.number(from, place, "activation_kib");
  structure.accumulator_kib = run.number(from, place, "accumulator_kib");
  structure.pes = run.number(from, place, "pes");
  structure.protection = protection_of(run, from);
  // In runs from before arrays could be gated all arrays are on.
  if (from.contains("weight_gated_kib")) {
    structure.weight_gated_kib = run.number(from, place, "weight_gated_kib");
  }
  // Runs from before accelerator files could price their DRAM take the technology's price.
  if (from.contains("dram_pj_per_byte") && !from["dram_pj_per_byte"].is_null()) {
    structure.dram_pj_per_byte = run.number(from, place, "dram_pj_per_byte");
  }
  if (structure.weight_gated_kib > structure.weight_kib) {
    throw InputError("{}: pricing.weight_gated_kib: expected at most weight_kib, {}, got {}",
                     run.name(), structure.weight_kib, structure.weight_gated_kib);
  }
  pricing.clock_mhz = run.number(from, place, "clock_mhz");
  const double images = run.number(json, "", "images");
  if (pricing.clock_mhz < 1e-3 || images < 1.0 || images != std::floor(images)) {
    throw InputError(
        "{}: pricing.clock_mhz and images: expected a clock of at least 0.001 and a "
        "whole number of images, got {} and {}",
        run.name(), pricing.clock_mhz, images);
  }
  pricing.images = static_cast<std::int64_t>(images);
  pricing.supplies.weights_scaled = run.flag(from, place, "weights_scaled");
  pricing.supplies.activations = supply_of(run, from, "activations_scaled", "activations_vmin");
  pricing.supplies.accumulators = supply_of(run, from, "accumulators_scaled", "accumulators_vmin");
  return pricing;
}

experiment::RunCounts counts_of(const RunFile& run, const Json& json,
                                const experiment::Pricing& pricing) {
  const auto part = [&](const Json& in, const std::string& where, const char* cycles) {
    return experiment::RunPartCounts{
        results::read_event_counts(run.at(in, where, "event_counts"),
                                   run.name() + ": " + where + "event_counts"),
        run.number(in, where, cycles)};
  };
  experiment::RunCounts counts{part(json, "", "cycles_total"), {}, std::nullopt};
  const Json& layers = json["layers"];
  for (std::size_t i = 0; i < layers.size(); ++i) {
    counts.layers.push_back(part(layers[i], fmt::format("layers[{}].", i), "cycles"));
  }
  // Only check codes take cycles. Runs from before this was written down are compared without them.
  const Json& from = json["pricing"];
  if (from.contains("unprotected_cycles") && !from["unprotected_cycles"].is_null()) {
    counts.unprotected_cycles = run.number(from, "pricing.", "unprotected_cycles");
  } else if (pricing.structure.protection.check == memory::CheckCode::kNone) {
    counts.unprotected_cycles = counts.all.cycles;
  }
  return counts;
}

}  // namespace

std::filesystem::path repriced_technology(const std::filesystem::path& file,
                                          const std::filesystem::path& technology) {
  RunFile run(file);
  return technology_of(run, run.json(), technology);
}

Repriced reprice(const std::filesystem::path& file, const std::filesystem::path& technology_file,
                 std::optional<double> voltage) {
  RunFile run(file);
  Json& json = run.json();
  const technology::Technology technology =
      technology::Technology::load(technology_of(run, json, technology_file));
  const experiment::Pricing pricing = pricing_of(run, json);
  check_sums(run, json);
  Repriced result;
  // Faults, and with them error and predictions, stay those of the voltage that was simulated.
  result.simulated = {{"voltage", run.number(json, "", "voltage")},
                      {"technology", run.text(json, "", "technology")},
                      {"technology_file", run.text(json, "", "technology_file")}};
  const double at = voltage.value_or(result.simulated["voltage"].get<double>());
  if (json.contains("repriced") && json["repriced"].contains("simulated")) {
    result.simulated = json["repriced"]["simulated"];
  }
  result.simulated_voltage = run.number(result.simulated, "repriced.simulated.", "voltage");
  result.prices = experiment::price_run(technology, pricing, at, counts_of(run, json, pricing));
  result.file = file;
  result.run = std::move(json);
  return result;
}

}  // namespace brownout::runs
