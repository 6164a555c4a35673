// SPDX-License-Identifier: Apache-2.0
// The accelerator as a SystemC module of your own platform, with your memory in place of its DRAM.
// Link brownout::systemc. docs/systemc.md has a platform, line by line.
//
//   brownout::AcceleratorConfig config("edge-16x16");
//   brownout::Program program(brownout::Network::load("network.onnx"), config);
//   brownout::Accelerator accelerator("accelerator", config, program);
//   accelerator.memory.bind(bus.from_accelerator);         // any TLM-2.0 target
//   // In an SC_THREAD of yours:
//   brownout::JobResult result = accelerator.run({pixels});  // waits; result.logits, result.cycles
#pragma once
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "brownout/accelerator.hpp"
#include "brownout/chip.hpp"
#include "brownout/technology.hpp"

namespace brownout {

/// How an accelerator stands in a platform.
struct AcceleratorOptions {
  /// Where its region of the memory begins, in bytes.
  std::uint64_t memory_address = 0;
  /// Of a cycle; zero: that of the accelerator's clock_mhz, to the kernel's time resolution. Counts
  /// of cycles do not depend on it as long as the memory's delays are whole cycles.
  sc_core::sc_time clock_period = sc_core::SC_ZERO_TIME;
  /// Whether weights, pixels and logits go to and from the memory by transport_dbg, without time.
  /// If not, you put image() into the memory before a job, pixels into its input buffers, and read
  /// the logits from its output buffers.
  bool debug_transport = true;
};

/// The part of the memory that a program uses; addresses are those of the memory. Batch b of a job
/// takes input[b % 2] and output[b % 2].
struct MemoryRegion {
  std::uint64_t address = 0, bytes = 0;  // of all of it; the weights' words come first
  std::uint64_t input[2] = {}, output[2] = {};
  std::int64_t input_bytes = 0;   // of a batch: u8, NHWC
  std::int64_t output_bytes = 0;  // of a batch: logits, fp32
};

/// Inferences that follow each other without a pause: the next batch's pixels and the last one's
/// logits travel while a batch is computed.
struct Job {
  std::vector<std::uint8_t> pixels;  // of all batches, u8 NHWC; empty: the memory has them
  std::int64_t batches = 1;          // of Program::batch() images; at most 2 without pixels
};

/// What a job of inferences took.
struct JobResult {
  std::vector<float> logits;                     // images × classes; empty without debug_transport
  std::int64_t cycles = 0;                       // from the first transfer to the last
  std::int64_t input_wait_cycles = 0;            // of these: waiting for pixels and logits
  std::int64_t weight_wait_cycles = 0;           // of these: waiting for weights from the memory
  std::int64_t closed_form_cycles = 0;           // of all layers, if nothing waited
  std::int64_t read_bytes = 0, write_bytes = 0;  // of the memory
  std::string error;                             // why the job failed; "": it is done
};

/// sc_fifo asks for them.
inline std::ostream& operator<<(std::ostream& out, const Job& job) {
  return out << job.batches << " batches";
}
inline std::ostream& operator<<(std::ostream& out, const JobResult& result) {
  return result.error.empty() ? out << result.cycles << " cycles" : out << result.error;
}

/// Each instance has its own state; there may be any number of them in a platform.
///
/// Jobs are given in three ways, which may be mixed; they run one after the other, in the order in
/// which they come: run() waits for the result; start() returns at once, and finished() is notified
/// when result() has it; the port `jobs` is read whenever it has one, and `results` gets the
/// result.
///
/// Wrong arguments are InputErrors of the call. What goes wrong while a job runs (the memory
/// refuses an access, throws anything, or breaks the rules of TLM-2.0, for example) ends the job:
/// run() and result() throw a RunError, `results` gets its text. The accelerator then takes no more
/// jobs, and the rest of the platform runs on.
class Accelerator : public sc_core::sc_module {
 public:
  /// To the memory, in place of the accelerator's DRAM. Delays that b_transport annotates or waits
  /// count, rounded up to whole cycles. Of an annotated delay, up to dram.latency_cycles of the
  /// accelerator's file count once in a transfer, because later bursts are requested ahead of time.
  tlm::tlm_initiator_socket<> memory{"memory"};

