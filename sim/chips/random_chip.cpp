// SPDX-License-Identifier: Apache-2.0
// Draws random chips: the candidates of the octaves that reach below p are merged in one bitmap per
// block.
#include "sim/chips/random_chip.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/memory/geometric.hpp"

namespace brownout::chips {
namespace {

constexpr std::uint32_t kBlockWords = 1024;
constexpr std::int32_t kBlockCells = kBlockWords * memory::kWordBits;
// Positions of candidates and their u use different numbers: these octave counters are for the u.
constexpr std::uint64_t kValueCounter = 32;

/// The octaves whose u can be below p.
struct Reach {
  int first = 0;                // the highest one; all later ones lie below p as a whole
  bool whole = true;            // false: of the first one only candidates with x < threshold count
  std::uint64_t threshold = 0;  // u < p as an integer comparison
};

/// p in (0, 1].
Reach reach_below(double p) {
  Reach reach;
  // Exact: scaling by powers of two, and a subtraction of numbers within a factor of two.
  double fraction = p * 0x1p16;
  if (fraction < 1.0) {
    reach.first = memory::kLastOctave;
  } else {
    while (reach.first < memory::kLastOctave && std::ldexp(1.0, -(reach.first + 1)) >= p)
      ++reach.first;
    fraction = reach.first == memory::kLastOctave ? 1.0 : std::ldexp(p, reach.first + 1) - 1.0;
  }
  reach.whole = fraction >= 1.0;
  // x·2^-64 < fraction  <=>  x < ceil(fraction·2^64)
  if (!reach.whole) reach.threshold = static_cast<std::uint64_t>(std::ceil(fraction * 0x1p64));
  return reach;
}

/// ReadErrors as cells keep them.
struct Probabilities {
  float p01, p10;
};

/// Cells of one block as a bitmap with a summary of its words. Reading empties it.
class BlockSet {
 public:
  void insert(std::int32_t cell, std::uint64_t present) {
    const auto c = static_cast<std::uint32_t>(cell);
    words_[c >> 6] |= present << (c & 63);
    summary_[c >> 12] |= std::uint64_t{1} << ((c >> 6) & 63);
  }
  /// Every cell of the first `words` words.
  void insert_all(std::uint32_t words) {
    for (std::uint32_t word = 0; word < words; ++word) {
      words_[word] = ~std::uint64_t{0};
      summary_[word / 64] |= std::uint64_t{1} << (word % 64);
    }
    expect(words * memory::kWordBits);
  }
  /// Must be told how many cells were inserted (the same cell may be counted more than once).
  void expect(std::size_t count) { inserted_ += count; }

  /// Appends the cells in ascending order; word 0 of the block is word `base` of the memory.
  void drain(std::uint32_t base, const Probabilities& wrong, memory::FaultList& faults) {
    const std::size_t size = faults.size();
    faults.resize(size + inserted_);  // cells inserted twice count once: cut to size below
    memory::CellFault* out = faults.data() + size;
    for (std::uint32_t group = 0; group < summary_.size(); ++group) {
      for (std::uint64_t used = summary_[group]; used != 0; used &= used - 1) {
        const std::uint32_t word = group * 64 + static_cast<std::uint32_t>(__builtin_ctzll(used));
        for (std::uint64_t bits = words_[word]; bits != 0; bits &= bits - 1)
          *out++ = {base + word, static_cast<std::uint32_t>(__builtin_ctzll(bits)), wrong.p01,
                    wrong.p10};
        words_[word] = 0;
      }
      summary_[group] = 0;
    }
    faults.resize(out - faults.data());
    inserted_ = 0;
  }

 private:
  std::array<std::uint64_t, kBlockWords> words_{};
  std::array<std::uint64_t, kBlockWords / 64> summary_{};
  std::size_t inserted_ = 0;  // no fewer than there are cells in it
};

/// Candidates are drawn in batches, so that the gaps of a batch vectorize.
constexpr int kBatch = 256;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
void fill_gaps(const std::uint64_t* numbers, int count, double scale, std::int32_t* gaps) {
  for (int i = 0; i < count; ++i) gaps[i] = memory::gap(numbers[i], scale);
}

/// Draws the octaves of one block.
class BlockDrawer {
 public:
  BlockDrawer(const Philox& philox, std::uint64_t memory) : philox_(philox), memory_(memory) {}

