// SPDX-License-Identifier: Apache-2.0
// The PE array as the accelerator sees it: weights in, accumulators out. The behavioural array is
// here; sim/cosim has the RTL with the same interface.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/mapping/program.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"
#include "sim/memory/word_memory.hpp"
#include "sim/network/network.hpp"

namespace brownout::accelerator {

/// How long memories and DMA keep a strip waiting: earliest cycles since its layer began, or 0 if
/// they do not.
struct StripGates {
  std::int64_t load = 0;    // first read of its weights
  std::int64_t stream = 0;  // first vector
  std::int64_t drain = 0;   // first row to the vector unit
};

/// Lane C of an accumulator row as the vector unit reads it: the sum of activations of a pixel (of
/// the batch), which belongs to the channels of one column tile.
struct SumLane {
  std::int64_t pixel = 0;
  std::size_t column_tile = 0;
  std::int32_t sum = 0;
};

class ArrayModel {
 public:
  virtual ~ArrayModel() = default;

  /// Forgets everything. Layers are those of the program. `weights` are the cells of the weight
  /// scratchpad, which is there as long as the process.
  virtual void configure(std::shared_ptr<const mapping::Program> program,
                         network::SharedNetwork network, const memory::WordMemory& weights) = 0;

  /// Faulty cells of the accumulators (sim/mapping/memory_faults.hpp says which cell a word bit is)
  /// for the layers from now on, until the next call or configure(). It is called again for every
  /// batch when draws are fresh: `draws.batch` says which batch; the load event is the layer's
  /// number.
  virtual void set_accumulator_faults(const memory::FaultList& /*faults*/,
                                      const memory::Draws& /*draws*/) {}

  /// The input of layer `layer`: codes q of `images` images back to back, NHWC, zero point z. They
  /// stay in place until the layer ends. `cycle`: now, since the run began.
  virtual void begin_layer(mapping::LayerIndex layer, const std::uint8_t* q,
                           std::int64_t image_stride, int images, int zero_point,
                           std::int64_t cycle) = 0;

  /// While a layer runs, words for later strips reach the scratchpad, one a cycle from `cycle`
  /// (since the layer began) on.
  virtual void write(std::int64_t /*word*/, std::int64_t /*count*/, const std::uint64_t* /*data*/,
                     std::int64_t /*cycle*/) {}

  /// The codes of a column tile as they were read and decoded: n_count × k, IHW order.
  virtual void load(mapping::LayerIndex layer, std::size_t column_tile, const std::int8_t* n) = 0;

  /// One strip with the weights loaded last for its column tile: acc[pixel · stride + channel] of
  /// the strip's pixels and channels (both absolute) = Σ n·(q − z), exact.
  virtual void run(mapping::LayerIndex layer, const mapping::Strip& strip, std::int32_t* acc,
                   std::int64_t stride) = 0;

  /// All strips have been drained, `cycles` after the layer began. The sums must be in `acc` now.
  virtual void end_layer(mapping::LayerIndex /*layer*/, const std::vector<StripGates>& /*gates*/,
                         std::int64_t /*cycles*/, std::int32_t* /*acc*/, std::int64_t /*stride*/) {}

  /// Sums of the last layer that faulty accumulators have changed (unchanged sums may be listed as
  /// well); valid until the next begin_layer().
  virtual const std::vector<SumLane>& sum_lanes() const {
    static const std::vector<SumLane> none;
    return none;
  }

  /// Bits of accumulators that have read wrong since configure(); none if this array does not count
  /// them.
  virtual std::optional<std::int64_t> accumulator_bits_wrong() const { return std::nullopt; }

  /// Cycles of each layer by this array's own clock, of all runs so far; empty if it has none.
  virtual std::vector<std::int64_t> measured_cycles() const { return {}; }

  virtual std::string name() const = 0;
};

/// Exact sums by the processor's vector instructions if it has them, else by plain loops.
std::unique_ptr<ArrayModel> make_behavioural_array();

}  // namespace brownout::accelerator
