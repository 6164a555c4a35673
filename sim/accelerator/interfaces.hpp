// SPDX-License-Identifier: Apache-2.0
// What the accelerator's modules ask of each other beside bursts (TLM-2.0 sockets) and strips
// (FIFOs). Each port has one of these; the modules do not know each other.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <systemc>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/tally.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/mapping/program.hpp"
#include "sim/network/network.hpp"

namespace brownout::accelerator {

/// Where all modules report what they did. Recorder implements it.
class RecorderIf : public virtual sc_core::sc_interface {
 public:
  virtual LayerTally& layer(mapping::LayerIndex layer) = 0;
  /// A stretch of a module's time, in cycles of the clock.
  virtual void span(Module module, mapping::LayerIndex layer, std::optional<std::size_t> strip,
                    std::int64_t begin, std::int64_t end, const SpanWork& work = {}) = 0;
  /// The sequencer has waited for input and output transfers.
  virtual void waited_for_input(std::int64_t cycles) = 0;
  /// The run began and ended in these cycles.
  virtual void end(std::int64_t begin, std::int64_t end) = 0;
  /// A thread has ended with an exception, and with it the run.
  virtual void fail(std::exception_ptr error) = 0;
};

/// Streamed chunks of weights. Dma implements it, for weight loader and array.
class ChunksIf : public virtual sc_core::sc_interface {
 public:
  /// Waits until chunk number `index` (counted over all rounds) is in the scratchpad.
  virtual void wait_for_chunk(std::int64_t index) = 0;
  /// The array has taken the last tile of the oldest chunk.
  virtual void release_chunk() = 0;
};

/// Dma as the sequencer sees it, beside the FIFO of transfers.
class TransfersIf : public virtual sc_core::sc_interface {
 public:
  /// Starts `batches` rounds over the program's streamed chunks, for batches `first_batch` … of the
  /// evaluation. Does nothing when it has none.
  virtual void start_weights(std::int64_t batches, std::int64_t first_batch) = 0;
  /// Chunks that are not on their way yet are not needed: the run ends early.
  virtual void cancel_weights() = 0;
  /// Waits until `count` transfers have ended since the accelerator was configured.
  virtual void wait_for_transfers(std::int64_t count) = 0;
  /// Bytes of the DRAM for the host; no time passes. RunError when the memory does not give all of
  /// them.
  virtual void peek(std::int64_t address, void* to, std::int64_t bytes) = 0;
  virtual void poke(std::int64_t address, const void* from, std::int64_t bytes) = 0;
};

/// The ports of the weight scratchpad's arrays, for the loader.
class WeightPortsIf : public virtual sc_core::sc_interface {
 public:
  /// Takes the ports of the arrays that hold words [first, first + count) for `cycles` cycles, not
  /// before `earliest`. Returns when they start.
  virtual std::int64_t reserve(std::int64_t first, std::int64_t count, std::int64_t earliest,
                               std::int64_t cycles) = 0;
  /// Changes whenever a read may return something else than before.
  virtual std::uint64_t generation() const = 0;
};

/// The weight scratchpad as the sequencer sees it.
class WeightLayersIf : public virtual sc_core::sc_interface {
 public:
  /// A layer runs from this cycle on, and no longer.
  virtual void begin_layer(std::int64_t cycle) = 0;
  virtual void end_layer() = 0;
  /// Resident weights are read anew: cells that draw draw for this batch.
  virtual void draw(std::int64_t batch) = 0;
};

/// The activation scratchpad beside its socket: its banks' ports, and the bytes themselves.
class ActivationsIf : public virtual sc_core::sc_interface {
 public:
  /// Takes the ports of the banks that hold bytes [address, address + count) for `cycles` cycles,
  /// not before `earliest`. Returns when they start.
  virtual std::int64_t reserve(std::int64_t address, std::int64_t count, std::int64_t earliest,
                               std::int64_t cycles) = 0;
  /// Byte `address` and the bytes after it.
  virtual std::uint8_t* data(std::int64_t address) = 0;
  virtual bool pixels_fail() const = 0;
  virtual bool values_fail() const = 0;
  /// A value has been written, or pixels have arrived. From now on its bytes are what its cells
  /// give back.
  virtual void written(const mapping::ByteRange& at, std::uint64_t load_event,
                       std::int64_t batch) = 0;
  virtual void pixels_arrived(const mapping::ByteRange& at, std::int64_t batch) = 0;
};

/// The weight loader as the array sees it.
class ShadowIf : public virtual sc_core::sc_interface {
 public:
  /// The array has swapped in the last tile of a strip: its shadow registers are free.
  virtual void shadow_is_free() = 0;
};

/// The weight loader as the vector unit sees it.
class ParametersIf : public virtual sc_core::sc_interface {
 public:
  /// Biases, scales and shifts as they were read last.
  virtual const network::Codes& parameters() const = 0;
  /// Grows when one of a layer's parameters changes.
  virtual std::uint64_t parameter_generation(mapping::LayerIndex layer) const = 0;
};

/// What reaches the array: decoded weights from the loader, and, as news, words that reach the
/// scratchpad while a layer runs (ArrayModel::load, ArrayModel::write).
class WeightSinkIf : public virtual sc_core::sc_interface {
 public:
  virtual void load(mapping::LayerIndex layer, std::size_t column_tile, const std::int8_t* n) = 0;
  virtual void written(std::int64_t word, std::int64_t count, const std::uint64_t* data,
                       std::int64_t cycle) = 0;
};

/// The array as the sequencer sees it.
class LayersIf : public virtual sc_core::sc_interface {
 public:
  /// A layer begins, this many cycles after the run; the array idles from now on.
  virtual void begin_layer(mapping::LayerIndex layer, std::int64_t cycle) = 0;
  /// The cycle in which the last vector of the last strip has entered.
  virtual std::int64_t idle_since() const = 0;
  /// Faulty accumulators that draw draw for this batch.
  virtual void draw(std::int64_t batch) = 0;
};

/// The accumulators as the vector unit sees them.
class AccumulatorsIf : public virtual sc_core::sc_interface {
 public:
  /// The vector unit has drained a half.
  virtual void half_is_free() = 0;
  /// All strips are drained, `cycles` after the layer began; from here on accumulators() has its
  /// sums. `gates`, by strip, is what kept them waiting.
  virtual void end_layer(mapping::LayerIndex layer, const std::vector<StripGates>& gates,
                         std::int64_t cycles) = 0;
  /// Of the layer: pixels of the batch × output channels.
  virtual std::int32_t* accumulators() = 0;
  /// Sums of the layer's activations that faulty accumulators have changed.
  virtual const std::vector<SumLane>& sum_lanes() const = 0;
};

/// The vector unit as the sequencer sees it.
class LayerEndIf : public virtual sc_core::sc_interface {
 public:
  virtual const sc_core::sc_event& layer_done() const = 0;
};

}  // namespace brownout::accelerator
