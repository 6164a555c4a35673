// SPDX-License-Identifier: Apache-2.0
// One evaluation: a network's images through an engine, with its memories as a chip returns them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/chips/chip.hpp"
#include "sim/engines/engine.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/experiment/chip_weights.hpp"
#include "sim/experiment/fresh_reads.hpp"
#include "sim/experiment/other_memories.hpp"
#include "sim/experiment/setup.hpp"

namespace brownout::experiment {

/// The engines of engines::make_engine, and "systemc": all images run through the accelerator
/// model.
const std::vector<std::string>& evaluation_engine_names();

/// The engine that a setup names, for a target that it describes.
/// InputError for batch statistics of a network without batch norms, and for an engine on the
/// accelerator without a simulator.
std::shared_ptr<engines::Engine> make_engine(const Model& model, const Setup& setup,
                                             const Target& target, int threads);

/// The memories of one chip under certain conditions.
struct Readout {
  memory::Draws draws;
  ChipRead weights;
  const network::Codes* codes = nullptr;  // as read; valid until the experiment reads again
  mapping::MemoryFaults other_faults;
  MemoryResults others;

  /// Whether fresh draws can differ from frozen ones.
  bool draws_anew() const { return draws.fresh && draws_anything(weights.faults); }
  /// Numbers that are not finite fail a run, unless the memory that holds them has faults.
  engines::NonFinite non_finite() const {
    return other_faults.activations.empty() ? engines::NonFinite::kFail
                                            : engines::NonFinite::kOrder;
  }
};

/// What one chip did, and what the network made of it.
struct ChipRun {
  ChipRead weights;
  MemoryResults others;
  engines::Evaluation evaluation;
};

class Experiment {
 public:
  /// InputError for mitigations that do not fit the
  /// network, and for selected cells that it does not have.
  Experiment(const Model& model, const OpenImages& images, const Setup& setup, const Target& target,
             std::shared_ptr<engines::Engine> engine, int threads);

  /// Reads the weights, then draws the other memories. Without a chip: the clean codes.
  Readout read(const chips::Chip* chip, const Conditions& at);
  Readout clean() { return read(nullptr, {}); }

  /// Lets the engine keep values that chips share (Engine::keep_clean_values), for evaluations of
  /// all images.
  void keep_clean_values(std::size_t bytes) {
    engine_->keep_clean_values(images_.data->image(0), images_.count, bytes);
  }

  /// Runs all images with the memories as read.
  engines::Evaluation evaluate(const Readout& readout);
  /// The same on another engine.
  engines::Evaluation evaluate(engines::Engine& engine, const Readout& readout,
                               bool hash_logits = true);
  /// Runs other images, in any number and order. Only the weights may have faults, and they draw
  /// once: all else depends on which images of the evaluation come before.
  engines::Evaluation evaluate(const Readout& readout, const data::Dataset& images);
  ChipRun run(Readout readout);
  ChipRun run(const chips::Chip* chip, const Conditions& at) { return run(read(chip, at)); }

  const mapping::Placement& placement() const { return weights_.placement(); }
  /// With labels: those of clean_labels.hpp when the data have none.
  const OpenImages& images() const { return images_; }

 private:
  const Model model_;
  const OpenImages images_;
  Reads reads_;
  const Target target_;
  bool weights_scaled_;
  std::shared_ptr<engines::Engine> engine_;
  int threads_;
  ChipWeights weights_;
  std::optional<OtherMemories> others_;  // made when they first fail
};

}  // namespace brownout::experiment
