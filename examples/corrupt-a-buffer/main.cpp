// SPDX-License-Identifier: Apache-2.0
// Draws a chip at a voltage and reads a buffer of 8-bit codes through it.
#include <brownout/technology.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

int main(int argc, char** argv) {
  try {
    const brownout::Chip chip(argc > 1 ? argv[1] : "random:7");
    const double voltage = argc > 2 ? std::atof(argv[2]) : 0.84;  // units of Vmin

    // Random chips fail by the bit error rate, which the technology gives; others by the voltage.
    const brownout::OperatingPoint at = brownout::Technology("14nm-finfet").at(voltage);

    std::vector<std::uint8_t> codes(1'000'000);
    std::iota(codes.begin(), codes.end(), std::uint8_t{0});
    const std::vector<std::uint8_t> stored = codes;
    const brownout::ReadCounts counts = brownout::corrupt(
        codes.data(), static_cast<std::int64_t>(codes.size()), /*bits=*/8, chip, at);

    std::printf("%s at %g Vmin: bit error rate %.6f\n", chip.name().c_str(), at.voltage, at.rate);
    std::printf("%lld faulty cells among %lld, %lld bits read wrong, in %lld of %lld codes\n",
                static_cast<long long>(counts.cells_hit), static_cast<long long>(8 * counts.reads),
                static_cast<long long>(counts.bits_wrong),
                static_cast<long long>(counts.codes_wrong), static_cast<long long>(counts.reads));
    for (std::size_t i = 0, shown = 0; i < codes.size() && shown < 3; ++i) {
      if (codes[i] == stored[i]) continue;
      std::printf("code %zu: %d instead of %d\n", i, codes[i], stored[i]);
      ++shown;
    }
  } catch (const brownout::Error& error) {
    std::fprintf(stderr, "corrupt-a-buffer: %s\n", error.what());
    return error.exit_code();
  }
}
