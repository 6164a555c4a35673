// SPDX-License-Identifier: Apache-2.0
// Addresses from the program's regions and strips.
#include "sim/mapping/memory_faults.hpp"

#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/mapping/compile_parts.hpp"

namespace brownout::mapping {

std::int64_t accumulator_rows(const AcceleratorConfig& accelerator) {
  const std::int64_t depth = accelerator.accumulators.depth;
  return accelerator.array.dataflow == Dataflow::kWeightStationary
             ? depth
             : std::max<std::int64_t>(depth, accelerator.array.rows);
}

std::int64_t accumulator_index(const AcceleratorConfig& accelerator, int half, std::int64_t row,
                               int lane) {
  return (half * accumulator_rows(accelerator) + row) * (accelerator.array.columns + 1) + lane;
}

std::uint32_t memory_words(const AcceleratorConfig& accelerator, memory::MemoryId memory) {
  std::int64_t words = 0;
  switch (memory) {
    case memory::MemoryId::kWeights:
      words = accelerator.weights.words();
      break;
    case memory::MemoryId::kActivations:
    case memory::MemoryId::kInput:
      words = accelerator.activations.bytes() / 8;
      break;
    case memory::MemoryId::kAccumulators:
      words = (accumulator_index(accelerator, 2, 0, 0) + 1) / 2;
      break;
  }
  if (words > std::numeric_limits<std::uint32_t>::max()) {
    throw InputError(
        "{}: accumulators.depth x array.columns: expected at most 2^32 - 1 words of 64 bits to "
        "look for faults in, got {}",
        accelerator.file.string(), words);
  }
  return static_cast<std::uint32_t>(words);
}

namespace {

ByteRange slot_of(const Region& region, int slot, std::int64_t bytes, bool numbers) {
  BROWNOUT_CHECK(region.address >= 0 && bytes <= region.slot_bytes, "{} bytes in a slot of {}",
                 bytes, region.slot_bytes);
  return {region.address + slot * region.slot_bytes, bytes, numbers};
}

}  // namespace

ByteRange pixels_of_image(const Program& program, int input_buffer, int slot) {
  const Region& region = program.input_pixels[input_buffer];
  return slot_of(region, slot, region.slot_bytes, false);
}

ByteRange value_of_image(const network::Network& network, const Program& program,
                         network::ValueIndex value, int slot) {
  const Region& region = program.regions[value];
  return slot_of(region, slot, region.slot_bytes, number_bytes(network, value) == 4);
}

ByteRange staged_of_image(const Program& program, const LayerProgram& layer, int slot) {
  return slot_of(program.staging, slot, layer.staged_shape.size() * 4, true);
}

MemoryCounts& MemoryCounts::operator+=(const MemoryCounts& other) {
  input += other.input;
  activations += other.activations;
  if (accumulators && other.accumulators) {
    *accumulators += *other.accumulators;
  } else {
    accumulators.reset();
  }
  return *this;
}

ImagePlace MemoryFaults::place(std::int64_t image) const {
  BROWNOUT_CHECK(image >= 0 && image < images, "image {} of {}", image, images);
  if (full != nullptr) {
    const std::int64_t batch = image / full->batch;
    if (batch < images / full->batch) {
      return {full, batch, static_cast<int>(image % full->batch), static_cast<int>(batch % 2)};
    }
    BROWNOUT_CHECK(remainder != nullptr, "image {} of {} in batches of {}", image, images,
                   full->batch);
    return {remainder, batch, static_cast<int>(image % full->batch), 0};
  }
  BROWNOUT_CHECK(remainder != nullptr && images == remainder->batch, "{} images without a program",
                 images);
  return {remainder, 0, static_cast<int>(image), 0};
}

namespace {

/// Units of a memory (bytes, accumulator words) that hold a value of any image.
class UsedUnits {
 public:
  explicit UsedUnits(std::int64_t units) : used_(units) {}

  void add(std::int64_t first, std::int64_t count) {
    std::fill_n(used_.begin() + first, count, true);
  }
  void add(const ByteRange& range) { add(range.address, range.bytes); }
  bool operator[](std::uint64_t unit) const { return used_[unit]; }

 private:
  std::vector<bool> used_;
};

void add_values(const network::Network& network, const Program& program, UsedUnits& used) {
  for (int slot = 0; slot < program.batch; ++slot) {
    for (const LayerProgram& layer : program.layers) {
      used.add(value_of_image(network, program, layer.step.output, slot));
      if (layer.staged) used.add(staged_of_image(program, layer, slot));
    }
  }
}

void add_sums(const Program& program, UsedUnits& used) {
  const AcceleratorConfig& accelerator = program.accelerator;
  for (const LayerProgram& layer : program.layers) {
    if (layer.k == 0) continue;
    for (const Strip& strip : layer.strips) {
      const auto& tile = layer.column_tiles[strip.column_tile];
      for (std::int64_t row = 0; row < strip.pixel_count; ++row) {
        used.add(accumulator_index(accelerator, strip.half, row, 0), tile.n_count);
        used.add(accumulator_index(accelerator, strip.half, row, accelerator.array.columns), 1);
      }
    }
  }
}

}  // namespace

std::int64_t cells_hit(const network::Network& network, const MemoryFaults& faults,
                       memory::MemoryId memory) {
  const bool sums = memory == memory::MemoryId::kAccumulators;
  const bool pixels = memory == memory::MemoryId::kInput;
  const memory::FaultList& list = sums     ? faults.accumulators
                                  : pixels ? faults.input
                                           : faults.activations;
  if (list.empty()) return 0;
  const std::uint32_t unit_bits = sums ? kAccumulatorBits : 8;
  const std::uint32_t units_a_word = memory::kWordBits / unit_bits;
  const AcceleratorConfig& accelerator = faults.place(0).program->accelerator;
  UsedUnits used(std::int64_t{memory_words(accelerator, memory)} * units_a_word);
  for (const Program* program : {faults.full.get(), faults.remainder.get()}) {
    if (program == nullptr) continue;
    if (sums) {
      add_sums(*program, used);
    } else if (pixels) {
      const bool second = program == faults.full.get() && faults.images >= 2 * program->batch;
      for (int slot = 0; slot < program->batch; ++slot) {
        used.add(pixels_of_image(*program, 0, slot));
        if (second) used.add(pixels_of_image(*program, 1, slot));
      }
    } else {
      add_values(network, *program, used);
    }
  }
  return std::count_if(list.begin(), list.end(), [&](const memory::CellFault& fault) {
    return used[std::uint64_t{fault.word} * units_a_word + fault.bit / unit_bits];
  });
}

}  // namespace brownout::mapping
