// SPDX-License-Identifier: Apache-2.0
// Word by word through the decoder, then code by code: wrong bits, suspect bits, and what becomes
// of them.
#include "sim/weights/protected_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/mapping/code_table.hpp"

namespace brownout::weights {

namespace {

/// Columns of word `word` that hold the run's codes.
std::uint64_t columns_of(const mapping::Run& run, std::uint64_t word) {
  const std::uint64_t begin = std::max(run.start, word * 64) - word * 64;
  const std::uint64_t end = std::min(run.start + run.cells(), word * 64 + 64) - word * 64;
  const std::uint64_t below = end == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1;
  return below & (~std::uint64_t{0} << begin);
}

/// What happened to one code.
struct HitCode {
  network::ParameterIndex parameter;
  std::int64_t index;
  std::uint8_t wrong, suspect;
};

}  // namespace

ProtectedReader::ProtectedReader(network::SharedNetwork network, mapping::Placement placement,
                                 std::vector<mapping::StoredWords> stored, memory::CheckCode check,
                                 memory::OnError on_error)
    : network_(std::move(network)),
      placement_(std::move(placement)),
      check_(check),
      on_error_(on_error),
      used_(placement_.words),
      codes_(network::clean_codes(*network_)) {
  std::map<std::uint32_t, Load> loads;
  for (const mapping::Run& run : placement_.runs) {
    if (run.cells() == 0) continue;
    Load& load = loads[run.load_event];
    load.event = run.load_event;
    load.runs.push_back(run);
  }
  for (mapping::StoredWords& words : stored) {
    const auto load = loads.find(words.load_event);
    if (load != loads.end()) load->second.stored = std::move(words.words);
  }
  for (auto& [event, load] : loads) {
    load.read.assign(load.stored.size(), false);
    for (const mapping::Run& run : load.runs) {
      const std::uint64_t last = (run.start + run.cells() - 1) / 64;
      BROWNOUT_CHECK(last < load.stored.size(), "load event {}: word {} of {}", event, last,
                     load.stored.size());
      for (std::uint64_t w = run.start / 64; w <= last; ++w) {
        if (!load.read[w]) ++load.words;
        load.read[w] = true;
        used_[w] |= columns_of(run, w);
      }
    }
    loads_.push_back(std::move(load));
  }
}

const network::Codes& ProtectedReader::clean() {
  restore(*network_, touched_, codes_);
  touched_.clear();
  return codes_;
}

const network::Codes& ProtectedReader::read(const memory::WordFaultLists& faults,
                                            const memory::Draws& draws, ReadStats* stats,
                                            mitigation::ProtectionStats* protection) {
  clean();
  ReadStats total;
  mitigation::ProtectionStats outcome;
  for (const memory::CellFault& fault : faults.data) {
    if (fault.word < used_.size()) {
      total.cells_hit += static_cast<std::int64_t>(used_[fault.word] >> fault.bit & 1);
    }
  }
  for (const Load& load : loads_) change_codes(load, decode(load, faults, draws, outcome), total);
  if (stats != nullptr) *stats = total;
  if (protection != nullptr) *protection = outcome;
  return codes_;
}

std::vector<ProtectedReader::WrongWord> ProtectedReader::decode(
    const Load& load, const memory::WordFaultLists& faults, const memory::Draws& draws,
    mitigation::ProtectionStats& outcome) const {
  const memory::CellReader reader(memory::MemoryId::kWeights, draws, load.event);
  std::vector<WrongWord> words;
  outcome.words += load.words;
  auto data = faults.data.begin();
  auto check = faults.checks.begin();
  while (data != faults.data.end() || check != faults.checks.end()) {
    const std::uint32_t word = data == faults.data.end()      ? check->word
                               : check == faults.checks.end() ? data->word
                                                              : std::min(data->word, check->word);
    const bool read = word < load.read.size() && load.read[word];
    memory::WordErrors errors;
    for (; data != faults.data.end() && data->word == word; ++data) {
      if (read) errors.add(*data, reader);
    }
    for (; check != faults.checks.end() && check->word == word; ++check) {
      if (!read) continue;
      errors.add(*check, reader);
      ++outcome.check_cells_hit;
    }
    if (!read) continue;
    const memory::ReadWord decoded = memory::read_word(load.stored[word], errors, check_);
    const std::uint64_t wrong = decoded.data ^ load.stored[word];
    if (decoded.suspect != 0) {
      ++outcome.detected;
    } else if (wrong != 0) {
      ++outcome.undetected;
    } else if (decoded.corrected) {
      ++outcome.corrected;
    }
    if (wrong != 0 || decoded.suspect != 0) words.push_back({word, wrong, decoded.suspect});
  }
  return words;
}

void ProtectedReader::change_codes(const Load& load, const std::vector<WrongWord>& words,
                                   ReadStats& stats) {
  std::vector<HitCode> hits;
  for (const mapping::Run& run : load.runs) {
    const std::uint64_t width = run.high_bit - run.low_bit;
    const std::uint64_t last = (run.start + run.cells() - 1) / 64;
    auto at =
        std::lower_bound(words.begin(), words.end(), run.start / 64,
                         [](const WrongWord& w, std::uint64_t word) { return w.word < word; });
    for (; at != words.end() && at->word <= last; ++at) {
      const std::uint64_t columns = columns_of(run, at->word) & (at->wrong | at->suspect);
      for (std::uint64_t column = 0; column < 64; ++column) {
        if ((columns >> column & 1) == 0) continue;
        const std::uint64_t cell = at->word * std::uint64_t{64} + column - run.start;
        const std::int64_t index = run.first + static_cast<std::int64_t>(cell / width);
        if (hits.empty() || hits.back().parameter != run.parameter || hits.back().index != index) {
          hits.push_back({run.parameter, index, 0, 0});
        }
        const std::uint64_t bit = cell % width + static_cast<std::uint64_t>(run.low_bit);
        hits.back().wrong |= static_cast<std::uint8_t>((at->wrong >> column & 1) << bit);
        hits.back().suspect |= static_cast<std::uint8_t>((at->suspect >> column & 1) << bit);
      }
    }
  }
  std::stable_sort(hits.begin(), hits.end(), [](const HitCode& a, const HitCode& b) {
    return a.parameter != b.parameter ? a.parameter < b.parameter : a.index < b.index;
  });
  for (std::size_t i = 0; i < hits.size();) {
    HitCode code = hits[i];
    for (++i; i < hits.size() && hits[i].parameter == code.parameter && hits[i].index == code.index;
         ++i) {  // the rest of a code whose bits lie in several words or runs
      code.wrong |= hits[i].wrong;
      code.suspect |= hits[i].suspect;
    }
    const network::Parameter& parameter = network_->parameters[code.parameter];
    const mapping::CodeTable& table =
        mapping::code_table(parameter.coding->scheme, parameter.coding->bits);
    std::int8_t& n = codes_[code.parameter][code.index];
    const std::uint8_t stored = table.code_of_n[static_cast<std::uint8_t>(n)];
    const std::uint8_t used = mapping::code_repair(parameter, on_error_)(
        static_cast<std::uint8_t>(stored ^ code.wrong), code.suspect);
    if (used == stored) continue;
    n = table.n_of_code[used];
    touched_.push_back({code.parameter, code.index});
    ++stats.codes_changed;
    for (unsigned bits = used ^ stored; bits != 0; bits &= bits - 1) ++stats.bits_wrong;
  }
}

}  // namespace brownout::weights
