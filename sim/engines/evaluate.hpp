// SPDX-License-Identifier: Apache-2.0
// Runs a dataset through an engine: predictions, errors, confidence, the hash of all logits.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/data/dataset.hpp"
#include "sim/engines/engine.hpp"

namespace brownout::engines {

struct Evaluation {
  data::Labels predictions;         // ties go to the lowest class
  std::int64_t wrong = 0;           // of the labels; 0 when the data have none
  double confidence = 0.0;          // mean probability of the predicted class (softmax in fp64)
  std::vector<double> confidences;  // of each image
  std::string
      logits_sha256;  // fp32 little-endian, image-major, test order, -0 as +0; "" if not asked
  std::vector<float> logits;  // images × classes, as the engine gave them
};

/// What to do with logits that are not numbers. Either the run fails and names image and class, or,
/// if the memory that holds them has faults, they are ordered: NaN and -inf below all numbers, +inf
/// above (and ties go to the lowest class).
enum class NonFinite { kFail, kOrder };

/// Evaluates images [0, images) with the codes the engine holds. The hash takes every NaN as
/// 0x7fc00000.
Evaluation evaluate(Engine& engine, const network::Network& network, const data::Dataset& data,
                    std::int64_t images, int threads, bool hash_logits = false,
                    NonFinite non_finite = NonFinite::kFail);

/// InputError unless images have the network's input shape and the number of classes that it knows.
void check_fits(const network::Network& network, const data::Dataset& data,
                const std::string& network_file);

}  // namespace brownout::engines
