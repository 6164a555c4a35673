// SPDX-License-Identifier: Apache-2.0
// Word by word: what is still wrong behind the decoder becomes flips of a second fault list.
#include "sim/mapping/protected_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace brownout::mapping {

ProtectedReader::ProtectedReader(const network::Network& network, Placement placement,
                                 memory::Mitigation mitigation)
    : network_(network),
      placement_(std::move(placement)),
      mitigation_(mitigation),
      codes_(network::clean_codes(network)) {
  std::map<std::uint32_t, Placement> events;
  for (const Run& run : placement_.runs) {
    Placement& event = events[run.load_event];
    event.words = placement_.words;
    event.runs.push_back(run);
  }
  for (auto& [number, event] : events) {
    Load load;
    load.stored = store(network, event);
    load.holds_codes.assign(load.stored.size(), false);
    for (const Run& run : event.runs) {
      const auto bits =
          static_cast<std::uint64_t>((run.last - run.first) * (run.high_bit - run.low_bit));
      if (bits == 0) continue;
      for (std::uint64_t w = run.start / 64; w <= (run.start + bits - 1) / 64; ++w) {
        if (!load.holds_codes[w]) ++load.words;
        load.holds_codes[w] = true;
      }
    }
    load.placement = std::move(event);
    loads_.push_back(std::move(load));
  }
}

const network::Codes& ProtectedReader::clean() {
  restore(network_, touched_, codes_);
  touched_.clear();
  return codes_;
}

const network::Codes& ProtectedReader::read(const memory::FaultList& faults,
                                            const memory::FaultList& check_faults,
                                            std::uint64_t evaluation_seed, ReadStats* stats,
                                            ProtectionStats* protection) {
  using memory::WordOutcome;
  clean();
  ReadStats total;
  ProtectionStats outcome;
  // What the cells alone would do: only the hits are of interest.
  total.cells_hit =
      read_through(network_, placement_, faults, evaluation_seed, codes_, touched_).cells_hit;
  clean();

  const memory::CellReader reader(memory::MemoryId::kWeights, evaluation_seed);
  memory::FaultList left;
  for (const Load& load : loads_) {
    outcome.words += load.words;
    left.clear();
    auto data = faults.begin();
    auto check = check_faults.begin();
    while (data != faults.end() || check != check_faults.end()) {
      const std::uint32_t word = data == faults.end()          ? check->word
                                 : check == check_faults.end() ? data->word
                                                               : std::min(data->word, check->word);
      const bool read = word < load.holds_codes.size() && load.holds_codes[word];
      memory::WordErrors errors;
      for (; data != faults.end() && data->word == word; ++data) errors.add(*data, reader);
      for (; check != check_faults.end() && check->word == word; ++check) {
        errors.add(*check, reader);
        if (read) ++outcome.check_cells_hit;
      }
      if (!read) continue;
      const std::uint64_t stored = load.stored[word];
      const memory::DecodedWord decoded = memory::read_word(stored, errors, mitigation_);
      const std::uint64_t wrong = decoded.data ^ stored;
      if (decoded.outcome == WordOutcome::kDetected) {
        ++outcome.detected;
      } else if (wrong != 0) {
        ++outcome.miscorrected;
      } else if (decoded.outcome == WordOutcome::kCorrected) {
        ++outcome.corrected;
      }
      for (std::uint32_t bit = 0; bit < 64; ++bit) {
        if (wrong >> bit & 1) left.push_back({word, bit, 1.0f, 1.0f});
      }
    }
    const ReadStats some =
        read_through(network_, load.placement, left, evaluation_seed, codes_, touched_);
    total.bits_wrong += some.bits_wrong;
    total.codes_changed += some.codes_changed;
  }
  if (stats != nullptr) *stats = total;
  if (protection != nullptr) *protection = outcome;
  return codes_;
}

}  // namespace brownout::mapping
