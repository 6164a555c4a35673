// SPDX-License-Identifier: Apache-2.0
// Draws physical chips array by array: candidates of the octaves that a column's threshold reaches,
// each with the error probability that its own critical voltage gives.
#include "sim/memory/physical_chip.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/memory/geometric.hpp"
#include "sim/memory/normal.hpp"

namespace brownout::memory {
namespace {

// Third counter: octaves hold positions; the rest is behind them.
constexpr std::uint64_t kValueCounter = 32;
constexpr std::uint64_t kArrayCounter = 64, kColumnCounter = 65, kRowCounter = 66, kBadCounter = 67;

constexpr double kLowestZ = -3.0973;  // Φ⁻¹(kLeastProbability) = -3.09727, a little below
constexpr double kHighestZ = 6.0;     // Φ is 1 as a float

/// Φ in [kLowestZ, kHighestZ], to 1e-8.
const CubicTable<320>& cdf_table() {
  static const CubicTable<320> table(kLowestZ, kHighestZ, normal_cdf, normal_density);
  return table;
}

/// Φ⁻¹(1 - u) in octaves 1 to 15 by u's place in the octave, to 1e-8.
const CubicTable<64>& upper_table(int octave) {
  static const std::vector<CubicTable<64>> tables = [] {
    std::vector<CubicTable<64>> result;
    for (int j = 1; j < kLastOctave; ++j) {
      const double low = std::ldexp(1.0, -(j + 1));
      const auto value = [low](double f) { return normal_upper(low * (1.0 + f)); };
      result.emplace_back(0.0, 1.0, value,
                          [&](double f) { return -low / normal_density(value(f)); });
    }
    return result;
  }();
  return tables[static_cast<std::size_t>(octave - 1)];
}

constexpr int kBatch = 256;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
void fill_gaps(const std::uint64_t* numbers, int count, double scale, std::int32_t* gaps) {
  for (int i = 0; i < count; ++i) gaps[i] = gap(numbers[i], scale);
}

/// Draws the arrays of one memory of one die at one voltage.
class ArrayDrawer {
 public:
  ArrayDrawer(const PhysicalModel& model, const Philox& philox, std::uint64_t memory,
              double voltage)
      : model_(model), philox_(philox), memory_(memory), voltage_(voltage) {
    const auto columns = static_cast<std::size_t>(model.columns);
    order_.resize(columns);
    std::iota(order_.begin(), order_.end(), 0);
    column_shift_.assign(columns, 0.0);
    row_shift_.assign(static_cast<std::size_t>(model.rows), 0.0);
    probability_.assign(static_cast<std::size_t>(model.rows) * columns, 0.0f);
    listed_.assign(probability_.size() / kWordBits, 0);
    direction_limit_ = static_cast<std::uint64_t>(std::llround(model.zero_to_one_share * 0x1p16));
    has_shifts_ = model.array_deviation > 0.0 || model.row_deviation > 0.0 || has_columns();
    first_.assign(columns, first_octave(0.0));
  }

  /// Appends the faulty cells among the first `words` words of an array that begins at word `base`.
  void draw(std::uint64_t array, std::uint32_t base, std::uint32_t words, FaultList& faults) {
    if (has_shifts_) draw_shifts(array);
    const int octave = *std::min_element(first_.begin(), first_.end());
    touched_ = false;
    for (int j = octave; j <= kLastOctave; ++j) {
      // Columns are in the order of their octaves.
      const auto reached = std::upper_bound(first_.begin(), first_.end(), j) - first_.begin();
      if (reached > 0) draw_octave(array, j, static_cast<std::int32_t>(reached) * model_.rows);
    }
    if (touched_) drain(base, words, faults);
  }

 private:
  bool has_columns() const {
    return model_.column_deviation > 0.0 ||
           (model_.bad_column_share > 0.0 && model_.bad_column_shift != 0.0);
  }
  double gaussian(std::uint64_t array, std::uint64_t counter, std::uint64_t index) const {
    return normal_upper(unit_open(philox_(memory_, array, counter, index / 4)[index % 4]));
  }

  /// The first octave with u below the highest probability that a cell with this shift is listed.
  int first_octave(double shift) const {
    double highest = 0.0;
    const auto reach = [&](const PhysicalModel::Direction& d) {
      const double lowest_vc = voltage_ + kLowestZ * model_.read_noise - shift;
      highest = std::max(highest, normal_cdf((d.mean - lowest_vc) / d.deviation));
    };
    if (model_.zero_to_one_share > 0.0) reach(model_.zero_to_one);
    if (model_.zero_to_one_share < 1.0) reach(model_.one_to_zero);
    highest *= 1.0 + 1e-6;  // tables and rounding
    int octave = 0;
    while (octave < kLastOctave && std::ldexp(1.0, -(octave + 1)) >= highest) ++octave;
    return octave;
  }

