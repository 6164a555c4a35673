// SPDX-License-Identifier: Apache-2.0
// The resident placement and the content of a memory.
#include "sim/mapping/placement.hpp"

#include <limits>

#include "sim/base/bits.hpp"
#include "sim/base/error.hpp"
#include "sim/mapping/code_table.hpp"

namespace brownout::mapping {

Placement resident(const network::Network& network, std::uint64_t bit_offset) {
  Placement placement;
  std::uint64_t cell = bit_offset;
  for (const network::ParameterIndex index : network.parameters.indices()) {
    const network::Parameter& parameter = network.parameters[index];
    if (!parameter.coding || parameter.n.empty()) continue;
    Run run;
    run.parameter = index;
    run.last = parameter.size();
    run.high_bit = parameter.coding->bits;
    run.start = cell;
    cell += parameter.n.size() * static_cast<std::uint64_t>(parameter.coding->bits);
    placement.runs.push_back(run);
  }
  const std::uint64_t words = words_for_bits(cell);
  if (words > std::numeric_limits<std::uint32_t>::max())
    throw InputError(
        "placement: expected a network that fits into 2^32 words of 64 bit, got {} "
        "words with a bit offset of {}",
        words, bit_offset);
  placement.words = static_cast<std::uint32_t>(words);
  return placement;
}

std::vector<std::uint64_t> store(const network::Network& network, const Placement& placement) {
  std::vector<std::uint64_t> words(placement.words);
  for (const Run& run : placement.runs) {
    const network::Parameter& parameter = network.parameters.at(run.parameter.number());
    const CodeTable& table = code_table(parameter.coding->scheme, parameter.coding->bits);
    const int width = run.high_bit - run.low_bit;
    std::uint64_t cell = run.start;
    for (std::int64_t index = run.first; index < run.last; ++index) {
      const auto n = static_cast<std::uint8_t>(parameter.n.at(index));
      const std::uint32_t code = std::uint32_t{table.code_of_n[n]} >> run.low_bit;
      BROWNOUT_CHECK(cell + static_cast<std::uint64_t>(width) <= words.size() * 64,
                     "cell {} of {} words", cell, words.size());
      write_bits(words.data(), cell, width, code);
      cell += static_cast<std::uint64_t>(width);
    }
  }
  return words;
}

}  // namespace brownout::mapping
