// SPDX-License-Identifier: Apache-2.0
// Costs of the run, layer by layer, and how it ended.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

#include "sim/accelerator/interfaces.hpp"

namespace brownout::accelerator {

class Recorder final : public RecorderIf {
 public:
  /// `ended` is notified when a run has ended or failed.
  explicit Recorder(sc_core::sc_event& ended) : ended_(ended) {}

  /// For the runs from now on; the first `span_limit` stretches of the modules' time are kept.
  void configure(std::shared_ptr<const mapping::Program> program, std::size_t span_limit);
  /// A run of `batches` batches is asked for. Forgets the one before.
  void begin(std::int64_t batches);

  bool running() const { return running_; }
  /// What ended the run, or an earlier one, with an exception; null: nothing.
  const std::exception_ptr& error() const { return error_; }
  /// What the run took. Spans are handed over.
  RunResult result();

  LayerTally& layer(mapping::LayerIndex layer) override { return run_.layers[layer]; }
  void span(Module module, mapping::LayerIndex layer, std::optional<std::size_t> strip,
            std::int64_t begin, std::int64_t end, const SpanWork& work) override;
  void waited_for_input(std::int64_t cycles) override { run_.input_wait_cycles += cycles; }
  void end(std::int64_t begin, std::int64_t end) override;
  void fail(std::exception_ptr error) override;

 private:
  sc_core::sc_event& ended_;
  std::shared_ptr<const mapping::Program> program_;
  std::size_t span_limit_ = 0;
  std::int64_t batches_ = 0;
  bool running_ = false;
  std::exception_ptr error_;
  std::int64_t begin_ = 0;
  RunResult run_;
};

}  // namespace brownout::accelerator
