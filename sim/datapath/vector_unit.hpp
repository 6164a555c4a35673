// SPDX-License-Identifier: Apache-2.0
// The passes of one step for one image: constants of the chip, group statistics, kernel calls.
#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include "sim/datapath/vector_kernels.hpp"
#include "sim/mapping/plan.hpp"

namespace brownout::datapath {

using mapping::Step;
using mapping::VectorPass;

/// Memory that one worker lends to VectorUnit::run; sized by `grow` for all steps it will see.
struct VectorScratch {
  std::vector<float> ping, pong;    // numbers between passes
  std::vector<double> s1, s2;       // sums per channel
  std::vector<float> mean, factor;  // of the image's group norm
};

/// What a step starts with. The integers are overwritten.
struct StepSource {
  DequantizeTask integers;              // acc != nullptr: a matrix operator's
  const float* numbers = nullptr;       // else fp32 numbers
  const std::uint8_t* codes = nullptr;  // else codes (a flatten of them)
};

/// An operand of an Add: codes (engines of integers) or numbers (engine "float").
struct Residual {
  const std::uint8_t* codes = nullptr;
  const float* numbers = nullptr;
};

class VectorUnit {
 public:
  /// Without `quantize`, Quantize passes numbers on unchanged and every value is fp32.
  VectorUnit(network::SharedNetwork network, const network::Shapes& shapes, const Step& step,
             const VectorKernels& kernels, bool quantize);

  void set_codes(const network::Codes& codes);
  void grow(VectorScratch& scratch) const;

  /// Changes a matrix operator's numbers while they wait for the walks after the first one.
  using Staged = std::function<void(float* numbers)>;

  /// Runs one image. `residuals` are those of Step::residuals, in order. Writes codes or numbers,
  /// depending on the step's value. `staged`, if any, changes the numbers that the first group norm
  /// reads, after their sums were formed.
  void run(StepSource source, const Residual* residuals, void* output, VectorScratch& scratch,
           const Staged* staged = nullptr) const;

 private:
  struct Pass {
    VectorPass plan;
    std::vector<float> mean, factor, shift;  // of a group norm `factor` is gamma
    arithmetic::Window window;               // of the pool
    float scale = 1.0f;                      // of the codes written
    int zero_point = 0;
    float residual_scale = 1.0f;
    int residual_zero = 0;
  };
  Pass make_pass(const VectorPass& plan, const network::Shapes& shapes) const;
  void normalize(const Pass& pass, const double* s1, const double* s2,
                 VectorScratch& scratch) const;
  /// Dequantizes integers into `to` without doing anything else.
  const float* plain_numbers(const StepSource& source, const network::Shape& shape,
                             float* to) const;
  void finish(const Pass& pass, const StepSource& source, bool group_norm, const Residual* residual,
              void* to, VectorScratch& scratch) const;

  network::SharedNetwork network_;
  const VectorKernels& kernels_;  // of the program, for all its time
  bool quantize_;
  std::vector<Pass> passes_;
  std::vector<float> zeros_, ones_, minus_zeros_;  // constants of the identity
};

}  // namespace brownout::datapath
