// SPDX-License-Identifier: Apache-2.0
#include "sim/runs/shards.hpp"

#include <fmt/ranges.h>

#include <map>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout::runs {

namespace fs = std::filesystem;

namespace {

constexpr char kRecordName[] = "shard.json";
constexpr int kRecordVersion = 1;

/// A row without the name of its network: files of other names may hold the same network.
Json result_of(const std::string& row) {
  Json json = Json::parse(row);
  json.erase("model");
  return json;
}

workers::Shard shard_of(const JsonObject& json) {
  try {
    return workers::parse_shard(json.text("shard"));
  } catch (const InputError&) {
    json.fail("shard", "the part of a shard and the number of parts, such as \"3/16\"");
  }
}

}  // namespace

const results::StoreKind& shard_kind() {
  static const results::StoreKind kind{"shard", "shard-identity.json", {kRecordName}};
  return kind;
}

std::string shard_identity(const std::string& whole, const workers::Shard& shard) {
  Json json = {{"shard", shard.text()}};
  json.update(Json::parse(whole));
  return json_text(json, 2) + "\n";
}

namespace {

constexpr char kSensitivityKey[] = "sensitivity";

void put(const SweepOfShard& sweep, Json& json) {
  json["sweep"] = sweep.file.string();
  const auto add = [&](const char* key, const std::optional<std::int64_t>& value) {
    json[key] = value ? Json(*value) : Json(nullptr);
  };
  add("images", sweep.overrides.images);
  add("chips", sweep.overrides.chips);
  add("seed", sweep.overrides.seed);
  json["data"] = sweep.overrides.data_folder.string();
}

void put(const StudyOfShard& study, Json& json) {
  json["study"] = study.file.string();
  json["only"] = study.only;
  json["trainings"] = study.trainings.string();
}

void put(const SensitivityOfShard& analysis, Json& json) {
  const experiment::Images& images = analysis.setup.images;
  Json& own = json[kSensitivityKey] = Json::object();
  own["models"] = Json::array();
  for (const fs::path& model : analysis.models) {
    own["models"].push_back(fs::absolute(model).string());
  }
  const auto absolute = [](const fs::path& path) {
    return path.empty() ? std::string() : fs::absolute(path).string();
  };
  own["dataset"] = images.dataset;
  own["data_file"] = absolute(images.data_file);
  own["data"] = absolute(images.folder);
  own["split"] = experiment::to_string(images.split);
  own["images"] = images.count;
  own["engine"] = analysis.setup.engine;
  own["bit_offset"] = analysis.setup.target.bit_offset;
  own["evaluation_seed"] = analysis.setup.reads.evaluation_seed;
  own["rate"] = analysis.rate;
  own["chips"] = analysis.chips;
  own["seed"] = analysis.seed;
}

SweepOfShard sweep_of(const JsonObject& json) {
  SweepOfShard sweep;
  sweep.file = json.text("sweep");
  const auto number = [&](const char* key, std::int64_t low,
                          std::int64_t high) -> std::optional<std::int64_t> {
    if (!json.given(key)) return std::nullopt;
    return json.integer(key, low, high);
  };
  sweep.overrides.images = number("images", 1, kMaxImages);
  sweep.overrides.chips = number("chips", 1, kMaxChips);
  sweep.overrides.seed = number("seed", 0, kMaxSeed);
  sweep.overrides.data_folder = json.text("data");
  return sweep;
}

SensitivityOfShard sensitivity_of(const JsonObject& json) {
  SensitivityOfShard analysis;
  for (const std::string& model : json.texts("models")) analysis.models.emplace_back(model);
  experiment::Images& images = analysis.setup.images;
  images.dataset = json.text("dataset");
  images.data_file = json.text("data_file");
  images.folder = json.text("data");
  const std::string split = json.text("split");
  images.split = split == experiment::to_string(data::Split::kTrain) ? data::Split::kTrain
                                                                     : data::Split::kTest;
  if (split != experiment::to_string(images.split)) json.fail("split", "train or test");
  images.count = json.integer("images", 0, kMaxImages);
  analysis.setup.engine = json.text("engine");
  analysis.setup.target.bit_offset =
      static_cast<std::uint64_t>(json.integer("bit_offset", 0, kMaxBitOffset));
  analysis.setup.reads.evaluation_seed =
      static_cast<std::uint64_t>(json.integer("evaluation_seed", 0, kMaxSeed));
  analysis.setup.reads.fresh = false;
  analysis.rate = json.number("rate", 0.0, 1.0);
  analysis.chips = json.integer("chips", 1, kMaxChips);
  analysis.seed = static_cast<std::uint64_t>(json.integer("seed", 0, kMaxSeed));
  return analysis;
}

}  // namespace

