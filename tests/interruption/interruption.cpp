// SPDX-License-Identifier: Apache-2.0
// The test's side: writes the orders and preloads the library that follows them.
#include "tests/interruption/interruption.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <new>

#include "sim/base/error.hpp"
#include "tests/interruption/orders.hpp"

namespace brownout::interruption {

namespace {

/// Puts `entry` before what the variable contains.
void put_first(const char* variable, const std::string& entry) {
  const char* rest = std::getenv(variable);
  ::setenv(variable, rest == nullptr ? entry.c_str() : (entry + ':' + rest).c_str(), 1);
}

}  // namespace

Interrupter::Interrupter(const Interruption& interruption)
    : file_((std::filesystem::temp_directory_path() / "brownout-orders-XXXXXX").string()) {
  const int file = ::mkstemp(file_.data());
  BROWNOUT_CHECK(file >= 0 && ::ftruncate(file, sizeof(Orders)) == 0, "cannot write {}", file_);
  void* memory = ::mmap(nullptr, sizeof(Orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  BROWNOUT_CHECK(memory != MAP_FAILED, "cannot map {}", file_);
  orders_ = new (memory) Orders{};
  orders_->remaining = interruption.operation;
  orders_->signal = interruption.signal;
  const std::string& end = interruption.path_ends_with;
  BROWNOUT_CHECK(end.size() < sizeof orders_->path_end, "{} is too long", end);
  std::memcpy(orders_->path_end, end.c_str(), end.size() + 1);
}

Interrupter::~Interrupter() {
  // A process that the program left running must not signal a process of somebody else.
  orders_->remaining = std::numeric_limits<std::int64_t>::min() / 2;
  ::munmap(orders_, sizeof(Orders));
  ::unlink(file_.c_str());
}

void Interrupter::watch_this_process() const {
  orders_->program = ::getpid();
  ::setenv(kOrdersVariable, file_.c_str(), 1);
  put_first("LD_PRELOAD", BROWNOUT_INTERRUPTER);
  put_first("ASAN_OPTIONS", "verify_asan_link_order=0");
}

}  // namespace brownout::interruption
