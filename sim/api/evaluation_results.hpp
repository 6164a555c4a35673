// SPDX-License-Identifier: Apache-2.0
// What runs found, as the public results.
#pragma once
#include "brownout/results.hpp"
#include "sim/runs/accelerator_run.hpp"
#include "sim/runs/eval.hpp"

namespace brownout::api {

/// Texts are those that the command writes.
EvalResult public_result(const runs::EvalResult& result);
RunResult public_result(const runs::AcceleratorRun& run, bool keep_logits);

}  // namespace brownout::api
