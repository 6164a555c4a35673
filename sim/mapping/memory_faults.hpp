// SPDX-License-Identifier: Apache-2.0
// Faulty cells of the memories other than the weights', and which cells hold what: pixels,
// activations, staged numbers, logits, accumulators.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/mapping/program.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::mapping {

/// Bits of an accumulator word; two such words make a word of cells.
inline constexpr int kAccumulatorBits = 32;

/// Words of 64 cells that a memory has. Input pixels have the same addresses as the activation
/// memory. InputError for accumulators of 2^32 words and more.
std::uint32_t memory_words(const AcceleratorConfig& accelerator, memory::MemoryId memory);

/// Rows of one half of the accumulators. An output-stationary array has at least one row for each
/// of its own rows.
std::int64_t accumulator_rows(const AcceleratorConfig& accelerator);

/// The accumulator word of row `row` (a pixel of the strip) and lane `lane` (a channel of the
/// column tile; lane C has the sum of activations). Its bits are cells 32·(index mod 2) … +31 of
/// word index div 2.
std::int64_t accumulator_index(const AcceleratorConfig& accelerator, int half, std::int64_t row,
                               int lane);

/// Bytes of the activation memory: byte `address` is cells 8·(address mod 8) … +7 of word
/// address div 8. Numbers are fp32, little-endian; a NaN is stored as 0x7fc00000.
struct ByteRange {
  std::int64_t address = 0, bytes = 0;
  bool numbers = false;  // fp32, not codes
};

/// Where image `slot` of a batch has its pixels; the value `value` (≥ 1); and the numbers that
/// layer `layer` stages between its first walk and the others, which are those that its first group
/// norm reads.
ByteRange pixels_of_image(const Program& program, int input_buffer, int slot);
ByteRange value_of_image(const network::Network& network, const Program& program,
                         network::ValueIndex value, int slot);
ByteRange staged_of_image(const Program& program, const LayerProgram& layer, int slot);

/// Load events of fresh draws: for pixels, for what a layer writes, for its accumulators.
inline constexpr std::uint64_t kInputEvent = 0;
inline std::uint64_t write_event(LayerIndex layer) { return layer.number() + 1; }
inline std::uint64_t accumulator_event(LayerIndex layer) { return layer.number(); }

/// The batch that an image of an evaluation belongs to.
struct ImagePlace {
  std::shared_ptr<const Program> program;
  std::int64_t batch = 0;
  int slot = 0;
  int input_buffer = 0;
};

/// Bits of values that read wrong in each memory, over all images of an evaluation.
struct MemoryCounts {
  std::int64_t input = 0, activations = 0;
  std::optional<std::int64_t> accumulators = 0;  // none: by an array that does not count them

  MemoryCounts& operator+=(const MemoryCounts& other);
};

/// Faulty cells, and what decides which value is in which of them. N images run as full batches,
/// and the rest with the program of a smaller batch, which begins with the first input buffer
/// again.
struct MemoryFaults {
  std::shared_ptr<const Program> full;       // null: there are fewer images
  std::shared_ptr<const Program> remainder;  // null: nothing remains
  std::int64_t images = 0;                   // N
  memory::FaultList input, activations, accumulators;
  memory::Draws draws;  // of batch 0

  bool any() const { return !input.empty() || !activations.empty() || !accumulators.empty(); }
  ImagePlace place(std::int64_t image) const;
};

/// Cells of one of these lists that hold a bit of a value of any image.
std::int64_t cells_hit(const network::Network& network, const MemoryFaults& faults,
                       memory::MemoryId memory);

}  // namespace brownout::mapping
