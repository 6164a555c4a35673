// SPDX-License-Identifier: Apache-2.0
// Field by field, with the place in every message.
#include "sim/results/stored_sweep.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/results/chip_result.hpp"
#include "sim/results/event_counts_json.hpp"
#include "sim/results/places.hpp"
#include "sim/results/store.hpp"

namespace brownout::results {

namespace {

constexpr double kMostStored = 1e15;
constexpr std::int64_t kMostCounted = std::numeric_limits<std::int64_t>::max();

EnergyLedger energy_parts(const JsonObject& parts) {
  EnergyLedger energy;
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    energy.*field.energy = parts.number(field.name, -kMostStored, kMostStored);
  }
  return energy;
}

/// Null in results that do not have it.
Json pricing_of(const JsonObject& from, const char* key) {
  if (!from.given(key)) return nullptr;
  const JsonObject pricing = from.object(key);
  read_event_counts(pricing.at("event_counts"), std::string(key) + ".event_counts");
  for (const char* name : {"images", "cycles", "clock_mhz", "weight_kib", "weight_gated_kib",
                           "activation_kib", "accumulator_kib", "pes"}) {
    pricing.number(name, 0.0, kMostStored);
  }
  for (const char* name : {"weights", "activations", "accumulators"}) {
    const JsonObject supply = pricing.object(name);
    for (const char* part : {"voltage", "access_rel", "leakage_rel"}) {
      supply.number(part, 0.0, kMostStored);
    }
  }
  return pricing.json();
}

StoredPoint point_of(const JsonObject& from, const StoredSweep& sweep) {
  StoredPoint point;
  point.model = from.text("model");
  point.mitigation = from.has("mitigation") ? from.text("mitigation") : "none";
  if (!sweep.by_rate) point.voltage = from.number("voltage", 0.0, kMostStored);
  point.rate = from.number("rate", 0.0, 1.0);
  point.energy_sram_rel = from.number_if_given("energy_sram_rel", 0.0, kMostStored);
  point.weight_area_rel = from.number_if_given("weight_area_rel", 0.0, kMostStored);
  point.cycles = from.number_if_given("cycles", 0.0, kMostStored);
  if (point.cycles && sweep.clock_mhz) {
    point.latency_ms = *point.cycles / (1e3 * *sweep.clock_mhz);
  }
  if (from.has("energy_parts_uj")) point.energy = energy_parts(from.object("energy_parts_uj"));
  point.energy_rel = from.number_if_given("energy_rel", 0.0, kMostStored);
  point.energy_range_uj = from.pair_if_given("energy_range_uj", 0.0, kMostStored);
  point.pricing = pricing_of(from, "pricing");
  point.chips = from.integer("chips", 1, kMostCounted);
  point.images = from.integer("images", 1, kMostCounted);
  point.err = from.number("err", 0.0, 100.0);
  point.rerr_mean = from.number("rerr_mean", 0.0, 100.0);
  point.rerr_std = from.number_if_given("rerr_std", 0.0, kMostStored);
  point.rerr_ci95 = from.pair_if_given("rerr_ci95", 0.0, kMostStored);
  point.rerr_ci95_all = from.pair_if_given("rerr_ci95_all", 0.0, kMostStored);
  if (!from.given("precision")) return point;
  const JsonObject precision = from.object("precision");
  const auto interval = precision.pair_if_given("interval", 0.0, kMostStored);
  if (!interval) precision.fail("interval", "two numbers");
  point.precision = {precision.text("population"),
                     precision.number("confidence", 0.0, 1.0),
                     precision.number("half_width_points", 0.0, kMostStored),
                     *interval,
                     precision.boolean("reached"),
                     precision.integer("evaluations", 0, kMostCounted)};
  return point;
}

StoredSafeVoltage safe_voltage_of(const JsonObject& from) {
  StoredSafeVoltage row;
  row.model = from.text("model");
  row.mitigation = from.has("mitigation") ? from.text("mitigation") : "none";
  row.voltage = from.number_if_given("voltage", 0.0, kMostStored);
  row.err = from.number("err", 0.0, 100.0);
  row.rate = from.number_if_given("rate", 0.0, kMostStored);
  row.saving_access_pct = from.number_if_given("energy_saving_sram_pct", -kMostStored, kMostStored);
  row.saving_all_pct = from.number_if_given("energy_saving_total_pct", -kMostStored, kMostStored);
  row.saving_all_range_pct =
      from.pair_if_given("energy_saving_total_range_pct", -kMostStored, kMostStored);
  row.energy_uj = from.number_if_given("energy_uj", 0.0, kMostStored);
  row.latency_ms = from.number_if_given("latency_ms", 0.0, kMostStored);
  if (!from.given("stated_on")) return row;
  const JsonObject stated = from.object("stated_on");
  row.rerr_mean = stated.number_if_given("rerr_mean", 0.0, kMostStored);
  row.rerr_std = stated.number_if_given("rerr_std", 0.0, kMostStored);
  row.rerr_worst = stated.number_if_given("rerr_worst", 0.0, kMostStored);
  row.within = stated.integer("within", 0, kMostCounted);
  row.stated_on = stated.integer("chips", 1, kMostCounted);
  return row;
}

/// Rows of the clean network have no chip, nor have those of dies on some of the images.
void add_chips(StoredSweep& sweep, const std::vector<StoredRow>& rows) {
  const std::int64_t images = sweep.points.front().images;
  for (const StoredRow& stored : rows) {
    const Json json = parse_json(stored.row, stored.place);
    const JsonObject row(json, stored.place, "`brownout sweep`");
    if (!row.has("chip")) continue;
    sweep.chips.push_back({row.text("model"), row.text("mitigation"), row.text("chip"),
                           row.number(sweep.by_rate ? "rate" : "voltage", 0.0, kMostStored),
                           percent(row.integer("wrong", 0, images), images)});
  }
}

/// An accelerator of the sweep, or none with an empty name.
struct StoredAccelerator {
  std::string name, errors_of;
  std::optional<double> clock_mhz, own_dram_price;
  Json pricing_at_vmin;  // by network; null: not stored
};

std::vector<StoredAccelerator> accelerators_of(const StoredSweep& sweep, const JsonObject& json) {
  std::vector<StoredAccelerator> list;
  const bool listed = json.has("accelerators");  // not in older results
  for (const JsonObject& one : listed ? json.objects("accelerators") : std::vector<JsonObject>{}) {
    StoredAccelerator accelerator{one.text("name"), one.text("errors_of"),
                                  one.number("clock_mhz", 1e-3, kMostStored), std::nullopt,
                                  nullptr};
    if (one.text_if_given("dram_price_of") == "accelerator") {
      accelerator.own_dram_price = one.number("dram_pj_per_byte", 0.0, kMostStored);
    }
    if (one.given("pricing_at_vmin")) {
      const JsonObject at_vmin = one.object("pricing_at_vmin");
      for (const StoredModel& model : sweep.models) pricing_of(at_vmin, model.name.c_str());
      accelerator.pricing_at_vmin = at_vmin.json();
    }
    list.push_back(std::move(accelerator));
  }
  if (list.empty()) list.push_back({sweep.accelerator, "", sweep.clock_mhz, std::nullopt, nullptr});
  return list;
}

/// "array.rows=8" of "edge-16x16[array.rows=8]".
std::string varied_part(const std::string& name) {
  const std::size_t open = name.find('[');
  if (open == std::string::npos || name.back() != ']') return name;
  return name.substr(open + 1, name.size() - open - 2);
}

std::vector<std::string> items_of(const std::string& part) {
  std::vector<std::string> items{""};
  for (const char c : part) {
    if (c == ',') {
      items.emplace_back();
    } else {
      items.back() += c;
    }
  }
  return items;
}

/// Leaves only what differs among the parts: "array.rows=8" of "array.rows=8,dram.preset=hbm2-2000"
/// where all have that DRAM.
void drop_shared_items(std::vector<StoredSweep>& sweeps) {
  const auto in_all = [&](const std::string& item) {
    return std::all_of(sweeps.begin(), sweeps.end(), [&](const StoredSweep& sweep) {
      const std::vector<std::string> items = items_of(sweep.part);
      return std::find(items.begin(), items.end(), item) != items.end();
    });
  };
  std::vector<std::string> shorter;
  for (const StoredSweep& sweep : sweeps) {
    std::string part;
    for (const std::string& item : items_of(sweep.part)) {
      if (!in_all(item)) part += (part.empty() ? "" : ",") + item;
    }
    if (part.empty()) return;
    shorter.push_back(part);
  }
  for (std::size_t i = 0; i < sweeps.size(); ++i) sweeps[i].part = shorter[i];
}

/// What the accelerator's DRAM takes, in all lists of coefficients.
void set_dram_price(double pj_per_byte, Json& pricing) {
  for (const char* list : {"coefficients", "low", "high"}) {
    if (pricing.contains(list) && pricing[list].is_object()) {
      pricing[list]["dram_pj_per_byte"] = pj_per_byte;
    }
  }
}

/// Dies of the grid that have no row. Only of random chips: a profile's row may stand for several
/// voltages.
std::int64_t missing_dies(const StoredSweep& sweep, const JsonObject& json) {
  const JsonObject configuration = json.object("configuration");
  if (configuration.given("profile") || !configuration.given("seed")) return 0;
  if (configuration.given("precision")) return 0;  // its rows are of many chips each
  const auto seed = static_cast<std::uint64_t>(configuration.integer("seed", 0, kMostCounted));
  const double p_err = configuration.number_if_given("p_err", 0.0, 1.0).value_or(1.0);
  const chips::ReadErrors errors{configuration.number_if_given("p01", 0.0, 1.0).value_or(p_err),
                                 configuration.number_if_given("p10", 0.0, 1.0).value_or(p_err)};
  std::set<std::tuple<std::string, std::string, double, std::string>> there;
  for (const StoredChip& die : sweep.chips) {
    there.emplace(die.model, die.mitigation, die.level, die.chip);
  }
  std::int64_t missing = 0;
  for (const StoredPoint& point : sweep.points) {
    for (std::int64_t i = 0; i < point.chips; ++i) {
      const std::string chip = chip_name(seed, i, errors);
      if (there.count({point.model, point.mitigation, point.level(), chip}) == 0) ++missing;
    }
  }
  return missing;
}

void mark_front(StoredSweep& sweep, const JsonObject& json) {
  if (sweep.by_rate) return;  // there are no energies
  for (const JsonObject& leader : json.objects("pareto_front")) {
    const std::string accelerator = leader.text_if_given("accelerator");
    if (!accelerator.empty() && accelerator != sweep.accelerator) continue;
    for (StoredPoint& point : sweep.points) {
      point.on_front =
          point.on_front ||
          (point.model == leader.text("model") && point.mitigation == leader.text("mitigation") &&
           point.voltage == leader.number("voltage", 0.0, kMostStored));
    }
  }
}

void read_notes(StoredSweep& sweep, const JsonObject& json) {
  if (json.has("notes")) {
    sweep.notes = json.texts("notes");
    return;
  }
  // Sweeps that were written without this list.
  if (json.given("chip_note")) sweep.notes.push_back(json.text("chip_note"));
  if (json.has("labels")) sweep.notes.push_back("The images have no labels of their own.");
}

void read_configuration(StoredSweep& sweep, const JsonObject& json) {
  const JsonObject configuration = json.object("configuration");
  sweep.configuration = configuration.json();
  const JsonObject dataset = configuration.object("dataset");
  sweep.dataset = dataset.text("name");
  if (dataset.has("split")) sweep.dataset += ", " + dataset.text("split");
  sweep.dataset_sha256 = dataset.text("sha256");
  if (configuration.given("accelerator")) {
    sweep.clock_mhz = configuration.object("accelerator")
                          .object("configuration")
                          .number("clock_mhz", 1e-3, kMostStored);
  }
}

}  // namespace

