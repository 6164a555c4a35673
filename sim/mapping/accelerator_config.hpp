// SPDX-License-Identifier: Apache-2.0
// An accelerator as its YAML file describes it: checked, immutable, every number with its unit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/mitigation/mitigations.hpp"

namespace brownout::mapping {

/// Weight-stationary: rows hold the reduction, columns output channels, pixels stream.
/// Output-stationary: rows hold pixels, columns output channels, the reduction streams.
enum class Dataflow { kWeightStationary, kOutputStationary };
std::string to_string(Dataflow dataflow);  // "weight-stationary", "output-stationary"

/// Resident: the whole network stays in the weight scratchpad. Streamed: chunks of it pass through
/// the scratchpad's two halves, and one cell holds many weights in turn.
enum class WeightResidency { kResident, kStreamed };
std::string to_string(WeightResidency residency);  // "resident", "streamed"

inline constexpr int kMostArraySide = 4096;  // rows, and columns

/// R×C processing elements.
struct ArrayConfig {
  int rows = 16;
  int columns = 16;
  Dataflow dataflow = Dataflow::kWeightStationary;
  int transpose_depth = 16;  // output-stationary: T codes per column in each half of the buffer
};

/// Whether arrays that never hold a weight are switched off.
enum class UnusedArrays { kGated, kOn };
std::string to_string(UnusedArrays unused);  // "gated", "on"

/// `arrays` SRAM arrays of `array_rows` words of 64 bits, one port each; word w of the scratchpad
/// is in array (w mod W) + W·(w div (W·rows)), row (w div W) mod rows.
struct WeightMemoryConfig {
  int arrays = 128;
  int array_rows = 512;
  int words_per_cycle = 1;  // W, divides `arrays`
  WeightResidency residency = WeightResidency::kResident;
  bool scaled_supply = true;  // on the scaled rail; else at Vmin
  UnusedArrays unused = UnusedArrays::kGated;
  mitigation::Mitigations mitigations;
  bool sized_in_kib = false;  // by weights.kib, not weights.arrays; for messages

  std::int64_t words() const { return std::int64_t{arrays} * array_rows; }
  /// Array and row of a word.
  int array_of(std::int64_t word) const;
  int row_of(std::int64_t word) const;
};

/// What supplies a memory: the scaled rail, or a supply of its own.
struct MemorySupply {
  bool scaled = false;
  double vmin = 1.0;  // units of Vmin, when not scaled

  double at(double rail) const { return scaled ? rail : vmin; }
};
std::string to_string(const MemorySupply& supply);  // "scaled", "vmin", "0.85"
/// Parses these texts. InputError (beginning with `where`) for others, and for voltages outside
/// [0.1, 2].
MemorySupply parse_supply(const std::string& text, const std::string& where);

/// Input pixels: two buffers in the activation memory's address space, with cells of their own.
struct InputMemoryConfig {
  MemorySupply supply;
};

/// `banks` equal, contiguous parts with one port each: a vector of codes a cycle.
struct ActivationMemoryConfig {
  int kib = 256;
  int banks = 2;
  MemorySupply supply;

  std::int64_t bytes() const { return std::int64_t{kib} * 1024; }
  std::int64_t bank_bytes() const { return bytes() / banks; }
};

/// Two halves of `depth` rows of (C+1) × 32 bits.
struct AccumulatorConfig {
  int depth = 1024;  // A
  MemorySupply supply;

  /// Bytes of both halves, for an array of that many columns.
  std::int64_t bytes(int columns) const { return std::int64_t{8} * depth * (columns + 1); }
};

struct VectorConfig {
  int lanes = 16;          // L
  int latency_cycles = 8;  // from the first row in to the first code out
};

struct DmaConfig {
  int setup_cycles = 16;  // of each burst
  int bytes_per_cycle = 16;
  int burst_bytes = 4096;  // longest burst; a multiple of 8, the bytes of a word
};

/// Figures of a preset are brought to the accelerator's clock when the file is read.
struct DramConfig {
  int latency_cycles = 100;
  double bytes_per_cycle = 8.0;
  std::string preset;                // its name; "": none
  std::optional<double> pj_per_bit;  // none: the technology's dram_pj_per_byte
};

struct AcceleratorConfig {
  std::filesystem::path file;
  std::string name;
  std::string description;
  std::filesystem::path technology;  // resolved against the file's folder
  double clock_mhz = 500.0;
  ArrayConfig array;
  WeightMemoryConfig weights;
  InputMemoryConfig input;
  ActivationMemoryConfig activations;
  AccumulatorConfig accumulators;
  VectorConfig vector;
  DmaConfig dma;
  DramConfig dram;
  /// Where keys are given that are not in the file, for messages: {"weights.kib",
  /// "sweep.yaml:11:33: accelerator_grid.weights.kib"}.
  std::map<std::string, std::string> places;

  /// The place of a dotted key; the file when it has no other.
  std::string place_of(const std::string& key) const;

  /// What so many cycles take.
  double milliseconds(double cycles) const { return cycles / (1e3 * clock_mhz); }
};

/// Reads an accelerator file (docs/accelerator.md). InputError for unknown or duplicate keys, wrong
/// types, values out of range, W that does not divide the arrays, banks that do not divide the
/// activation memory, sizes in KiB that are no whole arrays. `assignments` ("array.rows=8") replace
/// values of the file (YamlMap::load).
AcceleratorConfig load_accelerator(const std::filesystem::path& file,
                                   const std::vector<std::string>& assignments = {});
/// The same of a text; `name` stands for the file.
AcceleratorConfig parse_accelerator(const std::string& text, const std::filesystem::path& name,
                                    const std::vector<std::string>& assignments = {});

/// The resolved configuration with all defaults, as JSON text with sorted keys: part of a result's
/// key.
std::string resolved_json(const AcceleratorConfig& config);

}  // namespace brownout::mapping
