// SPDX-License-Identifier: Apache-2.0
// A job is "clean NETWORK" or "group NETWORK GROUP", by number.
#include "sim/runs/sensitivity_jobs.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/experiment/clean_labels.hpp"
#include "sim/results/point.hpp"
#include "sim/results/records.hpp"
#include "sim/weights/faulty_reader.hpp"

namespace brownout::runs {

namespace {

/// Part of every key: of the definition of what rows hold.
constexpr int kSensitivityVersion = 1;

/// What others wait for goes first.
constexpr double kLongestJob = 1e30;

/// The groups of a network: each tensor, then each bit position.
std::vector<weights::Selection> groups_of(const network::Network& network,
                                          weights::Sensitivity& sensitivity) {
  std::vector<weights::Selection> groups;
  int widest = 0;
  for (const network::Parameter& parameter : network.parameters) {
    if (!parameter.coding || parameter.n.empty()) continue;
    weights::TensorSensitivity tensor;
    tensor.name = parameter.name;
    tensor.bits = parameter.coding->bits;
    tensor.codes = static_cast<std::int64_t>(parameter.n.size());
    widest = std::max(widest, tensor.bits);
    sensitivity.tensors.push_back(tensor);
    groups.emplace_back().tensors = {tensor.name};
  }
  sensitivity.bits.resize(static_cast<std::size_t>(widest));
  for (int bit = 0; bit < widest; ++bit) {
    weights::Selection& group = groups.emplace_back();
    group.low_bit = bit;
    group.high_bit = bit + 1;
  }
  return groups;
}

}  // namespace

class SensitivityMeasurement {
 public:
  SensitivityMeasurement(const SensitivityConfig& config, const experiment::Model& model,
                         const experiment::OpenImages& images, int threads)
      : config_(config),
        model_(model),
        images_(experiment::labelled(images, model, config.setup, threads)),
        threads_(threads),
        reader_(model.network, mapping::resident(*model.network, config.setup.target.bit_offset)),
        engine_(engines::make_engine(config.setup.engine, model.network, threads)) {
    for (std::int64_t i = 0; i < config.chips; ++i) {
      const chips::RandomChip chip(config.seed + static_cast<std::uint64_t>(i));
      chips_.push_back(
          {chip.faults(memory::MemoryId::kWeights, reader_.placement().words, {1.0, config.rate}),
           config.setup.reads.draws(chip.die())});
    }
  }

  /// The error without faults, percent.
  double clean() { return error_of(reader_.clean()); }

  void measure(const weights::Selection& selection, double clean,
               weights::GroupSensitivity& group) {
    const weights::SelectedCells cells(*model_.network, reader_.placement(), selection,
                                       model_.file.string());
    for (const auto& [faults, draws] : chips_) {
      weights::ReadStats stats;
      const network::Codes& codes = reader_.read(cells.keep(faults), draws, &stats);
      group.bits_wrong_mean += static_cast<double>(stats.bits_wrong);
      group.rise_points += stats.bits_wrong == 0 ? 0.0 : error_of(codes) - clean;
    }
    if (group.bits_wrong_mean > 0.0) {
      group.per_bit_points = group.rise_points / group.bits_wrong_mean;
    }
    group.rise_points /= static_cast<double>(config_.chips);
    group.bits_wrong_mean /= static_cast<double>(config_.chips);
  }

 private:
  double error_of(const network::Codes& codes) {
    engine_->set_codes(codes);
    const engines::Evaluation evaluation =
        engines::evaluate(*engine_, *model_.network, *images_.data, images_.count, threads_);
    return results::percent(evaluation.wrong, images_.count);
  }

