// SPDX-License-Identifier: Apache-2.0
// Layout: magic line, SHA-256 of the rest, length of a JSON header, header, float arrays.
#include "trainers/checkpoint.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

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
          {"learning_rate", r.learning_rate},
          {"loss", r.loss},
          {"train_error", r.train_error},
          {"perturbed_loss", r.perturbed_loss},
          {"perturbed_share", r.perturbed_share},
          {"test_error", r.test_error},
          {"seconds", r.seconds},
          {"images_per_s", r.images_per_s}};
}

EpochRecord record_from(const json& j) {
  EpochRecord r;
  r.epoch = j.at("epoch");
  r.learning_rate = j.at("learning_rate");
  r.loss = j.at("loss");
  r.train_error = j.at("train_error");
  r.perturbed_loss = j.at("perturbed_loss");
  r.perturbed_share = j.at("perturbed_share");
  r.test_error = j.at("test_error");
  r.seconds = j.at("seconds");
  r.images_per_s = j.at("images_per_s");
  return r;
}

}  // namespace

void write_checkpoint(const Checkpoint& c, const std::filesystem::path& file) {
  json history = json::array();
  for (const EpochRecord& record : c.history) history.push_back(to_json(record));
  std::vector<std::size_t> optimizer_sizes;
  for (const auto& array : c.optimizer) optimizer_sizes.push_back(array.size());
  const std::string header = json{
      {"config", c.config},
      {"step", c.step},
      {"inject", c.inject},
      {"batches", c.sums.batches},
      {"images", c.sums.images},
      {"wrong", c.sums.wrong},
      {"perturbed_batches", c.sums.perturbed_batches},
      {"loss", c.sums.loss},
      {"perturbed_loss", c.sums.perturbed_loss},
      {"seconds", c.sums.seconds},
      {"history", history},
      {"weights", c.weights.size()},
      {"statistics", c.statistics.size()},
      {"optimizer",
       optimizer_sizes}}.dump();
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
  const std::string bytes = read_file(file);
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
  const json header = json::parse(bytes.substr(at, length));
  at += length;
  const auto take = [&](std::size_t count) {
    std::vector<float> values(count);
    BROWNOUT_CHECK(bytes.size() - at >= count * sizeof(float), "{} floats at {} of {}", count, at,
                   bytes.size());
    std::memcpy(values.data(), bytes.data() + at, count * sizeof(float));
    at += count * sizeof(float);
    return values;
  };
  Checkpoint c;
  c.config = header.at("config");
  c.step = header.at("step");
  c.inject = header.at("inject");
  c.sums.batches = header.at("batches");
  c.sums.images = header.at("images");
  c.sums.wrong = header.at("wrong");
  c.sums.perturbed_batches = header.at("perturbed_batches");
  c.sums.loss = header.at("loss");
  c.sums.perturbed_loss = header.at("perturbed_loss");
  c.sums.seconds = header.at("seconds");
  for (const json& record : header.at("history")) c.history.push_back(record_from(record));
  c.weights = take(header.at("weights"));
  c.statistics = take(header.at("statistics"));
  for (const std::size_t count : header.at("optimizer")) c.optimizer.push_back(take(count));
  return c;
}

}  // namespace brownout::trainers
