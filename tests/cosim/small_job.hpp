// SPDX-License-Identifier: Apache-2.0
// Jobs whose numbers can be followed by hand, and what an export of a job must expect.
#pragma once

#include "sim/cosim/job_files.hpp"
#include "tests/cosim/random_job.hpp"

namespace brownout::cosim {

inline constexpr CoreShape kSmall{4, 4, 65536, 1024};
inline constexpr CoreShape kTiny{4, 4, 1024, 64};  // starts fast

/// The rows that leave: those of each strip's last tile, walk after walk.
ExpectedJob expect(const CoreShape& shape, const RandomJob& random);

/// A job of one strip of two K tiles and 3 rows; the second tile is at cell 1024.
RandomJob small_job();

/// The small job after two words of parameters; the first word is faulty, the second is written
/// meanwhile. A row of the accumulators is faulty, too.
ExpectedJob job_with_parameters(const CoreShape& shape, RandomJob& random);

}  // namespace brownout::cosim
