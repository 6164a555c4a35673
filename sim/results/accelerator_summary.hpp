// SPDX-License-Identifier: Apache-2.0
// What an accelerator file comes to before any network runs on it, as numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace brownout::mapping {
struct AcceleratorConfig;
}

namespace brownout::results {

/// Leakage power at Vmin with every array on, mW.
struct LeakageSummary {
  double weights = 0.0, activations = 0.0, accumulators = 0.0, logic = 0.0;
};

struct AcceleratorSummary {
  std::string name, description;
  std::filesystem::path file;
  std::string configuration;  // resolved, JSON
  int rows = 0, columns = 0;
  std::string dataflow, residency;
  double clock_mhz = 0.0;
  double peak_gmac_per_s = 0.0;  // every element busy in every cycle
  double weight_kib = 0.0, activation_kib = 0.0, accumulator_kib = 0.0;
  double weight_read_gb_per_s = 0.0;  // of the weight memory's words read side by side
  std::string dram_preset;            // ""; none
  double dram_gb_per_s = 0.0;
  double dma_gb_per_s = 0.0;  // the DRAM gives no more than that
  double dram_latency_ns = 0.0;
  std::string technology;
  std::filesystem::path technology_file;
  std::optional<double> dram_pj_per_bit;             // none: the technology has no energies
  std::optional<double> technology_dram_pj_per_bit;  // that the file replaces; none: it does not
  std::optional<LeakageSummary> leakage_mw;          // none: the technology has no energies
};

/// Reads the accelerator's technology. InputError when that is not possible.
AcceleratorSummary summarize(const mapping::AcceleratorConfig& config);

}  // namespace brownout::results
