// SPDX-License-Identifier: Apache-2.0
// What the test tells the library inside the program, in a file that both map.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace brownout::interruption {

/// The variable in the program's environment that names the file of the orders.
inline constexpr const char* kOrdersVariable = "BROWNOUT_TEST_INTERRUPTION";

struct Orders {
  std::atomic<std::int64_t> remaining;  // operations up to the signal; it comes at the last one
  pid_t program;                        // gets the signal
  int signal;
  char path_end[64];
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);  // several processes count

}  // namespace brownout::interruption
