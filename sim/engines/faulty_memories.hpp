// SPDX-License-Identifier: Apache-2.0
// Input, activation and accumulator memories with faulty cells, as the functional engine sees them:
// what to do to the values of an image, step by step.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "sim/datapath/accumulator_faults.hpp"
#include "sim/datapath/step_output.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/memory/corruption.hpp"

namespace brownout::engines {

class FaultyMemories {
 public:
  /// Memory of one worker.
  struct Scratch {
    std::vector<std::int16_t> window, widened;
    std::vector<std::uint8_t> pixels;
    datapath::StepFaults step;
  };

  FaultyMemories(network::SharedNetwork network, const mapping::MemoryFaults& faults);

  void set_codes(const network::Codes& codes);

  /// Over all images so far.
  mapping::MemoryCounts bits_wrong() const {
    return {input_wrong_, activations_wrong_, sums_wrong_};
  }

  mapping::ImagePlace place(std::int64_t image) const { return faults_.place(image); }

  /// The image as layer `layer` reads it; valid until the next call with this scratch memory.
  const std::uint8_t* pixels(mapping::LayerIndex layer, const mapping::ImagePlace& place,
                             const std::uint8_t* pixels, Scratch& scratch) const;

  /// Corrects the sums of a layer's matrix operator (null: it has none), and returns what else
  /// happens on the way to its output. q: the codes that it read.
  const datapath::StepFaults* layer(mapping::LayerIndex layer, const mapping::ImagePlace& place,
                                    const std::uint8_t* q, std::int32_t* acc,
                                    Scratch& scratch) const;

  /// The layer has written its output.
  void written(mapping::LayerIndex layer, const mapping::ImagePlace& place, void* output) const;

 private:
  network::SharedNetwork network_;
  mapping::MemoryFaults faults_;
  memory::Corruption input_, activations_, accumulators_;
  /// Of matrix operators, when cells are faulty.
  Table<mapping::LayerIndex, datapath::AccumulatorFaults> sums_;
  bool weights_set_ = false;
  mapping::LayerIndex first_layer_;  // that reads the pixels: those of an image count once
  mutable std::atomic<std::int64_t> input_wrong_{0}, activations_wrong_{0}, sums_wrong_{0};
};

}  // namespace brownout::engines
