// SPDX-License-Identifier: Apache-2.0
// Draws faults, reads the codes through them, runs the images, and puts the clean codes back.
#include "sim/sweep/evaluator.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/engines/batch_statistics_engine.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/mapping/program.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/sweep/fresh_reads.hpp"

namespace brownout::sweep {

namespace {

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
auto named(const Model& model, const std::string& chip, Run run) {
  try {
    return run();
  } catch (const RunError& error) {
    throw RunError("{}: {}: {}", model.file.string(), chip, error.what());
  }
}

}  // namespace

Model load_model(const std::filesystem::path& file) {
  Model model;
  model.name = file.stem().string();
  model.file = file;
  model.sha256 = sha256_hex(read_file(file));
  model.network = network::read_onnx(file);
  return model;
}

results::WrongImages wrong_images(const std::vector<std::uint8_t>& predictions,
                                  const data::Dataset& data) {
  results::WrongImages wrong(predictions.size());
  for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] = predictions[i] != data.labels[i];
  return wrong;
}

bool any_by_voltage(const std::vector<std::unique_ptr<chips::Chip>>& chips) {
  return std::any_of(chips.begin(), chips.end(),
                     [](const auto& chip) { return chip->by_voltage(); });
}

double configured_rate(const std::vector<std::unique_ptr<chips::Chip>>& chips,
                       const chips::OperatingPoint& at, const std::vector<ChipResult>& results) {
  if (!any_by_voltage(chips)) return at.rate;
  double sum = 0.0;
  for (std::size_t i = 0; i < chips.size(); ++i) {
    sum += configured_rate(*chips[i], at, results[i].cell_rate);
  }
  return sum / static_cast<double>(chips.size());
}

std::string chip_name(std::uint64_t seed, std::int64_t index, double p_err) {
  std::string name = fmt::format("random:{}", seed + static_cast<std::uint64_t>(index));
  if (p_err != 1.0) name += fmt::format(",p_err={}", p_err);
  return name;
}

namespace {

ChipWeights make_weights(const Model& model, const EvaluatorOptions& options) {
  if (options.accelerator == nullptr) {
    return ChipWeights(model, options.bit_offset, options.mitigations);
  }
  return ChipWeights(model, mapping::compile(model.network, *options.accelerator, options.batch,
                                             options.bit_offset, model.file.string()));
}

std::unique_ptr<engines::Engine> make_engine(const Model& model, const EvaluatorOptions& options) {
  if (options.batch_statistics) {
    BROWNOUT_CHECK(options.engine == "float", "engine {}", options.engine);
    try {
      return engines::make_batch_statistics_engine(model.network, options.threads, options.batch);
    } catch (const InputError& error) {
      throw InputError("{}: {}", model.file.string(), error.what());
    }
  }
  if (options.engine != kSystemcEngine) {
    return engines::make_engine(options.engine, model.network, options.threads);
  }
  BROWNOUT_CHECK(options.accelerator != nullptr, "engine {} without accelerator", options.engine);
  return std::make_unique<engines::SystemcEngine>(
      model.network, *options.accelerator, options.batch, options.bit_offset, model.file.string());
}

}  // namespace

const std::vector<std::string>& evaluation_engine_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = engines::engine_names();
    all.emplace_back(kSystemcEngine);
    return all;
  }();
  return names;
}

Evaluator::Evaluator(const Model& model, const data::Dataset& data, const EvaluatorOptions& options)
    : model_(model),
      data_(data),
      options_(options),
      weights_(make_weights(model, options)),
      engine_(make_engine(model, options)) {
  if (!options.selection.all()) {
    weights_.select(model.network, options.selection, model.file.string());
  }
  if (options.engine == kSystemcEngine) options_.threads = 1;  // there is one model per process
  BROWNOUT_CHECK(options.images >= 1 && options.images <= data.size(), "{} images of {}",
                 options.images, data.size());
}

