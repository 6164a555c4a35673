// SPDX-License-Identifier: Apache-2.0
// The C functions: no exception leaves them, and the reason for a failure is kept.
#include "rtl/dpi/brownout_dpi.h"

#include <string>

#include "rtl/dpi/last_error.hpp"
#include "rtl/dpi/memories.hpp"

namespace brownout::dpi {

std::string& last_error() {
  thread_local std::string text;
  return text;
}

namespace {

std::string text_of(const char* text, const char* what) {
  if (text == nullptr) throw InputError(std::string(what) + ": expected a text, got none");
  return text;
}

int read(int handle, long long address, std::uint32_t* data, int room) {
  return guarded(1, [&] {
    FaultyMemory& cells = find_memory(handle).cells();
    if (cells.width() > room)
      throw InputError("width: a word has " + std::to_string(cells.width()) +
                       " bits; this function reads at most " + std::to_string(room));
    if (data == nullptr) throw InputError(std::string("data: expected a word, got none"));
    cells.read(address, data);
    return 0;
  });
}

template <typename Count>
long long count(int handle, const Count& of) {
  return guarded(-1ll,
                 [&] { return static_cast<long long>(of(find_memory(handle).cells().counts())); });
}

}  // namespace
}  // namespace brownout::dpi

namespace dpi = brownout::dpi;
using brownout::ReadCounts;

int brownout_open(const char* chip, double voltage, long long depth, int width) {
  return brownout_open_at(chip, voltage, depth, width, 0, "", 0, 0, 0);
}

int brownout_open_at(const char* chip, double voltage, long long depth, int width, long long offset,
                     const char* technology, int memory, long long seed, int fresh) {
  return dpi::guarded(0, [&] {
    dpi::MemorySettings settings;
    settings.chip = dpi::text_of(chip, "chip");
    settings.voltage = voltage;
    settings.depth = depth;
    settings.width = width;
    settings.offset = offset;
    settings.technology = dpi::text_of(technology, "technology");
    settings.memory = memory;
    settings.seed = seed;
    settings.fresh = fresh != 0;
    return dpi::open_memory(settings);
  });
}

int brownout_close(int handle) {
  return dpi::guarded(1, [&] {
    dpi::close_memory(handle);
    return 0;
  });
}

void brownout_close_all(void) {
  dpi::guarded(0, [] {
    dpi::close_all_memories();
    return 0;
  });
}

int brownout_set_voltage(int handle, double voltage) {
  return dpi::guarded(1, [&] {
    dpi::find_memory(handle).set_voltage(voltage);
    return 0;
  });
}

int brownout_read(int handle, long long address, uint32_t* data) {
  return dpi::read(handle, address, data, 64);
}
int brownout_read_256(int handle, long long address, uint32_t* data) {
  return dpi::read(handle, address, data, 256);
}
int brownout_read_1024(int handle, long long address, uint32_t* data) {
  return dpi::read(handle, address, data, 1024);
}
int brownout_read_4096(int handle, long long address, uint32_t* data) {
  return dpi::read(handle, address, data, 4096);
}
int brownout_read_65536(int handle, long long address, uint32_t* data) {
  return dpi::read(handle, address, data, 65536);
}

long long brownout_reads(int handle) {
  return dpi::count(handle, [](const ReadCounts& counts) { return counts.reads; });
}
long long brownout_words_wrong(int handle) {
  return dpi::count(handle, [](const ReadCounts& counts) { return counts.codes_wrong; });
}
long long brownout_bits_wrong(int handle) {
  return dpi::count(handle, [](const ReadCounts& counts) { return counts.bits_wrong; });
}
long long brownout_cells_hit(int handle) {
  return dpi::count(handle, [](const ReadCounts& counts) { return counts.cells_hit; });
}

const char* brownout_last_error(void) { return dpi::last_error().c_str(); }
const char* brownout_version(void) { return BROWNOUT_VERSION; }
