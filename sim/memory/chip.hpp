// SPDX-License-Identifier: Apache-2.0
// Chips: where the faulty cells are. One interface, one file per kind of chip.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "sim/memory/fault.hpp"

namespace brownout::memory {

/// Operating point of a memory. `voltage` in units of Vmin; `rate` = p(V), the bit error rate that
/// random chips use. One follows from the other through a technology.
struct OperatingPoint {
  double voltage = 1.0;
  double rate = 0.0;
};

/// A die: the same seed or file gives the same cells, whatever is read from it and in what order.
class Chip {
 public:
  virtual ~Chip() = default;
  /// Faulty data cells among words [0, words) of `memory` at an operating point.
  virtual FaultList faults(MemoryId memory, std::uint32_t words,
                           const OperatingPoint& at) const = 0;
  /// "random:7": names the chip in results.
  virtual std::string name() const = 0;
};

/// "random:SEED" or "random:SEED,p_err=0.5". InputError for other texts, listing the known forms.
std::unique_ptr<Chip> make_chip(const std::string& text);

}  // namespace brownout::memory
