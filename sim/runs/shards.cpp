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

std::string shard_identity(const std::string& sweep, const workers::Shard& shard) {
  Json json = {{"shard", shard.text()}};
  json.update(Json::parse(sweep));
  return json_text(json, 2) + "\n";
}

void write_record(const ShardRecord& record, const std::string& identity, const fs::path& folder) {
  Json json;
  json["shard_version"] = kRecordVersion;
  json["shard"] = record.shard.text();
  json[record.study ? "study" : "sweep"] = record.file.string();
  json["identity"] = Json::parse(identity);
  if (record.study) {
    json["only"] = record.study->only;
    json["trainings"] = record.study->trainings.string();
    write_file_atomically(folder / kRecordName, json_text(json, 2) + "\n");
    return;
  }
  const auto add = [&](const char* key, const std::optional<std::int64_t>& value) {
    json[key] = value ? Json(*value) : Json(nullptr);
  };
  add("images", record.overrides.images);
  add("chips", record.overrides.chips);
  add("seed", record.overrides.seed);
  json["data"] = record.overrides.data_folder.string();
  write_file_atomically(folder / kRecordName, json_text(json, 2) + "\n");
}

ShardRecord read_record(const fs::path& folder) {
  const fs::path file = folder / kRecordName;
  std::error_code error;
  if (!fs::exists(file, error)) {
    throw InputError(
        "{}: missing; expected the folder of a shard that has ended (brownout sweep or study with "
        "{} "
        "I/N)",
        file.string(), Field{"shard"});
  }
  const Json content = read_json(file);
  const JsonObject json(content, file.string(), "a shard of a sweep or a study");
  if (json.integer("shard_version", 1, 1'000'000) > kRecordVersion) {
    throw InputError("{}: written by a newer Brownout", file.string());
  }
  ShardRecord record;
  record.shard = shard_of(json);
  record.identity = json.object("identity").json();
  if (json.has("study")) {
    record.file = json.text("study");
    record.study = StudyOfShard{json.texts("only"), json.text("trainings")};
    return record;
  }
  record.file = json.text("sweep");
  const auto number = [&](const char* key, std::int64_t low,
                          std::int64_t high) -> std::optional<std::int64_t> {
    if (!json.given(key)) return std::nullopt;
    return json.integer(key, low, high);
  };
  record.overrides.images = number("images", 1, kMaxImages);
  record.overrides.chips = number("chips", 1, kMaxChips);
  record.overrides.seed = number("seed", 0, kMaxSeed);
  record.overrides.data_folder = json.text("data");
  return record;
}

ShardRecord common_record(const std::vector<fs::path>& shards) {
  std::map<int, fs::path> by_index;
  std::optional<ShardRecord> first;
  for (const fs::path& folder : shards) {
    const ShardRecord record = read_record(folder);
    if (!first) first = record;
    if (record.study.has_value() != first->study.has_value()) {
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