engines::Evaluation Evaluator::run_images(engines::Engine& engine, int threads,
                                          engines::NonFinite non_finite) {
  return engines::evaluate(engine, model_.network, data_, options_.images, threads,
                           /*hash_logits=*/true, non_finite);
}

CleanResult Evaluator::clean() {
  const Stopwatch watch(seconds_);
  ++passes_;
  engine_->set_memory_faults({});
  engine_->set_codes(weights_.clean());
  engines::Evaluation evaluation = named(model_, "without bit errors", [&] {
    return run_images(*engine_, options_.threads, engines::NonFinite::kFail);
  });
  CleanResult result;
  result.wrong = evaluation.wrong;
  result.confidence = evaluation.confidence;
  result.logits_sha256 = std::move(evaluation.logits_sha256);
  result.predictions = std::move(evaluation.predictions);
  result.wrong_images = wrong_images(result.predictions, data_);
  return result;
}

ChipResult Evaluator::on_chip(const chips::Chip& chip, const chips::OperatingPoint& at,
                              const CleanResult& clean, const MemoryPoints& others) {
  const Stopwatch watch(seconds_);
  ChipResult result;
  result.chip = chip.name();
  result.place = chip.place();

  const std::uint32_t words = weights_.placement().words;
  const memory::Draws draws{chip.die(), options_.evaluation_seed, options_.fresh_reads};
  ChipRead read;
  const bool scaled =
      options_.accelerator == nullptr || options_.accelerator->weights.scaled_supply;
  const network::Codes& codes = scaled ? weights_.read(chip, at, draws, read) : weights_.clean();
  const memory::WordFaultLists& faults = read.faults;
  result.read = read.read;
  result.protection = read.protection;
  result.repair = read.repair;
  result.cell_rate = read.repair.cell_rate;
  if (chip.wraps(words)) result.period = chip.period();
  result.note = chip.note();
  if (options_.list_cells) result.cells = cells_hit(faults.data, weights_.placement());
  mapping::MemoryFaults other_faults;
  if (others.any()) {
    BROWNOUT_CHECK(options_.accelerator != nullptr, "memories of no accelerator fail");
    if (!others_) {
      others_.emplace(model_.network, *options_.accelerator, options_.batch, options_.bit_offset,
                      options_.images, model_.file.string());
    }
    other_faults = others_->faults(chip, others, draws, result.others);
  }
  const bool draws_anew = options_.fresh_reads && draws_anything(faults);
  // The accelerator model does this by itself.
  const bool anew = draws_anew && options_.engine != kSystemcEngine;
  if (options_.reuse_clean && result.read.codes_changed == 0 && !draws_anew &&
      !other_faults.any()) {
    result.wrong = result.wrong_either = clean.wrong;
    result.wrong_images = clean.wrong_images;
    result.confidence = clean.confidence;
    result.logits_sha256 = clean.logits_sha256;
    return result;
  }

  ++passes_;
  engine_->set_memory_faults(other_faults);
  engine_->set_chip(codes, faults, draws);
  const auto non_finite =
      other_faults.activations.empty() ? engines::NonFinite::kFail : engines::NonFinite::kOrder;
  engines::Evaluation evaluation =
      named(model_, fmt::format("chip {} at bit error rate {}", result.chip, at.rate), [&] {
        FreshReads fresh(*engine_, weights_.reader(), faults, draws, options_.batch);
        return anew ? run_images(fresh, 1, non_finite)
                    : run_images(*engine_, options_.threads, non_finite);
      });
  result.others.set_bits_wrong(engine_->memory_bits_wrong());
  result.wrong = evaluation.wrong;
  result.wrong_images = wrong_images(evaluation.predictions, data_);
  result.wrong_either =
      results::count(results::wrong_in_either(clean.wrong_images, result.wrong_images));
  result.confidence = evaluation.confidence;
  result.logits_sha256 = std::move(evaluation.logits_sha256);
  return result;
}

}  // namespace brownout::sweep
