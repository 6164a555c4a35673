// SPDX-License-Identifier: Apache-2.0
// The only interface to LibTorch: forward and backward passes of an architecture over flat arrays.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trainers/method/architecture.hpp"
#include "trainers/method/loss_choice.hpp"

namespace brownout::trainers {

struct PassResult {
  double loss = 0.0;          // mean over the batch
  std::int64_t wrong = 0;     // images whose largest logit is another class
  double logit_margin = 0.0;  // largest minus second largest logit as the loss scales them, mean
};

/// Activation ranges seen by one calibration: lowest and highest of every value of the graph.
struct ValueRange {
  float low = 0.0f;
  float high = 0.0f;
};

class NetworkPass {
 public:
  /// `device`: "auto" (CUDA if LibTorch has it), "cpu" or "cuda"; InputError when it is missing.
  NetworkPass(const Architecture& architecture, const std::string& device, int threads);
  ~NetworkPass();

  /// The mean loss of `count` images (NCHW floats) under the flat `weights`, and its gradient (with
  /// as many values). Where the loss learns its scale, that is one more value after the weights.
  /// `statistics` are the batch norms' running mean and variance, one after the other; they are
  /// updated only when `update_statistics`.
  PassResult train(const LossChoice& loss, const float* weights, const float* images,
                   const std::uint16_t* labels, int count, float* gradient,
                   std::vector<float>& statistics, bool update_statistics);

  /// Logits (count × classes) without gradients, with running statistics. With `scales` (one for
  /// each value of the graph, scale 0 = leave alone) values are quantized to u8 where operators of
  /// the exported network read codes (ValueCodes).
  void infer(const float* weights, const std::vector<float>& statistics, const float* images,
             int count, float* logits, const std::vector<network::Quantize>* quantizers = nullptr,
             std::vector<ValueRange>* ranges = nullptr);

  std::string device() const;
  std::int64_t statistics_size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Tunes the allocator: glibc returns large blocks after every batch and then has to get them back
/// page by page.
void keep_freed_memory();

}  // namespace brownout::trainers
