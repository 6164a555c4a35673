// SPDX-License-Identifier: Apache-2.0
// Group by group and chip by chip: keeps the group's faults and runs the images.
#include "sim/runs/sensitivity_run.hpp"

#include <chrono>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/experiment/clean_labels.hpp"
#include "sim/results/point.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "sim/weights/selection.hpp"

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

  weights::Sensitivity run(Progress& progress) {
    weights::Sensitivity result;
    result.model = model_.name;
    result.model_sha256 = model_.sha256;
    result.rate = config_.rate;
    result.chips = config_.chips;
    result.images = images_.count;
    result.seed = config_.seed;
    const std::vector<weights::Selection> groups = groups_of(*model_.network, result);
    result.err = error_of(reader_.clean());
    progress.advance(1, model_.name);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      weights::GroupSensitivity& group =
          g < result.tensors.size() ? static_cast<weights::GroupSensitivity&>(result.tensors[g])
                                    : result.bits[g - result.tensors.size()];
      measure(groups[g], result.err, group);
      progress.advance(1, fmt::format("{}: {}", model_.name, name(groups[g])));
    }
    return result;
  }

 private:
  static std::string name(const weights::Selection& group) {
    return group.tensors.empty() ? fmt::format("bit {}", group.low_bit) : group.tensors.front();
  }

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

}  // namespace

SensitivityResult run_sensitivity(SensitivityConfig config, int threads, bool quiet) {
  const auto start = std::chrono::steady_clock::now();
  const experiment::OpenImages images = experiment::open(config.setup.images);
  std::vector<experiment::Model> models;
  std::int64_t steps = 0;
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
    weights::Sensitivity counted;
    steps += 1 + static_cast<std::int64_t>(groups_of(*models.back().network, counted).size());
  }
  SensitivityResult result;
  result.labelled = images.labelled();
  Progress progress("sensitivity", steps, quiet);
  for (const experiment::Model& model : models) {
    result.networks.push_back(Measurement(config, model, images, threads).run(progress));
  }
  progress.finish();
  result.config = std::move(config);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace brownout::runs