  /// Both or neither are bound to an sc_fifo.
  sc_core::sc_port<sc_core::sc_fifo_in_if<Job>, 1, sc_core::SC_ZERO_OR_MORE_BOUND> jobs{"jobs"};
  sc_core::sc_port<sc_core::sc_fifo_out_if<JobResult>, 1, sc_core::SC_ZERO_OR_MORE_BOUND> results{
      "results"};

  /// InputError for a program that was compiled for another accelerator, for a name that its parent
  /// has given already, for a clock faster than the kernel's time resolution or so slow that time
  /// ends after fewer than 2^32 cycles, for scratchpads that this machine cannot hold, and when the
  /// simulation runs already.
  Accelerator(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
              const Program& program, const AcceleratorOptions& options = {});
  ~Accelerator() override;

  /// Waits in the calling thread (an SC_THREAD) until the job is done. InputError when that is one
  /// of the accelerator's own, which calls its memory: the job there would wait for itself.
  JobResult run(const Job& job);

  /// Asks for a job. The results of finished ones are taken in their order.
  void start(Job job);
  /// Notified when a job of start() has ended.
  const sc_core::sc_event& finished() const;
  /// Of the oldest job of start() that has ended. InputError when there is none.
  JobResult result();

  /// Whether a job runs or waits.
  bool busy() const;

  // Between jobs, and before the simulation; InputError while the accelerator is busy.

  /// All memories as `brownout run` operates them with the scaled rail at `voltage`. InputError
  /// outside the technology's range. Returns what the weights read as.
  ReadCounts set_voltage(const Chip& chip, const Technology& technology, double voltage,
                         const Draws& draws = {});
  /// The weight memory alone at an operating point, the others at Vmin.
  ReadCounts set_faults(const Chip& chip, const OperatingPoint& at, const Draws& draws = {});
  /// No cell fails (as at the beginning).
  void clear_faults();
  /// Another program of the same AcceleratorConfig; no cell fails then. Its weights are put into
  /// the memory at once.
  void set_program(const Program& program);

  /// The part of the memory that the program uses.
  MemoryRegion region() const;
  /// The weights as they lie from region().address on.
  std::vector<std::uint8_t> image() const;
  sc_core::sc_time clock_period() const;

 private:
  struct Parts;
  void serve();
  void accept();
  void before_end_of_elaboration() override;
  void end_of_elaboration() override;
  std::unique_ptr<Parts> parts_;
};

/// The accelerator's built-in DRAM as a module: bytes with the latency and the bandwidth that
/// the `dram` section of the accelerator's file says. With it alone, an accelerator takes the
/// cycles that `brownout run` prints.
class Dram : public sc_core::sc_module {
 public:
  tlm::tlm_target_socket<> socket{"socket"};

  /// `bytes` from address 0 on, all zero. `clock_period` is the accelerator's (zero: as above).
  /// InputError for more bytes than this machine can hold.
  Dram(const sc_core::sc_module_name& name, const AcceleratorConfig& config, std::uint64_t bytes,
       const sc_core::sc_time& clock_period = sc_core::SC_ZERO_TIME);
  ~Dram() override;

  /// Access for the host; no time passes. `address` is below the number of bytes.
  std::uint8_t* data(std::uint64_t address);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

class Simulator;

/// The simulator that evaluations use for cycles and energy (ExperimentConfig::simulator). It
/// builds its modules when it first runs, and needs the process's kernel for itself then: RunError
/// if that simulates a platform already. There is one in a process; every call returns it.
std::shared_ptr<Simulator> make_systemc_simulator();

}  // namespace brownout
