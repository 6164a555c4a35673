// SPDX-License-Identifier: Apache-2.0
// Sums by plain arithmetic.
#include "tests/cosim/small_job.hpp"

#include <algorithm>

#include "sim/cosim/predict.hpp"

namespace brownout::cosim {

ExpectedJob expect(const CoreShape& shape, const RandomJob& random) {
  ExpectedJob expected;
  expected.stored = random.stored;
  expected.faults = random.faults;
  expected.accumulators = random.accumulators;
  expected.cycles = predict(shape, random.job).cycles();
  for (std::size_t s = 0; s < random.job.strips.size(); ++s) {
    const StripJob& strip = random.job.strips[s];
    const std::size_t last = strip.command_first + strip.command_count - 1;
    const auto columns = static_cast<std::size_t>(random.job.commands[last].columns);
    for (int walk = 0; walk < strip.walks; ++walk) {
      const std::int32_t* row = random.drained[s].data();
      for (int r = 0; r < strip.rows; ++r, row += columns + 1) {
        // Columns that are not in use hold a number that must not be compared.
        std::vector<std::int32_t> lanes(static_cast<std::size_t>(shape.columns) + 1, -12345);
        std::copy_n(row, columns, lanes.begin());
        lanes.back() = row[columns];
        expected.rows.push_back(std::move(lanes));
      }
    }
  }
  return expected;
}

RandomJob small_job() {
  RandomJob random;
  random.stored.assign(65536, 0x0123456789ABCDEF);
  for (const bool last : {false, true}) {
    Command command;
    command.cell = last ? 1024 : 0;
    command.stride = 32;
    command.columns = 4;
    command.codes = 4;
    command.scheme = rtl_number(network::Scheme::kSymmetric);
    command.vectors = 3;
    command.first = !last;
    command.last = last;
    random.job.commands.push_back(command);
    for (int i = 0; i < 12; ++i) random.job.vectors.push_back(static_cast<std::int16_t>(i - 5));
  }
  StripJob strip;
  strip.command_count = 2;
  strip.rows = 3;
  strip.row_cycles = 2;
  random.job.strips.push_back(strip);
  // Rows 0x01 23 45 67 and 0x89 AB CD EF as two's complement, lowest code first, columns in turn.
  const int even[] = {0xEF - 256, 0xCD - 256, 0xAB - 256, 0x89 - 256};
  const int odd[] = {0x67, 0x45, 0x23, 0x01};
  random.rows.resize(2);
  for (int v = 0; v < 3; ++v) {
    int sums[5] = {};
    for (int r = 0; r < 4; ++r) {
      const int a = 2 * (v * 4 + r - 5);  // both tiles see the same
      for (int c = 0; c < 4; ++c) sums[c] += (c % 2 == 0 ? even[r] : odd[r]) * a;
      sums[4] += a;
    }
    random.rows[1].insert(random.rows[1].end(), sums, sums + 5);
  }
  random.drained = {random.rows[1]};
  return random;
}

ExpectedJob job_with_parameters(const CoreShape& shape, RandomJob& random) {
  random = small_job();
  Command command;
  command.parameters = true;
  command.cell = 2048;
  command.codes = 10;
  random.job.commands.insert(random.job.commands.begin(), command);
  random.rows.insert(random.rows.begin(), {{}});
  random.job.strips[0].command_count = 3;
  random.job.strips[0].gates.load = 40;
  random.job.writes = {{3, 33, {0xFEDCBA9876543210}}};
  random.faults = {{32, 0xF, std::uint64_t{1} << 63, 0}};
  // Row 1, lane 3 is read wrong before the second tile, which adds the same once more, and again by
  // the drain.
  random.accumulators = AccumulatorFaults(64, 5);
  random.accumulators.at(0, 1, 3).flip = 1 << 5;
  std::int32_t& sum = random.drained[0][1 * 5 + 3];
  const std::int32_t tile = sum / 2;
  sum = ((tile ^ 1 << 5) + tile) ^ 1 << 5;
  ExpectedJob expected = expect(shape, random);
  expected.stored.resize(static_cast<std::size_t>(shape.words));
  return expected;
}

}  // namespace brownout::cosim
