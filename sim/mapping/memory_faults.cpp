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

ByteRange value_of_image(const network::Network& network, const Program& program, int value,
                         int slot) {
  const Region& region = program.regions[static_cast<std::size_t>(value)];
  return slot_of(region, slot, region.slot_bytes, number_bytes(network, value) == 4);
}

ByteRange staged_of_image(const Program& program, const LayerProgram& layer, int slot) {
  return slot_of(program.staging, slot, layer.staged_shape.size() * 4, true);
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

}  // namespace brownout::mapping