  void draw_shifts(std::uint64_t array) {
    const double whole = model_.array_deviation > 0.0
                             ? model_.array_deviation * gaussian(array, kArrayCounter, 0)
                             : 0.0;
    double highest_row = 0.0;
    if (model_.row_deviation > 0.0) {
      for (std::size_t row = 0; row < row_shift_.size(); ++row)
        row_shift_[row] = model_.row_deviation * gaussian(array, kRowCounter, row);
      highest_row = *std::max_element(row_shift_.begin(), row_shift_.end());
    }
    if (!has_columns()) {
      std::fill(column_shift_.begin(), column_shift_.end(), whole);
      std::fill(first_.begin(), first_.end(), first_octave(whole + highest_row));
      return;
    }
    for (std::size_t column = 0; column < column_shift_.size(); ++column) {
      double shift = whole;
      if (model_.column_deviation > 0.0)
        shift += model_.column_deviation * gaussian(array, kColumnCounter, column);
      if (unit_open(philox_(memory_, array, kBadCounter, column / 4)[column % 4]) <
          model_.bad_column_share)
        shift += model_.bad_column_shift;
      column_shift_[column] = shift;
    }
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return column_shift_[a] != column_shift_[b] ? column_shift_[a] > column_shift_[b] : a < b;
    });
    for (std::size_t rank = 0; rank < order_.size(); ++rank)
      first_[rank] = first_octave(column_shift_[order_[rank]] + highest_row);
  }

  void draw_octave(std::uint64_t array, int octave, std::int32_t cells) {
    const auto counter = static_cast<std::uint64_t>(octave);
    std::int32_t cell = -1;
    std::size_t rank = 0;           // of the column of the latest candidate
    std::int32_t column_start = 0;  // its first cell
    for (std::uint64_t draw = 0;;) {
      // How many are drawn at once does not change them: about as many as the rest will take.
      const double expected = static_cast<double>(cells - cell) / (kGapScale[octave] + 0.5);
      const int draws = std::min(static_cast<int>(expected) / 4 + 1, kBatch / 4);
      fill(numbers_, array, counter, draw, draws);
      fill_gaps(numbers_.data(), draws * 4, kGapScale[octave], gaps_.data());
      int count = 0;
      bool ended = false;
      for (; count < draws * 4; ++count) {
        cell += gaps_[static_cast<std::size_t>(count)] + 1;
        if (cell >= cells) {
          ended = true;
          break;
        }
        cells_[static_cast<std::size_t>(count)] = cell;
      }
      if (count > 0) {
        fill(numbers_, array, kValueCounter + counter, draw, (count + 3) / 4);
        for (int i = 0; i < count; ++i) {
          const auto k = static_cast<std::size_t>(i);
          while (cells_[k] >= column_start + model_.rows) {
            column_start += model_.rows;
            ++rank;
          }
          place(octave, order_[rank], static_cast<std::uint32_t>(cells_[k] - column_start),
                numbers_[k]);
        }
      }
      if (ended) return;
      draw += static_cast<std::uint64_t>(draws);
    }
  }

  /// Number y of a candidate: direction from its low 16 bits, u's place in the octave from the
  /// others. A lower octave comes later and replaces what a higher one said of the cell.
  void place(int octave, std::uint32_t column, std::uint32_t row, std::uint64_t y) {
    const double fraction = (static_cast<double>(y >> 16) + 0.5) * 0x1p-48;
    // Which direction, and whether there is an error at all, cannot be predicted: no branches.
    const std::size_t direction = (y & 0xffff) < direction_limit_ ? 0 : 1;
    const double g = octave == kLastOctave ? normal_upper(0x1p-16 * fraction)
                     : octave == 0         ? normal_upper(0.5 + 0.5 * fraction)
                                           : upper_table(octave)(fraction);
    const PhysicalModel::Direction& d = directions_[direction];
    const float p =
        probability(d.mean + d.deviation * g + column_shift_[column] + row_shift_[row] - voltage_);
    const std::uint32_t local = row * static_cast<std::uint32_t>(model_.columns) + column;
    constexpr float kSign[2] = {1.0f, -1.0f};
    probability_[local] = p * kSign[direction];
    const std::uint64_t present = p > 0.0f ? 1 : 0;
    std::uint64_t& word = listed_[local / kWordBits];
    const std::uint32_t shift = local % kWordBits;
    word = (word & ~(std::uint64_t{1} << shift)) | present << shift;
    touched_ = touched_ || present != 0;
  }

  /// Of an error, by how far the critical voltage lies above the supply.
  float probability(double margin) const {
    if (model_.read_noise == 0.0) return margin > 0.0 ? 1.0f : 0.0f;
    const double z = std::min(std::max(margin / model_.read_noise, kLowestZ), kHighestZ);
    const auto p = static_cast<float>(cdf_(z));
    return p < static_cast<float>(PhysicalChip::kLeastProbability) ? 0.0f : std::min(p, 1.0f);
  }

