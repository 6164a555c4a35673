// SPDX-License-Identifier: Apache-2.0
// A table with a place for each open memory, which is read without a lock.
#include "rtl/dpi/memories.hpp"

#include <array>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>

namespace brownout::dpi {
namespace {

constexpr int kPlaces = 1 << 16;
constexpr int kMostBits = 1 << 16;  // of a word that can be read

struct OpenMemory {
  int handle;
  Memory memory;
};

std::mutex table_lock;  // of all that changes
std::array<std::atomic<OpenMemory*>, kPlaces> table{};
std::atomic<int> last_handle{0};

std::atomic<OpenMemory*>& place_of(int handle) {
  return table[static_cast<std::uint32_t>(handle) % kPlaces];
}

OpenMemory& find(int handle) {
  OpenMemory* const found = place_of(handle).load(std::memory_order_acquire);
  if (found != nullptr && found->handle == handle) return *found;
  if (handle > 0 && handle <= last_handle.load())
    throw InputError("handle: memory " + std::to_string(handle) + " was closed before");
  throw InputError("handle: " + std::to_string(handle) +
                   " is no memory; expected what brownout_open returned");
}

/// What memories of one text share while any memory is open. A design has many of them.
template <typename Kind>
class ReadOnce {
 public:
  template <typename Read>
  Kind get(const std::string& text, const Read& read) {
    const std::lock_guard<std::mutex> lock(lock_);
    const auto found = kept_.find(text);
    return found != kept_.end() ? found->second : kept_.emplace(text, read(text)).first->second;
  }
  void forget() {
    const std::lock_guard<std::mutex> lock(lock_);
    kept_.clear();
  }

 private:
  std::mutex lock_;
  std::map<std::string, Kind> kept_;
};
ReadOnce<Chip> chips_read;
ReadOnce<Technology> technologies_read;
int open_memories = 0;  // under table_lock

Chip chip_of(const MemorySettings& settings) {
  return chips_read.get(settings.chip, [](const std::string& text) { return Chip(text); });
}

Technology technology_of(const MemorySettings& settings) {
  return technologies_read.get(settings.technology, [](const std::string& text) {
    return text.empty() ? Technology() : Technology(text);
  });
}

void forget_what_was_read() {
  chips_read.forget();
  technologies_read.forget();
}

CodePlacement placement_of(const MemorySettings& settings) {
  if (settings.width > kMostBits)
    throw InputError("width: expected at most " + std::to_string(kMostBits) + " bits, got " +
                     std::to_string(settings.width));
  if (settings.offset < 0)
    throw InputError("offset: expected no negative number, got " + std::to_string(settings.offset));
  CodePlacement placement;
  placement.offset = static_cast<std::uint64_t>(settings.offset);
  placement.memory = static_cast<MemoryKind>(settings.memory);
  placement.draws.seed = static_cast<std::uint64_t>(settings.seed);
  placement.draws.fresh = settings.fresh;
  return placement;
}

}  // namespace

Memory::Memory(const MemorySettings& settings)
    : technology_(technology_of(settings)),
      cells_(chip_of(settings), settings.depth, settings.width,
             technology_.at(settings.voltage == 0.0 ? technology_.highest_voltage()
                                                    : settings.voltage),
             placement_of(settings)) {}

int open_memory(const MemorySettings& settings) {
  auto opened = std::make_unique<OpenMemory>(OpenMemory{0, Memory(settings)});
  const std::lock_guard<std::mutex> lock(table_lock);
  for (int tried = 0; tried < kPlaces && last_handle < std::numeric_limits<int>::max(); ++tried) {
    const int handle = ++last_handle;
    if (place_of(handle).load() != nullptr) continue;
    opened->handle = handle;
    place_of(handle).store(opened.release(), std::memory_order_release);
    ++open_memories;
    return handle;
  }
  throw InputError(std::to_string(kPlaces) + " memories are open; close some");
}

Memory& find_memory(int handle) { return find(handle).memory; }

void close_memory(int handle) {
  const std::lock_guard<std::mutex> lock(table_lock);
  const std::unique_ptr<OpenMemory> closed(&find(handle));
  place_of(handle).store(nullptr);
  if (--open_memories == 0) forget_what_was_read();
}

void close_all_memories() {
  const std::lock_guard<std::mutex> lock(table_lock);
  for (std::atomic<OpenMemory*>& place : table)
    const std::unique_ptr<OpenMemory> closed(place.exchange(nullptr));
  open_memories = 0;
  forget_what_was_read();
}

}  // namespace brownout::dpi
