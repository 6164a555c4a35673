// SPDX-License-Identifier: Apache-2.0
// Rows and keys as JSON. Counts are stored instead of percentages, so that a continued sweep
// computes its statistics from the same integers.
#include "sim/results/records.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/mapping/program.hpp"
#include "sim/memory/transient.hpp"
#include "sim/results/event_counts_json.hpp"
#include "sim/results/image_sample.hpp"

namespace brownout::results {

namespace {

/// Two digits an image; four, if there are classes beyond 255.
std::string classes_to_hex(const data::Labels& classes) {
  const bool wide =
      std::any_of(classes.begin(), classes.end(), [](std::uint16_t one) { return one > 0xff; });
  std::string text;
  text.reserve((wide ? 4 : 2) * classes.size());
  for (const std::uint16_t one : classes) {
    text += wide ? fmt::format("{:04x}", one) : fmt::format("{:02x}", one);
  }
  return text;
}

data::Labels classes_from_hex(const JsonObject& row, const char* key, std::int64_t images) {
  const std::string text = row.text(key);
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
  });
  const std::size_t count = static_cast<std::size_t>(images);
  if (!digits || (text.size() != 2 * count && text.size() != 4 * count)) {
    row.fail(key, fmt::format("two or four hexadecimal digits for each of {} images", images));
  }
  const std::size_t width = text.size() / count;
  data::Labels classes;
  for (std::size_t i = 0; i < text.size(); i += width) {
    classes.push_back(
        static_cast<data::Labels::value_type>(std::stoul(text.substr(i, width), nullptr, 16)));
  }
  return classes;
}

constexpr std::int64_t kMostCount = std::numeric_limits<std::int64_t>::max();

/// Null: it has none.
Json voltage_json(const SweptPoint& point) {
  return point.voltage ? Json(*point.voltage) : Json(nullptr);
}

}  // namespace

Json dataset_json(const experiment::Images& images, const UsedImages& used) {
  return {{"name", images.dataset},
          {"split", experiment::to_string(images.split)},
          {"images", used.count},
          {"sha256", used.dataset_sha256}};
}

Json accelerator_json(const experiment::TargetConfig& target) {
  return {{"configuration", Json::parse(mapping::resolved_json(*target.accelerator))},
          {"placement_version", mapping::kPlacementVersion},
          {"batch", target.batch}};
}

Json memory_rates_json(const experiment::MemoryRates& rates) {
  Json json = Json::object();
  if (rates.input) json["input"] = *rates.input;
  if (rates.activations) json["activations"] = *rates.activations;
  if (rates.accumulators) json["accumulators"] = *rates.accumulators;
  return json;
}

WrongImages wrong_images_of(const JsonObject& row, std::int64_t images) {
  const std::string text = row.text("wrong_images");
  try {
    return wrong_images_from_hex(text, images);
  } catch (const InputError&) {
    row.fail("wrong_images", fmt::format("a bit for each of {} images, in hexadecimal", images));
  }
}

void put_definitions(Json& key) {
  key["random_chip_version"] = chips::kRandomChipVersion;
  key["transient_read_version"] = memory::kTransientReadVersion;
}

RecordKeys::RecordKeys(const experiment::Setup& setup, const std::string& technology_sha256,
                       const experiment::Model& model, const UsedImages& used) {
  Json base = {{"version", kResultVersion},
               {"model_sha256", model.sha256},
               {"dataset", dataset_json(setup.images, used)},
               {"engine", setup.engine},
               {"bit_offset", setup.target.bit_offset},
               {"evaluation_seed", setup.reads.evaluation_seed}};
  if (setup.reads.fresh) base["fresh_reads_batch"] = setup.target.batch;
  if (setup.target.accelerator) {
    base["accelerator"] = accelerator_json(setup.target);
    if (setup.rates.any()) base["memory_rates"] = memory_rates_json(setup.rates);
    // The voltages of the other memories are in the key; their rates follow from the technology.
    if (setup.technology && setup.supplies().others_may_fail())
      base["technology_sha256"] = technology_sha256;
  }
  base_ = json_text(base);
}

std::string RecordKeys::clean() const {
  Json key = Json::parse(base_);
  key["pattern"] = "clean";
  return sha256_hex(json_text(key));
}

Json RecordKeys::perturbed(const std::string& mitigation, const std::string& pattern,
                           const SweptPoint& supply) const {
  Json key = Json::parse(base_);
  key["mitigation"] = mitigation;
  key["pattern"] = pattern;
  put_definitions(key);
  key["voltage"] = voltage_json(supply);
  key["rate"] = supply.rate;
  return key;
}

std::string RecordKeys::chip(const std::string& mitigation, const std::string& chip,
                             const SweptPoint& supply) const {
  return sha256_hex(json_text(perturbed(mitigation, chip, supply)));
}

std::string RecordKeys::sampled(const std::string& mitigation, const SweptPoint& supply,
                                const Json& what) const {
  Json key = perturbed(mitigation, "sampled", supply);
  key["sample_version"] = kSampleVersion;
  key["sample"] = what;
  return sha256_hex(json_text(key));
}

