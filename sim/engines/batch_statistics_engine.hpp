// SPDX-License-Identifier: Apache-2.0
// Engine "float" with batch statistics at test time: a batch norm uses the mean and variance of the
// batch of images that it sees, instead of the running ones (RandBET, Table 10).
#pragma once
#include "sim/engines/engine.hpp"

namespace brownout::engines {

/// One call of `run` is one batch: results depend on which images it holds, not on threads. Its
/// preferred_batch() is `batch`. InputError for networks without batch norm.
std::unique_ptr<Engine> make_batch_statistics_engine(network::SharedNetwork network, int threads,
                                                     int batch);

}  // namespace brownout::engines
