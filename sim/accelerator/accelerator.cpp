// SPDX-License-Identifier: Apache-2.0
// Wiring and configuration.
#include "sim/accelerator/accelerator.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "sim/accelerator/activation_scratchpad.hpp"
#include "sim/accelerator/dma.hpp"
#include "sim/accelerator/pe_array.hpp"
#include "sim/accelerator/recorder.hpp"
#include "sim/accelerator/sequencer.hpp"
#include "sim/accelerator/vector_module.hpp"
#include "sim/accelerator/weight_loader.hpp"
#include "sim/accelerator/weight_scratchpad.hpp"
#include "sim/base/error.hpp"

namespace brownout::accelerator {

MemoryLayout layout_of(const mapping::Program& program) {
  return {program.resident_words * 8, program.input_bytes, program.output_bytes};
}

/// Members in the order in which they are built.
struct Accelerator::Modules {
  Modules(sc_core::sc_event& ended, tlm::tlm_initiator_socket<>& memory, const Clock& clock,
          std::uint64_t origin)
      : recorder(ended),
        weights("weights", clock),
        dma("dma", clock, origin),
        loader("weight_loader", clock),
        array("array", clock),
        vector("vector_unit", clock),
        sequencer("sequencer", clock) {
    dma.dram.bind(memory);
    dma.weights.bind(weights.write_socket);
    dma.activations.bind(activations.socket);
    weights.sink.bind(array);

    loader.socket.bind(weights.read_socket);
    loader.ports.bind(weights);
    loader.chunks.bind(dma);
    loader.array.bind(array);
    loader.out.bind(loaded);

    array.in.bind(loaded);
    array.loader.bind(loader);
    array.chunks.bind(dma);
    array.activations.bind(activations);
    array.out.bind(drained);

    vector.in.bind(drained);
    vector.array.bind(array);
    vector.loader.bind(loader);
    vector.activations.bind(activations);

    sequencer.out.bind(loader.in);
    sequencer.transfers.bind(dma.transfers);
    sequencer.dma.bind(dma);
    sequencer.weights.bind(weights);
    sequencer.activations.bind(activations);
    sequencer.array.bind(array);
    sequencer.vector.bind(vector);

    for (Block* const block :
         std::initializer_list<Block*>{&dma, &loader, &array, &vector, &sequencer}) {
      block->recorder.bind(recorder);
    }
  }

  Recorder recorder;
  WeightScratchpad weights;
  ActivationScratchpad activations{"activations"};
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

Accelerator::Accelerator(const sc_core::sc_module_name& name, const Clock& clock,
                         std::uint64_t origin)
    : sc_module(name),
      modules_(std::make_unique<Modules>(ended_, memory, clock, origin)),
      array_(make_behavioural_array()) {}

Accelerator::~Accelerator() = default;

void Accelerator::set_array(std::shared_ptr<ArrayModel> array) { array_ = std::move(array); }

void Accelerator::configure(std::shared_ptr<const mapping::Program> shared_program,
                            const network::SharedNetwork& network, const network::Shapes& shapes,
                            const RunOptions& options) {
  BROWNOUT_CHECK(!running(), "{} runs", name());
  program_ = std::move(shared_program);
  options_ = options;
  const mapping::Program& program = *program_;
  const mapping::AcceleratorConfig& config = program.accelerator;
  Modules& m = *modules_;
  try {
    m.weights.configure(config.weights, options.compute);
    m.activations.configure(config.activations);
  } catch (const std::bad_alloc&) {
    throw InputError(
        "{}: weights.arrays x weights.array_rows and activations.kib: {} KiB of scratchpads are "
        "more than this machine can simulate",
        config.file.string(), config.weights.words() / 128 + config.activations.kib);
  }
  m.recorder.configure(program_, options.span_limit);
  m.dma.configure(program_, config.dma, config.dram.latency_cycles);
  m.array.configure(program_, network, array_, options.compute);
  m.loader.configure(program_, network, options.compute);
  m.vector.configure(program_, network, shapes, options.compute);
  m.sequencer.configure(program_, options.compute);
  next_batch_ = 0;
  if (options.compute) array_->configure(program_, network, m.weights.cells());

  words_ = mapping::store(*network, mapping::resident(*network, program.bit_offset));
  const std::int64_t found = words_.size();
  BROWNOUT_CHECK(found == program.resident_words, "{} words, {} expected", words_.size(),
                 program.resident_words);
  if (sc_core::sc_start_of_simulation_invoked()) load_memory();
  if (config.weights.residency == mapping::WeightResidency::kResident) {
    m.weights.cells().write(0, program.resident_words, words_.data());
  }
}

void Accelerator::start_of_simulation() { load_memory(); }

void Accelerator::load_memory() {
  if (program_ == nullptr || !options_.load_memory) return;
  modules_->dma.poke(0, words_.data(), program_->resident_words * 8);
}

void Accelerator::set_faults(const memory::WordFaultLists& faults, const memory::Draws& draws) {
  modules_->weights.cells().set_faults(faults, memory::MemoryId::kWeights, draws);
  next_batch_ = draws.batch;
}

void Accelerator::set_memory_faults(const mapping::MemoryFaults& faults) {
  modules_->activations.set_faults(faults);
  modules_->array.set_accumulator_faults(faults.accumulators, faults.draws);
  next_batch_ = faults.draws.batch;
}

memory::WordMemory& Accelerator::weight_cells() { return modules_->weights.cells(); }

mapping::MemoryCounts Accelerator::bits_wrong() const {
  if (!options_.compute) return {};
  const ActivationScratchpad& activations = modules_->activations;
  return {activations.pixel_bits_wrong(), activations.value_bits_wrong(),
          modules_->array.accumulator_bits_wrong()};
}

void Accelerator::start(const std::uint8_t* pixels, std::int64_t batches, float* logits) {
  BROWNOUT_CHECK(batches >= 1 && program_ != nullptr && !running(), "{} batches on {}", batches,
                 name());
  if (modules_->recorder.error()) {
    throw RunError("{}: an earlier run failed; the model cannot be used again", name());
  }
  modules_->recorder.begin(batches);
  modules_->sequencer.start({pixels, logits, batches, next_batch_});
  next_batch_ += batches;
}

void Accelerator::stop() { modules_->sequencer.stop(); }

bool Accelerator::running() const { return modules_->recorder.running(); }

RunResult Accelerator::result() {
  if (modules_->recorder.error()) {
    modules_->sequencer.abandon();
    std::rethrow_exception(modules_->recorder.error());
  }
  RunResult result = modules_->recorder.result();
  result.bits_wrong = bits_wrong();
  return result;
}

}  // namespace brownout::accelerator
