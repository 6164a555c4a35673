// SPDX-License-Identifier: Apache-2.0
// Batch after batch: read, prepare, run.
#include "sim/experiment/fresh_reads.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::experiment {

bool draws_anything(const memory::WordFaultLists& faults) {
  const auto between = [](float p) { return p > 0.0f && p < 1.0f; };
  const auto draws = [&](const memory::CellFault& f) { return between(f.p01) || between(f.p10); };
  return std::any_of(faults.data.begin(), faults.data.end(), draws) ||
         std::any_of(faults.checks.begin(), faults.checks.end(), draws);
}

void FreshReads::run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
                     int worker) {
  BROWNOUT_CHECK(worker == 0 && first % batch_ == 0 && count <= batch_,
                 "worker {}, images {} from {} in batches of {}", worker, count, first, batch_);
  const auto batch = static_cast<std::uint64_t>(first / batch_);
  engine_.set_codes(reader_.read(faults_, draws_.of_batch(batch)));
  engine_.run(pixels, first, count, logits, worker);
}

}  // namespace brownout::experiment
