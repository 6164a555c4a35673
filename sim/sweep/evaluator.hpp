// SPDX-License-Identifier: Apache-2.0
// One network on one dataset: the clean pass, and passes with the weights as chips return them.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/chips/chip.hpp"
#include "sim/data/dataset.hpp"
#include "sim/engines/engine.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/network/network.hpp"
#include "sim/results/error_bars.hpp"
#include "sim/sweep/chip_weights.hpp"
#include "sim/sweep/other_memories.hpp"

namespace brownout::sweep {

/// Reads and checks the file. InputError as read_onnx.
Model load_model(const std::filesystem::path& file);

/// The network without faults.
struct CleanResult {
  std::int64_t wrong = 0;
  double confidence = 0.0;  // mean probability of the predicted class
  std::string logits_sha256;
  std::vector<std::uint8_t> predictions;
  results::WrongImages wrong_images;
};

/// The network on one chip at one operating point.
struct ChipResult {
  std::string chip;
  std::int64_t wrong = 0;
  std::int64_t wrong_either = 0;  // images wrong clean or wrong perturbed
  results::WrongImages wrong_images;
  double confidence = 0.0;
  weights::ReadStats read;
  weights::ProtectionStats protection;  // with a check code
  mitigation::RepairStats repair;       // with spares or a placement by sensitivity
  MemoryResults others;                 // the other memories
  double cell_rate = 0.0;               // mean over the memory's cells of max(p01, p10), as drawn
  std::uint64_t period =
      0;             // cells after which the chip's map repeats in this memory; 0: it does not
  std::string note;  // what must be said of the chip
  std::optional<chips::Place> place;  // of the memory on a measured die
  std::string logits_sha256;
  std::vector<std::uint64_t> cells;  // word·64 + column of every cell hit, when asked for
};

struct EvaluatorOptions {
  std::string engine = "functional";
  std::int64_t images = 0;
  int threads = 1;
  std::uint64_t bit_offset = 0;
  std::uint64_t evaluation_seed = 0;  // draws of probabilistic cells,
  bool fresh_reads = false;           // once per batch and load event; else once
  /// Codes that read clean give the clean result without another pass (same bits, less time).
  bool reuse_clean = false;
  bool list_cells = false;
  /// Weights lie as this accelerator's program places them, without faults if its weight memory
  /// stays at Vmin. Engine "systemc" needs it.
  const mapping::AcceleratorConfig* accelerator = nullptr;
  int batch = 1;  // images at a time on the accelerator, between fresh draws, in statistics
  /// Batch norms take mean and variance of `batch` images (engine "float" only).
  bool batch_statistics = false;
  /// Mitigations of the weight memory; an accelerator must state the same.
  memory::Mitigations mitigations;
  /// Only faults of these cells of the weight memory count.
  weights::Selection selection;
};

inline constexpr char kSystemcEngine[] = "systemc";
/// The engines of sim/engines, and "systemc": all images run through the accelerator model.
const std::vector<std::string>& evaluation_engine_names();

/// Model, dataset and accelerator must outlive it.
class Evaluator {
 public:
  Evaluator(const Model& model, const data::Dataset& data, const EvaluatorOptions& options);

  CleanResult clean();
  /// `at`: the point at which the weight memory is accessed, a boost included. The other memories
  /// fail on an accelerator only.
  ChipResult on_chip(const chips::Chip& chip, const chips::OperatingPoint& at,
                     const CleanResult& clean, const MemoryPoints& others = {});

  /// Wall time of all passes so far, drawing chips and reading codes included, and their number.
  double seconds() const { return seconds_; }
  std::int64_t passes() const { return passes_; }

 private:
  engines::Evaluation run_images(engines::Engine& engine, int threads,
                                 engines::NonFinite non_finite);

  const Model& model_;
  const data::Dataset& data_;
  EvaluatorOptions options_;
  ChipWeights weights_;
  std::optional<OtherMemories> others_;  // compiled when they first fail
  std::unique_ptr<engines::Engine> engine_;
  double seconds_ = 0.0;
  std::int64_t passes_ = 0;
};

/// Of the first images of the data set.
results::WrongImages wrong_images(const std::vector<std::uint8_t>& predictions,
                                  const data::Dataset& data);

bool any_by_voltage(const std::vector<std::unique_ptr<chips::Chip>>& chips);

/// Of several chips: the mean, if any of them fails by voltage.
double configured_rate(const std::vector<std::unique_ptr<chips::Chip>>& chips,
                       const chips::OperatingPoint& at, const std::vector<ChipResult>& results);

/// "random:7" or "random:7,p_err=0.5": chip `index` of the set with this seed.
std::string chip_name(std::uint64_t seed, std::int64_t index, double p_err);

}  // namespace brownout::sweep
