// SPDX-License-Identifier: Apache-2.0
// Rows and keys as JSON. Counts are stored, not percentages, so that a continued sweep computes
// its statistics from the same integers.
#include "sim/sweep/records.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/mapping/program.hpp"
#include "sim/memory/random_chip.hpp"
#include "sim/memory/transient.hpp"
#include "sim/sweep/places.hpp"

namespace brownout::sweep {

using Json = nlohmann::ordered_json;

namespace {

/// File names need not be UTF-8, JSON must.
std::string text_of(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string to_hex(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::vector<std::uint8_t> from_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

Json dataset_json(const SweepConfig& config, const std::string& dataset_sha256) {
  return {{"name", config.dataset},
          {"split", to_string(config.split)},
          {"images", config.images},
          {"sha256", dataset_sha256}};
}

/// Where weights lie and what time passes; both may change results.
Json accelerator_json(const SweepConfig& config) {
  return {{"configuration", Json::parse(mapping::resolved_json(*config.accelerator))},
          {"placement_version", mapping::kPlacementVersion},
          {"batch", config.batch}};
}

Json parse_row(const Store& store, const std::string& text) {
  Json row = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (row.is_discarded()) {
    throw InputError("{}: a stored row is not JSON", store.folder().string());
  }
  return row;
}

}  // namespace

WrongImages wrong_images_of(const Store& store, const Json& row, std::int64_t images) {
  try {
    return wrong_images_from_hex(row.at("wrong_images"), images);
  } catch (const InputError& error) {
    throw InputError("{}: wrong_images of a stored row: {}", store.folder().string(), error.what());
  }
}

void put_definitions(Json& key) {
  key["random_chip_version"] = memory::kRandomChipVersion;
  key["transient_read_version"] = memory::kTransientReadVersion;
}

RecordKeys::RecordKeys(const SweepConfig& config, const Model& model,
                       const std::string& dataset_sha256) {
  Json base = {{"version", kResultVersion},
               {"model_sha256", model.sha256},
               {"dataset", dataset_json(config, dataset_sha256)},
               {"engine", config.engine},
               {"bit_offset", config.bit_offset},
               {"evaluation_seed", config.evaluation_seed}};
  if (config.fresh_reads) base["fresh_reads_batch"] = config.batch;
  if (config.accelerator) {
    base["accelerator"] = accelerator_json(config);
    // The voltages of the other memories are there; their rates are the technology's.
    const MemoryPoints low = memory_points(*config.accelerator, &*config.technology,
                                           {config.technology->lowest_voltage(), 1.0});
    if (low.any()) base["technology_sha256"] = config.technology_sha256;
  }
  base_ = base.dump();
}

std::string RecordKeys::clean() const {
  Json key = Json::parse(base_);
  key["pattern"] = "clean";
  return sha256_hex(key.dump());
}

std::string RecordKeys::chip(const SweepMitigation& mitigation, const std::string& chip,
                             const memory::OperatingPoint& supply) const {
  Json key = Json::parse(base_);
  key["mitigation"] = mitigation.identity;
  key["pattern"] = chip;
  put_definitions(key);
  key["voltage"] = supply.voltage;
  key["rate"] = supply.rate;
  return sha256_hex(key.dump());
}

std::string identity(const SweepConfig& config, const std::vector<Model>& models,
                     const std::string& dataset_sha256, const std::string& first_chip) {
  Json json;
  json["version"] = kResultVersion;
  put_definitions(json);
  json["technology"] = {{"name", config.technology->name()}, {"sha256", config.technology_sha256}};
  json["models"] = Json::array();
  for (const Model& model : models) {
    json["models"].push_back({{"name", model.name}, {"sha256", model.sha256}});
  }
  json["dataset"] = dataset_json(config, dataset_sha256);
  json["engine"] = config.engine;
  if (config.accelerator) json["accelerator"] = accelerator_json(config);
  json["chips"] = config.chips;
  json["seed"] = config.seed;
  if (config.profile.empty()) {
    json["p_err"] = config.p_err;
  } else {
    json["profile"] = first_chip;
    json["places_version"] = kPlacesVersion;
  }
  json["bit_offset"] = config.bit_offset;
  json["evaluation_seed"] = config.evaluation_seed;
  json["reads"] = config.fresh_reads ? "fresh" : "frozen";
  json["mitigations"] = Json::array();
  for (const SweepMitigation& entry : config.mitigations) {
    json["mitigations"].push_back(entry.identity);
  }
  json["voltages"] = config.voltages;
  const SafeVoltageConfig& safe = config.safe;
  json["safe_voltage"] = {
      {"max_drop_points", safe.max_drop_points},
      {"tolerance", safe.tolerance},
      {"yield", safe.yield ? Json(safe.yield->yield) : Json("mean")},
      {"confidence", safe.yield ? Json(safe.yield->confidence) : Json(nullptr)},
      {"chosen_on", safe.chosen_on},
      {"stated_on", safe.stated_on},
      {"stated_seed", safe.stated_seed ? Json(*safe.stated_seed) : Json(nullptr)}};
  return text_of(json, 2) + "\n";
}

namespace {

constexpr std::pair<const char*, MemoryResult MemoryResults::*> kMemories[] = {
    {"input", &MemoryResults::input},
    {"activations", &MemoryResults::activations},
    {"accumulators", &MemoryResults::accumulators}};

/// Memories without faulty cells are left out.
Json memories_json(const MemoryResults& results) {
  Json json = Json::object();
  for (const auto& [name, memory] : kMemories) {
    const MemoryResult& result = results.*memory;
    if (result.faulty_cells == 0) continue;
    json[name] = {{"cell_rate", result.cell_rate},
                  {"faulty_cells", result.faulty_cells},
                  {"cells_hit", result.cells_hit},
                  {"bits_wrong", result.bits_wrong.value_or(0)}};
  }
  return json;
}

MemoryResults memories_of(const Json& json) {
  MemoryResults results;
  for (const auto& [name, memory] : kMemories) {
    if (!json.contains(name)) continue;
    const Json& of = json.at(name);
    results.*memory = {of.at("cell_rate"), of.at("faulty_cells"), of.at("cells_hit"),
                       of.at("bits_wrong").get<std::int64_t>()};
  }
  return results;
}

}  // namespace

std::optional<CleanResult> find_clean(const Store& store, const std::string& key,
                                      std::int64_t images) {
  const std::string* text = store.find(key);
  if (text == nullptr) return std::nullopt;
  const Json row = parse_row(store, *text);
  CleanResult result;
  result.wrong = row.at("wrong");
  result.confidence = row.at("confidence");
  result.logits_sha256 = row.at("logits_sha256");
  result.predictions = from_hex(row.at("predictions"));
  result.wrong_images = wrong_images_of(store, row, images);
  return result;
}

std::optional<ChipResult> find_chip(const Store& store, const std::string& key,
                                    std::int64_t images) {
  const std::string* text = store.find(key);
  if (text == nullptr) return std::nullopt;
  const Json row = parse_row(store, *text);
  ChipResult result;
  result.chip = row.at("chip");
  result.wrong = row.at("wrong");
  result.wrong_either = row.at("wrong_either");
  result.wrong_images = wrong_images_of(store, row, images);
  result.confidence = row.at("confidence");
  result.cell_rate = row.at("cell_rate");
  result.read.cells_hit = row.at("cells_hit");
  result.read.bits_wrong = row.at("bits_wrong");
  result.read.codes_changed = row.at("codes_changed");
  result.logits_sha256 = row.at("logits_sha256");
  result.others = memories_of(row.at("memories"));
  return result;
}

void add_clean(Store& store, const std::string& key, const std::string& model,
               const CleanResult& result) {
  const Json row = {{"model", model},
                    {"wrong", result.wrong},
                    {"confidence", result.confidence},
                    {"logits_sha256", result.logits_sha256},
                    {"predictions", to_hex(result.predictions)},
                    {"wrong_images", to_hex(result.wrong_images)}};
  store.append(key, text_of(row));
}

void add_chip(Store& store, const std::string& key, const std::string& model,
              const SweepMitigation& mitigation, const memory::OperatingPoint& supply,
              const ChipResult& result) {
  const Json row = {{"model", model},
                    {"mitigation", mitigation.name},
                    {"voltage", supply.voltage},
                    {"rate", supply.rate},
                    {"chip", result.chip},
                    {"wrong", result.wrong},
                    {"wrong_either", result.wrong_either},
                    {"wrong_images", to_hex(result.wrong_images)},
                    {"confidence", result.confidence},
                    {"cell_rate", result.cell_rate},
                    {"cells_hit", result.read.cells_hit},
                    {"bits_wrong", result.read.bits_wrong},
                    {"codes_changed", result.read.codes_changed},
                    {"memories", memories_json(result.others)},
                    {"logits_sha256", result.logits_sha256}};
  store.append(key, text_of(row));
}

}  // namespace brownout::sweep
