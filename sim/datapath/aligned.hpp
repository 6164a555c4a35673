// SPDX-License-Identifier: Apache-2.0
// Memory that starts at a cache line: vector loads and stores then never cross one needlessly.
#pragma once
#include <cstddef>
#include <memory>
#include <new>

namespace brownout::datapath {

class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t bytes)
      : memory_(static_cast<std::byte*>(::operator new (bytes + 1, std::align_val_t{kLine}))) {}

  std::byte* data() const { return memory_.get(); }
  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(memory_.get());
  }

 private:
  static constexpr std::size_t kLine = 64;
  struct Free {
    void operator()(std::byte* memory) const {
      ::operator delete (memory, std::align_val_t{kLine});
    }
  };
  std::unique_ptr<std::byte, Free> memory_;
};

}  // namespace brownout::datapath
