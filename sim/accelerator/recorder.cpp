// SPDX-License-Identifier: Apache-2.0
// Times of the kernel become times of the run when its result is taken.
#include "sim/accelerator/recorder.hpp"

#include <utility>

namespace brownout::accelerator {

void Recorder::configure(std::shared_ptr<const mapping::Program> program, std::size_t span_limit) {
  program_ = std::move(program);
  span_limit_ = span_limit;
}

void Recorder::begin(std::int64_t batches) {
  batches_ = batches;
  run_ = {};
  run_.layers.assign(program_->layers.size(), {});
  running_ = true;
}

RunResult Recorder::result() {
  for (const mapping::LayerIndex i : run_.layers.indices()) {
    run_.layers[i].closed_form_cycles = batches_ * program_->layers[i].closed_form_cycles;
  }
  for (Span& span : run_.spans) {
    span.begin -= begin_;
    span.end -= begin_;
  }
  return std::move(run_);
}

void Recorder::span(Module module, mapping::LayerIndex layer, std::optional<std::size_t> strip,
                    std::int64_t begin, std::int64_t end, const SpanWork& work) {
  if (span_limit_ == 0 || begin == end) return;
  if (run_.spans.size() >= span_limit_) {
    run_.spans_cut = true;
    return;
  }
  Span span{module, layer, strip, begin, end, work};
  if (strip) {
    const mapping::LayerProgram& of = program_->layers[layer];
    span.column_tile = of.strips[*strip].column_tile;
    span.k_tiles = of.column_tiles[span.column_tile].words.size();
  }
  run_.spans.push_back(span);
}

void Recorder::end(std::int64_t begin, std::int64_t end) {
  begin_ = begin;
  run_.cycles = end - begin;
  running_ = false;
  ended_.notify(sc_core::SC_ZERO_TIME);
}

void Recorder::fail(std::exception_ptr error) {
  if (!error_) error_ = std::move(error);
  running_ = false;
  ended_.notify(sc_core::SC_ZERO_TIME);
}

}  // namespace brownout::accelerator
