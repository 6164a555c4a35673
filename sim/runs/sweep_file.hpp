// SPDX-License-Identifier: Apache-2.0
// The sweep file (docs/sweep-file.md): strict YAML to one validated struct.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/mitigation/mitigations.hpp"
#include "sim/results/precision.hpp"
#include "sim/results/safe_voltage.hpp"

namespace brownout::runs {

inline constexpr std::int64_t kMaxChips = 1'000'000;
inline constexpr std::int64_t kMaxImages = 100'000'000;
inline constexpr std::int64_t kMaxBatch = 65536;
inline constexpr std::int64_t kMaxThreads = 256;
inline constexpr std::int64_t kMaxSeed = (std::int64_t{1} << 62);
inline constexpr std::int64_t kMaxBitOffset = std::int64_t{1} << 28;
/// A faulty cell errs at least this often per read (p_err of random chips).
inline constexpr double kMinPErr = 1e-6;

/// Limits of a yield and of its confidence.
inline constexpr double kLowestYield = 0.5;
inline constexpr double kHighestYield = 0.999;

/// An entry of the list of mitigations.
struct SweepMitigation {
  std::string name = "none";      // canonical text, as results show it
  std::string identity = "none";  // all that decides what it does
  mitigation::Mitigations what;
};

/// What is asked of the lowest safe voltage, and of which chips.
struct SafeVoltageConfig {
  double max_drop_points = 2.5;  // points of error that may be lost
  double tolerance = 0.002;      // how closely it is searched, units of Vmin
  std::optional<results::YieldTarget> yield{
      results::YieldTarget{}};              // none: the mean over the chips
  std::int64_t chosen_on = 0;               // chips that choose it; 0: as many as it takes
  std::int64_t stated_on = 0;               // other chips that state what it is worth; 0: as many
  std::optional<std::int64_t> stated_seed;  // of the first of those; none: seed + kMaxChips
  std::string origin;                       // where the file says so, for messages
  FieldNames places;                        // where it gives the keys
};

/// Which points of the grid are compared: those that differ in one thing alone.
struct PointComparison {
  enum class Of { kNetworks, kMitigations, kLevels };  // as points are nested
  Of of = Of::kNetworks;
  std::optional<std::size_t> baseline;  // all others with this one of the list; none: every pair
};

struct SweepConfig {
  std::filesystem::path file;
  std::string technology_sha256;

  std::vector<std::filesystem::path> models;  // file stems differ: they name the networks
  /// With a technology; over rates it may be null, and only gives the areas of mitigations. With an
  /// accelerator points have cycles and, at voltages, energy. Its target has no mitigations, but
  /// each of these in turn.
  experiment::Setup setup;
  /// Of the grid, else the only one; none without an accelerator. The setup's is the first of them.
  std::vector<mapping::AcceleratorConfig> accelerators;
  std::string grid_of;  // name of the accelerator whose keys a grid varies; "": there is no grid
  /// Mitigations of the weight memory, each at all voltages: those of the list, else the
  /// accelerator's own.
  std::vector<SweepMitigation> mitigations = std::vector<SweepMitigation>(1);

  std::int64_t chips = 10;        // random:seed … random:seed+chips-1, or
  std::filesystem::path profile;  // so many places of this chip's map; empty: random chips
  std::int64_t seed = 0;          // of the places as well
  chips::ReadErrors errors;       // of random chips

  /// Chips and images follow from what is asked of the interval of each point; `chips` is 1 then.
  std::optional<results::PrecisionTarget> precision;

  // One of the two is empty.
  std::vector<double> voltages;  // units of Vmin, strictly descending
  std::vector<double> rates;     // bit error rates, fractions, strictly ascending
  SafeVoltageConfig safe;        // of voltages
  std::vector<PointComparison> comparisons;

  FieldNames places;  // where the file gives its keys

  /// Whether points are bit error rates, which have no voltage and no energy.
  bool by_rate() const { return !rates.empty(); }
  /// What points differ in: voltages or rates, in the order of the results.
  const std::vector<double>& levels() const { return by_rate() ? rates : voltages; }
  /// Whether it has a safe voltage: over voltages, with a precision only where the file asks.
  bool has_safe_voltage() const { return !by_rate() && (!precision || !safe.origin.empty()); }
  /// The yield that the dies themselves must show. With a precision, its confidence is a little
  /// higher than what is asked, since dies are decided on some of the images.
  results::YieldTarget tested_yield() const;
  /// The probability of a wrong decision of one die at one of so many levels, at most.
  double decision_error(std::size_t levels) const;
  /// The lowest supply at which the weight memory is accessed, boosts included. Of voltages.
  double lowest_access() const;
};

/// Settings that replace those of the file.
struct SweepOverrides {
  std::optional<std::int64_t> images, chips, seed;
  std::filesystem::path data_folder;
};
/// The file's places of those settings are forgotten.
void replace_settings(const SweepOverrides& overrides, SweepConfig& config);

/// Where results go when nobody says: out/NAME of NAME.yaml.
std::filesystem::path default_folder(const SweepConfig& config);

/// Reads file and technology; paths in the file are relative to it. InputError names the place.
SweepConfig load_sweep(const std::filesystem::path& file);

}  // namespace brownout::runs
