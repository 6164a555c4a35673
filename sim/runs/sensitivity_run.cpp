// SPDX-License-Identifier: Apache-2.0
// A job is "clean NETWORK", the error without faults, or "group NETWORK GROUP", which keeps the
// faults of a group, chip by chip, and runs the images. The row of a job has its own name as key.
#include "sim/runs/sensitivity_run.hpp"

#include <chrono>
#include <optional>
#include <sstream>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/progress.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/experiment/clean_labels.hpp"
#include "sim/results/memory_rows.hpp"
#include "sim/results/point.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "sim/weights/selection.hpp"
#include "sim/workers/jobs.hpp"

namespace brownout::runs {

namespace {

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

class Measurement {
 public:
  Measurement(const SensitivityConfig& config, const experiment::Model& model,
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

std::string name_of(const weights::Selection& group) {
  return group.tensors.empty() ? fmt::format("bit {}", group.low_bit) : group.tensors.front();
}

/// Networks and images, read and checked by every process.
struct SensitivityParts {
  explicit SensitivityParts(const SensitivityConfig& settings)
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
  }

  /// What all processes must agree on.
  Json identity() const {
    Json json = {{"rate", config.rate},
                 {"chips", config.chips},
                 {"seed", config.seed},
                 {"engine", config.setup.engine},
                 {"bit_offset", config.setup.target.bit_offset},
                 {"images", images.count},
                 {"dataset_sha256", data::dataset_sha256(*images.data)},
                 {"models", Json::array()}};
    for (const experiment::Model& model : models) json["models"].push_back(model.sha256);
    return json;
  }

  const SensitivityConfig& config;
  experiment::OpenImages images;
  std::vector<experiment::Model> models;
  std::vector<weights::Sensitivity> described;  // tensors and bits, without numbers
  std::vector<std::vector<weights::Selection>> groups;
};

std::string clean_job(std::size_t network) { return fmt::format("clean {}", network); }
std::string group_job(std::size_t network, std::size_t group) {
  return fmt::format("group {} {}", network, group);
}

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

double number_in(const results::RowStore& rows, const std::string& key, const char* field) {
  const std::optional<std::string> row = rows.find(key);
  BROWNOUT_CHECK(row.has_value(), "{} was not done", key);
  return Json::parse(*row).at(field).get<double>();
}

/// Does jobs. One thread uses it.
class SensitivityWorker {
 public:
  SensitivityWorker(const SensitivityParts& parts, int threads)
      : parts_(parts), threads_(threads) {}

  void run(const std::string& job, results::RowStore& rows) {
    const GroupOrder order = parse_group(job);
    if (!measurement_ || order.network != network_) {
      measurement_.emplace(parts_.config, parts_.models[order.network], parts_.images, threads_);
      network_ = order.network;
    }
    if (order.kind == "clean") {
      rows.append(job, json_text(Json{{"err", measurement_->clean()}}));
      return;
    }
    weights::GroupSensitivity group;
    measurement_->measure(parts_.groups[order.network][order.group],
                          number_in(rows, clean_job(order.network), "err"), group);
    rows.append(job, json_text(Json{{"bits_wrong_mean", group.bits_wrong_mean},
                                    {"rise_points", group.rise_points},
                                    {"per_bit_points", group.per_bit_points}}));
  }

 private:
  const SensitivityParts& parts_;
  int threads_;
  std::size_t network_ = 0;
  std::optional<Measurement> measurement_;  // of that network
};

class GroupPlan : public workers::Plan {
 public:
  GroupPlan(const SensitivityParts& parts, Progress& progress)
      : parts_(parts), progress_(progress) {}

  std::vector<workers::Job> first() override {
    std::vector<workers::Job> jobs;
    for (std::size_t i = 0; i < parts_.models.size(); ++i) jobs.push_back({clean_job(i), 1e30});
    return jobs;
  }
  std::vector<workers::Job> after(const workers::Job& done) override {
    const GroupOrder order = parse_group(done.what);
    const experiment::Model& model = parts_.models[order.network];
    const std::vector<weights::Selection>& groups = parts_.groups[order.network];
    if (order.kind == "group") {
      progress_.advance(1, fmt::format("{}: {}", model.name, name_of(groups[order.group])));
      return {};
    }
    progress_.advance(1, model.name);
    std::vector<workers::Job> jobs;
    const auto cost = static_cast<double>(model.network->coded_parameters());
    for (std::size_t g = 0; g < groups.size(); ++g) {
      jobs.push_back({group_job(order.network, g), cost});
    }
    return jobs;
  }

 private:
  const SensitivityParts& parts_;
  Progress& progress_;
};

/// The numbers of the rows in their places.
weights::Sensitivity assembled(const SensitivityParts& parts, std::size_t network,
                               const results::RowStore& rows) {
  const SensitivityConfig& config = parts.config;
  weights::Sensitivity result = parts.described[network];
  result.model = parts.models[network].name;
  result.model_sha256 = parts.models[network].sha256;
  result.rate = config.rate;
  result.chips = config.chips;
  result.images = parts.images.count;
  result.seed = config.seed;
  result.err = number_in(rows, clean_job(network), "err");
  for (std::size_t g = 0; g < parts.groups[network].size(); ++g) {
    weights::GroupSensitivity& group =
        g < result.tensors.size() ? static_cast<weights::GroupSensitivity&>(result.tensors[g])
                                  : result.bits[g - result.tensors.size()];
    const std::string key = group_job(network, g);
    group.bits_wrong_mean = number_in(rows, key, "bits_wrong_mean");
    group.rise_points = number_in(rows, key, "rise_points");
    group.per_bit_points = number_in(rows, key, "per_bit_points");
  }
  return result;
}

}  // namespace

SensitivityResult run_sensitivity(SensitivityConfig config, const SensitivityHow& how) {
  const auto start = std::chrono::steady_clock::now();
  const SensitivityParts parts(config);
  std::size_t steps = parts.models.size();
  for (const std::vector<weights::Selection>& groups : parts.groups) steps += groups.size();
  Progress progress("sensitivity", static_cast<std::int64_t>(steps), how.quiet);
  SensitivityWorker worker(parts, how.threads);
  GroupPlan plan(parts, progress);
  results::MemoryRows rows;
  workers::Alone alone;
  workers::Ranks& ranks = how.ranks == nullptr ? alone : *how.ranks;
  workers::expect_agreement(ranks, parts.identity());
  workers::hand_out(
      ranks, plan,
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); }, rows);
  progress.finish();
  SensitivityResult result;
  result.labelled = parts.images.labelled();
  for (std::size_t i = 0; i < parts.models.size(); ++i) {
    result.networks.push_back(assembled(parts, i, rows));
  }
  result.config = std::move(config);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

int serve_sensitivity(const SensitivityConfig& config, const SensitivityHow& how) {
  const SensitivityParts parts(config);
  SensitivityWorker worker(parts, how.threads);
  return workers::serve(
      *how.ranks, parts.identity(),
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); });
}

}  // namespace brownout::runs
