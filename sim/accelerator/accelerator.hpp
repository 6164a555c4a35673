// SPDX-License-Identifier: Apache-2.0
// The accelerator: SystemC modules elaborated once per process, reconfigured for every run.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/run_state.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/mapping/program.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/word_memory.hpp"
#include "sim/network/network.hpp"

namespace brownout::accelerator {

struct RunOptions {
  bool compute = true;         // false: timing and counts only, no numbers
  std::size_t span_limit = 0;  // record up to this many stretches of the modules' time
};

/// One per process: the SystemC kernel cannot elaborate twice. Not thread-safe.
class Accelerator {
 public:
  static Accelerator& instance();

  /// Sets the array that is used from the next configure() on. The first one is the behavioural
  /// array.
  void set_array(std::shared_ptr<ArrayModel> array);

  /// Gives the modules the program's geometry and loads the network's codes into the DRAM and, if
  /// resident, into the weight scratchpad. There are no faults then.
  void configure(std::shared_ptr<const mapping::Program> program,
                 const network::SharedNetwork& network, const network::Shapes& shapes,
                 const RunOptions& options = {});

  /// Sets the faulty cells of the weight scratchpad. Fresh draws number the batches of the next run
  /// from draws.batch on.
  void set_faults(const memory::WordFaultLists& faults, const memory::Draws& draws);

  /// Sets the faulty cells of the other memories, with fresh draws likewise. The programs in
  /// `faults` are not used.
  void set_memory_faults(const mapping::MemoryFaults& faults);

  /// The cells of the weight scratchpad, for callers that change their faults directly.
  memory::WordMemory& weight_cells();

  /// Runs `batches` full batches: pixels are u8 NHWC, image-major; logits are batches·batch ×
  /// classes. Both may be null when nothing is computed. RunError when the model itself fails; it
  /// cannot be used again in this process then.
  RunResult run(const std::uint8_t* pixels, std::int64_t batches, float* logits);

 private:
  struct Modules;
  Accelerator();
  ~Accelerator();

  mapping::MemoryCounts bits_wrong() const;

  RunState state_;
  std::unique_ptr<Modules> modules_;
  std::shared_ptr<ArrayModel> array_;
  bool broken_ = false;
};

}  // namespace brownout::accelerator
