// SPDX-License-Identifier: Apache-2.0
// `brownout cosim`: the accelerator's array and the RTL side by side, over whole images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/cosim/checked_array.hpp"
#include "sim/experiment/chip_weights.hpp"
#include "sim/experiment/other_memories.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/results/point.hpp"

namespace brownout::runs {

/// The file for the waves around a mismatch when no waves are asked for.
inline constexpr char kMismatchWaves[] = "cosim-mismatch.fst";

struct CosimConfig {
  std::filesystem::path model;
  experiment::Setup setup;                 // with an accelerator; with a voltage also a technology
  std::filesystem::path accelerator_file;  // empty: defaults
  std::optional<double> voltage;           // none: Vmin, no faults
  std::string chip;                        // with a voltage
  std::string layer;                       // only this one; empty: all
  std::filesystem::path trace;             // waves of cycles [trace_from, trace_to); empty: none
  std::int64_t trace_from = 0, trace_to = 0;
  std::filesystem::path mismatch_trace = kMismatchWaves;
  std::filesystem::path export_folder;  // the layer's first job as memory files; empty: no export
};

/// A layer that was checked, or all of them (then first_cycle is -1).
struct CosimPart {
  std::string name;
  cosim::LayerRecord record;
  cosim::LayerCheck check;

  CosimPart& operator+=(const CosimPart& other);
  /// |RTL − SystemC| / SystemC in %.
  double cycle_error_pct() const;
};

/// A layer and the cycles [begin, end) of the run in which the core may run.
struct CoreTime {
  std::string layer;
  std::int64_t begin = 0, end = 0;
};

/// Where a word lies in the weight memory.
struct WordPlace {
  int array = 0, row = 0;
};

struct CosimRun {
  CosimConfig config;
  std::string model, model_sha256;
  std::int64_t images = 0;
  bool labelled = true;
  std::string chip_note;  // what must be said of a profile; empty: nothing
  double rate = 0.0;
  experiment::MemoryResults other_memories;
  results::MemoryUses memories;
  experiment::ChipRead weights;
  /// Why nothing was compared: no core that does what the accelerator does was built, and an export
  /// needs none. Empty: the sides were compared.
  std::string not_compared;
  std::vector<CosimPart> layers;  // checked ones, in order
  CosimPart total;
  std::optional<cosim::Mismatch> first_mismatch;
  std::filesystem::path mismatch_waves;  // empty: none written
  std::int64_t traced_cycles = 0;        // of the trace window in which the core ran
  std::optional<CoreTime> next_core;     // where it does, when it is never in the window
  std::string logits_sha256;             // of both runs
  std::int64_t run_cycles = 0;           // of all images, by SystemC
  /// Wall time of those cycles, results included, without RTL: the mean of as many runs as last 50
  /// ms.
  double systemc_seconds = 0.0;
  double rtl_seconds = 0.0;   // wall time of the RTL and its checks
  double wall_seconds = 0.0;  // of everything

  /// Where the word of the first mismatch lies that was expected. There must be one.
  WordPlace mismatch_place() const;
  double rtl_cycles_per_s() const;
  double systemc_cycles_per_s() const;
};

/// Runs all images with the RTL beside the array, and without it. With an export and no waves a
/// core need not be built: nothing is compared then. InputError when the RTL can not do what the
/// accelerator does, or was not built for it (sim/cosim/core_fit.hpp), for a layer that the program
/// does not have or that has no matrix operator, and for a trace window outside the run or, with a
/// layer, outside that layer.
CosimRun run_cosim(CosimConfig config, bool quiet);

}  // namespace brownout::runs