  /// Inserts the candidates of an octave among the first `cells` cells of a block. Candidates of
  /// the first octave of `reach` are inserted only if their u is below p.
  void insert(std::uint64_t block, int octave, const Reach& reach, std::int32_t cells,
              BlockSet& set) {
    const bool partial = octave == reach.first && !reach.whole;
    const std::uint64_t counter = octave;
    std::int32_t cell = -1;
    std::size_t inserted = 0;
    for (std::uint64_t draw = 0;;) {
      // The batch size does not change the candidates. It is about the number that the rest of the
      // block needs.
      const double expected = static_cast<double>(cells - cell) / (memory::kGapScale[octave] + 0.5);
      const int draws = std::min(static_cast<int>(expected) / 4 + 1, kBatch / 4);
      fill(numbers_, block, counter, draw, draws);
      if (partial) fill(values_, block, kValueCounter + counter, draw, draws);
      draw += static_cast<std::uint64_t>(draws);
      fill_gaps(numbers_.data(), draws * 4, memory::kGapScale[octave], gaps_.data());
      for (std::size_t i = 0; i < static_cast<std::size_t>(draws) * 4; ++i) {
        cell += gaps_[i] + 1;
        if (cell >= cells) {
          set.expect(inserted);
          return;
        }
        ++inserted;
        set.insert(cell, !partial || values_[i] < reach.threshold ? 1 : 0);
      }
    }
  }

 private:
  using Numbers = std::array<std::uint64_t, kBatch>;

  void fill(Numbers& numbers, std::uint64_t block, std::uint64_t counter, std::uint64_t draw,
            int draws) const {
    for (int i = 0; i < draws; ++i) {
      const Philox::Block four =
          philox_(memory_, block, counter, draw + static_cast<std::uint64_t>(i));
      for (int k = 0; k < 4; ++k) numbers[i * 4 + k] = four[k];
    }
  }

  Philox philox_;
  std::uint64_t memory_;
  Numbers numbers_;
  Numbers values_;
  std::array<std::int32_t, kBatch> gaps_;
};

}  // namespace

RandomChip::RandomChip(std::uint64_t seed, double p_err, Purpose purpose)
    : RandomChip(seed, ReadErrors::both(p_err), purpose) {}

RandomChip::RandomChip(std::uint64_t seed, const ReadErrors& errors, Purpose purpose)
    : seed_(seed), errors_(errors), purpose_(purpose) {
  const auto is_probability = [](double p) { return p >= 0.0 && p <= 1.0; };
  BROWNOUT_CHECK(
      is_probability(errors.p01) && is_probability(errors.p10) && errors.highest_rate() > 0.0,
      "p01 {}, p10 {}", errors.p01, errors.p10);
}

std::string name_part(const ReadErrors& errors) {
  if (!errors.are_equal()) return fmt::format(",p01={},p10={}", errors.p01, errors.p10);
  return errors.p01 == 1.0 ? "" : fmt::format(",p_err={}", errors.p01);
}

memory::FaultList RandomChip::check_faults(memory::MemoryId memory, std::uint32_t words,
                                           const OperatingPoint& at) const {
  const RandomChip check(seed_, errors_, Purpose::kRandomChipCheck);
  memory::FaultList packed = check.faults(memory, (words + 7) / 8, at);
  memory::FaultList faults;
  for (memory::CellFault fault : packed) {
    fault.word = fault.word * 8 + fault.bit / 8;
    fault.bit = memory::kWordBits + fault.bit % 8;
    if (fault.word < words) faults.push_back(fault);
  }
  return faults;
}

std::string RandomChip::name() const {
  return fmt::format("random:{}{}", seed_, name_part(errors_));
}

memory::FaultList RandomChip::faults(memory::MemoryId memory, std::uint32_t words,
                                     const OperatingPoint& at) const {
  memory::FaultList list;
  draw(memory, words, at.rate, list);
  return list;
}

void RandomChip::draw(memory::MemoryId memory, std::uint32_t words, double rate,
                      memory::FaultList& faults) const {
  BROWNOUT_CHECK(rate >= 0.0 && rate <= 1.0, "rate {}", rate);
  faults.clear();
  if (rate == 0.0 || words == 0) return;
  const double highest = errors_.highest_rate();
  if (rate > highest) {
    const char* const which =
        errors_.are_equal() ? "p_err" : (errors_.p01 > errors_.p10 ? "p01" : "p10");
    throw InputError("chip {}: expected a bit error rate of at most {} = {}, got {}", name(), which,
                     highest, rate);
  }
  const double p = rate / highest;
  const Reach reach = reach_below(p);

  const double cells = static_cast<double>(words) * memory::kWordBits;
  faults.reserve(static_cast<std::size_t>(p * cells + 6.0 * std::sqrt(p * cells) + 16.0));
  const Probabilities wrong{static_cast<float>(errors_.p01), static_cast<float>(errors_.p10)};

  BlockDrawer drawer(Philox(seed_, purpose_), static_cast<std::uint64_t>(memory));
  BlockSet set;
  for (std::uint32_t base = 0, block = 0;; ++block) {
    const std::uint32_t block_words = std::min(kBlockWords, words - base);
    const auto block_cells = static_cast<std::int32_t>(block_words * memory::kWordBits);
    if (reach.first == 0 && reach.whole) {  // p = 1
      set.insert_all(block_words);
    } else {
      for (int octave = reach.first; octave <= memory::kLastOctave; ++octave)
        drawer.insert(block, octave, reach, block_cells, set);
    }
    set.drain(base, wrong, faults);
    if (words - base <= kBlockWords) return;
    base += kBlockWords;
  }
}

}  // namespace brownout::chips
