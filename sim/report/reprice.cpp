// SPDX-License-Identifier: Apache-2.0
// `brownout run --reprice`: counts and cycles of a finished run, priced again.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/text.hpp"
#include "sim/report/event_counts.hpp"
#include "sim/report/run_report.hpp"
#include "sim/report/table.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::report {

namespace {

constexpr std::int64_t kHighestCount = std::numeric_limits<std::int64_t>::max();

/// Reads what pricing needs from a run's JSON, with the place in every message.
class RunFile {
 public:
  explicit RunFile(const std::filesystem::path& file)
      : file_(file.string()), json_(read_json(file)) {
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

/// Layers and the wait that no layer has must add up to the whole, which is priced by itself.
void check_sums(const RunFile& run, const Json& json) {
  const auto counts_in = [&](const Json& in, const std::string& where) {
    return read_event_counts(run.at(in, where, "event_counts"),
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

/// Runs of before mitigations had prices say nothing of protection.
technology::Protection protection_of(const RunFile& run, const Json& pricing) {
  technology::Protection protection;
  if (!pricing.is_object() || !pricing.contains("protection")) return protection;
  const Json& from = pricing["protection"];
  const std::string place = "pricing.protection.";
  const std::string codec = run.text(from, place, "codec");
  bool known = false;
  for (const auto one : {technology::Codec::kNone, technology::Codec::kSecded,
                         technology::Codec::kParity, technology::Codec::kInterleavedParity}) {
    if (technology::to_string(one) != codec) continue;
    protection.codec = one;
    known = true;
  }
  const auto count = [&](const char* key, double low) {
    const double value = run.number(from, place, key);
    if (value < low || value > 1e6 || value != std::floor(value))
      throw InputError("{}: {}{}: expected an integer in [{}, 1000000], got {}", run.name(), place,
                       key, low, value);
    return static_cast<int>(value);
  };
  protection.safe_share = run.number(from, place, "safe_share");
  if (!known || protection.safe_share > 1.0)
    throw InputError(
        "{}: {}codec and safe_share: expected a check code or none, and a share up to 1, got {} "
        "and {}",
        run.name(), place, in_quotes(codec), protection.safe_share);
  protection.boost_vmin = run.number(from, place, "boost_vmin");
  protection.spare_rows = count("spare_rows", 0);
  protection.array_rows = count("array_rows", 1);
  protection.spare_columns = count("spare_columns", 0);
  protection.placed = run.flag(from, place, "placed");
  return protection;
}

std::filesystem::path technology_of(const RunFile& run, const Json& json,
                                    const std::filesystem::path& given) {
  return given.empty() ? std::filesystem::path(run.text(json, "", "technology_file")) : given;
}

}  // namespace

std::filesystem::path repriced_technology(const std::filesystem::path& file,
                                          const std::filesystem::path& technology) {
  RunFile run(file);
  return technology_of(run, run.json(), technology);
}

std::string repriced_json(const std::filesystem::path& file,
                          const std::filesystem::path& technology_file,
                          std::optional<double> voltage) {
  RunFile run(file);
  Json& json = run.json();
  const std::filesystem::path from = technology_of(run, json, technology_file);
  const technology::Technology technology = technology::Technology::load(from);
  const Json& pricing = run.at(json, "", "pricing");
  const std::string place = "pricing.";
  technology::Structure structure;
  structure.weight_kib = run.number(pricing, place, "weight_kib");
  structure.activation_kib = run.number(pricing, place, "activation_kib");
  structure.accumulator_kib = run.number(pricing, place, "accumulator_kib");
  structure.pes = run.number(pricing, place, "pes");
  structure.protection = protection_of(run, pricing);
  const double clock = run.number(pricing, place, "clock_mhz");
  const double images = run.number(json, "", "images");
  if (clock < 1e-3 || images < 1.0 || images != std::floor(images)) {
    throw InputError(
        "{}: pricing.clock_mhz and images: expected a clock of at least 0.001 and a "
        "whole number of images, got {} and {}",
        run.name(), clock, images);
  }
  check_sums(run, json);
  const double simulated = run.number(json, "", "voltage");
  const double at = voltage.value_or(simulated);
  technology::Supply supply;
  if (run.flag(pricing, place, "weights_scaled")) supply.weights_vmin = at;
  // Runs without a supply of its own for each memory have no voltage there.
  const auto voltage_of = [&](const char* scaled, const char* own) {
    if (run.flag(pricing, place, scaled)) return at;
    return pricing.contains(own) ? run.number(pricing, place, own) : 1.0;
  };
  supply.activations_vmin = voltage_of("activations_scaled", "activations_vmin");
  supply.accumulators_vmin = voltage_of("accumulators_scaled", "accumulators_vmin");
  const auto energy = [&](const Json& in, const std::string& where, const char* cycles) {
    technology::EnergyLedger ledger =
        technology::price(technology,
                          read_event_counts(run.at(in, where, "event_counts"),
                                            run.name() + ": " + where + "event_counts"),
                          run.number(in, where, cycles) / (1e6 * clock), supply, structure);
    for (const technology::EnergyLedgerField& field : technology::kEnergyLedgerFields) {
      ledger.*field.energy /= images;
    }
    return ledger;
  };
  json["energy_uj"] = energy_json(energy(json, "", "cycles_total"));
  for (std::size_t i = 0; i < json["layers"].size(); ++i) {
    const std::string where = fmt::format("layers[{}].", i);
    const technology::EnergyLedger ledger = energy(json["layers"][i], where, "cycles");
    json["layers"][i]["energy_uj"] = ledger.total();
    json["layers"][i]["energy_parts_uj"] = energy_json(ledger);
  }
  json["repriced"] = {{"from", run.name()},
                      {"technology", technology.name()},
                      {"technology_file", from.string()},
                      {"voltage", at}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string repriced_text(const std::string& text) {
  const Json json = Json::parse(text);
  std::string result = fmt::format(
      "Priced with {} at {:.4f} Vmin; error, cycles and counts are those simulated at "
      "{:.4f} Vmin.\nEnergy per image, uJ:\n",
      json["repriced"]["technology_file"].get<std::string>(),
      json["repriced"]["voltage"].get<double>(), json["voltage"].get<double>());
  Table table({"component", "uJ"});
  for (const auto& [name, value] : json["energy_uj"].items()) {
    table.add({name, fmt::format("{:.4f}", value.get<double>())});
  }
  return result + table.text();
}

}  // namespace brownout::report
