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

/// An error over chips, percent. Intervals are of the mean, at 95 % (docs/error-bars.md).
struct ErrorOverChips {
  double mean = 0.0, min = 0.0, max = 0.0;
  std::optional<double> std;                      // none of one chip
  std::optional<std::array<double, 2>> ci95;      // over chips, for these images
  std::optional<std::array<double, 2>> ci95_all;  // over chips and images
};

/// A network on one chip.
struct ChipError {
  std::string chip;
  double rerr = 0.0;            // percent of the images
  double confidence = 0.0;      // mean probability of the predicted class
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
  std::optional<double> energy_sram_rel;  // of a weight read, to an unprotected one at Vmin
  // Per image, on an accelerator.
  std::optional<double> cycles, latency_ms, energy_uj;
  std::vector<float> logits;  // (1 + chips) × images × classes; empty unless asked for

  std::string json;         // as of `brownout eval --json`
  std::string samples_csv;  // as of `brownout eval --samples`: one row a chip
  std::string text;         // as `brownout eval` prints
};

/// What run() gives: one network on one accelerator.
struct RunResult {
  std::string model;
  std::int64_t images = 0;
  double err = 0.0;         // percent of the images, on the chip
  std::int64_t cycles = 0;  // of all images
  double cycles_per_image = 0.0, latency_ms = 0.0, energy_uj = 0.0;  // per image
  std::vector<float> logits;  // images × classes; empty unless asked for

  std::string json;  // as of `brownout run --json`
  std::string text;
};

/// What sweep() gives: its files, as text.
struct SweepResult {
  std::string folder;
  std::string json;              // sweep.json
  std::string csv;               // points.csv: one row a point
  std::string samples_csv;       // samples.csv: one row a chip and point
  std::string safe_voltage_csv;  // safe_voltage.csv
  std::string text;              // as `brownout sweep` prints
};

}  // namespace brownout
