// SPDX-License-Identifier: Apache-2.0
// What evaluations give: the figures that people use, and everything else as the JSON and CSV that
// the command writes (docs/output.md).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brownout {

/// Of a figure over chips, percent.
struct ErrorOverChips {
  double mean = 0.0, std = 0.0, min = 0.0, max = 0.0;
  std::array<double, 2> ci95{};  // of the mean, over chips and images (docs/error-bars.md)
};

/// A network on one chip.
struct ChipError {
  std::string chip;
  double rerr = 0.0;  // percent of the images
  double confidence = 0.0;
  std::int64_t cells_hit = 0;   // faulty cells that hold bits of codes
  std::int64_t bits_wrong = 0;  // of the codes as read
};

/// What Experiment::run gives.
struct EvalResult {
  std::string model;
  std::int64_t images = 0;
  bool labelled = true;           // else the clean predictions stand in for labels
  std::optional<double> voltage;  // units of Vmin
  std::optional<double> rate;     // bit error rate of the weights' cells, a fraction
  double err = 0.0;               // clean error, percent
  std::array<double, 2> err_ci95{};
  std::optional<ErrorOverChips> rerr;  // none without chips
  std::vector<ChipError> chips;
  std::optional<double> energy_sram_rel;  // of a weight access, to an unprotected one at Vmin
  // By image, on an accelerator.
  std::optional<double> cycles, latency_ms, energy_uj;
  std::vector<float> logits;  // (1 + chips) × images × classes; empty unless asked for

  std::string json;         // as of `brownout eval --json`
  std::string samples_csv;  // as of `brownout eval --samples`: one row a chip; "" without chips
  std::string text;         // as `brownout eval` prints
};

/// What run() gives: one network on one accelerator.
struct RunResult {
  std::string model;
  std::int64_t images = 0;
  double err = 0.0;         // percent of the images, on the chip
  std::int64_t cycles = 0;  // of all images
  double cycles_per_image = 0.0, latency_ms = 0.0, energy_uj = 0.0;  // by image
  std::vector<float> logits;  // images × classes; empty unless asked for

  std::string json;  // as of `brownout run --json`
  std::string text;
};

/// What sweep() gives.
struct SweepResult {
  std::string folder;
  std::string json;         // as sweep.json
  std::string csv;          // as sweep.csv: one row a point
  std::string samples_csv;  // as samples.csv: one row a chip and point
  std::string text;
};

}  // namespace brownout