std::optional<double> StoredPoint::energy_delay() const {
  if (!energy || !latency_ms) return std::nullopt;
  return energy->total() * *latency_ms;
}

namespace {

/// What all accelerators of the sweep share.
StoredSweep shared_part(const std::filesystem::path& folder, const JsonObject& json) {
  StoredSweep sweep;
  sweep.folder = folder;
  sweep.by_rate = json.text_if_given("swept") == "rate";
  sweep.technology = sweep.by_rate ? json.text_if_given("technology") : json.text("technology");
  sweep.rail = json.text_if_given("rail");
  sweep.engine = json.text("engine");
  sweep.accelerator = json.text_if_given("accelerator");
  sweep.chip_note = json.text_if_given("chip_note");
  read_configuration(sweep, json);
  read_notes(sweep, json);
  for (const JsonObject& model : json.objects("models")) {
    sweep.models.push_back({model.text("model"), model.text("model_file"),
                            model.text("model_sha256"), model.integer("weights", 0, kMostCounted),
                            nullptr});
  }
  sweep.mitigations = json.texts("mitigations");
  sweep.compares_networks = json.text_if_given("pareto_compares") != "each network with itself";
  if (json.given("pricing")) sweep.pricing = json.object("pricing").json();
  return sweep;
}

/// The part of one accelerator. `alone`: there is no other.
StoredSweep part_of(const StoredSweep& shared, const StoredAccelerator& accelerator, bool alone,
                    const JsonObject& json) {
  StoredSweep sweep = shared;
  sweep.accelerator = accelerator.name;
  sweep.clock_mhz = accelerator.clock_mhz;
  if (!alone) sweep.part = varied_part(accelerator.name);
  if (accelerator.own_dram_price) set_dram_price(*accelerator.own_dram_price, sweep.pricing);
  for (StoredModel& model : sweep.models) {
    if (accelerator.pricing_at_vmin.contains(model.name)) {
      model.pricing_at_vmin = accelerator.pricing_at_vmin[model.name];
    }
  }
  const auto own = [&](const JsonObject& entry) {
    return alone || entry.text_if_given("accelerator") == accelerator.name;
  };
  for (const JsonObject& point : json.objects("points")) {
    if (own(point)) sweep.points.push_back(point_of(point, sweep));
    sweep.places = point.has("places_of_one_die") && point.boolean("places_of_one_die");
  }
  if (sweep.points.empty()) json.fail("points", "at least one point");
  for (const JsonObject& point : json.objects("extra_points")) {
    if (own(point)) sweep.extra_points.push_back(point_of(point, sweep));
  }
  for (const JsonObject& row : json.objects("safe_voltage")) {
    if (own(row)) sweep.safe_voltage.push_back(safe_voltage_of(row));
  }
  mark_front(sweep, json);
  return sweep;
}

}  // namespace

