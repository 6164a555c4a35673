// SPDX-License-Identifier: Apache-2.0
// What an accelerator did, in counts. Prices belong to sim/technology, so that a finished run can
// be priced again without simulating.
#pragma once

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

  EventCounts& operator+=(const EventCounts& o) {
    macs += o.macs;
    vector_ops += o.vector_ops;
    weight_reads += o.weight_reads;
    weight_writes += o.weight_writes;
    activation_reads += o.activation_reads;
    activation_writes += o.activation_writes;
    accumulator_reads += o.accumulator_reads;
    accumulator_writes += o.accumulator_writes;
    dram_read_bytes += o.dram_read_bytes;
    dram_write_bytes += o.dram_write_bytes;
    return *this;
  }
  bool operator==(const EventCounts& o) const {
    return macs == o.macs && vector_ops == o.vector_ops && weight_reads == o.weight_reads &&
           weight_writes == o.weight_writes && activation_reads == o.activation_reads &&
           activation_writes == o.activation_writes && accumulator_reads == o.accumulator_reads &&
           accumulator_writes == o.accumulator_writes && dram_read_bytes == o.dram_read_bytes &&
           dram_write_bytes == o.dram_write_bytes;
  }
};

}  // namespace brownout
