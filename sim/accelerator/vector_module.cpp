// SPDX-License-Identifier: Apache-2.0
// Time is charged strip by strip. Numbers are computed layer by layer, by the same code as in every
// other engine.
#include "sim/accelerator/vector_module.hpp"

#include <cstring>

#include "sim/base/error.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::accelerator {

VectorModule::VectorModule(const sc_core::sc_module_name& name, const Clock& clock)
    : Block(name, clock) {}

void VectorModule::before_end_of_elaboration() {
  SC_HAS_PROCESS(VectorModule);
  SC_THREAD(run);
}

void VectorModule::configure(std::shared_ptr<const mapping::Program> program,
                             network::SharedNetwork network, const network::Shapes& shapes,
                             bool compute) {
  program_ = std::move(program);
  compute_ = compute;
  network_ = std::move(network);
  shapes_ = shapes;
  outputs_.clear();
  generations_.assign(program_->layers.size(), ~std::uint64_t{0});
  for (const mapping::LayerProgram& layer : program_->layers) {
    outputs_.push_back(std::make_unique<datapath::StepOutput>(network_, shapes_, layer.step,
                                                              datapath::best_vector_kernels()));
    outputs_.back()->grow(scratch_);
  }
}

void VectorModule::run() {
  guarded([this] {
    for (;;) {
      const StripToken token = in.read();
      if (!token.strip) {
        whole_layer(token);
      } else {
        drain(token);
      }
    }
  });
}

const mapping::Region& VectorModule::output_region(const mapping::LayerProgram& layer) const {
  const bool logits = layer.step.output == network_->logits();
  return logits ? program_->logits : program_->regions[layer.step.output];
}

std::int64_t VectorModule::reserve_output(const mapping::LayerProgram& layer, std::int64_t earliest,
                                          std::int64_t cycles) {
  const mapping::Region& region = layer.staged ? program_->staging : output_region(layer);
  return activations->reserve(region.address, region.slot_bytes * program_->batch, earliest,
                              cycles);
}

void VectorModule::drain(const StripToken& token) {
  const mapping::Program& program = *program_;
  const mapping::LayerProgram& layer = program.layers[token.layer];
  const mapping::Strip& strip = layer.strips[*token.strip];
  const mapping::ColumnTile& tile = layer.column_tiles[strip.column_tile];
  const mapping::VectorConfig& vector = program.accelerator.vector;
  LayerTally& tally = recorder->layer(token.layer);
  wait_until(token.ready);
  const int walks = mapping::strip_walks(layer);
  const std::int64_t cycles = mapping::drain_cycles(vector, strip.pixel_count, tile.n_count, walks);
  // Only the last walk writes.
  const std::int64_t begin = reserve_output(layer, now(), cycles / walks);
  gates_.resize(layer.strips.size());
  gates_[*token.strip] = token.gates;
  if (begin > now()) gates_[*token.strip].drain = begin - token.layer_begin;
  wait_until(begin + cycles);
  const bool last = *token.strip + 1 == layer.strips.size();
  SpanWork work;
  // The array waits for the last strip alone; before that it streams.
  if (last) work.stalls[Stall::kVectorUnit] = begin - token.ready;
  recorder->span(Module::kVectorUnit, token.layer, token.strip, begin, now(), work);
  tally.counts.accumulator_reads += (tile.n_count + 1) * strip.pixel_count * walks;
  tally.counts.vector_ops += strip.pixel_count * tile.n_count * walks;
  array->half_is_free();
  if (!last) return;
  // The sequencer counts all cycles after the last vector as drain.
  tally.stall(Stall::kVectorUnit) += begin - token.ready;
  tally.stall(Stall::kDrain) -= begin - token.ready;
  wait_cycles(vector.latency_cycles);
  if (layer.staged) {
    const std::int64_t start = now();
    wait_cycles(mapping::memory_walk_cycles(vector, layer));
    recorder->span(Module::kVectorUnit, token.layer, std::nullopt, start, now());
    tally.counts.vector_ops += layer.staged_numbers * mapping::staged_walks(layer);
  }
  count(layer, tally);
  if (compute_) compute(token);
  layer_done_.notify(sc_core::SC_ZERO_TIME);
}

