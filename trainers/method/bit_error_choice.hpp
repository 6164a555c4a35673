// SPDX-License-Identifier: Apache-2.0
// Which bit errors a training sees: fresh ones at a rate (RandBET), or those of one chip (PattBET).
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/yaml.hpp"
#include "sim/chips/chip.hpp"

namespace brownout::trainers {

/// RandBET, Algorithm 1, with the switches of its published code.
struct BitErrorChoice {
  enum class Variant {
    kStandard,     // one update with both gradients
    kCurricular,   // the same with a rate that grows from p/20 to p over the first half
    kAlternating,  // two updates; the perturbed one cannot widen the ranges of quantization
  };
  double rate = 0.0;             // p of the fresh errors of every step, or of a random chip
  double start_loss = 1.75;      // T of the gate below
  bool published_gate = true;    // on for the next batch iff clean loss < 1.15·T and the mean of
                                 // clean and perturbed loss <= T (perturbed counts 0 while off);
                                 // else the paper's: on for good once the clean loss is below T
  double gradient_clamp = 0.05;  // of the perturbed gradient, elementwise; 0 = none
  Variant variant = Variant::kStandard;
  bool average = true;  // mean of both gradients (code); else their sum (paper)

  // PattBET; without a pattern none of these has an effect.
  std::string pattern;                // the chip whose errors every step sees; "": fresh errors
  std::string pattern_origin;         // where it was given, for messages
  std::optional<double> voltage;      // of the chip, units of Vmin; else `rate` says what fails
  bool persistent_only = false;       // cells that always fail; else all
  bool fresh_reads = false;           // cells that fail sometimes draw in every step; else once
  std::uint64_t evaluation_seed = 0;  // of these draws

  bool active() const { return rate > 0.0 || !pattern.empty(); }
  chips::OperatingPoint point() const { return {voltage.value_or(1.0), rate}; }
};

/// Reads the block `bit_errors`. Chips are made once here, so that messages name their place.
BitErrorChoice read_bit_errors(YamlMap map);

/// The block as YAML, defaults included; "" when there are no errors.
std::string describe(const BitErrorChoice& choice);

/// The chip's name with only the name of its file: it is the same for the same file, wherever it
/// lies.
std::string without_folder(const std::string& chip);

}  // namespace brownout::trainers
