// SPDX-License-Identifier: Apache-2.0
// Layout: magic line, SHA-256 of the rest, length of a JSON header, header, float arrays.
#include "trainers/output/checkpoint.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <sstream>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"

namespace brownout::trainers {
namespace {

using nlohmann::json;

constexpr char kMagic[] = "brownout checkpoint 1\n";
constexpr std::size_t kMagicSize = sizeof(kMagic) - 1;
constexpr std::size_t kHashSize = 64;

void append(std::string& bytes, const std::vector<float>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

json to_json(const EpochRecord& r) {
  return {{"epoch", r.epoch},
          {"batches", r.batches},
          {"learning_rate", r.learning_rate},
          {"loss", r.loss},
          {"train_error", r.train_error},
          {"perturbed_loss", r.perturbed_loss},
          {"perturbed_share", r.perturbed_share},
          {"test_error", r.test_error},
          {"logit_margin", r.logit_margin},
          {"seconds", r.seconds},
          {"images_per_s", r.images_per_s},
          {"wall_time", r.wall_time}};
}

constexpr std::int64_t kMostCount = std::numeric_limits<std::int64_t>::max();

/// Any number; JSON has null for a value that was not a number.
double number(const JsonObject& fields, const char* key) {
  constexpr double kMost = std::numeric_limits<double>::max();
  if (fields.at(key).is_null()) return std::numeric_limits<double>::quiet_NaN();
  return fields.number(key, -kMost, kMost);
}
/// 0 in older files, which do not contain it.
double later_number(const JsonObject& fields, const char* key) {
  return fields.has(key) ? number(fields, key) : 0.0;
}

EpochRecord record_from(const JsonObject& fields) {
  EpochRecord r;
  r.epoch = static_cast<int>(fields.integer("epoch", 0, std::numeric_limits<int>::max()));
  if (fields.has("batches")) r.batches = fields.integer("batches", 0, kMostCount);
  r.learning_rate = number(fields, "learning_rate");
  r.loss = number(fields, "loss");
  r.train_error = number(fields, "train_error");
  r.perturbed_loss = number(fields, "perturbed_loss");
  r.perturbed_share = number(fields, "perturbed_share");
  r.test_error = number(fields, "test_error");
  r.logit_margin = later_number(fields, "logit_margin");
  r.seconds = number(fields, "seconds");
  r.images_per_s = number(fields, "images_per_s");
  r.wall_time = later_number(fields, "wall_time");
  return r;
}

std::map<std::string, std::string> surroundings_of(const JsonObject& fields) {
  std::map<std::string, std::string> result;
  if (!fields.has("surroundings")) return result;
  const JsonObject entries = fields.object("surroundings");
  for (const auto& [key, value] : entries.json().items()) result[key] = entries.text(key.c_str());
  const auto threads = result.find("threads");
  const bool known = threads == result.end() ||
                     (!threads->second.empty() && threads->second.size() < 6 &&
                      threads->second.find_first_not_of("0123456789") == std::string::npos);
  if (!known) entries.fail("threads", "a number of threads");
  return result;
}

using Entries = std::vector<std::pair<std::string, std::string>>;

/// The lines of describe(): "seed: 1" and "name: {key: value, key: [a, b]}", as name.key and value.
Entries entries_of(const std::string& config) {
  Entries entries;
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    const std::string value = line.substr(colon + 2);
    if (value.empty() || value.front() != '{') {
      entries.emplace_back(name, value);
      continue;
    }
    int depth = 0;
    bool quoted = false;
    std::string part;
    for (const char c : value.substr(1)) {
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      quoted = quoted != (c == '"');
      if (depth > 0 || quoted || (c != ',' && c != '}')) {
        if (!part.empty() || c != ' ') part += c;
        continue;
      }
      const std::size_t inner = part.find(": ");
      if (inner != std::string::npos) {
        entries.emplace_back(name + "." + part.substr(0, inner), part.substr(inner + 2));
      }
      part.clear();
    }
  }
  return entries;
}

const std::string* find(const Entries& entries, const std::string& name) {
  const auto entry = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& candidate) { return candidate.first == name; });
  return entry == entries.end() ? nullptr : &entry->second;
}

std::string compared(const std::string& name, const std::string& there, const std::string& here) {
  constexpr std::size_t kMost = 60;  // of one value; a SHA-256 is cut
  return fmt::format("{} there is {}, here {}", name, shortened(there, kMost),
                     shortened(here, kMost));
}

}  // namespace

int planned_epochs(const Checkpoint& checkpoint) {
  if (checkpoint.epochs > 0) return checkpoint.epochs;
  const Entries entries = entries_of(checkpoint.config);
  const std::string* const epochs = find(entries, "schedule.epochs");
  return epochs == nullptr ? 0 : std::atoi(epochs->c_str());
}

double perturbed_share(const Checkpoint& checkpoint) {
  if (checkpoint.step == 0) return 0.0;
  const auto steps = static_cast<double>(checkpoint.step);
  const double finished = steps - static_cast<double>(checkpoint.sums.batches);
  double perturbed = static_cast<double>(checkpoint.sums.perturbed_batches);
  for (const EpochRecord& record : checkpoint.history) {
    const double batches = record.batches > 0
                               ? static_cast<double>(record.batches)
                               : finished / static_cast<double>(checkpoint.history.size());
    perturbed += record.perturbed_share * batches;
  }
  return perturbed / steps;
}

