// SPDX-License-Identifier: Apache-2.0
// Mbit/s of drawing a random chip, applying the drawn list, and restoring: faults_bench [RATE]
// [CODES]. Defaults: 1 %, the 272,618 codes of 8 bits of a width-16 SimpleNet. One thread,
// processor time.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/run_program.hpp"
#include "sim/chips/physical_chip.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/weights/faulty_reader.hpp"

namespace {

using namespace brownout;

constexpr int kTensors = 50;
constexpr std::uint64_t kChips = 400;

/// About as many tensors as a SimpleNet has, with random 8-bit codes; no operators.
network::Network random_codes(std::int64_t codes) {
  network::Network result;
  const Philox philox(1, Purpose::kTest);
  for (int t = 0; t < kTensors; ++t) {
    network::Parameter parameter;
    parameter.name = fmt::format("tensor{}", t);
    parameter.coding = network::Coding{};
    const std::int64_t size = codes * (t + 1) / kTensors - codes * t / kTensors;
    parameter.shape = {size};
    for (std::int64_t i = 0; i < size; ++i)
      parameter.n.push_back(static_cast<std::int8_t>(
          static_cast<int>(philox(static_cast<std::uint64_t>(t), static_cast<std::uint64_t>(i))[0] %
                           255) -
          127));
    result.parameters.push_back(parameter);
  }
  return result;
}

/// Processor time, so that other programs on the machine matter less.
double now() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Seconds of one step over many chips.
class Times {
 public:
  void add(double seconds) { seconds_.push_back(seconds); }
  double best() const { return *std::min_element(seconds_.begin(), seconds_.end()); }
  double median() const {
    std::vector<double> sorted = seconds_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }

 private:
  std::vector<double> seconds_;
};

template <typename T>
T argument(const char* text, T low, T high) {
  T value{};
  const char* end = text + std::strlen(text);
  const auto result = std::from_chars(text, end, value);
  if (result.ec != std::errc() || result.ptr != end || !(value >= low && value <= high))
    throw InputError("faults_bench: expected a number in [{}, {}], got \"{}\"", low, high, text);
  return value;
}

/// Physical dies whose expected rate is `rate`; prints one line.
void bench_physical(std::uint32_t words, double rate, std::uint64_t dies) {
  const chips::PhysicalModel model;
  double low = 0.1, high = 0.9999;  // voltages; the rate falls with them
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (model.p(middle) > rate ? low : high) = middle;
  }
  Times draw;
  memory::FaultList faults;
  for (std::uint64_t die = 0; die < dies; ++die) {
    const double start = now();
    chips::PhysicalChip(die, model).draw(memory::MemoryId::kWeights, words, high, faults);
    draw.add(now() - start);
  }
  fmt::print("physical chip, {:.4g} cells at p = {}: best {:.1f} us, median {:.1f} us, {} cells\n",
             static_cast<double>(words) * 64.0, rate, draw.best() * 1e6, draw.median() * 1e6,
             faults.size());
}

int run(int argc, char** argv) {
  const double rate = argc > 1 ? argument(argv[1], 0.0, 1.0) : 0.01;
  const std::int64_t codes =
      argc > 2 ? argument(argv[2], std::int64_t{1}, std::int64_t{1} << 30) : 272618;
  const network::Network network = random_codes(codes);
  weights::FaultyReader reader(network::share(network), mapping::resident(network));
  const double mbit = static_cast<double>(network.coded_bits()) * 1e-6;

  Times draw, apply, restore, cycle;
  double cells = 0.0;
  memory::FaultList faults;
  for (std::uint64_t chip = 0; chip < kChips; ++chip) {
    const double start = now();
    chips::RandomChip(chip).draw(memory::MemoryId::kWeights, reader.placement().words, rate,
                                 faults);
    const double drawn = now();
    weights::ReadStats stats;
    reader.read(faults, {{}, chip}, &stats);
    const double applied = now();
    reader.clean();
    const double restored = now();
    draw.add(drawn - start);
    apply.add(applied - drawn);
    restore.add(restored - applied);
    cycle.add(restored - drawn);
    cells += static_cast<double>(stats.cells_hit);
    BROWNOUT_CHECK(stats.bits_wrong == stats.cells_hit, "{} of {}", stats.bits_wrong,
                   stats.cells_hit);
  }
  fmt::print("{:.3f} Mbit at p = {}, {} chips, {:.0f} cells hit on average, 1 thread\n", mbit, rate,
             kChips, cells / static_cast<double>(kChips));
  const auto line = [&](const char* name, const Times& times) {
    fmt::print("{:<18} best {:8.1f} us {:9.0f} Mbit/s   median {:8.1f} us {:9.0f} Mbit/s\n", name,
               times.best() * 1e6, mbit / times.best(), times.median() * 1e6,
               mbit / times.median());
  };
  line("draw", draw);
  line("apply", apply);
  line("restore", restore);
  line("apply and restore", cycle);
  if (rate > 0.0 && rate < 0.9) bench_physical(reader.placement().words, rate, 40);
  bench_physical(1000000000 / 64, 1e-6, 5);
  fmt::print(
      "{{\"rate\": {}, \"bits\": {}, \"draw_mbit_per_s\": {:.1f}, \"apply_mbit_per_s\": "
      "{:.1f}, \"apply_and_restore_mbit_per_s\": {:.1f}}}\n",
      rate, network.coded_bits(), mbit / draw.best(), mbit / apply.best(), mbit / cycle.best());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return brownout::run_program("faults_bench", [&] { return run(argc, argv); });
}