std::vector<StoredSweep> read_sweeps(const std::filesystem::path& folder) {
  const std::vector<StoredRow> rows = read_stored_rows(folder);
  const std::filesystem::path file = folder / "sweep.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    throw InputError("{}: missing; the sweep has not ended. Give its command again", file.string());
  }
  const Json content = read_json(file);
  const JsonObject json(content, file.string(), "`brownout sweep`");
  const StoredSweep shared = shared_part(folder, json);
  const std::vector<StoredAccelerator> accelerators = accelerators_of(shared, json);
  std::vector<StoredSweep> sweeps;
  bool same_errors = true;
  for (const StoredAccelerator& one : accelerators) {
    same_errors = same_errors && one.errors_of == accelerators.front().errors_of;
    sweeps.push_back(part_of(shared, one, accelerators.size() == 1, json));
  }
  if (sweeps.size() > 1) drop_shared_items(sweeps);
  if (same_errors) add_chips(sweeps.front(), rows);
  if (rows.empty()) {
    sweeps.front().remark = fmt::format("{}: missing or empty; no die is known by itself",
                                        (folder / "results.sqlite").string());
  } else if (const std::int64_t missing = same_errors ? missing_dies(sweeps.front(), json) : 0) {
    sweeps.front().remark = fmt::format(
        "{}: the rows of {} dies are missing; the sweep's command, given again, computes them",
        (folder / "results.sqlite").string(), missing);
  }
  return sweeps;
}

void expect_comparable(const std::vector<StoredSweep>& sweeps) {
  const StoredSweep& first = sweeps.front();
  for (const StoredSweep& sweep : sweeps) {
    if (sweep.by_rate == first.by_rate) continue;
    const auto what = [](const StoredSweep& one) {
      return one.by_rate ? "bit error rates" : "voltages";
    };
    throw InputError("{} is a sweep over {}, {} over {}: expected one kind, with one axis",
                     first.folder.string(), what(first), sweep.folder.string(), what(sweep));
  }
  const auto images = [](const StoredSweep& sweep) {
    return fmt::format("{} images of {} (SHA-256 {}…)", sweep.points.front().images, sweep.dataset,
                       sweep.dataset_sha256.substr(0, 8));
  };
  for (const StoredSweep& sweep : sweeps) {
    if (images(sweep) == images(first)) continue;
    throw InputError(
        "{} has errors on {}, {} on {}: expected the same images, so that they compare",
        first.folder.string(), images(first), sweep.folder.string(), images(sweep));
  }
}

}  // namespace brownout::results
