// SPDX-License-Identifier: Apache-2.0
// Layers run one after the other; the DMA of the next input and of the last logits runs at the same
// time.
#include "sim/accelerator/sequencer.hpp"

#include <algorithm>
#include <utility>

namespace brownout::accelerator {

Sequencer::Sequencer(const sc_core::sc_module_name& name, const Clock& clock)
    : Block(name, clock) {}

void Sequencer::before_end_of_elaboration() {
  SC_HAS_PROCESS(Sequencer);
  SC_THREAD(run);
}

void Sequencer::configure(std::shared_ptr<const mapping::Program> program, bool compute) {
  program_ = std::move(program);
  layout_ = layout_of(*program_);
  compute_ = compute;
  chunk_base_ = 0;
  transfers_asked_ = 0;
}

void Sequencer::start(const Work& work) {
  work_ = work;
  done_ = false;
  stopping_ = false;
  start_event_.notify(sc_core::SC_ZERO_TIME);
}

void Sequencer::run() {
  guarded([this] {
    for (;;) {
      while (done_) sc_core::wait(start_event_);
      clock().wait_for_edge();
      run_begin_ = now();
      run_batches();
      done_ = true;
      recorder->end(run_begin_, now());
    }
  });
}

void Sequencer::fetch_input(std::int64_t batch) {
  const mapping::Program& program = *program_;
  if (work_.pixels != nullptr) {
    dma->poke(layout_.input(batch % 2), work_.pixels + batch * program.input_bytes,
              program.input_bytes);
  }
  const auto reads_input = [](const mapping::LayerProgram& l) {
    return l.step.input == network::kInputImage;
  };
  const auto first = std::find_if(program.layers.begin(), program.layers.end(), reads_input);
  transfers->write({false, mapping::LayerIndex(first - program.layers.begin()),
                    layout_.input(batch % 2), program.input_pixels[batch % 2].address,
                    program.input_bytes});
  ++transfers_asked_;
}

void Sequencer::draw_faults(std::int64_t batch) {
  const mapping::Program& program = *program_;
  const std::int64_t number = work_.first_batch + batch;
  if (activations->pixels_fail()) {
    for (int slot = 0; slot < program.batch; ++slot) {
      activations->pixels_arrived(
          mapping::pixels_of_image(program, static_cast<int>(batch % 2), slot), number);
    }
  }
  array->draw(number);
}

void Sequencer::store_output(std::int64_t batch) {
  const mapping::Program& program = *program_;
  transfers->write({true, mapping::LayerIndex(program.layers.size() - 1), layout_.output(batch % 2),
                    program.logits.address, program.output_bytes});
  ++transfers_asked_;
}

void Sequencer::hand_over(std::int64_t batch) {
  if (work_.logits == nullptr) return;
  const std::int64_t bytes = program_->output_bytes;
  dma->peek(layout_.output(batch % 2), work_.logits + batch * bytes / 4, bytes);
}

void Sequencer::run_batches() {
  const mapping::Program& program = *program_;
  dma->start_weights(work_.batches, work_.first_batch);
  const auto chunks = [&] {
    std::int64_t count = 0;
    for (const mapping::LayerProgram& layer : program.layers) {
      count += layer.chunks.size();
    }
    return count;
  }();
  fetch_input(0);
  std::int64_t input_ready = transfers_asked_;
  std::int64_t batch = 0;
  for (; batch < work_.batches && !(stopping_ && batch > 0); ++batch) {
    const std::int64_t begin = now();
    dma->wait_for_transfers(input_ready);  // the logits of the batch before are out too
    recorder->waited_for_input(now() - begin);
    if (batch > 0) hand_over(batch - 1);
    if (batch + 1 < work_.batches) fetch_input(batch + 1);
    if (compute_) draw_faults(batch);
    if (program.accelerator.weights.residency == mapping::WeightResidency::kResident) {
      weights->draw(work_.first_batch + batch);
    }
    for (const mapping::LayerIndex layer : program.layers.indices()) run_layer(layer, batch);
    chunk_base_ += chunks;
    store_output(batch);
    input_ready = transfers_asked_;
  }
  if (batch < work_.batches) dma->cancel_weights();
  const std::int64_t begin = now();
  dma->wait_for_transfers(transfers_asked_);
  recorder->waited_for_input(now() - begin);
  hand_over(batch - 1);
}

void Sequencer::run_layer(mapping::LayerIndex number, std::int64_t batch) {
  const mapping::LayerProgram& layer = program_->layers[number];
  LayerTally& tally = recorder->layer(number);
  const std::int64_t begin = now();
  const std::int64_t drain_before = tally.stall(Stall::kDrain);
  weights->begin_layer(begin);
  array->begin_layer(number, begin - run_begin_);
  StripToken token{number, std::nullopt, begin};
  token.layer_begin = begin;
  token.batch = work_.first_batch + batch;
  token.input_buffer = static_cast<int>(batch % 2);
  token.chunk_base = chunk_base_;
  if (layer.k == 0) {
    out.write(token);
  } else {
    for (std::size_t strip = 0; strip < layer.strips.size(); ++strip) {
      token.strip = strip;
      token.ready = now();
      out.write(token);
    }
  }
  sc_core::wait(vector->layer_done());
  weights->end_layer();
  tally.cycles += now() - begin;
  tally.stall(Stall::kDrain) += now() - (layer.k == 0 ? begin : array->idle_since());
  SpanWork work;
  work.stalls[Stall::kDrain] = tally.stall(Stall::kDrain) - drain_before;
  recorder->span(Module::kSequencer, number, std::nullopt, begin, now(), work);
}

}  // namespace brownout::accelerator