std::string RecordKeys::strata() const {
  Json key = Json::parse(base_);
  key["pattern"] = "strata";
  key["sample_version"] = kSampleVersion;
  return sha256_hex(json_text(key));
}

namespace {

constexpr std::pair<const char*, experiment::MemoryResult experiment::MemoryResults::*>
    kMemories[] = {{"input", &experiment::MemoryResults::input},
                   {"activations", &experiment::MemoryResults::activations},
                   {"accumulators", &experiment::MemoryResults::accumulators}};

/// Memories without faulty cells are left out.
Json memories_json(const experiment::MemoryResults& results) {
  Json json = Json::object();
  for (const auto& [name, memory] : kMemories) {
    const experiment::MemoryResult& result = results.*memory;
    if (result.faulty_cells == 0) continue;
    json[name] = {{"cell_rate", result.cell_rate},
                  {"faulty_cells", result.faulty_cells},
                  {"cells_hit", result.cells_hit},
                  {"bits_wrong", result.bits_wrong.value_or(0)}};
  }
  return json;
}

experiment::MemoryResults memories_of(const JsonObject& json) {
  experiment::MemoryResults results;
  for (const auto& [name, memory] : kMemories) {
    if (!json.has(name)) continue;
    const JsonObject of = json.object(name);
    results.*memory = {of.number("cell_rate", 0.0, 1.0), of.integer("faulty_cells", 0, kMostCount),
                       of.integer("cells_hit", 0, kMostCount),
                       of.integer("bits_wrong", 0, kMostCount)};
  }
  return results;
}

}  // namespace

std::string count_key(const experiment::TargetConfig& target, const experiment::Model& model,
                      int stages, std::int64_t images) {
  return sha256_hex(json_text({{"count_version", kCountVersion},
                               {"model_sha256", model.sha256},
                               {"accelerator", accelerator_json(target)},
                               {"bit_offset", target.bit_offset},
                               {"stages", stages},
                               {"images", images}}));
}

std::optional<experiment::CountedRun> find_count(const RowStore& store, const std::string& key) {
  const std::optional<std::string> text = store.find(key);
  if (!text) return std::nullopt;
  const std::string place = store.place(key);
  const Json json = parse_json(*text, place);
  const JsonObject row(json, place, "a sweep");
  return experiment::CountedRun{row.number("cycles", 0.0, 1e300),
                                read_event_counts(row.object("counts").json(), place + ": counts")};
}

void add_count(RowStore& store, const std::string& key, const std::string& model,
               const std::string& accelerator, const experiment::CountedRun& run) {
  store.append(key, json_text(Json{{"model", model},
                                   {"accelerator", accelerator},
                                   {"cycles", run.cycles},
                                   {"counts", event_counts_json(run.counts)}}));
}

std::optional<CleanResult> find_clean(const RowStore& store, const std::string& key,
                                      std::int64_t images) {
  const std::optional<std::string> text = store.find(key);
  if (!text) return std::nullopt;
  const std::string place = store.place(key);
  const Json json = parse_json(*text, place);
  const JsonObject row(json, place, "a sweep or a study");
  CleanResult result;
  result.predictions = classes_from_hex(row, "predictions", images);
  result.wrong = row.integer("wrong", 0, images);
  result.confidence = row.number("confidence", 0.0, 1.0);
  result.logits_sha256 = row.text("logits_sha256");
  result.wrong_images = wrong_images_of(row, images);
  return result;
}

std::optional<ChipResult> find_chip(const RowStore& store, const std::string& key,
                                    std::int64_t images) {
  const std::optional<std::string> text = store.find(key);
  if (!text) return std::nullopt;
  const std::string place = store.place(key);
  const Json json = parse_json(*text, place);
  const JsonObject row(json, place, "a sweep or a study");
  ChipResult result;
  result.chip = row.text("chip");
  result.wrong = row.integer("wrong", 0, kMostCount);
  result.wrong_either = row.integer("wrong_either", result.wrong, kMostCount);
  result.confidence = row.number("confidence", 0.0, 1.0);
  result.cell_rate = row.number("cell_rate", 0.0, 1.0);
  result.read.cells_hit = row.integer("cells_hit", 0, kMostCount);
  result.read.bits_wrong = row.integer("bits_wrong", 0, kMostCount);
  result.read.codes_changed = row.integer("codes_changed", 0, kMostCount);
  result.logits_sha256 = row.text("logits_sha256");
  result.wrong_images = wrong_images_of(row, images);
  result.others = memories_of(row.object("memories"));
  return result;
}

void add_clean(RowStore& store, const std::string& key, const std::string& model,
               const CleanResult& result) {
  const Json row = {{"model", model},
                    {"wrong", result.wrong},
                    {"confidence", result.confidence},
                    {"logits_sha256", result.logits_sha256},
                    {"predictions", classes_to_hex(result.predictions)},
                    {"wrong_images", to_hex(result.wrong_images)}};
  store.append(key, json_text(row));
}

void add_chip(RowStore& store, const std::string& key, const std::string& model,
              const std::string& mitigation, const SweptPoint& supply, const ChipResult& result) {
  const Json row = {{"model", model},
                    {"mitigation", mitigation},
                    {"voltage", voltage_json(supply)},
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
  store.append(key, json_text(row));
}

}  // namespace brownout::results
