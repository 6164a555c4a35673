// SPDX-License-Identifier: Apache-2.0
// The accelerator: a SystemC module whose DRAM is the memory that its socket is bound to.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/clock.hpp"
#include "sim/accelerator/tally.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/mapping/program.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/word_memory.hpp"
#include "sim/network/network.hpp"

namespace brownout::accelerator {

struct RunOptions {
  bool compute = true;         // false: timing and counts only, no numbers
  std::size_t span_limit = 0;  // record up to this many stretches of the modules' time
  bool load_memory = true;     // write the program's words to the memory
};

/// Bytes of the memory, from the origin on, that a program uses: its words, then two buffers of
/// input pixels, then two of logits. Batches take the buffers in turn.
struct MemoryLayout {
  std::int64_t word_bytes = 0, input_bytes = 0, output_bytes = 0;  // of one buffer

  std::int64_t input(std::int64_t buffer) const { return word_bytes + buffer * input_bytes; }
  std::int64_t output(std::int64_t buffer) const { return input(2) + buffer * output_bytes; }
  std::int64_t bytes() const { return output(2); }
};
MemoryLayout layout_of(const mapping::Program& program);

/// Every instance has its own state. It is configured before the simulation or between runs.
class Accelerator : public sc_core::sc_module {
 public:
  tlm::tlm_initiator_socket<> memory{"memory"};

  /// Address 0 of the program is byte `origin` of the memory.
  explicit Accelerator(const sc_core::sc_module_name& name, const Clock& clock = Clock(),
                       std::uint64_t origin = 0);
  ~Accelerator() override;

  /// Sets the array that is used from the next configure() on. The first one is the behavioural
  /// array.
  void set_array(std::shared_ptr<ArrayModel> array);

  /// Gives the modules the program's geometry and puts the network's codes into the memory (when
  /// the simulation starts, or at once if it has) and, if resident, into the weight scratchpad.
  /// There are no faults then. InputError when this machine cannot hold the scratchpads.
  void configure(std::shared_ptr<const mapping::Program> program,
                 const network::SharedNetwork& network, const network::Shapes& shapes,
                 const RunOptions& options = {});

  /// Sets the faulty cells of the weight scratchpad. Fresh draws number the batches of the next
  /// runs from draws.batch on.
  void set_faults(const memory::WordFaultLists& faults, const memory::Draws& draws);

  /// Sets the faulty cells of the other memories, with fresh draws likewise. The programs in
  /// `faults` are not used.
  void set_memory_faults(const mapping::MemoryFaults& faults);

  /// The cells of the weight scratchpad, for callers that change their faults directly.
  memory::WordMemory& weight_cells();

  /// What configure() puts into the memory.
  const std::vector<std::uint64_t>& words() const { return words_; }

  /// Starts a run of full batches, from a thread or from outside the kernel; the one before must
  /// have ended. Pixels are u8 NHWC, image-major, logits batches·batch × classes; both stay in
  /// place until the run has ended. Null: the memory has the pixels (of at most two batches), keeps
  /// the logits. RunError when an earlier run failed: the model cannot be used again then.
  void start(const std::uint8_t* pixels, std::int64_t batches, float* logits);
  bool running() const;
  /// Ends the run after the batch that it is at. The next run needs configure() first.
  void stop();
  /// Notified when a run has ended, in whatever way.
  const sc_core::sc_event& ended() const { return ended_; }
  /// What the run took. Throws what ended it, if an exception did.
  RunResult result();

 private:
  struct Modules;

  void start_of_simulation() override;
  void load_memory();
  mapping::MemoryCounts bits_wrong() const;

  sc_core::sc_event ended_{"ended"};
  std::unique_ptr<Modules> modules_;
  std::shared_ptr<ArrayModel> array_;
  std::shared_ptr<const mapping::Program> program_;
  RunOptions options_;
  std::vector<std::uint64_t> words_;
  std::int64_t next_batch_ = 0;  // its number, for fresh draws
};

}  // namespace brownout::accelerator