  void drain(std::uint32_t base, std::uint32_t words, FaultList& faults) {
    for (std::uint32_t word = 0; word < listed_.size(); ++word) {
      if (word < words) {
        for (std::uint64_t bits = listed_[word]; bits != 0; bits &= bits - 1) {
          const auto bit = static_cast<std::uint32_t>(__builtin_ctzll(bits));
          const float p = probability_[std::size_t{word} * kWordBits + bit];
          faults.push_back({base + word, bit, std::max(p, 0.0f), std::max(-p, 0.0f)});
        }
      }
      listed_[word] = 0;
    }
  }

  using Numbers = std::array<std::uint64_t, kBatch>;
  void fill(Numbers& numbers, std::uint64_t array, std::uint64_t counter, std::uint64_t draw,
            int draws) const {
    for (int i = 0; i < draws; ++i) {
      const Philox::Block four =
          philox_(memory_, array, counter, draw + static_cast<std::uint64_t>(i));
      for (std::size_t k = 0; k < 4; ++k) numbers[static_cast<std::size_t>(i) * 4 + k] = four[k];
    }
  }

  const PhysicalModel& model_;
  const CubicTable<320>& cdf_ = cdf_table();
  const std::array<PhysicalModel::Direction, 2> directions_{model_.zero_to_one, model_.one_to_zero};
  Philox philox_;
  std::uint64_t memory_;
  double voltage_;
  bool has_shifts_ = false;
  bool touched_ = false;
  std::uint64_t direction_limit_ = 0;
  std::vector<std::uint32_t> order_;  // columns, worst first
  std::vector<int> first_;            // octave that the column of a rank needs first
  std::vector<double> column_shift_, row_shift_;
  std::vector<float> probability_;  // of the cells of an array; negative: 1→0
  std::vector<std::uint64_t> listed_;
  Numbers numbers_{};
  std::array<std::int32_t, kBatch> gaps_{};
  std::array<std::int32_t, kBatch> cells_{};
};

}  // namespace

PhysicalChip::PhysicalChip(std::uint64_t seed, const PhysicalModel& model)
    : seed_(seed), model_(model) {
  const std::int64_t cells = std::int64_t{model.rows} * model.columns;
  BROWNOUT_CHECK(cells > 0 && cells % kWordBits == 0 && cells <= 1 << 22, "{} x {}", model.rows,
                 model.columns);
}

PhysicalChip::PhysicalChip(std::uint64_t seed, const std::filesystem::path& file)
    : PhysicalChip(seed, PhysicalModel::load(file)) {
  file_ = file;
}

std::string PhysicalChip::name() const {
  return file_ ? fmt::format("physical:{},{}", seed_, file_->string())
               : fmt::format("physical:{}", seed_);
}

std::string PhysicalChip::identity() const {
  const PhysicalModel& m = model_;
  return fmt::format(
      "physical v{} seed {} 01 {} {} 10 {} {} share {} noise {} array {} x {} effects {} {} {} bad "
      "{} {}",
      kPhysicalChipVersion, seed_, m.zero_to_one.mean, m.zero_to_one.deviation, m.one_to_zero.mean,
      m.one_to_zero.deviation, m.zero_to_one_share, m.read_noise, m.rows, m.columns,
      m.array_deviation, m.row_deviation, m.column_deviation, m.bad_column_share,
      m.bad_column_shift);
}

FaultList PhysicalChip::faults(MemoryId memory, std::uint32_t words,
                               const OperatingPoint& at) const {
  FaultList list;
  draw(memory, words, at.voltage, list);
  return list;
}

FaultList PhysicalChip::check_faults(MemoryId memory, std::uint32_t words,
                                     const OperatingPoint& at) const {
  FaultList packed, list;
  draw(Purpose::kPhysicalChipCheck, memory, words / 8 + (words % 8 != 0 ? 1 : 0), at.voltage,
       packed);
  for (CellFault fault : packed) {
    fault.word = fault.word * 8 + fault.bit / 8;
    fault.bit = kWordBits + fault.bit % 8;
    if (fault.word < words) list.push_back(fault);
  }
  return list;
}

void PhysicalChip::draw(MemoryId memory, std::uint32_t words, double voltage,
                        FaultList& faults) const {
  draw(Purpose::kPhysicalChip, memory, words, voltage, faults);
}

void PhysicalChip::draw(Purpose purpose, MemoryId memory, std::uint32_t words, double voltage,
                        FaultList& faults) const {
  if (!(voltage > 0.0 && voltage <= 10.0))  // negated, so that NaN fails too
    throw InputError("chip {}: expected a voltage in (0, 10] Vmin, got {}", name(), voltage);
  faults.clear();
  if (voltage >= 1.0) return;  // at Vmin no cell fails: its definition
  ArrayDrawer drawer(model_, Philox(seed_, purpose), static_cast<std::uint64_t>(memory), voltage);
  const auto array_words =
      static_cast<std::uint32_t>(std::int64_t{model_.rows} * model_.columns / kWordBits);
  for (std::uint64_t base = 0, array = 0; base < words; base += array_words, ++array)
    drawer.draw(array, static_cast<std::uint32_t>(base),
                std::min(array_words, words - static_cast<std::uint32_t>(base)), faults);
}

}  // namespace brownout::memory
