// SPDX-License-Identifier: Apache-2.0
// `brownout eval`: one network at one operating point on a list of chips.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/sweep/point.hpp"

namespace brownout::sweep {

struct EvalConfig {
  std::filesystem::path model;
  std::string dataset = "fashion-mnist";
  network::Split split = network::Split::kTest;
  std::filesystem::path data_folder;  // empty: the usual place
  std::int64_t images = 0;            // the first ones; 0 = all
  std::string engine = "functional";
  std::optional<mapping::AcceleratorConfig> accelerator;
  int batch = 1;                          // images at a time on it, or in the statistics
  bool batch_statistics = false;          // of batch norms, in place of the running ones
  std::filesystem::path technology_file;  // prices of the accelerator
  std::uint64_t bit_offset = 0;
  std::uint64_t evaluation_seed = 0;
  bool fresh_reads = false;         // probabilistic cells draw once per batch and load event
  bool list_cells = false;          // per chip: the cells hit
  memory::Mitigations mitigations;  // of the weight memory, the accelerator's too
  mapping::Selection selection;     // cells of it whose faults count

  /// None: only the clean network runs, without chips.
  std::optional<double> rate;
  std::optional<double> voltage;          // that belongs to the rate, when there is one
  std::optional<double> energy_sram_rel;  // there
  MemoryPoints others;                    // of the accelerator's other memories
  std::string technology;                 // name of the one that knows; "" = none
  std::string rail;                       // what it says of a supply below Vmin; settled when run
  std::vector<std::string> chips;
  std::optional<std::uint64_t> seed;  // of chips or places; none when they were named one by one
  std::optional<double> p_err;        // likewise
  /// Relative weight noise instead of chips, as a fraction of each tensor's range; `chips` then
  /// names draws.
  std::optional<double> weight_noise;
};

/// On the accelerator, per image, at the operating point or at Vmin.
struct EvalCost {
  double cycles = 0.0;
  technology::EnergyLedger energy;  // µJ
  RelativeEnergy relative;          // to the unprotected accelerator at Vmin
};

struct EvalResult {
  EvalConfig config;  // images settled
  std::string model;
  std::string model_sha256;
  int bits = 0;  // 0: widths differ
  std::int64_t weights = 0;
  CleanResult clean;
  std::vector<ChipResult> chips;
  std::optional<Point> point;  // none without chips
  std::optional<EvalCost> cost;
  std::optional<MemoryUses> memories;     // on an accelerator
  std::optional<double> weight_area_rel;  // relative to the unprotected weight memory
  double seconds = 0.0;                   // wall time of the passes
  double images_per_s = 0.0;              // images × passes (the clean one too) over that time
};

/// `threads` changes time only.
EvalResult run_eval(EvalConfig config, int threads, bool quiet);

}  // namespace brownout::sweep
