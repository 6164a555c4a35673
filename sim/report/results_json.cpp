// SPDX-License-Identifier: Apache-2.0
// Field by field, in the order of the documentation. Names of fields that depend on the clock end
// in seconds, _s or _per_s; all other fields are the same in every run.
#include "sim/report/results_json.hpp"

#include "sim/base/json.hpp"
#include "sim/experiment/images.hpp"
#include "sim/mitigation/outcome.hpp"
#include "sim/report/difference_report.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/memories.hpp"
#include "sim/report/optional_json.hpp"
#include "sim/report/populations.hpp"
#include "sim/report/precision_report.hpp"
#include "sim/report/sweep_notes.hpp"
#include "sim/results/event_counts_json.hpp"
#include "sim/results/point.hpp"
#include "sim/results/price_basis_json.hpp"

namespace brownout::report {

namespace {

Json bits_json(int bits) { return bits == 0 ? Json(nullptr) : Json(bits); }

void put_spread(Json& json, const std::string& name, const results::Spread& spread, bool interval) {
  json[name + "_mean"] = spread.mean;
  json[name + "_std"] = maybe(spread.std);
  if (interval) json[name + "_ci95"] = maybe(spread.ci95);
}

void put_error(Json& json, const std::string& name, const results::ErrorSpread& error) {
  put_spread(json, name, error, true);
  json[name + "_se_images"] = maybe(error.images_se);
  json[name + "_ci95_all"] = maybe(error.ci95_all);
}

/// Everything measured over the chips of a point.
void put_statistics(Json& json, const results::Point& point) {
  json["err"] = point.err;
  json["err_ci95"] = point.err_ci95;
  put_error(json, "rerr", point.rerr);
  json["rerr_position_std"] = maybe(point.rerr_positions.between);
  json["rerr_within_position_std"] = maybe(point.rerr_positions.within);
  put_error(json, "rerr_either", point.rerr_either);
  json["prop1_excess"] = maybe(point.prop1_excess);
  json["confidence_clean"] = point.confidence_clean;
  put_spread(json, "confidence", point.confidence, false);
  json["cells_hit_mean"] = point.cells_hit_mean;
  json["bits_wrong_mean"] = point.bits_wrong_mean;
  json["codes_changed_mean"] = point.codes_changed_mean;
}

/// All energy with leakage at the low and high ends of its range.
void put_ends(Json& json, const std::optional<experiment::EnergyEnds>& ends) {
  json["energy_range_uj"] = ends ? Json(ends->uj) : Json(nullptr);
  json["energy_rel_range"] = ends ? Json(ends->rel) : Json(nullptr);
}

/// "" is no name.
Json name_json(const std::string& name) { return name.empty() ? Json(nullptr) : Json(name); }

Json point_json(const results::Point& point) {
  Json json;
  json["model"] = point.model;
  json["mitigation"] = point.mitigation;
  json["accelerator"] = name_json(point.accelerator);
  json["voltage"] = maybe(point.voltage);
  json["rate"] = point.rate;
  json["energy_sram_rel"] = maybe(point.energy_sram_rel);
  json["weight_area_rel"] = maybe(point.weight_area_rel);
  if (point.energy) {
    json["cycles"] = *point.cycles;
    json["latency_ms"] = maybe(point.latency_ms);
    json["energy_delay_uj_ms"] = maybe(point.energy_delay_uj_ms());
    json["energy_uj"] = point.energy->total();
    json["energy_parts_uj"] = results::energy_json(*point.energy);
    json["energy_rel"] = *point.energy_rel;
    json["memories"] = memories_json<Json>(*point.memories, point.images, /*means=*/true);
    put_ends(json, point.energy_ends);
    json["weight_access_share"] = maybe(point.access_share);
    json["pricing"] =
        point.price_basis ? results::price_basis_json(*point.price_basis) : Json(nullptr);
  } else if (point.cycles) {  // at a rate, which has no voltage
    json["cycles"] = *point.cycles;
    json["latency_ms"] = maybe(point.latency_ms);
    json["memories"] = memories_json<Json>(*point.memories, point.images, /*means=*/true);
    for (Json& memory : json["memories"]) memory.erase("voltage");
  }
  json["chips"] = point.chips;
  json["places_of_one_die"] = point.places;
  json["images"] = point.images;
  put_statistics(json, point);
  if (point.precision) json["precision"] = precision_json(point);
  return json;
}

/// Of points that a statement names; nothing without an accelerator.
void put_accelerator(Json& json, const results::Point& point) {
  if (!point.accelerator.empty()) json["accelerator"] = point.accelerator;
}

Json leader_json(const results::Leader& leader, const std::vector<results::Point>& points) {
  const results::Point& point = points[leader.point];
  Json json = {{"model", point.model},
               {"mitigation", point.mitigation},
               {"voltage", maybe(point.voltage)},
               {"energy_sram_rel", maybe(point.energy_sram_rel)},
               {"rerr_mean", point.rerr.mean}};
  if (!point.voltage) json["rate"] = point.rate;
  if (point.energy) json["energy_uj"] = point.energy->total();
  put_accelerator(json, point);
  json["within_noise"] = Json::array();
  for (const std::size_t i : leader.within_noise) {
    json["within_noise"].push_back({{"model", points[i].model},
                                    {"mitigation", points[i].mitigation},
                                    {"voltage", maybe(points[i].voltage)},
                                    {"rerr_mean", points[i].rerr.mean}});
    if (!points[i].voltage) json["within_noise"].back()["rate"] = points[i].rate;
    put_accelerator(json["within_noise"].back(), points[i]);
  }
  return json;
}

Json leaders_json(const std::vector<results::Leader>& leaders,
                  const std::vector<results::Point>& points) {
  Json json = Json::array();
  for (const results::Leader& leader : leaders) json.push_back(leader_json(leader, points));
  return json;
}

Json safe_json(const results::SafeVoltageRow& row, const results::SafeVoltageRule& rule) {
  Json json = {{"model", row.model},
               {"mitigation", row.mitigation},
               {"accelerator", name_json(row.accelerator)},
               {"max_drop_points", rule.max_drop_points},
               {"yield", rule.yield ? Json(rule.yield->yield) : Json("mean")},
               {"confidence", rule.yield ? Json(rule.yield->confidence) : Json(nullptr)},
               {"voltage", maybe(row.voltage)},
               {"energy_saving_sram_pct", maybe(row.energy_saving_pct)},
               {"energy_saving_total_pct", maybe(row.energy_saving_total_pct)},
               {"energy_saving_total_range_pct", maybe(row.energy_saving_total_ends_pct)},
               {"energy_uj", maybe(row.energy_uj)},
               {"latency_ms", maybe(row.latency_ms)},
               {"fails_at_voltage", maybe(row.fails_at)},
               {"rate", maybe(row.rate)},
               {"err", row.err}};
  const std::optional<results::StatedError>& stated = row.stated;
  json["rerr_mean"] = stated ? Json(stated->rerr_mean) : Json(nullptr);
  Json chosen = {{"chips", rule.chosen_on}, {"first", rule.first_chosen}, {"tried", row.tried}};
  if (row.evaluations) chosen["evaluations"] = *row.evaluations;
  if (rule.yield) {
    chosen["allowed"] = rule.allowed;
    chosen["failed"] = row.voltage ? Json(row.failed) : Json(nullptr);
  }
  json["chosen_on"] = chosen;
  json["stated_on"] = nullptr;
  if (stated) {
    json["stated_on"] = {{"chips", rule.stated_on},
                         {"first", rule.first_stated},
                         {"rerr_mean", stated->rerr_mean},
                         {"rerr_std", maybe(stated->rerr_std)},
                         {"rerr_worst", stated->rerr_worst},
                         {"within", stated->within},
                         {"within_pct", 100.0 * static_cast<double>(stated->within) /
                                            static_cast<double>(rule.stated_on)}};
  }
  return json;
}

Json chip_json(const results::ChipResult& chip, const runs::EvalResult& result) {
  const experiment::Setup& setup = result.config.setup;
  const std::int64_t images = result.images;
  Json json = {{"chip", chip.chip},
               {"rerr", results::percent(chip.wrong, images)},
               {"rerr_either", results::percent(chip.wrong_either, images)},
               {"confidence", chip.confidence},
               {"cell_rate", chip.cell_rate},
               {"period", chip.period == 0 ? Json(nullptr) : Json(chip.period)},
               {"note", chip.note.empty() ? Json(nullptr) : Json(chip.note)},
               {"cells_hit", chip.read.cells_hit},
               {"bits_wrong", chip.read.bits_wrong},
               {"codes_changed", chip.read.codes_changed},
               {"logits_sha256", chip.logits_sha256}};
  if (setup.target.accelerator) {
    json["memory_cells"] = memory_cells_json<Json>(chip.others);
    json["memories"] = memory_results_json<Json>(chip.others);
  }
  for (const mitigation::NamedCount& one :
       mitigation::named_counts(setup.target.mitigations(), {chip.protection, chip.repair})) {
    json[one.key] = one.count;
  }
  if (result.config.list_cells) json["cells"] = chip.cells;
  return json;
}

/// Network, images and operating point: what all of it depends on.
void put_setup(Json& json, const runs::EvalResult& result) {
  const runs::EvalConfig& config = result.config;
  const experiment::Setup& setup = config.setup;
  json["model"] = result.model;
  json["model_file"] = config.model.string();
  json["model_sha256"] = result.model_sha256;
  json["engine"] = setup.engine;
  json["batch_statistics"] = setup.batch_statistics ? Json(setup.target.batch) : Json(nullptr);
  json["bits"] = bits_json(result.bits);
  json["weights"] = result.weights;
  json["dataset"] = setup.images.dataset;
  json["split"] = experiment::to_string(setup.images.split);
  put_labels(json, result.labelled);
  json["technology"] = maybe(result.technology);
  json["rail"] = maybe(result.rail);
  json["voltage"] = maybe(result.voltage);
  json["rate"] = result.rate.value_or(0.0);
  json["energy_sram_rel"] = maybe(result.energy_sram_rel);
  json["weight_area_rel"] = maybe(result.weight_area_rel);
  json["chips"] = config.chips.size();
  json["places_of_one_die"] = result.point && result.point->places;
  json["seed"] = maybe(config.seed);
  json["p_err"] = maybe(config.p_err);
  json["images"] = result.images;
  json["bit_offset"] = setup.target.bit_offset;
  json["evaluation_seed"] = setup.reads.evaluation_seed;
  json["reads"] = setup.reads.fresh ? "fresh" : "frozen";
  json["mitigation"] = mitigation::to_string(setup.target.mitigations());
  json["only"] = nullptr;
  if (!setup.reads.selection.all()) {
    json["only"] = {{"tensors", setup.reads.selection.tensors},
                    {"layers", setup.reads.selection.layers},
                    {"bits", {setup.reads.selection.low_bit, setup.reads.selection.high_bit - 1}}};
  }
}

/// The fields of put_statistics where only the clean network ran.
void put_clean_alone(Json& json, const runs::EvalResult& result) {
  json["err"] = result.clean.err(result.images);
  json["err_ci95"] = result.clean.err_ci95(result.images);
  for (const char* name :
       {"rerr_mean", "rerr_std", "rerr_ci95", "rerr_se_images", "rerr_ci95_all",
        "rerr_position_std", "rerr_within_position_std", "rerr_either_mean", "rerr_either_std",
        "rerr_either_ci95", "rerr_either_se_images", "rerr_either_ci95_all", "prop1_excess"}) {
    json[name] = nullptr;
  }
  json["confidence_clean"] = result.clean.confidence;
  for (const char* name : {"confidence_mean", "confidence_std", "cells_hit_mean", "bits_wrong_mean",
                           "codes_changed_mean"}) {
    json[name] = nullptr;
  }
}

/// On an accelerator.
void put_cost(Json& json, const runs::EvalResult& result) {
  json["accelerator"] = result.config.setup.target.accelerator->name;
  json["memories"] = memories_json<Json>(*result.memories, result.images, /*means=*/true);
  json["cycles"] = result.cost->cycles;
  json["latency_ms"] = result.cost->latency_ms;
  json["energy_delay_uj_ms"] = result.cost->latency_ms * result.cost->energy.total();
  json["energy_uj"] = result.cost->energy.total();
  json["energy_parts_uj"] = results::energy_json(result.cost->energy);
  json["energy_rel"] = result.cost->relative.rel;
  put_ends(json, result.cost->relative.ends);
  json["weight_access_share"] = result.cost->relative.access_share;
  json["dram_pj_per_byte"] = result.cost->dram.pj_per_byte;
}

Json populations_of(const runs::EvalResult& result) {
  if (!result.point) return populations_json(0);
  return populations_json(result.point->chips, population_of(result));
}

}  // namespace

Json eval_object(const runs::EvalResult& result) {
  const runs::EvalConfig& config = result.config;
  Json json;
  put_setup(json, result);
  json["weight_noise"] = maybe(config.weight_noise);
  if (result.point) {
    put_statistics(json, *result.point);
  } else {
    put_clean_alone(json, result);
  }
  if (result.cost) put_cost(json, result);
  json["populations"] = populations_of(result);
  json["logits_sha256"] = result.clean.logits_sha256;
  json["seconds"] = result.seconds;
  json["images_per_s"] = result.images_per_s;
  json["per_chip"] = Json::array();
  for (const results::ChipResult& chip : result.chips) {
    json["per_chip"].push_back(chip_json(chip, result));
  }
  return json;
}

std::string eval_json(const runs::EvalResult& result) {
  return json_text(eval_object(result), 2) + "\n";
}

std::string sweep_json(const results::SweepResult& result) {
  Json json;
  if (result.by_rate) {
    json["swept"] = "rate";
    json["technology"] = name_json(result.technology);
  } else {
    json["technology"] = result.technology;
    json["rail"] = result.rail;
  }
  json["engine"] = result.engine;
  put_labels(json, result.labelled);
  json["accelerator"] = name_json(result.accelerator);
  json["accelerators"] = Json::array();
  for (const results::SweptAccelerator& one : result.accelerators) {
    json["accelerators"].push_back({{"name", one.name},
                                    {"clock_mhz", one.clock_mhz},
                                    {"errors_of", result.accelerators[one.errors_of].name}});
    if (result.by_rate) continue;
    Json at_vmin = Json::object();
    for (std::size_t i = 0; i < one.at_vmin.size(); ++i) {
      at_vmin[result.models[i].name] = results::price_basis_json(one.at_vmin[i]);
    }
    json["accelerators"].back().update(
        {{"dram_pj_per_byte", one.dram.pj_per_byte},
         {"dram_price_of", one.dram.technology_pj_per_byte ? "accelerator" : "technology"},
         {"pricing_at_vmin", at_vmin}});
  }
  json["chip_note"] = result.chip_note.empty() ? Json(nullptr) : Json(result.chip_note);
  json["notes"] = sweep_notes(result);
  json["pricing"] = result.prices ? results::price_list_json(*result.prices) : Json(nullptr);
  json["models"] = Json::array();
  for (const results::SweepModel& model : result.models) {
    json["models"].push_back({{"model", model.name},
                              {"model_file", model.file.string()},
                              {"model_sha256", model.sha256},
                              {"bits", bits_json(model.bits)},
                              {"weights", model.weights}});
  }
  json["mitigations"] = result.mitigations;
  json["points"] = Json::array();
  for (const results::Point& point : result.points) json["points"].push_back(point_json(point));
  const results::Point& first = result.points.front();
  const char* const of = first.places ? kPlaces : kChips;
  json["populations"] = {{"points", first.precision ? adaptive_populations_json()
                                                    : populations_json(first.chips, of)}};
  if (!result.extra_points.empty()) {
    json["populations"]["extra_points"] = populations_json(result.extra_points.front().chips, of);
  }
  json["points_computed"] = result.points_computed;
  json["extra_points"] = Json::array();
  for (const results::Point& point : result.extra_points) {
    json["extra_points"].push_back(point_json(point));
  }
  json["extra_points_computed"] = result.extra_points_computed;

  json["safe_voltage"] = Json::array();
  for (const results::SafeVoltageRow& row : result.safe_voltage) {
    json["safe_voltage"].push_back(safe_json(row, result.safe));
  }
  const results::Fronts& fronts = result.fronts;
  json[result.by_rate ? "best_per_rate" : "best_per_voltage"] =
      leaders_json(fronts.best_per_level, result.points);
  if (!result.by_rate) {
    const bool all = fronts.compares_networks;
    json["pareto_energy"] = all ? "energy_uj" : "energy_sram_rel";
    json["pareto_compares"] = all ? "all networks" : "each network with itself";
    json["pareto_front"] = leaders_json(fronts.pareto, result.points);
  }
  json["mitigation_front"] = leaders_json(fronts.mitigations, result.points);
  if (!result.differences.empty()) json["differences"] = sweep_differences_json(result);
  json["configuration"] = Json::parse(result.identity);
  json["seconds"] = result.seconds;
  json["images_per_s"] = result.images_per_s;
  return json_text(json, 2) + "\n";
}

}  // namespace brownout::report
