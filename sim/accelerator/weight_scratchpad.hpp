// SPDX-License-Identifier: Apache-2.0
// Weight scratchpad: arrays of faulty cells with one port each, accessed through a TLM-2.0 target
// socket.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "sim/accelerator/clock.hpp"
#include "sim/accelerator/interfaces.hpp"
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

class WeightScratchpad : public sc_core::sc_module, public WeightPortsIf, public WeightLayersIf {
 public:
  tlm_utils::simple_target_socket<WeightScratchpad> read_socket{"read_socket"};    // runs
  tlm_utils::simple_target_socket<WeightScratchpad> write_socket{"write_socket"};  // bursts
  sc_core::sc_port<WeightSinkIf> sink{"sink"};  // is told about bursts while a layer runs

  explicit WeightScratchpad(const sc_core::sc_module_name& name, const Clock& clock = Clock());

  /// Empties the memory and gives it another geometry. Without `compute` the array is told nothing.
  void configure(const mapping::WeightMemoryConfig& config, bool compute);
  memory::WordMemory& cells() { return cells_; }

  std::int64_t reserve(std::int64_t first, std::int64_t count, std::int64_t earliest,
                       std::int64_t cycles) override;
  std::uint64_t generation() const override { return cells_.generation(); }
  void begin_layer(std::int64_t cycle) override { layer_begin_ = cycle; }
  void end_layer() override { layer_begin_.reset(); }
  void draw(std::int64_t batch) override { cells_.draw(0, cells_.words(), batch, 0); }

 private:
  /// Runs take no time here: the loader knows how they overlap with streaming.
  void read_runs(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  /// Addresses are bytes of whole words. The delay is the wait for the ports and their time at W
  /// words a cycle.
  void write_burst(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

  Clock clock_;
  bool compute_ = true;
  std::optional<std::int64_t> layer_begin_;  // of the layer that runs
  mapping::WeightMemoryConfig config_;
  memory::WordMemory cells_;
  std::vector<std::int64_t> busy_until_;  // by array
};

}  // namespace brownout::accelerator
