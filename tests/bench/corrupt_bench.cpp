// SPDX-License-Identifier: Apache-2.0
// Time of brownout::corrupt beside that of drawing the same faults alone: corrupt_bench [RATE]
// [CODES] [BITS]. Defaults: 1 %, 5.5 million codes of 8 bits. One thread, processor time.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "brownout/chip.hpp"
#include "sim/base/run_program.hpp"

namespace {

using namespace brownout;

constexpr int kChips = 40;

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <typename Code>
void bench(const char* type, std::int64_t count, int bits, double rate) {
  std::vector<Code> codes(static_cast<std::size_t>(count), Code{1});
  const std::uint64_t cells = static_cast<std::uint64_t>(count) * static_cast<std::uint64_t>(bits);
  double drawing = 1e9, corrupting = 1e9;
  std::int64_t wrong = 0;
  for (int i = 0; i < kChips; ++i) {
    const Chip chip("random:" + std::to_string(i));
    const double start = now();
    const std::vector<FaultyCell> faults =
        chip.faults({1.0, rate}, static_cast<std::uint32_t>((cells + 63) / 64));
    const double drawn = now();
    wrong += corrupt(codes.data(), count, bits, chip, {1.0, rate}).codes_wrong;
    corrupting = std::min(corrupting, now() - drawn);
    drawing = std::min(drawing, drawn - start);
  }
  fmt::print(
      "{{\"type\": \"{}\", \"codes\": {}, \"bits\": {}, \"rate\": {}, \"codes_wrong\": {}, "
      "\"chip_faults_ms\": {:.3f}, \"corrupt_ms\": {:.3f}}}\n",
      type, count, bits, rate, wrong / kChips, drawing * 1e3, corrupting * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("corrupt_bench", [&] {
    const double rate = argc > 1 ? std::atof(argv[1]) : 0.01;
    const std::int64_t codes = argc > 2 ? std::atoll(argv[2]) : 5500000;
    const int bits = argc > 3 ? std::atoi(argv[3]) : 8;
    if (bits <= 8) bench<std::uint8_t>("uint8", codes, bits, rate);
    if (bits <= 16) bench<std::int16_t>("int16", codes, bits, rate);
    bench<std::int64_t>("int64", codes, bits, rate);
    return 0;
  });
}
