// SPDX-License-Identifier: Apache-2.0
// A strip waits for weights, for a free half and for the activation bank. Then tile follows tile,
// and each load runs while the previous tile streams.
#include "sim/accelerator/pe_array.hpp"

#include <algorithm>
#include <utility>

#include "sim/mapping/timing.hpp"

namespace brownout::accelerator {

PeArray::PeArray(const sc_core::sc_module_name& name, const Clock& clock) : Block(name, clock) {}

void PeArray::before_end_of_elaboration() {
  SC_HAS_PROCESS(PeArray);
  SC_THREAD(run);
}

void PeArray::configure(std::shared_ptr<const mapping::Program> configured,
                        network::SharedNetwork network, std::shared_ptr<ArrayModel> array,
                        bool compute) {
  program_ = std::move(configured);
  network_ = std::move(network);
  array_ = std::move(array);
  compute_ = compute;
  accumulator_faults_.clear();
  const mapping::Program& program = *program_;
  std::size_t numbers = 0;
  last_of_chunk_.clear();
  for (const mapping::LayerProgram& layer : program.layers) {
    const auto chunk_of = [&](std::size_t strip) {
      return layer.column_tiles[layer.strips[strip].column_tile].chunk;
    };
    last_of_chunk_.emplace_back(layer.strips.size(), false);
    for (std::size_t s = 0; s < layer.strips.size(); ++s) {
      last_of_chunk_.back()[s] = s + 1 == layer.strips.size() || chunk_of(s + 1) != chunk_of(s);
    }
    if (layer.k > 0) {
      const std::size_t size = layer.step.matrix_out.size();
      numbers = std::max(numbers, size);
    }
  }
  accumulators_.assign(numbers * program.batch, 0);
  free_halves_ = 2;
}

void PeArray::set_accumulator_faults(const memory::FaultList& faults, const memory::Draws& draws) {
  accumulator_faults_ = faults;
  draws_ = draws;
  array_->set_accumulator_faults(faults, draws);
}

void PeArray::draw(std::int64_t batch) {
  if (!draws_.fresh || accumulator_faults_.empty()) return;
  draws_.batch = batch;
  array_->set_accumulator_faults(accumulator_faults_, draws_);
}

void PeArray::begin_layer(mapping::LayerIndex number, std::int64_t cycle) {
  idle_since_ = now();
  const mapping::LayerProgram& layer = program_->layers[number];
  if (!compute_ || layer.k == 0) return;
  const mapping::Region& input = program_->regions[layer.step.input];
  array_->begin_layer(number, activations->data(input.address), input.slot_bytes, program_->batch,
                      network::quantizer_of(*network_, layer.step.input).zero_point, cycle);
}

void PeArray::end_layer(mapping::LayerIndex layer, const std::vector<StripGates>& gates,
                        std::int64_t cycles) {
  array_->end_layer(layer, gates, cycles, accumulators_.data(),
                    program_->layers[layer].node.matrix.out_channels);
}

void PeArray::half_is_free() {
  ++free_halves_;
  half_event_.notify(sc_core::SC_ZERO_TIME);
}

void PeArray::run() {
  guarded([this] {
    for (;;) {
      const StripToken token = in.read();
      if (!token.strip) {
        out.write(token);
      } else {
        stream(token);
      }
    }
  });
}

void PeArray::count(const mapping::LayerProgram& layer, const mapping::Strip& strip,
                    LayerTally& tally) {
  const mapping::ColumnTile& tile = layer.column_tiles[strip.column_tile];
  const bool weight_stationary =
      program_->accelerator.array.dataflow == mapping::Dataflow::kWeightStationary;
  const std::int64_t row_words = (tile.n_count + 1) * strip.pixel_count;
  for (std::size_t t = 0; t < tile.words.size(); ++t) {
    const std::int64_t codes = mapping::k_count(layer, t) * strip.pixel_count;
    tally.counts.activation_reads += codes;
    tally.counts.macs += codes * tile.n_count;
    if (!weight_stationary) continue;
    tally.counts.accumulator_writes += row_words;
    if (t > 0) tally.counts.accumulator_reads += row_words;
  }
  if (!weight_stationary) tally.counts.accumulator_writes += row_words;
}

void PeArray::stream(const StripToken& token) {
  const mapping::Program& program = *program_;
  const mapping::LayerProgram& layer = program.layers[token.layer];
  const mapping::Strip& strip = layer.strips[*token.strip];
  const mapping::ColumnTile& tile = layer.column_tiles[strip.column_tile];
  LayerTally& tally = recorder->layer(token.layer);

  const std::int64_t waited = now() - idle_since_;
  const std::int64_t for_dma = std::min(waited, token.dma_wait);
  SpanWork work;
  work.stalls[Stall::kWeightDma] = for_dma;
  work.stalls[Stall::kWeights] = waited - for_dma;

  const std::int64_t before_half = now();
  while (free_halves_ == 0) sc_core::wait(half_event_);
  --free_halves_;
  work.stalls[Stall::kAccumulators] = now() - before_half;

  std::int64_t streamed = 0;
  std::int64_t until_last = 0;  // from the first vector to the last tile's
  const std::size_t tiles = tile.words.size();
  const int checks = mapping::check_stages(program.accelerator.weights);
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::int64_t vectors = mapping::stream_cycles(program.accelerator, layer, strip, t);
    streamed += vectors;
    if (t + 1 < tiles) {
      until_last += std::max(vectors, mapping::load_latency(tile.port_cycles[t + 1], checks));
    }
  }
  const std::int64_t last = mapping::stream_cycles(program.accelerator, layer, strip, tiles - 1);

  const mapping::Region& input = program.regions[layer.step.input];
  const std::int64_t pixels = layer.node.matrix.window.out_pixels();
  const std::int64_t first_image = strip.pixel_first / pixels;
  const std::int64_t last_image = (strip.pixel_first + strip.pixel_count - 1) / pixels;
  const std::int64_t start =
      activations->reserve(input.address + first_image * input.slot_bytes,
                           (last_image - first_image + 1) * input.slot_bytes, now(), streamed);
  work.stalls[Stall::kActivationBank] = start - now();
  StripToken drained = token;
  if (start > now()) drained.gates.stream = start - token.layer_begin;
  wait_until(start);

  wait_cycles(until_last);
  loader->shadow_is_free();
  if (last_of_chunk_[token.layer][*token.strip]) chunks->release_chunk();
  if (compute_) {
    array_->run(token.layer, strip, accumulators_.data(), layer.node.matrix.out_channels);
  }
  count(layer, strip, tally);
  wait_cycles(last);
  tally.stream_cycles += streamed;
  work.stalls[Stall::kWeights] += until_last + last - streamed;
  const std::int64_t end = now();
  idle_since_ = now();
  drained.ready = now() + mapping::array_latency(program.accelerator.array);
  out.write(drained);
  if (*token.strip + 1 < layer.strips.size()) {
    // A full FIFO towards the vector unit stops the array as full accumulators do.
    work.stalls[Stall::kAccumulators] += now() - idle_since_;
    idle_since_ = now();
  }
  for (const Stall cause : enumerators<kLastStall>()) tally.stall(cause) += work.stalls[cause];
  recorder->span(Module::kArray, token.layer, token.strip, start, end, work);
}

}  // namespace brownout::accelerator