  const SensitivityConfig& config_;
  const experiment::Model& model_;
  const experiment::OpenImages images_;
  int threads_;
  weights::FaultyReader reader_;
  std::unique_ptr<engines::Engine> engine_;
  std::vector<std::pair<memory::FaultList, memory::Draws>> chips_;
};

SensitivityParts::SensitivityParts(const SensitivityConfig& settings)
    : config(settings), images(experiment::open(settings.setup.images)) {
  for (const std::filesystem::path& file : config.models) {
    models.push_back(experiment::load_model(file));
    for (std::size_t i = 0; i + 1 < models.size(); ++i) {
      if (models[i].sha256 == models.back().sha256)
        throw InputError("{}: is {} again; expected each network once", file.string(),
                         models[i].file.string());
    }
    engines::check_fits(*models.back().network, *images.data, file.string());
    if (models.back().network->coded_parameters() == 0)
      throw InputError("{}: expected a network with codes in memory cells, found none",
                       file.string());
    described.emplace_back();
    groups.push_back(groups_of(*models.back().network, described.back()));
  }
  identity_ = {{"sensitivity_version", kSensitivityVersion}};
  results::put_definitions(identity_);
  identity_.update({{"rate", config.rate},
                    {"chips", config.chips},
                    {"seed", config.seed},
                    {"engine", config.setup.engine},
                    {"bit_offset", config.setup.target.bit_offset},
                    {"evaluation_seed", config.setup.reads.evaluation_seed},
                    {"images", images.count},
                    {"dataset_sha256", data::dataset_sha256(*images.data)},
                    {"models", Json::array()}});
  for (const experiment::Model& model : models) identity_["models"].push_back(model.sha256);
}

std::string SensitivityParts::key(std::size_t network, Json what) const {
  Json json = identity_;
  json.erase("models");
  json["model_sha256"] = models[network].sha256;
  json["what"] = std::move(what);
  return sha256_hex(json_text(json));
}

std::string SensitivityParts::clean_key(std::size_t network) const { return key(network, "clean"); }

Json SensitivityParts::described_group(std::size_t network, std::size_t group) const {
  const weights::Selection& what = groups[network][group];
  return what.tensors.empty() ? Json{{"bit", what.low_bit}}
                              : Json{{"tensor", what.tensors.front()}};
}

std::string SensitivityParts::group_key(std::size_t network, std::size_t group) const {
  return key(network, described_group(network, group));
}

std::string SensitivityParts::group_name(std::size_t network, std::size_t group) const {
  const weights::Selection& what = groups[network][group];
  return what.tensors.empty() ? fmt::format("bit {}", what.low_bit) : what.tensors.front();
}

double sensitivity_row_number(const results::RowStore& rows, const std::string& key,
                              const char* field) {
  const std::optional<std::string> text = rows.find(key);
  BROWNOUT_CHECK(text.has_value(), "{} was not done", key);
  const std::string place = rows.place(key);
  const Json json = parse_json(*text, place);
  constexpr double kAny = 1e18;
  return JsonObject(json, place, "`brownout sensitivity`").number(field, -kAny, kAny);
}

namespace {

struct GroupOrder {
  std::string kind;
  std::size_t network = 0, group = 0;
};
GroupOrder parse_group(const std::string& job) {
  GroupOrder order;
  std::istringstream text(job);
  text >> order.kind >> order.network;
  if (order.kind == "group") text >> order.group;
  BROWNOUT_CHECK(!text.fail(), "job \"{}\"", job);
  return order;
}

}  // namespace

SensitivityWorker::SensitivityWorker(const SensitivityParts& parts, int threads)
    : parts_(parts), threads_(threads) {}
SensitivityWorker::~SensitivityWorker() = default;

void SensitivityWorker::run(const std::string& job, results::RowStore& rows) {
  const GroupOrder order = parse_group(job);
  const experiment::Model& model = parts_.models[order.network];
  if (!measurement_ || order.network != network_) {
    measurement_ =
        std::make_unique<SensitivityMeasurement>(parts_.config, model, parts_.images, threads_);
    network_ = order.network;
  }
  const std::string clean_key = parts_.clean_key(order.network);
  Json row = {{"model", model.name},
              {"model_sha256", model.sha256},
              {"engine", parts_.config.setup.engine},
              {"images", parts_.images.count}};
  if (order.kind == "clean") {
    row["err"] = measurement_->clean();
    rows.append(clean_key, json_text(row));
    return;
  }
  weights::GroupSensitivity group;
  measurement_->measure(parts_.groups[order.network][order.group],
                        sensitivity_row_number(rows, clean_key, "err"), group);
  row.update(parts_.described_group(order.network, order.group));
  row["rate"] = parts_.config.rate;
  row["chips"] = parts_.config.chips;
  row["seed"] = parts_.config.seed;
  row["bits_wrong_mean"] = group.bits_wrong_mean;
  row["rise_points"] = group.rise_points;
  row["per_bit_points"] = group.per_bit_points;
  rows.append(parts_.group_key(order.network, order.group), json_text(row));
}

std::int64_t SensitivityPlan::work_of(const SensitivityParts& parts, const workers::Shard& shard) {
  const std::size_t units = parts.models.size();
  std::int64_t work = 0;
  for (std::size_t i = 0; i < units; ++i) {
    if (!shard.has_unit(i, units)) continue;
    ++work;
    for (std::size_t g = 0; g < parts.groups[i].size(); ++g) {
      work += shard.has_row(g, i, units) ? 1 : 0;
    }
  }
  return work;
}

std::vector<workers::Job> SensitivityPlan::first() {
  std::vector<workers::Job> jobs;
  for (std::size_t i = 0; i < parts_.models.size(); ++i) {
    if (!shard_.has_unit(i, parts_.models.size())) continue;
    if (!rows_.find(parts_.clean_key(i))) {
      jobs.push_back({fmt::format("clean {}", i), kLongestJob});
      continue;
    }
    progress_.found(1);
    for (workers::Job& job : groups_of(i)) jobs.push_back(std::move(job));
  }
  return jobs;
}

std::vector<workers::Job> SensitivityPlan::groups_of(std::size_t network) {
  std::vector<workers::Job> jobs;
  const auto cost = static_cast<double>(parts_.models[network].network->coded_parameters());
  for (std::size_t g = 0; g < parts_.groups[network].size(); ++g) {
    if (!shard_.has_row(g, network, parts_.models.size())) continue;
    if (rows_.find(parts_.group_key(network, g))) {
      progress_.found(1);
      continue;
    }
    jobs.push_back({fmt::format("group {} {}", network, g), cost});
  }
  return jobs;
}

std::vector<workers::Job> SensitivityPlan::after(const workers::Job& done) {
  const GroupOrder order = parse_group(done.what);
  const std::string& name = parts_.models[order.network].name;
  if (order.kind == "group") {
    progress_.advance(1,
                      fmt::format("{}: {}", name, parts_.group_name(order.network, order.group)));
    return {};
  }
  progress_.advance(1, name);
  return groups_of(order.network);
}

}  // namespace brownout::runs
