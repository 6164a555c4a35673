// SPDX-License-Identifier: Apache-2.0
// SystemC tells AddressSanitizer about every switch between its threads, but not how large the
// caller's own stack is. After that, exceptions leave poisoned memory on that stack, and correct
// code is reported.
#pragma once

#ifdef __SANITIZE_ADDRESS__
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>

#include <cstddef>
#endif

namespace brownout::accelerator {

/// At the end of its life the sanitizer knows the calling thread's stack again. Does nothing in
/// other builds.
class StackAfterKernel {
 public:
#ifdef __SANITIZE_ADDRESS__
  StackAfterKernel() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    pthread_attr_getstack(&attributes, &bottom_, &size_);
    pthread_attr_destroy(&attributes);
  }
  ~StackAfterKernel() {
    if (size_ == 0) return;
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, bottom_, size_);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
  }

 private:
  void* bottom_ = nullptr;
  std::size_t size_ = 0;
#else
  StackAfterKernel() = default;
  ~StackAfterKernel() {}  // not trivial, so that an object of it counts as used
#endif
 public:  // NOLINT(readability-redundant-access-specifiers)
  StackAfterKernel(const StackAfterKernel&) = delete;
  StackAfterKernel& operator=(const StackAfterKernel&) = delete;
};

}  // namespace brownout::accelerator