void VectorModule::whole_layer(const StripToken& token) {
  const mapping::LayerProgram& layer = program_->layers[token.layer];
  const mapping::VectorConfig& vector = program_->accelerator.vector;
  LayerTally& tally = recorder->layer(token.layer);
  const std::int64_t cycles = mapping::memory_walk_cycles(vector, layer);
  const std::int64_t arrived = now();
  const std::int64_t begin = reserve_output(layer, arrived, cycles / layer.walks);
  tally.stall(Stall::kWeightDma) += token.dma_wait;
  tally.stall(Stall::kActivationBank) += begin - arrived;
  tally.stall(Stall::kDrain) -= token.dma_wait + begin - arrived;
  wait_until(begin + cycles + vector.latency_cycles);
  SpanWork work;
  work.stalls[Stall::kWeightDma] = token.dma_wait;
  work.stalls[Stall::kActivationBank] = begin - arrived;
  recorder->span(Module::kVectorUnit, token.layer, std::nullopt, begin, now(), work);
  tally.counts.vector_ops += layer.vector_numbers * layer.walks;
  tally.counts.activation_reads += layer.vector_numbers * layer.walks *
                                   (network::is_quantized(*network_, layer.step.input) ||
                                            layer.step.input == network::kInputImage
                                        ? 1
                                        : 4);
  count(layer, tally);
  if (compute_) compute(token);
  layer_done_.notify(sc_core::SC_ZERO_TIME);
}

void VectorModule::count(const mapping::LayerProgram& layer, LayerTally& tally) {
  const auto bytes = [&](network::ValueIndex index) {
    const std::int64_t size = shapes_[index].size();
    return program_->batch * size * (network::is_quantized(*network_, index) ? 1 : 4);
  };
  for (std::size_t r = 0; r < layer.step.operands.size(); ++r) {
    tally.counts.activation_reads += bytes(layer.step.operands[r]) * layer.operand_walks[r];
  }
  tally.counts.activation_writes += bytes(layer.step.output);
  if (layer.staged) {
    tally.counts.activation_writes += layer.staged_numbers * 4;
    tally.counts.activation_reads += layer.staged_numbers * 4 * mapping::staged_walks(layer);
  }
}

std::uint8_t* VectorModule::value(network::ValueIndex index, int image, const StripToken& token) {
  const mapping::Region& region = index == network::kInputImage
                                      ? program_->input_pixels[token.input_buffer]
                                      : program_->regions[index];
  return activations->data(region.address + image * region.slot_bytes);
}

std::vector<datapath::StepFaults> VectorModule::faults_of(const StripToken& token) {
  const mapping::LayerIndex number = token.layer;
  const mapping::Program& program = *program_;
  const mapping::LayerProgram& layer = program.layers[number];
  const bool staged = layer.staged && activations->values_fail();
  const bool sums = layer.k > 0 && !array->sum_lanes().empty();
  if (!staged && !sums) return {};
  std::vector<datapath::StepFaults> faults(program.batch);
  if (sums) {
    const std::int64_t pixels = layer.node.matrix.window.out_pixels();
    for (const SumLane& lane : array->sum_lanes()) {
      const auto& tile = layer.column_tiles[lane.column_tile];
      faults[lane.pixel / pixels].sums.push_back(
          {static_cast<int>(lane.pixel % pixels), tile.n_first, tile.n_count, lane.sum});
    }
  }
  for (int image = 0; staged && image < program.batch; ++image) {
    const mapping::ByteRange at = mapping::staged_of_image(program, layer, image);
    faults[image].staged = [this, at, number, batch = token.batch](float* numbers) {
      std::uint8_t* const place = activations->data(at.address);
      std::memcpy(place, numbers, at.bytes);
      activations->written(at, mapping::write_event(number), batch);
      std::memcpy(numbers, place, at.bytes);
    };
  }
  return faults;
}

void VectorModule::compute(const StripToken& token) {
  const mapping::LayerIndex number = token.layer;
  const mapping::LayerProgram& layer = program_->layers[number];
  datapath::StepOutput& output = *outputs_[number];
  std::uint64_t& held = generations_[number];
  if (held != loader->parameter_generation(number)) {
    output.set_codes(loader->parameters());
    held = loader->parameter_generation(number);
  }
  if (layer.k > 0) array->end_layer(number, gates_, now() - token.layer_begin);
  const mapping::Region& target = output_region(layer);
  const std::vector<datapath::StepFaults> faults = faults_of(token);
  std::vector<datapath::Operand> operands(layer.step.operands.size());
  for (int image = 0; image < program_->batch; ++image) {
    for (std::size_t r = 0; r < operands.size(); ++r) {
      operands[r].codes = value(layer.step.operands[r], image, token);
    }
    std::int32_t* const acc =
        layer.k > 0 ? array->accumulators() + image * layer.step.matrix_out.size() : nullptr;
    output.run(value(layer.step.input, image, token), acc, operands.data(),
               activations->data(target.address + image * target.slot_bytes), scratch_,
               faults.empty() ? nullptr : &faults[image]);
    activations->written(mapping::value_of_image(*network_, *program_, layer.step.output, image),
                         mapping::write_event(number), token.batch);
  }
}

}  // namespace brownout::accelerator
