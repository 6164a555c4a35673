// SPDX-License-Identifier: Apache-2.0
// What an accelerator did, in counts. sim/technology prices them, so that a finished run can be
// priced again without simulating.
#pragma once

#include <array>
#include <cstdint>

namespace brownout {

/// Totals over whatever was run. A count of memory accesses is in units of that memory's word.
struct EventCounts {
  std::int64_t macs = 0;                // useful multiply-adds, n·(q - z)
  std::int64_t vector_ops = 0;          // numbers that passed a lane of the vector unit
  std::int64_t weight_reads = 0;        // 64-bit words
  std::int64_t weight_writes = 0;       // 64-bit words
  std::int64_t activation_reads = 0;    // bytes
  std::int64_t activation_writes = 0;   // bytes
  std::int64_t accumulator_reads = 0;   // 32-bit words, the sum lane included
  std::int64_t accumulator_writes = 0;  // 32-bit words, the sum lane included
  std::int64_t dram_read_bytes = 0;
  std::int64_t dram_write_bytes = 0;

  EventCounts& operator+=(const EventCounts& o);
  bool operator==(const EventCounts& o) const;
};

/// A count and its name in result files.
struct EventCountField {
  const char* name;
  std::int64_t EventCounts::*count;
};

/// Every count, in the order of the struct: the one place that ties names to fields.
inline constexpr std::array<EventCountField, 10> kEventCountFields = {{
    {"macs", &EventCounts::macs},
    {"vector_ops", &EventCounts::vector_ops},
    {"weight_reads", &EventCounts::weight_reads},
    {"weight_writes", &EventCounts::weight_writes},
    {"activation_reads", &EventCounts::activation_reads},
    {"activation_writes", &EventCounts::activation_writes},
    {"accumulator_reads", &EventCounts::accumulator_reads},
    {"accumulator_writes", &EventCounts::accumulator_writes},
    {"dram_read_bytes", &EventCounts::dram_read_bytes},
    {"dram_write_bytes", &EventCounts::dram_write_bytes},
}};
// A count that is missing from the table would be lost in sums and files.
static_assert(sizeof(EventCounts) == kEventCountFields.size() * sizeof(std::int64_t));

inline EventCounts& EventCounts::operator+=(const EventCounts& o) {
  for (const EventCountField& field : kEventCountFields) this->*field.count += o.*field.count;
  return *this;
}

inline bool EventCounts::operator==(const EventCounts& o) const {
  for (const EventCountField& field : kEventCountFields) {
    if (this->*field.count != o.*field.count) return false;
  }
  return true;
}

}  // namespace brownout
