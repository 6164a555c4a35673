// SPDX-License-Identifier: Apache-2.0
// A memory of 39-bit words on a physical die, whose supply falls while it is read.
#include <brownout/technology.hpp>
#include <cstdint>
#include <cstdio>

int main() {
  try {
    const brownout::Technology technology;
    brownout::FaultyMemory memory(brownout::Chip("physical:7"), /*depth=*/4096, /*width=*/39,
                                  technology.at(1.0));
    for (const double voltage : {1.0, 0.9, 0.85, 0.8}) {
      memory.set_operating_point(technology.at(voltage));
      const brownout::ReadCounts before = memory.counts();
      for (std::int64_t address = 0; address < memory.depth(); ++address) {
        std::uint64_t word = 0x2a5a5a5a5a;  // what the memory holds
        memory.read(address, &word);        // what its cells make of it
      }
      std::printf("%.2f Vmin: %lld of %lld words read wrong\n", voltage,
                  static_cast<long long>(memory.counts().codes_wrong - before.codes_wrong),
                  static_cast<long long>(memory.depth()));
    }
  } catch (const brownout::Error& error) {
    std::fprintf(stderr, "faulty-memory: %s\n", error.what());
    return error.exit_code();
  }
}
