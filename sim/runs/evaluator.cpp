// SPDX-License-Identifier: Apache-2.0
// Counts what an experiment gives, and compares it with the clean pass.
#include "sim/runs/evaluator.hpp"

#include <algorithm>
#include <chrono>

#include "sim/base/error.hpp"
#include "sim/chips/level_note.hpp"

namespace brownout::runs {

namespace {

/// For clean values of an evaluator. A process has up to four evaluators (KeptModels).
constexpr std::size_t kCleanValueBytes = std::size_t{128} << 20;

/// Adds its own lifetime to a sum of seconds.
class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  double& sum_;
  std::chrono::steady_clock::time_point start_;
};

/// Cells of the list that hold code bits.
std::vector<std::uint64_t> cells_hit(const memory::FaultList& faults,
                                     const mapping::Placement& placement) {
  std::vector<std::uint64_t> cells;
  for (const memory::CellFault& fault : faults) {
    const std::uint64_t cell = std::uint64_t{fault.word} * memory::kWordBits + fault.bit;
    const bool used =
        std::any_of(placement.runs.begin(), placement.runs.end(), [&](const mapping::Run& run) {
          const auto bits =
              static_cast<std::uint64_t>((run.last - run.first) * (run.high_bit - run.low_bit));
          return cell >= run.start && cell < run.start + bits;
        });
    if (used) cells.push_back(cell);
  }
  return cells;
}

/// A failed run names the network and the chip on which it failed.
template <typename Run>
auto named(const experiment::Model& model, const std::string& chip, Run run) {
  try {
    return run();
  } catch (const Interrupted&) {
    throw;
  } catch (const RunError& error) {
    throw RunError("{}: {}: {}", model.file.string(), chip, error.what());
  }
}

}  // namespace

Evaluator::Evaluator(const experiment::Model& model, const experiment::OpenImages& images,
                     const experiment::Setup& setup, const experiment::Target& target,
                     const EvaluatorOptions& options)
    : model_(model),
      options_(options),
      experiment_(model, images, setup, target,
                  experiment::make_engine(model, setup, target, options.threads), options.threads) {
}

results::CleanResult Evaluator::clean() {
  const Stopwatch watch(seconds_);
  ++passes_;
  engines::Evaluation evaluation = named(model_, "without bit errors",
                                         [&] { return experiment_.evaluate(experiment_.clean()); });
  results::CleanResult result;
  result.wrong = evaluation.wrong;
  result.confidence = evaluation.confidence;
  result.logits_sha256 = std::move(evaluation.logits_sha256);
  result.predictions = std::move(evaluation.predictions);
  if (options_.keep_logits) result.logits = std::move(evaluation.logits);
  result.wrong_images = results::wrong_images(result.predictions, *experiment_.images().data);
  return result;
}

results::ChipResult Evaluator::describe(const chips::Chip& chip, const experiment::Conditions& at,
                                        const experiment::Readout& readout) const {
  results::ChipResult result;
  result.chip = chip.name();
  result.place = chip.place();
  result.note = chips::note_at(chip, {at.weights.voltage});
  if (chip.wraps(experiment_.placement().words)) result.period = chip.period();
  result.read = readout.weights.read;
  result.protection = readout.weights.protection;
  result.repair = readout.weights.repair;
  result.cell_rate = readout.weights.repair.cell_rate;
  result.others = readout.others;
  if (options_.list_cells) {
    result.cells = cells_hit(readout.weights.faults.data, experiment_.placement());
  }
  return result;
}

void Evaluator::run(experiment::Readout readout, const experiment::Conditions& at,
                    results::ChipResult& result) {
  if (options_.reuse && !keeps_clean_values_) {
    experiment_.keep_clean_values(kCleanValueBytes);
    keeps_clean_values_ = true;
  }
  ++passes_;
  experiment::ChipRun run =
      named(model_, fmt::format("chip {} at bit error rate {}", result.chip, at.weights.rate),
            [&] { return experiment_.run(std::move(readout)); });
  result.others = run.others;
  result.wrong = run.evaluation.wrong;
  result.wrong_images =
      results::wrong_images(run.evaluation.predictions, *experiment_.images().data);
  result.confidence = run.evaluation.confidence;
  result.logits_sha256 = std::move(run.evaluation.logits_sha256);
  if (options_.keep_logits) result.logits = std::move(run.evaluation.logits);
}

