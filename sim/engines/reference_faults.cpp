// SPDX-License-Identifier: Apache-2.0
// Every bit looks up its cell in the fault list.
#include "sim/engines/reference_faults.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/memory/corruption.hpp"

namespace brownout::engines {

std::uint32_t ReferenceFaults::read(const memory::FaultList& list, memory::MemoryId memory,
                                    std::uint64_t cell, int bits, std::uint32_t stored,
                                    std::uint64_t load_event) const {
  const memory::CellReader reader(memory, faults_.draws.of_batch(place_.batch), load_event);
  std::uint32_t result = stored;
  for (int bit = 0; bit < bits; ++bit) {
    memory::CellFault wanted;
    wanted.word = static_cast<std::uint32_t>((cell + static_cast<std::uint64_t>(bit)) / 64);
    wanted.bit = static_cast<std::uint32_t>((cell + static_cast<std::uint64_t>(bit)) % 64);
    const auto fault =
        std::lower_bound(list.begin(), list.end(), wanted, [](const auto& a, const auto& b) {
          return a.word != b.word ? a.word < b.word : a.bit < b.bit;
        });
    if (fault == list.end() || fault->word != wanted.word || fault->bit != wanted.bit) continue;
    result ^= reader.wrong(*fault, stored >> bit & 1u) << bit;
  }
  return result;
}

std::vector<std::uint8_t> ReferenceFaults::pixels(const std::uint8_t* pixels) const {
  const auto at = mapping::pixels_of_image(*place_.program, place_.input_buffer, place_.slot);
  std::vector<std::uint8_t> result(pixels, pixels + at.bytes);
  auto cell = static_cast<std::uint64_t>(at.address) * 8;
  for (std::uint8_t& pixel : result) {
    const auto stored = pixel;
    pixel = static_cast<std::uint8_t>(
        read(faults_.input, memory::MemoryId::kInput, cell, 8, stored, mapping::kInputEvent));
    bits_wrong_.input += memory::ones(static_cast<std::uint32_t>(pixel ^ stored));
    cell += 8;
  }
  return result;
}

std::optional<mapping::LayerIndex> ReferenceFaults::writer_of(network::ValueIndex value) const {
  for (const mapping::LayerIndex i : place_.program->layers.indices()) {
    if (layer(i).step.output == value) return i;
  }
  return std::nullopt;
}

mapping::LayerIndex ReferenceFaults::layer_of_matrix(network::NodeIndex node) const {
  mapping::LayerIndex i;
  while (place_.program->layers.contains(i) && layer(i).step.matrix != node) ++i;
  BROWNOUT_CHECK(place_.program->layers.contains(i), "node {} is no matrix operator",
                 node.number());
  return i;
}

void ReferenceFaults::write_numbers(const mapping::ByteRange& at, std::uint64_t load_event,
                                    std::vector<float>& numbers) const {
  auto cell = static_cast<std::uint64_t>(at.address) * 8;
  for (float& number : numbers) {
    std::uint32_t bits = 0x7fc00000;
    if (!std::isnan(number)) std::memcpy(&bits, &number, sizeof bits);
    const std::uint32_t seen =
        read(faults_.activations, memory::MemoryId::kActivations, cell, 32, bits, load_event);
    bits_wrong_.activations += memory::ones(seen ^ bits);
    std::memcpy(&number, &seen, sizeof seen);
    cell += 32;
  }
}

void ReferenceFaults::write(mapping::LayerIndex number, std::vector<std::uint8_t>& codes,
                            std::vector<float>& numbers) const {
  const std::uint64_t event = mapping::write_event(number);
  const auto at =
      mapping::value_of_image(network_, *place_.program, layer(number).step.output, place_.slot);
  if (at.numbers) {
    write_numbers(at, event, numbers);
    return;
  }
  auto cell = static_cast<std::uint64_t>(at.address) * 8;
  for (std::uint8_t& code : codes) {
    const auto stored = code;
    code = static_cast<std::uint8_t>(
        read(faults_.activations, memory::MemoryId::kActivations, cell, 8, stored, event));
    bits_wrong_.activations += memory::ones(static_cast<std::uint32_t>(code ^ stored));
    cell += 8;
  }
}

void ReferenceFaults::stage(network::NodeIndex norm, std::vector<float>& numbers) const {
  for (const mapping::LayerIndex i : place_.program->layers.indices()) {
    if (layer(i).staged_norm != norm) continue;
    write_numbers(mapping::staged_of_image(*place_.program, layer(i), place_.slot),
                  mapping::write_event(i), numbers);
  }
}

ReferenceFaults::Drained ReferenceFaults::accumulate(mapping::LayerIndex number,
                                                     const std::uint8_t* q, int zero_point,
                                                     const std::int8_t* n, int pixel,
                                                     int channel) const {
  const mapping::AcceleratorConfig& accelerator = place_.program->accelerator;
  const mapping::LayerProgram& program = layer(number);
  const arithmetic::Matrix& matrix = program.node.matrix;
  const arithmetic::Window& window = matrix.window;
  const std::int64_t of_batch = std::int64_t{place_.slot} * window.out_pixels() + pixel;
  const auto strip = std::find_if(
      program.strips.begin(), program.strips.end(), [&](const mapping::Strip& candidate) {
        const auto& tile = program.column_tiles[candidate.column_tile];
        return channel >= tile.n_first && channel < tile.n_first + tile.n_count &&
               of_batch >= candidate.pixel_first &&
               of_batch < candidate.pixel_first + candidate.pixel_count;
      });
  BROWNOUT_CHECK(strip != program.strips.end(), "no strip for pixel {}", of_batch);
  const auto& tile = program.column_tiles[strip->column_tile];
  const auto read_word = [&](int lane, std::uint32_t stored) {
    const auto half = static_cast<int>((strip - program.strips.begin()) % 2);
    const std::int64_t index =
        mapping::accumulator_index(accelerator, half, of_batch - strip->pixel_first, lane);
    const std::uint32_t seen = read(faults_.accumulators, memory::MemoryId::kAccumulators,
                                    static_cast<std::uint64_t>(index) * 32, 32, stored,
                                    mapping::accumulator_event(number));
    // All channels of a tile ask for the same sum of activations.
    if (lane < accelerator.array.columns || channel == tile.n_first) {
      *bits_wrong_.accumulators += memory::ones(seen ^ stored);
    }
    return seen;
  };
  std::uint32_t acc = 0;
  std::uint32_t sum = 0;
  for (std::int64_t k = 0; k < program.k; ++k) {
    const bool folded = accelerator.array.dataflow == mapping::Dataflow::kWeightStationary;
    if (folded && k > 0 && k % accelerator.array.rows == 0) {
      acc = read_word(channel - tile.n_first, acc);
      sum = read_word(accelerator.array.columns, sum);
    }
    const int taps = window.kernel_h * window.kernel_w;
    const auto input = static_cast<int>(k / taps);
    const auto tap = static_cast<int>(k % taps);
    const int row = pixel / window.out_width * window.stride_h - window.pad_top +
                    tap / window.kernel_w * window.dilation_h;
    const int column = pixel % window.out_width * window.stride_w - window.pad_left +
                       tap % window.kernel_w * window.dilation_w;
    if (row < 0 || row >= window.in_height || column < 0 || column >= window.in_width) continue;
    const std::int64_t at = (std::int64_t{row} * window.in_width + column) * matrix.in_channels +
                            tile.group * matrix.group_inputs() + input;
    const int difference = q[at] - zero_point;
    acc += static_cast<std::uint32_t>(n[channel * program.k + k] * difference);
    sum += static_cast<std::uint32_t>(difference);
  }
  return {static_cast<std::int32_t>(read_word(channel - tile.n_first, acc)),
          static_cast<std::int32_t>(read_word(accelerator.array.columns, sum))};
}

}  // namespace brownout::engines
