// SPDX-License-Identifier: Apache-2.0
// Layers run one after the other; the DMA of the next input and of the last logits runs at the same
// time.
#include "sim/accelerator/sequencer.hpp"

#include <algorithm>
#include <cstring>

#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/thread.hpp"
#include "sim/base/error.hpp"
#include "sim/datapath/constants.hpp"

namespace brownout::accelerator {

Sequencer::Sequencer(const sc_core::sc_module_name& name, RunState& state, Dram& dram, Dma& dma,
                     PeArray& array, VectorModule& vector, WeightScratchpad& weights,
                     ActivationScratchpad& activations)
    : sc_module(name),
      state_(state),
      dram_(dram),
      dma_(dma),
      array_(array),
      vector_(vector),
      weights_(weights),
      activations_(activations) {
  SC_HAS_PROCESS(Sequencer);
  SC_THREAD(run);
}

void Sequencer::configure(network::SharedNetwork network, ArrayModel& array) {
  network_ = std::move(network);
  model_ = &array;
  transfers_ = 0;
  accumulator_faults_.clear();
}

void Sequencer::set_accumulator_faults(const memory::FaultList& faults,
                                       const memory::Draws& draws) {
  accumulator_faults_ = faults;
  draws_ = draws;
  model_->set_accumulator_faults(faults, draws);
}

void Sequencer::set_work(const HostMemory& host) {
  host_ = host;
  done_ = false;
}

void Sequencer::run() {
  guarded(state_, [this] {
    for (;;) {
      while (done_) sc_core::wait(start);
      run_batches();
      done_ = true;
    }
  });
}

std::int64_t Sequencer::input_address(std::int64_t batch) const {
  return state_.program->resident_words * 8 + batch % 2 * state_.program->input_bytes;
}

std::int64_t Sequencer::output_address(std::int64_t batch) const {
  return input_address(2) + 2 * state_.program->input_bytes +
         batch % 2 * state_.program->output_bytes;
}

void Sequencer::fetch_input(std::int64_t batch) {
  const mapping::Program& program = *state_.program;
  if (host_.pixels != nullptr) {
    std::memcpy(dram_.data(input_address(batch)), host_.pixels + batch * program.input_bytes,
                program.input_bytes);
  }
  const auto reads_input = [](const mapping::LayerProgram& l) {
    return l.step.input == network::kInputImage;
  };
  const auto first = std::find_if(program.layers.begin(), program.layers.end(), reads_input);
  dma_.transfers.write({false, mapping::LayerIndex(first - program.layers.begin()),
                        input_address(batch), program.input_pixels[batch % 2].address,
                        program.input_bytes});
  ++transfers_;
}

void Sequencer::draw_faults(std::int64_t batch) {
  const mapping::Program& program = *state_.program;
  state_.batch = state_.first_batch + batch;
  if (activations_.pixels_fail()) {
    for (int slot = 0; slot < program.batch; ++slot) {
      activations_.pixels_arrived(
          mapping::pixels_of_image(program, static_cast<int>(batch % 2), slot), state_.batch);
    }
  }
  if (draws_.fresh && !accumulator_faults_.empty()) {
    draws_.batch = state_.batch;
    model_->set_accumulator_faults(accumulator_faults_, draws_);
  }
}

void Sequencer::store_output(std::int64_t batch) {
  const mapping::Program& program = *state_.program;
  dma_.transfers.write({true, mapping::LayerIndex(program.layers.size() - 1), output_address(batch),
                        program.logits.address, program.output_bytes});
  ++transfers_;
}

void Sequencer::run_batches() {
  const mapping::Program& program = *state_.program;
  dma_.start_weights(host_.batches);
  const auto chunks = [&] {
    std::int64_t count = 0;
    for (const mapping::LayerProgram& layer : program.layers) {
      count += layer.chunks.size();
    }
    return count;
  }();
  fetch_input(0);
  std::int64_t input_ready = transfers_;
  for (std::int64_t batch = 0; batch < host_.batches; ++batch) {
    const std::int64_t begin = now();
    dma_.wait_for_transfers(input_ready);  // the logits of the batch before are out too
    state_.input_wait_cycles += now() - begin;
    if (host_.logits != nullptr && batch > 0) {
      std::memcpy(host_.logits + (batch - 1) * program.output_bytes / 4,
                  dram_.data(output_address(batch - 1)), program.output_bytes);
    }
    if (batch + 1 < host_.batches) fetch_input(batch + 1);
    vector_.set_input_buffer(static_cast<int>(batch % 2));
    if (state_.compute) draw_faults(batch);
    if (program.accelerator.weights.residency == mapping::WeightResidency::kResident) {
      weights_.cells().draw(0, weights_.cells().words(), state_.first_batch + batch, 0);
    }
    for (const mapping::LayerIndex layer : program.layers.indices()) run_layer(layer);
    state_.chunk_base += chunks;
    store_output(batch);
    input_ready = transfers_;
  }
  const std::int64_t begin = now();
  dma_.wait_for_transfers(transfers_);
  state_.input_wait_cycles += now() - begin;
  if (host_.logits != nullptr) {
    std::memcpy(host_.logits + (host_.batches - 1) * program.output_bytes / 4,
                dram_.data(output_address(host_.batches - 1)), program.output_bytes);
  }
}

void Sequencer::run_layer(mapping::LayerIndex number) {
  const mapping::LayerProgram& layer = state_.program->layers[number];
  LayerTally& tally = state_.layer(number);
  const std::int64_t begin = now();
  const std::int64_t drain_before = tally.stall(Stall::kDrain);
  array_.begin_layer();
  state_.layer_begin = begin;
  state_.layer_runs = true;
  state_.gates.assign(layer.strips.size(), {});
  if (state_.compute && layer.k > 0) {
    const mapping::Region& input = state_.program->regions[layer.step.input];
    model_->begin_layer(
        number, activations_.data(input.address), input.slot_bytes, state_.program->batch,
        network::quantizer_of(*network_, layer.step.input).zero_point, begin - state_.run_begin);
  }
  if (layer.k == 0) {
    out.write({number, std::nullopt, now(), 0});
  } else {
    for (std::size_t strip = 0; strip < layer.strips.size(); ++strip) {
      out.write({number, strip, now(), 0});
    }
  }
  sc_core::wait(vector_.layer_done);
  state_.layer_runs = false;
  tally.cycles += now() - begin;
  tally.stall(Stall::kDrain) += now() - (layer.k == 0 ? begin : array_.idle_since());
  SpanWork work;
  work.stalls[Stall::kDrain] = tally.stall(Stall::kDrain) - drain_before;
  state_.span(Module::kSequencer, number, std::nullopt, begin, now(), work);
}

}  // namespace brownout::accelerator
