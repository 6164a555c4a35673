// SPDX-License-Identifier: Apache-2.0
// The PE array as the accelerator sees it: weights in, accumulators out. One file per
// implementation; the behavioural one is here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/mapping/program.hpp"

namespace brownout::accelerator {

class ArrayModel {
 public:
  virtual ~ArrayModel() = default;

  /// Forgets everything; layers are those of the program. Both must outlive their use.
  virtual void configure(const mapping::Program& program) = 0;

  /// The input of layer `layer`: codes q of `images` images back to back, NHWC, zero point z. They
  /// stay in place until the next call.
  virtual void begin_layer(int layer, const std::uint8_t* q, std::int64_t image_stride, int images,
                           int zero_point) = 0;

  /// The codes of a column tile as they were read and decoded: n_count × k, IHW order.
  virtual void load(int layer, int column_tile, const std::int8_t* n) = 0;

  /// One strip with the weights loaded last for its column tile: acc[pixel · stride + channel] of
  /// the strip's pixels and channels (both absolute) = Σ n·(q − z), exact.
  virtual void run(int layer, const mapping::Strip& strip, std::int32_t* acc,
                   std::int64_t stride) = 0;

  virtual std::string name() const = 0;
};

/// Exact sums by the processor's vector instructions where it has them, by plain loops elsewhere.
std::unique_ptr<ArrayModel> make_behavioural_array();

}  // namespace brownout::accelerator
