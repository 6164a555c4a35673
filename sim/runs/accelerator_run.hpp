// SPDX-License-Identifier: Apache-2.0
// `brownout run`: one network on one accelerator at one voltage on one chip: numbers, cycles,
// counts, energy.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engines/evaluate.hpp"
#include "sim/engines/simulator.hpp"
#include "sim/experiment/chip_weights.hpp"
#include "sim/experiment/other_memories.hpp"
#include "sim/experiment/pricing.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/results/point.hpp"

namespace brownout::runs {

/// "functional" (numbers by the functional engine, time by the SystemC model), "systemc" (both by
/// the SystemC model) or "rtl" (like "systemc", but the Verilated core replaces weight path and
/// array).
const std::vector<std::string>& run_engine_names();

struct RunConfig {
  std::filesystem::path model;
  std::shared_ptr<const experiment::Model> network;  // read already; null: it is read from `model`
  experiment::Setup setup;                           // with an accelerator and a technology
  std::optional<double> voltage;                     // none: Vmin, no faults
  std::string chip;                                  // with a voltage
  std::size_t span_limit = 0;                        // stretches of time to record for the timeline
};

/// A layer, or the whole network.
struct RunPart {
  std::string name;
  double utilization = 0.0;  // MACs / (cycles · R · C)
};

struct AcceleratorRun {
  RunConfig config;
  std::string model, model_sha256;
  std::int64_t images = 0;
  bool labelled = true;   // else the clean predictions are the labels
  std::string chip_note;  // what must be said of a profile; empty: nothing
  double rate = 0.0;      // of the weight memory
  experiment::MemoryResults other_memories;
  results::MemoryUses memories;
  engines::Evaluation evaluation;
  double accuracy = 0.0, err = 0.0;  // percent
  std::array<double, 2> err_ci95{};  // over images
  experiment::ChipRead weights;
  engines::ImagesResult simulated;       // cycles and counts of all images
  std::vector<std::int64_t> rtl_cycles;  // by layer, engine "rtl" only; 0: without matrix operator
  std::vector<RunPart> layers;           // beside simulated.layers; DMA counts where it serves
  accelerator::LayerTally total;         // sum of the layers, with all cycles
  RunPart all;
  std::int64_t weight_words = 0;             // of 64 bits, that the network's codes take
  double weight_reads_per_word = 0.0;        // by an image, on average over those words
  experiment::Pricing pricing;               // what prices need beside counts and cycles
  std::optional<double> unprotected_cycles;  // RunCounts::unprotected_cycles
  experiment::RunPrices prices;
  double wall_seconds = 0.0;  // of everything, files read and programs compiled
};

/// InputError for anything that does not fit; `threads` changes time only.
AcceleratorRun run_accelerator(RunConfig config, int threads, bool quiet);

}  // namespace brownout::runs
