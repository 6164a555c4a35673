// SPDX-License-Identifier: Apache-2.0
// Runs one accelerator and its own DRAM in a kernel that simulates nothing else.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>

#include "sim/accelerator/accelerator.hpp"

namespace brownout::accelerator {

/// While it lives, warnings and errors that SystemC reports are RunErrors, which give their
/// context: none passes silently. After that the reports go where they went before.
class ReportsAsErrors {
 public:
  ReportsAsErrors();
  ~ReportsAsErrors();
  ReportsAsErrors(const ReportsAsErrors&) = delete;
  ReportsAsErrors& operator=(const ReportsAsErrors&) = delete;

 private:
  void (*before_)(const sc_core::sc_report&, const sc_core::sc_actions&);
};

/// The modules are built when they are first configured. The kernel elaborates once per process, so
/// a process can have one host that runs, and it is reconfigured for every network, accelerator
/// file, chip and voltage. Threads take turns by mutex(); the kernel itself is not thread-safe.
class KernelHost {
 public:
  KernelHost();
  ~KernelHost();

  std::mutex& mutex() { return mutex_; }

  void set_array(std::shared_ptr<ArrayModel> array);
  /// The members of Accelerator with those names. RunError if this process's kernel simulates
  /// something else, or the model has failed.
  void configure(std::shared_ptr<const mapping::Program> program,
                 const network::SharedNetwork& network, const network::Shapes& shapes,
                 const RunOptions& options = {});
  void set_faults(const memory::WordFaultLists& faults, const memory::Draws& draws);
  void set_memory_faults(const mapping::MemoryFaults& faults);
  memory::WordMemory& weight_cells();

  /// Starts a run and the kernel, and returns when it has ended (Accelerator::start). RunError when
  /// the model itself fails; it cannot be used again in this process then. A watch of this thread
  /// (RunWatch) is asked now and then. What it throws ends the run after the batch that it is at
  /// and arrives here; the next run needs configure() first.
  RunResult run(const std::uint8_t* pixels, std::int64_t batches, float* logits);

 private:
  struct Modules;

  void expect_usable() const;
  /// Runs the kernel until nothing moves any more. Returns what a watch threw.
  std::exception_ptr simulate();

  std::mutex mutex_;
  std::unique_ptr<Modules> modules_;
  std::shared_ptr<ArrayModel> array_;
  bool broken_ = false;
  bool interrupted_ = false;  // since configure()
};

}  // namespace brownout::accelerator
