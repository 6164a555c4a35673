// SPDX-License-Identifier: Apache-2.0
// The open memories, by their handles.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "brownout/chip.hpp"
#include "brownout/technology.hpp"

namespace brownout::dpi {

struct MemorySettings {
  std::string chip;
  double voltage = 0.0;  // 0: the highest one that the technology has
  std::int64_t depth = 0;
  int width = 0;
  std::int64_t offset = 0;
  std::string technology;  // "": the usual one
  int memory = 0;          // a MemoryKind
  std::int64_t seed = 0;
  bool fresh = false;
};

/// A memory on a chip whose voltage says everything about its cells.
class Memory {
 public:
  /// InputError when a setting is wrong.
  explicit Memory(const MemorySettings& settings);

  /// InputError for a voltage outside the technology; the memory is then as before.
  void set_voltage(double voltage) { cells_.set_operating_point(technology_.at(voltage)); }
  FaultyMemory& cells() { return cells_; }

 private:
  Technology technology_;
  FaultyMemory cells_;
};

/// Returns the handle, above 0; no two memories of a process ever have the same one. InputError
/// when too many are open.
int open_memory(const MemorySettings& settings);
/// InputError for a handle that was never opened, or was closed.
Memory& find_memory(int handle);
void close_memory(int handle);
void close_all_memories();

}  // namespace brownout::dpi
