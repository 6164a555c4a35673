// SPDX-License-Identifier: Apache-2.0
// By the model's own record of its time.
#include "sim/runs/cosim_window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "sim/base/error.hpp"

namespace brownout::runs {

namespace {

constexpr std::size_t kSpanLimit = std::size_t{1} << 22;  // stretches of the modules' time

void expect_window_in_run(const CosimConfig& config, std::int64_t cycles) {
  if (config.trace.empty()) return;
  if (config.trace_from >= 0 && config.trace_from < config.trace_to && config.trace_to <= cycles) {
    return;
  }
  throw InputError("{}: expected cycles FROM:TO of the run, 0 <= FROM < TO <= {}, got {}:{}",
                   Field{"trace_window"}, cycles, config.trace_from, config.trace_to);
}

/// Where the core runs in [from, to) of the run, layer after layer, by the model's own record of
/// its time. Empty without a trace, and for runs with too many stretches.
std::vector<CoreTime> core_times(const CosimConfig& config, const mapping::Program& program,
                                 const engines::ImagesResult& result) {
  std::vector<CoreTime> times;
  if (config.trace.empty() || result.spans_cut) return times;
  for (const accelerator::Span& span : result.spans) {
    if (span.module != accelerator::Module::kSequencer) continue;
    const mapping::LayerProgram& layer = program.layers[span.layer];
    if (layer.k == 0 || (!config.layer.empty() && layer.name != config.layer)) continue;
    // After the core the vector unit continues. For how long in a smaller last batch does not
    // matter.
    const std::int64_t behind =
        result.images % program.batch == 0 ? cosim::layer_cycles(program, span.layer, {}) : 0;
    times.push_back({layer.name, span.begin, span.end - behind});
  }
  std::sort(times.begin(), times.end(),
            [](const CoreTime& a, const CoreTime& b) { return a.begin < b.begin; });
  return times;
}

/// If the waves are of one layer, the window must meet that layer. If they are of the whole run, it
/// may miss the core.
void expect_window_in_layer(const CosimConfig& config, const std::vector<CoreTime>& times) {
  if (config.layer.empty() || times.empty()) return;
  for (const CoreTime& time : times) {
    if (config.trace_from < time.end && time.begin < config.trace_to) return;
  }
  constexpr std::size_t kShown = 4;
  std::string places;
  for (std::size_t i = 0; i < std::min(times.size(), kShown); ++i) {
    places += fmt::format("{}{}:{}", i == 0 ? "" : ", ", times[i].begin, times[i].end);
  }
  if (times.size() > kShown) places += fmt::format(", … ({} times)", times.size());
  throw InputError("{}: layer {} runs in {} only, got {}:{}", Field{"trace_window"}, config.layer,
                   places, config.trace_from, config.trace_to);
}

}  // namespace

std::vector<CoreTime> expect_window(const CosimConfig& config, std::int64_t images,
                                    engines::SimulatedEngine& plain) {
  const engines::ImagesResult timed = plain.time(images, config.trace.empty() ? 0 : kSpanLimit);
  plain.record(0);
  expect_window_in_run(config, timed.cycles);
  std::vector<CoreTime> times = core_times(config, plain.program(), timed);
  expect_window_in_layer(config, times);
  return times;
}

std::optional<CoreTime> next_core(const CosimConfig& config, const std::vector<CoreTime>& times) {
  if (times.empty()) return {};
  const auto next = std::find_if(times.begin(), times.end(), [&](const CoreTime& time) {
    return time.end > config.trace_from;
  });
  return next == times.end() ? times.back() : *next;
}

}  // namespace brownout::runs
