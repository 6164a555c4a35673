// SPDX-License-Identifier: Apache-2.0
// Wiring, configuration, and start and pause of the kernel.
#include "sim/accelerator/accelerator.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <systemc>

#include "sim/accelerator/activation_scratchpad.hpp"
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/dma.hpp"
#include "sim/accelerator/dram.hpp"
#include "sim/accelerator/pe_array.hpp"
#include "sim/accelerator/sanitizer.hpp"
#include "sim/accelerator/sequencer.hpp"
#include "sim/accelerator/vector_module.hpp"
#include "sim/accelerator/weight_loader.hpp"
#include "sim/accelerator/weight_scratchpad.hpp"
#include "sim/base/error.hpp"

namespace brownout::accelerator {

namespace {

/// A SystemC warning or error never passes silently: it ends the run and gives its context.
void report(const sc_core::sc_report& report, const sc_core::sc_actions&) {
  if (report.get_severity() == sc_core::SC_INFO) return;
  const char* process = report.get_process_name();
  throw RunError("SystemC {}: {}{}{}{}",
                 report.get_severity() == sc_core::SC_WARNING ? "warning" : "error",
                 report.get_msg_type(), *report.get_msg() != '\0' ? ": " : "", report.get_msg(),
                 process != nullptr ? fmt::format(" (in {}, cycle {})", process, now()) : "");
}

}  // namespace

/// Members in the order in which they are built.
struct Accelerator::Modules {
  explicit Modules(RunState& state)
      : weights("weights", state),
        dma("dma", state),
        loader("weight_loader", state, weights, dma),
        array("array", state, loader, dma, activations),
        vector("vector_unit", state, array, loader, activations),
        sequencer("sequencer", state, dram, dma, array, vector, weights, activations) {
    dma.dram.bind(dram.socket);
    dma.weights.bind(weights.write_socket);
    dma.activations.bind(activations.socket);
    loader.socket.bind(weights.read_socket);
    sequencer.out.bind(loader.in);
    loader.out.bind(loaded);
    array.in.bind(loaded);
    array.out.bind(drained);
    vector.in.bind(drained);
  }

  WeightScratchpad weights;
  ActivationScratchpad activations{"activations"};
  Dram dram{"dram"};
  Dma dma;
  WeightLoader loader;
  PeArray array;
  VectorModule vector;
  Sequencer sequencer;
  // One strip may wait between load and array (the shadow registers), two between array and vector
  // unit (the halves of the accumulators).
  sc_core::sc_fifo<StripToken> loaded{"loaded", 1};
  sc_core::sc_fifo<StripToken> drained{"drained", 2};
};

Accelerator& Accelerator::instance() {
  // Never destroyed, because at the end of the process the kernel may be destroyed first.
  static Accelerator* const accelerator = new Accelerator;
  return *accelerator;
}

Accelerator::Accelerator() {
  sc_core::sc_report_handler::set_handler(report);
  modules_ = std::make_unique<Modules>(state_);
  array_ = make_behavioural_array();
}

Accelerator::~Accelerator() = default;

void Accelerator::set_array(std::shared_ptr<ArrayModel> array) { array_ = std::move(array); }

void Accelerator::configure(std::shared_ptr<const mapping::Program> shared_program,
                            const network::SharedNetwork& network, const network::Shapes& shapes,
                            const RunOptions& options) {
  if (broken_) throw RunError("the SystemC model failed earlier in this process");
  state_.program = std::move(shared_program);
  const mapping::Program& program = *state_.program;
  state_.compute = options.compute;
  state_.record = options.span_limit > 0;
  state_.span_limit = options.span_limit;
  const mapping::AcceleratorConfig& config = program.accelerator;
  Modules& m = *modules_;
  try {
    m.weights.configure(config.weights, *array_);
    m.activations.configure(config.activations);
  } catch (const std::bad_alloc&) {
    throw InputError(
        "{}: weights.arrays x weights.array_rows and activations.kib: {} KiB of scratchpads are "
        "more "
        "than this machine can simulate",
        config.file.string(), config.weights.words() / 128 + config.activations.kib);
  }
  m.dram.configure(config.dram,
                   program.resident_words * 8 + 2 * (program.input_bytes + program.output_bytes));
  m.dma.configure(config.dma, config.dram.latency_cycles);
  m.array.configure(*array_);
  m.loader.configure(network, *array_);
  m.vector.configure(network, shapes);
  m.sequencer.configure(network, *array_);
  state_.chunk_base = 0;
  if (state_.compute) array_->configure(state_.program, network, m.weights.cells());

  const std::vector<std::uint64_t> words =
      mapping::store(*network, mapping::resident(*network, program.bit_offset));
  const std::int64_t found = words.size();
  BROWNOUT_CHECK(found == program.resident_words, "{} words, {} expected", words.size(),
                 program.resident_words);
  std::memcpy(m.dram.data(0), words.data(), words.size() * 8);
  if (config.weights.residency == mapping::WeightResidency::kResident) {
    m.weights.cells().write(0, program.resident_words, words.data());
  }
}

void Accelerator::set_faults(const memory::WordFaultLists& faults, const memory::Draws& draws) {
  modules_->weights.cells().set_faults(faults, memory::MemoryId::kWeights, draws);
  state_.first_batch = draws.batch;
}

void Accelerator::set_memory_faults(const mapping::MemoryFaults& faults) {
  modules_->activations.set_faults(faults);
  modules_->sequencer.set_accumulator_faults(faults.accumulators, faults.draws);
  state_.first_batch = faults.draws.batch;
}

memory::WordMemory& Accelerator::weight_cells() { return modules_->weights.cells(); }

mapping::MemoryCounts Accelerator::bits_wrong() const {
  if (!state_.compute) return {};
  const ActivationScratchpad& activations = modules_->activations;
  return {activations.pixel_bits_wrong(), activations.value_bits_wrong(),
          array_->accumulator_bits_wrong()};
}

RunResult Accelerator::run(const std::uint8_t* pixels, std::int64_t batches, float* logits) {
  BROWNOUT_CHECK(batches >= 1, "{} batches", batches);
  if (broken_) throw RunError("the SystemC model failed earlier in this process");
  Modules& m = *modules_;
  state_.layers.assign(state_.program->layers.size(), {});
  state_.input_wait_cycles = 0;
  state_.spans.clear();
  state_.spans_cut = false;
  m.sequencer.set_work({pixels, logits, batches});
  const std::int64_t begin = now();
  state_.run_begin = begin;
  state_.layer_runs = false;
  try {
    m.sequencer.start.notify(sc_core::SC_ZERO_TIME);
    const StackAfterKernel stack;
    sc_core::sc_start();
  } catch (...) {
    broken_ = true;
    throw;
  }
  if (state_.error) {
    broken_ = true;
    std::rethrow_exception(state_.error);
  }
  if (!m.sequencer.done()) {
    broken_ = true;
    throw RunError("the SystemC model stopped in cycle {} before the program had ended",
                   now() - begin);
  }
  RunResult result;
  result.cycles = now() - begin;
  result.input_wait_cycles = state_.input_wait_cycles;
  result.bits_wrong = bits_wrong();
  result.layers = state_.layers;
  for (const mapping::LayerIndex i : result.layers.indices()) {
    result.layers[i].closed_form_cycles = batches * state_.program->layers[i].closed_form_cycles;
  }
  result.spans = std::move(state_.spans);
  for (Span& span : result.spans) {
    span.begin -= begin;
    span.end -= begin;
  }
  result.spans_cut = state_.spans_cut;
  return result;
}

}  // namespace brownout::accelerator
