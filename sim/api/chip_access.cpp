// SPDX-License-Identifier: Apache-2.0
// One check of an operating point for all that reads through a chip.
#include "sim/api/chip_access.hpp"

#include "sim/base/bits.hpp"
#include "sim/base/error.hpp"

namespace brownout::api {

memory::MemoryId memory_id(MemoryKind memory) {
  static_assert(static_cast<int>(MemoryKind::kInput) == static_cast<int>(memory::MemoryId::kInput));
  const int number = static_cast<int>(memory);
  if (number < 0 || number > static_cast<int>(memory::MemoryId::kInput))
    throw InputError("{}: expected a MemoryKind in [0, 3], got {}", Field{"memory"}, number);
  return static_cast<memory::MemoryId>(number);
}

memory::Draws draws_of(const Chip& chip, const Draws& draws) {
  return {chip.internal().die(), draws.seed, draws.fresh, draws.batch};
}

namespace {

/// A list of faults takes memory for each of them. What hardly any machine can hold is refused
/// before the process is ended for it: the first words of the memory say how many there will be.
void check_list_fits(const Chip& chip, const OperatingPoint& at, std::uint32_t words,
                     memory::MemoryId memory) {
  constexpr std::uint32_t kSample = 4096;
  constexpr double kMostFaults = 1e9;
  if (words <= kSample || static_cast<double>(words) * memory::kWordBits <= kMostFaults) return;
  const auto listed =
      static_cast<double>(chip.internal().faults(memory, kSample, {at.voltage, at.rate}).size());
  const double expected = listed / kSample * static_cast<double>(words);
  if (expected <= kMostFaults) return;
  throw InputError(
      "chip {}: about {:.0f} of the memory's cells fail there; expected at most {:.0f}. A smaller "
      "memory, a smaller offset or a higher voltage has fewer",
      chip.name(), expected, kMostFaults);
}

}  // namespace

memory::FaultList faults_of(const Chip& chip, const OperatingPoint& at, std::uint32_t words,
                            MemoryKind memory) {
  if (!(at.rate >= 0.0 && at.rate <= 1.0))  // negated, so that NaN fails too
    throw InputError("{}: expected a bit error rate in [0, 1], got {}", Field{"rate"}, at.rate);
  const memory::MemoryId id = memory_id(memory);
  check_list_fits(chip, at, words, id);
  return or_too_many(words, [&] {
    return chip.internal().faults(id, words, {at.voltage, at.rate});
  });
}

memory::FaultList faults_below(const Chip& chip, const OperatingPoint& at, std::uint64_t end,
                               MemoryKind memory) {
  return faults_of(chip, at, static_cast<std::uint32_t>(words_for_bits(end)), memory);
}

}  // namespace brownout::api
