// SPDX-License-Identifier: Apache-2.0
// The kernel runs until nothing moves any more.
#include "sim/accelerator/kernel_host.hpp"

#include <utility>

#include "sim/accelerator/dram.hpp"
#include "sim/accelerator/sanitizer.hpp"
#include "sim/base/error.hpp"
#include "sim/base/watch.hpp"

namespace brownout::accelerator {

namespace {

constexpr std::int64_t kWatchCycles = 100'000;  // between two questions

void report_as_error(const sc_core::sc_report& report, const sc_core::sc_actions&) {
  if (report.get_severity() == sc_core::SC_INFO) return;
  const char* process = report.get_process_name();
  throw RunError(
      "SystemC {}: {}{}{}{}", report.get_severity() == sc_core::SC_WARNING ? "warning" : "error",
      report.get_msg_type(), *report.get_msg() != '\0' ? ": " : "", report.get_msg(),
      process != nullptr ? fmt::format(" (in {}, cycle {})", process, Clock().now()) : "");
}

}  // namespace

ReportsAsErrors::ReportsAsErrors() : before_(sc_core::sc_report_handler::get_handler()) {
  sc_core::sc_report_handler::set_handler(report_as_error);
}

ReportsAsErrors::~ReportsAsErrors() { sc_core::sc_report_handler::set_handler(before_); }

struct KernelHost::Modules {
  Modules() { accelerator.memory.bind(dram.socket); }

  Dram dram{"dram"};
  Accelerator accelerator{"accelerator"};
};

KernelHost::KernelHost() : array_(make_behavioural_array()) {}

KernelHost::~KernelHost() = default;

void KernelHost::expect_usable() const {
  if (broken_) throw RunError(std::string("the SystemC model failed earlier in this process"));
}

void KernelHost::set_array(std::shared_ptr<ArrayModel> array) { array_ = std::move(array); }

void KernelHost::configure(std::shared_ptr<const mapping::Program> program,
                           const network::SharedNetwork& network, const network::Shapes& shapes,
                           const RunOptions& options) {
  expect_usable();
  const ReportsAsErrors reports;
  if (modules_ == nullptr) {
    if (sc_core::sc_get_status() != sc_core::SC_ELABORATION) {
      throw RunError(std::string(
          "the SystemC kernel of this process simulates something else already; expected one that "
          "has not been started"));
    }
    modules_ = std::make_unique<Modules>();
  }
  interrupted_ = false;
  modules_->dram.configure(program->accelerator.dram, layout_of(*program).bytes());
  modules_->accelerator.set_array(array_);
  modules_->accelerator.configure(std::move(program), network, shapes, options);
}

void KernelHost::set_faults(const memory::WordFaultLists& faults, const memory::Draws& draws) {
  modules_->accelerator.set_faults(faults, draws);
}

void KernelHost::set_memory_faults(const mapping::MemoryFaults& faults) {
  modules_->accelerator.set_memory_faults(faults);
}

memory::WordMemory& KernelHost::weight_cells() { return modules_->accelerator.weight_cells(); }

std::exception_ptr KernelHost::simulate() {
  std::exception_ptr interruption;
  RunWatch* const watch = RunWatch::current();
  while (watch != nullptr && modules_->accelerator.running() && sc_core::sc_pending_activity()) {
    {
      const StackAfterKernel stack;
      sc_core::sc_start(Clock().cycles(kWatchCycles), sc_core::SC_EXIT_ON_STARVATION);
    }
    // Here, not in a thread of the kernel, whose small stack a watch need not fit.
    try {
      if (!interruption) watch->poll();
    } catch (...) {
      interruption = std::current_exception();
      modules_->accelerator.stop();
    }
  }
  if (sc_core::sc_pending_activity()) {
    const StackAfterKernel stack;
    sc_core::sc_start();
  }
  return interruption;
}

RunResult KernelHost::run(const std::uint8_t* pixels, std::int64_t batches, float* logits) {
  expect_usable();
  BROWNOUT_CHECK(!interrupted_, "{} batches after an interruption", batches);
  Accelerator& accelerator = modules_->accelerator;
  const ReportsAsErrors reports;
  const std::int64_t begin = Clock().now();
  std::exception_ptr interruption;
  RunResult result;
  try {
    accelerator.start(pixels, batches, logits);
    interruption = simulate();
    if (accelerator.running()) {
      throw RunError("the SystemC model stopped in cycle {} before the program had ended",
                     Clock().now() - begin);
    }
    result = accelerator.result();
  } catch (...) {
    broken_ = true;
    throw;
  }
  if (interruption) {
    interrupted_ = true;
    std::rethrow_exception(interruption);
  }
  return result;
}

}  // namespace brownout::accelerator
