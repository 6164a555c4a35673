// SPDX-License-Identifier: Apache-2.0
// Weight scratchpad: arrays of faulty cells with one port each, accessed through a TLM-2.0 target
// socket.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <systemc>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/run_state.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/memory/word_memory.hpp"

namespace brownout::accelerator {

/// Turns a read burst into `count` runs. Run i is the words that hold `codes` codes of `bits` bits
/// from cell `cell + i·stride` on. The words of all runs follow each other in the payload's data.
struct RunsExtension : tlm::tlm_extension<RunsExtension> {
  std::int64_t cell = 0, stride = 0;
  int count = 0, codes = 0, bits = 8;
  std::int64_t words = 0;             // out: words read
  std::uint64_t* suspects = nullptr;  // gets the suspect bits of each word, if not null
  tlm::tlm_extension_base* clone() const override { return new RunsExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const RunsExtension&>(other);
  }
};

/// Says which load a write burst belongs to; cells that draw per load draw at this load.
struct LoadExtension : tlm::tlm_extension<LoadExtension> {
  std::uint64_t batch = 0, load_event = 0;
  tlm::tlm_extension_base* clone() const override { return new LoadExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const LoadExtension&>(other);
  }
};

class WeightScratchpad : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<WeightScratchpad> read_socket{"read_socket"};    // runs
  tlm_utils::simple_target_socket<WeightScratchpad> write_socket{"write_socket"};  // bursts

  WeightScratchpad(const sc_core::sc_module_name& name, const RunState& state);

  /// Empties the memory and gives it another geometry. `array` is told about bursts that are
  /// written while a layer runs.
  void configure(const mapping::WeightMemoryConfig& config, ArrayModel& array);
  memory::WordMemory& cells() { return cells_; }

  /// Takes the ports of the arrays that hold words [first, first + count) for `cycles` cycles, not
  /// before `earliest`. Returns when they start.
  std::int64_t reserve(std::int64_t first, std::int64_t count, std::int64_t earliest,
                       std::int64_t cycles);

 private:
  /// Runs take no time here: the loader knows how they overlap with streaming.
  void read_runs(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  /// Addresses are bytes of whole words. The delay is the wait for the ports and their time at W
  /// words a cycle.
  void write_burst(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

  const RunState& state_;
  ArrayModel* array_ = nullptr;
  mapping::WeightMemoryConfig config_;
  memory::WordMemory cells_;
  std::vector<std::int64_t> busy_until_;  // by array
};

}  // namespace brownout::accelerator
