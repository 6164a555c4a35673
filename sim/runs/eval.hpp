// SPDX-License-Identifier: Apache-2.0
// `brownout eval`: one network at one operating point on a list of chips.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/chips/chip_files.hpp"
#include "sim/experiment/images.hpp"
#include "sim/experiment/model.hpp"
#include "sim/experiment/prices.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/results/point.hpp"

namespace brownout::runs {

struct EvalConfig {
  std::filesystem::path model;
  std::shared_ptr<const experiment::Model> network;  // read already; null: it is read from `model`
  experiment::Setup setup;
  bool list_cells = false;   // per chip: the cells hit
  bool keep_logits = false;  // of the clean pass and of each chip

  /// At most one of them. None, and no memory that fails all the same: only the clean network runs,
  /// without chips.
  std::optional<double> rate, voltage;
  std::vector<std::string> chips;
  chips::ChipFiles files;             // of chips, read so far
  std::optional<std::uint64_t> seed;  // of chips or places; none when they were named one by one
  std::optional<double> p_err;        // likewise
  /// Relative weight noise instead of chips, as a fraction of each tensor's range; `chips` then
  /// names draws.
  std::optional<double> weight_noise;
};

/// On the accelerator, per image, at the operating point or at Vmin.
struct EvalCost {
  double cycles = 0.0;
  double latency_ms = 0.0;
  EnergyLedger energy;                  // µJ
  experiment::RelativeEnergy relative;  // to the unprotected accelerator at Vmin
  experiment::DramPrice dram;
};

struct EvalResult {
  EvalConfig config;
  std::string model;
  std::string model_sha256;
  int bits = 0;  // 0: widths differ
  std::int64_t weights = 0;
  std::int64_t images = 0;
  bool labelled = true;           // else the clean predictions are the labels
  std::optional<double> rate;     // bit error rate of the weights' cells; none without chips
  std::optional<double> voltage;  // that belongs to it, when there is one
  results::CleanResult clean;
  std::vector<results::ChipResult> chips;
  std::optional<results::Point> point;  // none without chips
  std::optional<EvalCost> cost;
  std::optional<results::MemoryUses> memories;  // on an accelerator
  std::optional<double> energy_sram_rel;        // of a weight read, to an unprotected one at Vmin
  std::optional<double> weight_area_rel;        // relative to the unprotected weight memory
  std::optional<std::string> technology, rail;  // its name, and what it says of a supply below Vmin
  bool weights_scaled = true;                   // else they stay at Vmin and have no faults
  double seconds = 0.0;                         // wall time of the passes
  double images_per_s = 0.0;  // images × passes (the clean one too) over that time
};

/// A result that says what network, images and technology are; nothing has run yet.
EvalResult described(const experiment::Setup& setup, const experiment::Model& model,
                     const experiment::OpenImages& images);

/// Logits of the clean pass and of every chip, one after the other: (1 + chips) × images × classes.
std::vector<float> all_logits(const EvalResult& result);

/// `threads` changes time only.
EvalResult run_eval(EvalConfig config, int threads, bool quiet);

/// One network on its images at one operating point after the other. What does not depend on the
/// operating point is done once: images, program, clean pass, cycles.
class EvalBench {
 public:
  /// `first`: a configuration; those of later runs differ in the operating point and its chips
  /// alone. InputError for images that do not fit the network.
  EvalBench(const EvalConfig& first, int threads);
  ~EvalBench();

  /// As run_eval; the time of the clean pass is part of each result's.
  EvalResult run(EvalConfig config, bool quiet);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace brownout::runs
