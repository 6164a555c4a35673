// SPDX-License-Identifier: Apache-2.0
// Computes what a step writes for one image from the integers of its matrix operator. This half of
// an engine does not depend on how the integers were computed.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/datapath/constants.hpp"
#include "sim/datapath/sum_lane.hpp"
#include "sim/datapath/vector_unit.hpp"

namespace brownout::datapath {

/// Memory that one worker lends to StepOutput::run; sized by `grow` for all steps it will see.
struct StepScratch {
  SumScratch sums;
  std::vector<float> offsets;  // fl(B·fl(sum))
  VectorScratch vectors;
};

/// A sum of activations that differs from Σ(q − z), and the value that channels [first, first +
/// count) see at a pixel of the image instead.
struct SumPatch {
  int pixel = 0;
  int first = 0, count = 0;
  std::int32_t sum = 0;
};

/// What faulty memories do to the numbers of a step, for one image.
struct StepFaults {
  std::vector<SumPatch> sums;
  VectorUnit::Staged staged;  // empty: the step's numbers are not staged, or nothing happens there
};

class StepOutput {
 public:
  StepOutput(const network::SharedNetwork& network, const network::Shapes& shapes, const Step& step,
             const VectorKernels& kernels);

  void set_codes(const network::Codes& codes);
  void grow(StepScratch& scratch) const;

  /// `input`: pixels for the step that reads the image, else the codes or fp32 numbers of value
  /// Step::input. `acc`: the matrix operator's integers, pixels × channels, or null; overwritten.
  /// `operands` are those of Step::operands, in order. `faults` may be null.
  void run(const void* input, std::int32_t* acc, const Operand* operands, void* output,
           StepScratch& scratch, const StepFaults* faults = nullptr) const;

  const Step& step() const { return step_; }
  const MatrixNode& node() const { return node_; }  // of a matrix operator
  int zero_point() const { return zero_point_; }    // of its input codes

 private:
  void quantize_input(const std::uint8_t* pixels, std::uint8_t* codes) const;
  DequantizeTask integers(const std::uint8_t* codes, const std::int32_t* acc, StepScratch& scratch,
                          const StepFaults* faults) const;

  network::SharedNetwork network_;
  const VectorKernels& kernels_;  // of the program, for all its time
  Step step_;
  VectorUnit vectors_;
  MatrixNode node_;
  std::vector<float> a_, b_;  // per output channel
  bool sum_is_idle_ = false;  // for all channels
  bool one_b_ = false;        // the same for all channels
  int zero_point_ = 0;
  std::vector<float> bias_;
  // The quantized input image: code by pixel value, per channel.
  std::vector<std::array<std::uint8_t, 256>> tables_;
};

/// The fastest kernels of this processor.
const VectorKernels& best_vector_kernels();

}  // namespace brownout::datapath
