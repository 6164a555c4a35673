// SPDX-License-Identifier: Apache-2.0
// The passes of one step for one image: constants of the chip, group statistics, kernel calls.
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "sim/arithmetic/norm.hpp"
#include "sim/datapath/vector_kernels.hpp"
#include "sim/mapping/plan.hpp"
#include "sim/network/formula.hpp"

namespace brownout::datapath {

using mapping::OptionalNode;
using mapping::Step;
using mapping::VectorPass;

/// Memory that one worker lends to VectorUnit::run; sized by `grow` for all steps it will see.
struct VectorScratch {
  std::vector<float> ping, pong;                    // numbers between passes
  std::vector<double> s1, s2;                       // sums per channel
  std::vector<float> mean, factor;                  // of the image's group norm
  std::vector<arithmetic::GroupStatistics> pixels;  // by pixel and group, of a norm of each pixel
};

/// What a step starts with. The integers are overwritten.
struct StepSource {
  DequantizeTask integers;              // acc != nullptr: a matrix operator's
  const float* numbers = nullptr;       // else fp32 numbers
  const std::uint8_t* codes = nullptr;  // else codes (a flatten of them)
};

/// A value that a pass reads besides its input: codes (engines of integers) or numbers (engine
/// "float").
struct Operand {
  const std::uint8_t* codes = nullptr;
  const float* numbers = nullptr;
};

/// The fp32 number of each code.
using CodeNumbers = std::array<float, 256>;

class VectorUnit {
 public:
  /// Without `quantize`, Quantize passes numbers on unchanged and every value is fp32.
  VectorUnit(network::SharedNetwork network, const network::Shapes& shapes, const Step& step,
             const VectorKernels& kernels, bool quantize);

  void set_codes(const network::Codes& codes);
  void grow(VectorScratch& scratch) const;

  /// Changes a matrix operator's numbers while they wait for the walks after the first one.
  using Staged = std::function<void(float* numbers)>;

  /// Sees the numbers before a quantizer where Quantize passes them on unchanged.
  using Observer =
      std::function<void(network::NodeIndex quantizer, const float* numbers, std::int64_t count)>;

  /// Runs one image. `operands` are those of Step::operands, in order. Writes codes or numbers,
  /// depending on the step's value. `staged`, if any, changes the numbers that the first norm with
  /// sums reads, after these were formed.
  void run(StepSource source, const Operand* operands, void* output, VectorScratch& scratch,
           const Staged* staged = nullptr, const Observer* observer = nullptr) const;

 private:
  struct Pass {
    VectorPass plan;
    OptionalNode sums;                       // the norm, if it needs sums of its numbers
    std::vector<float> mean, factor, shift;  // of a group norm `factor` is gamma
    arithmetic::Window window;               // of the pool
    float scale = 1.0f;                      // of the codes written
    int zero_point = 0;
    arithmetic::Activation activation = arithmetic::Activation::kNone;
    std::vector<float> low;  // of the activation, per channel
    float high = 0.0f;
    // Of an operator with a pass of its own, by input:
    std::vector<network::Shape> input_shapes;
    std::vector<CodeNumbers> numbers_of;      // of its codes
    std::optional<network::Formula> formula;  // of a lookup
    bool selects = false;                     // channels; codes stay codes
  };
  CodeNumbers code_numbers(const network::Operator& op, network::ValueIndex value) const;
  Pass make_pass(const VectorPass& plan, const network::Shapes& shapes) const;
  void normalize(const Pass& pass, const double* s1, const double* s2,
                 VectorScratch& scratch) const;
  /// Dequantizes integers into `to` without doing anything else.
  const float* plain_numbers(const StepSource& source, const network::Shape& shape,
                             float* to) const;
  void finish(const Pass& pass, const StepSource& source, const Operand* residual, void* to,
              VectorScratch& scratch) const;
  /// A norm of each pixel: its sums, then its numbers. `stage` changes the numbers in between.
  template <typename Stage>
  void normalize_pixels(const Pass& pass, const float* numbers, const Stage& stage, float* to,
                        VectorScratch& scratch) const;
  /// An operator that has a pass of its own. `spare`: room for the numbers of the pass.
  void run_single(const Pass& pass, const StepSource& source, const Operand* operands, float* spare,
                  void* to) const;
  void join(const Pass& pass, const StepSource& source, const Operand* operands, float* to) const;
  void multiply(const Pass& pass, const StepSource& source, const Operand& factor, float* to) const;

  network::SharedNetwork network_;
  const VectorKernels& kernels_;  // of the program, for all its time
  bool quantize_;
  std::vector<Pass> passes_;
  std::vector<float> zeros_, ones_, minus_zeros_;  // constants of the identity
};

}  // namespace brownout::datapath
