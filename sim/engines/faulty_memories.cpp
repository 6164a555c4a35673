// SPDX-License-Identifier: Apache-2.0
// A value is written once and then read through the faults, so it is changed in place after it was
// written.
#include "sim/engines/faulty_memories.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::engines {

using mapping::ImagePlace;
using mapping::LayerProgram;

namespace {

std::uint64_t batch_of(const ImagePlace& place) { return place.batch; }

}  // namespace

FaultyMemories::FaultyMemories(network::SharedNetwork network, const mapping::MemoryFaults& faults)
    : network_(std::move(network)),
      faults_(faults),
      input_(faults.input, memory::MemoryId::kInput, faults.draws, 8),
      activations_(faults.activations, memory::MemoryId::kActivations, faults.draws, 8),
      accumulators_(faults.accumulators, memory::MemoryId::kAccumulators, faults.draws,
                    mapping::kAccumulatorBits) {
  const std::shared_ptr<const mapping::Program> program = faults.place(0).program;
  while (program->layers[first_layer_].step.input != network::kInputImage) ++first_layer_;
  if (accumulators_.empty()) return;
  for (const mapping::LayerIndex i : program->layers.indices()) {
    const LayerProgram& layer = program->layers[i];
    if (layer.k == 0) {
      sums_.emplace_back();
    } else {
      sums_.emplace_back(program, i, network::quantizer_of(*network_, layer.step.input).zero_point);
    }
  }
}

void FaultyMemories::set_codes(const network::Codes& codes) {
  weights_set_ = true;
  if (sums_.empty()) return;
  const mapping::Program& program = *faults_.place(0).program;
  for (const mapping::LayerIndex i : sums_.indices()) {
    const LayerProgram& layer = program.layers[i];
    if (layer.k == 0) continue;
    sums_[i].set_weights(codes[*layer.node.weight].data(), 0, layer.node.matrix.out_channels);
  }
}

const std::uint8_t* FaultyMemories::pixels(mapping::LayerIndex number, const ImagePlace& place,
                                           const std::uint8_t* pixels, Scratch& scratch) const {
  if (input_.empty()) return pixels;
  scratch.pixels.assign(pixels, pixels + network_->input.size());
  const auto at = mapping::pixels_of_image(*place.program, place.input_buffer, place.slot);
  const std::int64_t wrong = input_.apply(scratch.pixels.data(), at.address, at.bytes,
                                          mapping::kInputEvent, batch_of(place));
  if (number == first_layer_) input_wrong_ += wrong;
  return scratch.pixels.data();
}

const datapath::StepFaults* FaultyMemories::layer(mapping::LayerIndex number,
                                                  const ImagePlace& place, const std::uint8_t* q,
                                                  std::int32_t* acc, Scratch& scratch) const {
  datapath::StepFaults& step = scratch.step;
  step.sums.clear();
  step.staged = nullptr;
  const LayerProgram& layer = place.program->layers[number];
  if (acc != nullptr && !accumulators_.empty()) {
    BROWNOUT_CHECK(weights_set_, "faults of the accumulators without weights");
    const std::int64_t pixels = layer.node.matrix.window.out_pixels();
    datapath::StripPart part;
    part.image = place.slot;
    const datapath::AccumulatorFaults& sums = sums_[number];
    scratch.widened.resize(std::max(scratch.widened.size(), sums.widened_size()));
    sums.widen(q, scratch.widened.data());
    part.input = scratch.widened.data();
    part.acc = acc;
    part.stride = layer.node.matrix.out_channels;
    part.load_event = mapping::accumulator_event(number);
    part.batch = batch_of(place);
    for (const mapping::Strip& strip : layer.strips) {
      if (strip.pixel_first >= (place.slot + 1) * pixels ||
          strip.pixel_first + strip.pixel_count <= place.slot * pixels) {
        continue;
      }
      part.strip = &strip;
      const auto& tile = layer.column_tiles[strip.column_tile];
      sums_wrong_ +=
          sums.run(accumulators_, part, scratch.window, [&](int pixel, std::int32_t sum) {
            step.sums.push_back({pixel, tile.n_first, tile.n_count, sum});
          });
    }
  }
  if (layer.staged && !activations_.empty()) {
    step.staged = [this, &layer, number, place](float* numbers) {
      const auto at = mapping::staged_of_image(*place.program, layer, place.slot);
      activations_wrong_ += activations_.apply_numbers(
          numbers, at.address, at.bytes / 4, mapping::write_event(number), batch_of(place));
    };
  }
  return &step;
}

void FaultyMemories::written(mapping::LayerIndex number, const ImagePlace& place,
                             void* output) const {
  if (activations_.empty()) return;
  const LayerProgram& layer = place.program->layers[number];
  const auto at = mapping::value_of_image(*network_, *place.program, layer.step.output, place.slot);
  const std::uint64_t event = mapping::write_event(number);
  if (at.numbers) {
    activations_wrong_ += activations_.apply_numbers(static_cast<float*>(output), at.address,
                                                     at.bytes / 4, event, batch_of(place));
  } else {
    activations_wrong_ += activations_.apply(static_cast<std::uint8_t*>(output), at.address,
                                             at.bytes, event, batch_of(place));
  }
}

}  // namespace brownout::engines
