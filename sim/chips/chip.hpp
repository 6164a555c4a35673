// SPDX-License-Identifier: Apache-2.0
// Chips: where the faulty cells are. One interface, one file per kind of chip.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::chips {

/// Operating point of a memory. `voltage` is in units of Vmin; `rate` = p(V) is the bit error rate
/// that random chips use. A technology gives one from the other.
struct OperatingPoint {
  double voltage = 1.0;
  double rate = 0.0;
};

/// Where a memory lies on a measured die.
struct Place {
  std::string die;           // hash of the map's file
  std::uint64_t offset = 0;  // cell of the map that is the memory's first
};

/// A die: the same seed or file gives the same cells, whatever is read from it and in which order.
class Chip {
 public:
  virtual ~Chip() = default;
  /// Faulty data cells among words [0, words) of `memory` at an operating point.
  virtual memory::FaultList faults(memory::MemoryId memory, std::uint32_t words,
                                   const OperatingPoint& at) const = 0;
  /// Faulty check cells of the same words (columns 64 … 71), drawn from a stream of their own: the
  /// data cells do not depend on whether there are check bits. InputError for chips that have none.
  virtual memory::FaultList check_faults(memory::MemoryId memory, std::uint32_t words,
                                         const OperatingPoint& at) const;
  /// "random:7": names the chip in results.
  virtual std::string name() const = 0;

  /// All that determines its cells, for keys of results: the name, and the content of its file.
  virtual std::string identity() const { return name(); }
  /// Identifies the draws of its probabilistic cells; no two dies or placements share draws.
  virtual memory::Die die() const = 0;
  /// None for chips that are dies of their own.
  virtual std::optional<Place> place() const { return std::nullopt; }
  /// Whether the operating point's voltage says what fails; else its rate.
  virtual bool by_voltage() const { return true; }
  /// Voltages, ascending. From each one up to the next the same cells fail, and above the last one
  /// the cells of the last one, so that nothing changes in between. Empty: every voltage has cells
  /// of its own.
  virtual std::vector<double> steps() const { return {}; }
  /// Cells after which the map repeats; 0: never.
  virtual std::uint64_t period() const { return 0; }
  /// Whether a memory of that size sees some cells more than once.
  virtual bool wraps(std::uint32_t /*words*/) const { return false; }
  /// Whether the chip was generated in place of a measured one.
  virtual bool synthetic() const { return false; }
  /// What every output has to say about the chip beside its name; empty: nothing.
  virtual std::string note() const { return ""; }
};

/// "random:SEED", "random:SEED,p_err=0.5" or "random:SEED,p01=0.5,p10=1"; "physical:SEED",
/// "physical:SEED,FILE.yaml" or "physical:FILE.yaml,seed=N"; "FILE.h5", "FILE.h5,offset=N",
/// "FILE.h5,no-wrap". InputError for other texts, listing the known forms, and for files that
/// cannot be read.
std::unique_ptr<Chip> make_chip(const std::string& text);

}  // namespace brownout::chips
