// SPDX-License-Identifier: Apache-2.0
// At most one transfer of each channel at a time.
#include "sim/runs/dram_bandwidth.hpp"

#include <algorithm>

namespace brownout::runs {

namespace {

/// The transfers of one channel, in their order.
struct Channel {
  std::vector<const accelerator::Span*> transfers;
  std::size_t next = 0;  // the first that has not ended

  void add_to(BandwidthStep& step) {
    while (next < transfers.size() && transfers[next]->end <= step.cycle) ++next;
    if (next == transfers.size() || transfers[next]->begin > step.cycle) return;
    const accelerator::Span& now = *transfers[next];
    const double rate =
        static_cast<double>(now.work.bytes) / static_cast<double>(now.end - now.begin);
    (now.work.to_dram ? step.write : step.read) += rate;
  }
};

}  // namespace

std::vector<BandwidthStep> dram_bandwidth(const std::vector<accelerator::Span>& spans) {
  Channel weights, activations;
  std::vector<std::int64_t> changes;
  for (const accelerator::Span& span : spans) {
    const bool of_weights = span.module == accelerator::Module::kWeightDma;
    if (!of_weights && span.module != accelerator::Module::kActivationDma) continue;
    (of_weights ? weights : activations).transfers.push_back(&span);
    changes.push_back(span.begin);
    changes.push_back(span.end);
  }
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  std::vector<BandwidthStep> steps;
  for (const std::int64_t cycle : changes) {
    BandwidthStep step{cycle};
    weights.add_to(step);
    activations.add_to(step);
    steps.push_back(step);
  }
  return steps;
}

}  // namespace brownout::runs
