// SPDX-License-Identifier: Apache-2.0
// Faulty memories by their definition: bit by bit, cell by cell. It is slow and plain, and the fast
// forms are compared with it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/mapping/memory_faults.hpp"

namespace brownout::engines {

/// One image on one accelerator.
class ReferenceFaults {
 public:
  ReferenceFaults(const network::Network& network, const mapping::MemoryFaults& faults,
                  std::int64_t image)
      : network_(network), faults_(faults), place_(faults.place(image)) {}

  /// Bits that read wrong so far.
  const mapping::MemoryCounts& bits_wrong() const { return bits_wrong_; }

  std::vector<std::uint8_t> pixels(const std::uint8_t* pixels) const;

  /// The layer that writes a value, if any, and the layer to whose matrix operator a node belongs.
  std::optional<mapping::LayerIndex> writer_of(network::ValueIndex value) const;
  mapping::LayerIndex layer_of_matrix(network::NodeIndex node) const;
  const mapping::LayerProgram& layer(mapping::LayerIndex number) const {
    return place_.program->layers[number];
  }

  /// The layer has written codes or numbers; they become what a read returns.
  void write(mapping::LayerIndex layer, std::vector<std::uint8_t>& codes,
             std::vector<float>& numbers) const;
  /// Node `norm` reads numbers; they become what a read returns, if a layer stages them before it.
  void stage(network::NodeIndex norm, std::vector<float>& numbers) const;

  /// What the drain reads for a channel of an output pixel, and for the sum of activations beside
  /// it.
  struct Drained {
    std::int32_t acc = 0, sum = 0;
  };
  Drained accumulate(mapping::LayerIndex layer, const std::uint8_t* q, int zero_point,
                     const std::int8_t* n, int pixel, int channel) const;

 private:
  /// What a read returns of `bits` bits that are stored in the cells from `cell` on.
  std::uint32_t read(const memory::FaultList& list, memory::MemoryId memory, std::uint64_t cell,
                     int bits, std::uint32_t stored, std::uint64_t load_event) const;
  void write_numbers(const mapping::ByteRange& at, std::uint64_t load_event,
                     std::vector<float>& numbers) const;

  const network::Network& network_;
  const mapping::MemoryFaults& faults_;
  mapping::ImagePlace place_;
  mutable mapping::MemoryCounts bits_wrong_;
};

}  // namespace brownout::engines