std::string difference(const Checkpoint& there, const Checkpoint& here) {
  const Entries old = entries_of(there.config);
  const Entries now = entries_of(here.config);
  for (const auto& [name, value] : now) {
    const std::string* other = find(old, name);
    if (other == nullptr || *other != value) {
      return compared(name, other == nullptr ? "absent" : *other, value);
    }
  }
  for (const auto& [name, value] : old) {
    if (find(now, name) == nullptr) return compared(name, value, "absent");
  }
  if (there.config != here.config) return "the configurations differ";
  for (const auto& [name, value] : here.surroundings) {
    const auto other = there.surroundings.find(name);
    if (other != there.surroundings.end() && other->second != value) {
      return compared(name, other->second, value);
    }
  }
  return "";
}

void write_checkpoint(const Checkpoint& c, const std::filesystem::path& file) {
  json history = json::array();
  for (const EpochRecord& record : c.history) history.push_back(to_json(record));
  std::vector<std::size_t> optimizer_sizes;
  for (const auto& array : c.optimizer) optimizer_sizes.push_back(array.size());
  const std::string header = json{
      {"config", c.config},
      {"surroundings", c.surroundings},
      {"assignments", c.assignments},
      {"epochs", c.epochs},
      {"step", c.step},
      {"updates", c.updates},
      {"inject", c.inject},
      {"batches", c.sums.batches},
      {"images", c.sums.images},
      {"wrong", c.sums.wrong},
      {"perturbed_batches", c.sums.perturbed_batches},
      {"loss", c.sums.loss},
      {"perturbed_loss", c.sums.perturbed_loss},
      {"logit_margin", c.sums.logit_margin},
      {"seconds", c.sums.seconds},
      {"history", history},
      {"weights", c.weights.size()},
      {"statistics", c.statistics.size()},
      {"optimizer",
       optimizer_sizes}}.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string body;
  const std::uint64_t length = header.size();
  body.append(reinterpret_cast<const char*>(&length), sizeof length);
  body += header;
  append(body, c.weights);
  append(body, c.statistics);
  for (const auto& array : c.optimizer) append(body, array);
  write_file_atomically(file, std::string(kMagic) + sha256_hex(body) + body);
}

Checkpoint read_checkpoint(const std::filesystem::path& file) {
  const std::string bytes = read_own_file(file);
  if (bytes.compare(0, kMagicSize, kMagic) != 0) {
    throw InputError("{}: expected a checkpoint of brownout-train, found another kind of file",
                     file.string());
  }
  const std::size_t start = kMagicSize + kHashSize;
  if (bytes.size() < start + sizeof(std::uint64_t) ||
      sha256_hex(std::string_view(bytes).substr(start)) != bytes.substr(kMagicSize, kHashSize)) {
    throw InputError("{}: this checkpoint is damaged or cut short (its SHA-256 does not fit)",
                     file.string());
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data() + start, sizeof length);
  std::size_t at = start + sizeof length;
  if (length > bytes.size() - at) {
    throw InputError("{}: expected a header of {} bytes, found {}", file.string(), length,
                     bytes.size() - at);
  }
  const Json header = parse_json(std::string_view(bytes).substr(at, length), file.string());
  const JsonObject fields(header, file.string(), "brownout-train");
  at += length;
  const auto take = [&](std::int64_t count) {
    if (static_cast<std::uint64_t>(count) > (bytes.size() - at) / sizeof(float)) {
      throw InputError("{}: expected {} more numbers, found {}", file.string(), count,
                       (bytes.size() - at) / sizeof(float));
    }
    std::vector<float> values(static_cast<std::size_t>(count));
    std::memcpy(values.data(), bytes.data() + at, values.size() * sizeof(float));
    at += values.size() * sizeof(float);
    return values;
  };
  const auto count_of = [&](const char* key) { return fields.integer(key, 0, kMostCount); };
  Checkpoint c;
  c.config = fields.text("config");
  c.surroundings = surroundings_of(fields);
  if (fields.has("assignments")) c.assignments = fields.texts("assignments");
  if (fields.has("epochs")) {
    c.epochs = static_cast<int>(fields.integer("epochs", 0, std::numeric_limits<int>::max()));
  }
  c.step = count_of("step");
  c.updates = fields.has("updates") ? count_of("updates") : c.step;  // older files hold none
  c.inject = fields.boolean("inject");
  c.sums.batches = count_of("batches");
  c.sums.images = count_of("images");
  c.sums.wrong = count_of("wrong");
  c.sums.perturbed_batches = count_of("perturbed_batches");
  c.sums.loss = number(fields, "loss");
  c.sums.perturbed_loss = number(fields, "perturbed_loss");
  c.sums.logit_margin = later_number(fields, "logit_margin");
  c.sums.seconds = number(fields, "seconds");
  for (const JsonObject& record : fields.objects("history")) {
    c.history.push_back(record_from(record));
  }
  c.weights = take(count_of("weights"));
  c.statistics = take(count_of("statistics"));
  for (const std::int64_t count : fields.integers("optimizer", 0, kMostCount)) {
    c.optimizer.push_back(take(count));
  }
  return c;
}

}  // namespace brownout::trainers