results::ChipResult Evaluator::on_chip(const chips::Chip& chip, const experiment::Conditions& at,
                                       const results::CleanResult& clean) {
  const Stopwatch watch(seconds_);
  experiment::Readout readout = experiment_.read(&chip, at);
  results::ChipResult result = describe(chip, at, readout);
  const bool codes_decide = options_.reuse && !readout.draws_anew() && !readout.other_faults.any();
  if (codes_decide && result.read.codes_changed == 0) {
    result.wrong = clean.wrong;
    result.wrong_images = clean.wrong_images;
    result.confidence = clean.confidence;
    result.logits_sha256 = clean.logits_sha256;
    result.logits = clean.logits;
  } else if (codes_decide && !options_.keep_logits &&
             result.read.codes_changed <= KnownResults::kMostChanges) {
    const std::string changes = changes_sha256(*model_.network, *readout.codes);
    if (!known_.find(changes, result)) {
      run(std::move(readout), at, result);
      known_.add(changes, result);
    }
  } else {
    run(std::move(readout), at, result);
  }
  result.wrong_either =
      results::count(results::wrong_in_either(clean.wrong_images, result.wrong_images));
  return result;
}

results::SampledChip Evaluator::on_sample(const chips::Chip& chip, const experiment::Conditions& at,
                                          const results::CleanResult& clean,
                                          const results::ImageStrata& strata,
                                          const results::Allocation& allocation,
                                          const std::vector<results::SampledImage>& sample) {
  const Stopwatch watch(seconds_);
  const experiment::Readout readout = experiment_.read(&chip, at);
  results::SampledChip result;
  result.cells_hit = readout.weights.read.cells_hit;
  result.bits_wrong = readout.weights.read.bits_wrong;
  result.codes_changed = readout.weights.read.codes_changed;
  result.confidence = clean.confidence;
  result.strata.resize(strata.count());
  for (const results::SampledImage& one : sample) ++result.strata[one.stratum].sampled;
  if (result.codes_changed == 0 || sample.empty()) return result;

  std::vector<std::int64_t> images;
  for (const results::SampledImage& one : sample) images.push_back(one.image);
  const data::Dataset some = data::some_images(*experiment_.images().data, images);
  const engines::Evaluation evaluation =
      named(model_, fmt::format("chip {} at bit error rate {}", chip.name(), at.weights.rate),
            [&] { return experiment_.evaluate(readout, some); });
  double weights = 0.0, confidence = 0.0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const results::SampledImage& one = sample[i];
    const double weight = results::sample_weight(strata, allocation, one.stratum);
    weights += weight;
    confidence += weight * evaluation.confidences[i];
    const bool was_wrong = clean.wrong_images[static_cast<std::size_t>(one.image)];
    const bool is_wrong = evaluation.predictions[i] != some.labels[i];
    results::StratumCount& count = result.strata[one.stratum];
    count.became_wrong += !was_wrong && is_wrong;
    count.became_right += was_wrong && !is_wrong;
  }
  result.confidence = confidence / weights;
  return result;
}

results::DieOutcome Evaluator::within(const chips::Chip& chip, const experiment::Conditions& at,
                                      const results::CleanResult& clean,
                                      const results::DieLimit& limit,
                                      const std::vector<std::int64_t>& order) {
  const Stopwatch watch(seconds_);
  const experiment::Readout readout = experiment_.read(&chip, at);
  results::DieOutcome outcome{limit.lost >= 0, {}};
  if (readout.weights.read.codes_changed == 0) return outcome;
  for (const std::int64_t look : results::looks(limit.images)) {
    const std::vector<std::int64_t> images(order.begin() + outcome.shown.seen,
                                           order.begin() + look);
    const data::Dataset some = data::some_images(*experiment_.images().data, images);
    const engines::Evaluation evaluation =
        named(model_, fmt::format("chip {} at bit error rate {}", chip.name(), at.weights.rate),
              [&] { return experiment_.evaluate(readout, some); });
    outcome.shown.seen = look;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const bool was_wrong = clean.wrong_images[static_cast<std::size_t>(images[i])];
      const bool is_wrong = evaluation.predictions[i] != some.labels[i];
      outcome.shown.became_wrong += !was_wrong && is_wrong;
      outcome.shown.became_right += was_wrong && !is_wrong;
    }
    const std::optional<bool> decided = results::within_limit(limit, outcome.shown);
    if (!decided) continue;
    outcome.within = *decided;
    break;
  }
  return outcome;
}

}  // namespace brownout::runs