const char* ShardRecord::what() const {
  if (std::holds_alternative<SweepOfShard>(of)) return "sweep";
  return std::holds_alternative<StudyOfShard>(of) ? "study" : "sensitivity analysis";
}

void write_record(const ShardRecord& record, const std::string& identity, const fs::path& folder) {
  Json json;
  json["shard_version"] = kRecordVersion;
  json["shard"] = record.shard.text();
  json["identity"] = Json::parse(identity);
  std::visit([&](const auto& of) { put(of, json); }, record.of);
  write_file_atomically(folder / kRecordName, json_text(json, 2) + "\n");
}

ShardRecord read_record(const fs::path& folder) {
  const fs::path file = folder / kRecordName;
  std::error_code error;
  if (!fs::exists(file, error)) {
    throw InputError(
        "{}: missing; expected the folder of a shard that has ended (brownout sweep, study or "
        "sensitivity with --shard I/N)",
        file.string());
  }
  const Json content = read_json(file);
  const JsonObject json(content, file.string(),
                        "a shard of a sweep, study or sensitivity analysis");
  if (json.integer("shard_version", 1, 1'000'000) > kRecordVersion) {
    throw InputError("{}: written by a newer Brownout", file.string());
  }
  ShardRecord record;
  record.shard = shard_of(json);
  record.identity = json.object("identity").json();
  if (json.has("study")) {
    record.of = StudyOfShard{json.text("study"), json.texts("only"), json.text("trainings")};
  } else if (json.has(kSensitivityKey)) {
    record.of = sensitivity_of(json.object(kSensitivityKey));
  } else {
    record.of = sweep_of(json);
  }
  return record;
}

ShardRecord common_record(const std::vector<fs::path>& shards) {
  std::map<int, fs::path> by_index;
  std::optional<ShardRecord> first;
  for (const fs::path& folder : shards) {
    const ShardRecord record = read_record(folder);
    if (!first) first = record;
    if (record.of.index() != first->of.index()) {
      throw InputError("{}: a shard of a {}, but {} is one of a {}; expected shards of one",
                       folder.string(), record.what(), shards.front().string(), first->what());
    }
    const std::string other = first_difference(
        first->identity, record.identity, "in " + shards.front().string(), "in " + folder.string());
    if (!other.empty()) {
      throw InputError("{}: a shard of another {}: {}; expected shards of one {}", folder.string(),
                       first->what(), other, first->what());
    }
    if (record.shard.count != first->shard.count) {
      throw InputError("{}: shard {}, but {} is shard {}; expected shards of one division",
                       folder.string(), record.shard.text(), shards.front().string(),
                       first->shard.text());
    }
    const auto [entry, is_new] = by_index.emplace(record.shard.index, folder);
    if (!is_new) {
      throw InputError("{}: shard {}, as is {}; expected each shard once", folder.string(),
                       record.shard.text(), entry->second.string());
    }
  }
  std::vector<std::string> missing;
  for (int index = 1; index <= first->shard.count; ++index) {
    if (by_index.count(index) == 0) missing.push_back(std::to_string(index));
  }
  if (!missing.empty()) {
    constexpr std::size_t kNamed = 10;
    const std::size_t count = missing.size();
    if (count > kNamed) missing.resize(kNamed);
    throw InputError("expected all {} shards of the {}, missing {}{}", first->shard.count,
                     first->what(), fmt::join(missing, ", "),
                     count > kNamed ? fmt::format(" and {} more", count - kNamed) : "");
  }
  return *first;
}

namespace {

void copy_rows(const std::vector<fs::path>& shards, results::Store& store) {
  for (const fs::path& shard : shards) {
    results::for_each_stored_row(
        shard, shard_kind(), [&](const std::string& key, const std::string& row) {
          const std::optional<std::string> held = store.find(key);
          if (!held) {
            store.append(key, row);
          } else if (*held != row && result_of(*held) != result_of(row)) {
            throw InputError(
                "{}: row {}… differs from that of another shard; expected one result, whoever "
                "computed it",
                shard.string(), key.substr(0, 16));
          }
        });
  }
  store.commit();
}

}  // namespace

void merge_rows(const std::vector<fs::path>& shards, const std::string& identity,
                const results::StoreKind& kind, const fs::path& folder) {
  std::error_code ignored;
  const bool is_new = !fs::exists(folder, ignored);
  try {
    results::Store store(folder, identity, kind);
    copy_rows(shards, store);
  } catch (...) {
    if (is_new) fs::remove_all(folder, ignored);
    throw;
  }
}

}  // namespace brownout::runs
