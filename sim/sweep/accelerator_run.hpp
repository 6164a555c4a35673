// SPDX-License-Identifier: Apache-2.0
// `brownout run`: one network on one accelerator at one voltage on one chip: numbers, cycles,
// counts, energy.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/data/dataset.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/sweep/chip_weights.hpp"
#include "sim/sweep/other_memories.hpp"
#include "sim/sweep/point.hpp"
#include "sim/sweep/pricing.hpp"

namespace brownout::sweep {

/// "functional" (numbers by the functional engine, time by the SystemC model), "systemc" (both by
/// the SystemC model) or "rtl" (like "systemc", but the Verilated core replaces weight path and
/// array).
const std::vector<std::string>& run_engine_names();

struct RunConfig {
  std::filesystem::path model;
  mapping::AcceleratorConfig accelerator;
  std::filesystem::path technology_file;  // prices and bit error rates
  std::string dataset = "fashion-mnist";
  data::Split split = data::Split::kTest;
  std::filesystem::path data_folder;  // empty: the usual place
  std::int64_t images = 0;            // the first ones; 0 = all
  int batch = 1;
  std::string engine = "systemc";
  std::optional<double> voltage;  // none: Vmin, no faults
  std::string chip;               // with a voltage
  MemoryRates memory_rates;       // in place of those by the accelerator's supplies
  std::uint64_t bit_offset = 0;
  std::uint64_t evaluation_seed = 0;
  bool fresh_reads = false;    // probabilistic cells draw once per batch and load event
  std::size_t span_limit = 0;  // stretches of time to record for the timeline
};

/// A layer, or the whole network.
struct RunPart {
  std::string name;
  double utilization = 0.0;  // MACs / (cycles · R · C)
};

struct AcceleratorRun {
  RunConfig config;  // images settled
  std::string model, model_sha256, technology;
  std::string chip_note;  // what must be said of a profile; empty: nothing
  double rate = 0.0;      // of the weight memory
  MemoryPoints others;    // of the other memories
  MemoryResults other_memories;
  MemoryUses memories;
  engines::Evaluation evaluation;
  ChipRead weights;
  engines::ImagesResult simulated;       // cycles and counts of all images
  std::vector<std::int64_t> rtl_cycles;  // by layer, engine "rtl" only; 0: without matrix operator
  std::vector<RunPart> layers;           // beside simulated.layers; DMA counts where it serves
  accelerator::LayerTally total;         // sum of the layers, with all cycles
  RunPart all;
  std::int64_t weight_words = 0;             // of 64 bits, that the network's codes take
  Pricing pricing;                           // what prices need beside counts and cycles
  std::optional<double> unprotected_cycles;  // RunCounts::unprotected_cycles
  RunPrices prices;
  double wall_seconds = 0.0;  // of everything, files read and programs compiled
};

/// InputError for anything that does not fit; `threads` changes time only.
AcceleratorRun run_accelerator(RunConfig config, int threads, bool quiet);

}  // namespace brownout::sweep
