// SPDX-License-Identifier: Apache-2.0
// Draws physical chips array by array: the candidates of the octaves that a column's threshold
// reaches, each with the error probability that follows from its own critical voltage.
#include "sim/chips/physical_chip.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/chips/physical_kernels.hpp"
#include "sim/memory/geometric.hpp"
#include "sim/memory/normal.hpp"

namespace brownout::chips {
namespace {

// Third counter: octaves are for the candidates; other purposes come after them.
constexpr std::uint64_t kArrayCounter = 64, kColumnCounter = 65, kRowCounter = 66, kBadCounter = 67;

/// Draws the arrays of one memory of one die at one voltage.
class ArrayDrawer {
 public:
  ArrayDrawer(const PhysicalModel& model, const Philox& philox, std::uint64_t memory,
              double voltage)
      : model_(model),
        philox_(philox),
        memory_(memory),
        voltage_(voltage),
        by_columns_(model.column_deviation > 0.0 ||
                    (model.bad_column_share > 0.0 && model.bad_column_shift != 0.0)),
        has_shifts_(by_columns_ || model.array_deviation > 0.0 || model.row_deviation > 0.0),
        probabilities_(model.read_noise) {
    const std::size_t columns = model.columns;
    const std::size_t rows = model.rows;
    order_.resize(columns);
    std::iota(order_.begin(), order_.end(), 0);
    column_shift_.assign(columns, 0.0f);
    row_shift_.assign(rows, 0.0f);
    probability_.assign(rows * columns, 0);
    listed_.assign(probability_.size() / memory::kWordBits, 0);
    places_.resize(probability_.size() + physical::kListedAtOnce);
    margins_.above[0] = static_cast<float>(model.zero_to_one.mean - voltage);
    margins_.above[1] = static_cast<float>(model.one_to_zero.mean - voltage);
    margins_.deviation[0] = static_cast<float>(model.zero_to_one.deviation);
    margins_.deviation[1] = static_cast<float>(model.one_to_zero.deviation);
    margins_.limit =
        static_cast<std::uint32_t>(std::llround(model.zero_to_one_share * physical::kDirections));
    first_.assign(columns, first_octave(0.0));
  }

  /// Appends the faulty cells among the first `words` words of an array that begins at word `base`.
  void draw(std::uint64_t array, std::uint32_t base, std::uint32_t words,
            memory::FaultList& faults) {
    if (has_shifts_) draw_shifts(array);
    touched_ = false;
    for (int j = first_.front(); j <= memory::kLastOctave; ++j) {
      // Columns are sorted by their first octave.
      const auto reached = first_.back() <= j
                               ? static_cast<std::ptrdiff_t>(first_.size())
                               : std::upper_bound(first_.begin(), first_.end(), j) - first_.begin();
      draw_octave(array, j, static_cast<std::int32_t>(reached) * model_.rows);
    }
    if (touched_) drain(base, words, faults);
  }

 private:
  double gaussian(std::uint64_t array, std::uint64_t counter, std::uint64_t index) const {
    return memory::normal_upper(unit_open(philox_(memory_, array, counter, index / 4)[index % 4]));
  }

  /// The first octave that has u below the highest probability with which a cell with this shift is
  /// listed.
  int first_octave(double shift) const {
    double highest = 0.0;
    const auto reach = [&](const PhysicalModel::Direction& d) {
      const double lowest_vc =
          voltage_ + physical::Probabilities::kLowest * model_.read_noise - shift;
      highest = std::max(highest, memory::normal_cdf((d.mean - lowest_vc) / d.deviation));
    };
    if (model_.zero_to_one_share > 0.0) reach(model_.zero_to_one);
    if (model_.zero_to_one_share < 1.0) reach(model_.one_to_zero);
    highest *= 1.0 + 1e-4;  // single precision
    int octave = 0;
    while (octave < memory::kLastOctave && std::ldexp(1.0, -(octave + 1)) >= highest) ++octave;
    return octave;
  }

  void draw_shifts(std::uint64_t array) {
    const double whole = model_.array_deviation > 0.0
                             ? model_.array_deviation * gaussian(array, kArrayCounter, 0)
                             : 0.0;
    double highest_row = 0.0;
    if (model_.row_deviation > 0.0) {
      for (std::size_t row = 0; row < row_shift_.size(); ++row)
        row_shift_[row] =
            static_cast<float>(model_.row_deviation * gaussian(array, kRowCounter, row));
      highest_row = static_cast<double>(*std::max_element(row_shift_.begin(), row_shift_.end()));
    }
    if (!by_columns_) {
      std::fill(column_shift_.begin(), column_shift_.end(), static_cast<float>(whole));
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
      column_shift_[column] = static_cast<float>(shift);
    }
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return column_shift_[a] != column_shift_[b] ? column_shift_[a] > column_shift_[b] : a < b;
    });
    for (std::size_t rank = 0; rank < order_.size(); ++rank)
      first_[rank] = first_octave(static_cast<double>(column_shift_[order_[rank]]) + highest_row);
  }

  void draw_octave(std::uint64_t array, int octave, std::int32_t cells) {
    const std::uint64_t counter = octave;
    const auto scale = static_cast<float>(memory::kGapScale[octave]);
    const physical::Quantiles& quantiles = physical::Quantiles::of(octave);
    std::int32_t cell = -1;
    line_ = line_start_ = 0;
    for (std::uint64_t draw = 0;;) {
      // The batch size does not change the candidates. It is about the number that the rest needs,
      // as a multiple of what fits into a vector.
      const double expected = static_cast<double>(cells - cell) / (memory::kGapScale[octave] + 0.5);
      const int draws = std::min(static_cast<int>(expected) / 8 * 2 + 2, physical::kBatch / 4);
      for (int i = 0; i < draws; ++i) {
        const Philox::Block four =
            philox_(memory_, array, counter, draw + static_cast<std::uint64_t>(i));
        std::copy(four.begin(), four.end(), numbers_.begin() + 4 * i);
      }
      physical::fill_gaps(numbers_.data(), draws * 4, scale, gaps_.data());
      int count = 0;
      for (; count < draws * 4; ++count) {
        cell += gaps_[count] + 1;
        if (cell >= cells) break;
        cells_[count] = cell;
      }
      if (count > 0) evaluate(quantiles, count);
      if (count < draws * 4) return;
      draw += static_cast<std::uint64_t>(draws);
    }
  }

  /// Computes critical voltage and probability of the candidates of the batch.
  void evaluate(const physical::Quantiles& quantiles, int count) {
    const int whole = (count + 7) / 8 * 8;  // vectors; the numbers after `count` do no harm
    quantiles.fill(numbers_.data(), count, g_.data());
    margins_.fill(numbers_.data(), g_.data(), whole, batch_margins_.data());
    if (has_shifts_) apply_shifts(count);
    probabilities_.locate(batch_margins_.data(), numbers_.data(), margins_.limit, whole,
                          knots_.data(), rests_.data());
    place(count);
  }

  /// Adds the shifts of each candidate's array, column and row, and turns its number in the order
  /// of candidates into the number of its cell.
  void apply_shifts(int count) {
    const std::int32_t length = by_columns_ ? model_.rows : model_.columns;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      while (cells_[i] >= line_start_ + length) {
        line_start_ += length;
        ++line_;
      }
      const std::size_t along = cells_[i] - line_start_;
      const std::size_t line = line_;
      const std::size_t column = by_columns_ ? order_[line] : along;
      const std::size_t row = by_columns_ ? along : line;
      batch_margins_[i] += column_shift_[column] + row_shift_[row];
      cells_[i] =
          static_cast<std::int32_t>(row) * model_.columns + static_cast<std::int32_t>(column);
    }
  }

  /// A lower octave comes later and replaces what a higher one said about the cell. Neither the
  /// direction nor whether there is an error at all can be predicted, so there are no branches.
  void place(int count) {
    std::uint32_t* const probability = probability_.data();
    std::uint64_t* const listed = listed_.data();
    std::uint32_t touched = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const auto cell = static_cast<std::uint32_t>(cells_[i]);
      const std::uint32_t p = physical::bits_of(probabilities_.at(knots_[i], rests_[i]));
      probability[cell] = p;
      const std::uint32_t present = p << 1 != 0 ? 1 : 0;
      std::uint64_t& word = listed[cell / memory::kWordBits];
      const std::uint32_t shift = cell % memory::kWordBits;
      word = (word & ~(std::uint64_t{1} << shift)) | std::uint64_t{present} << shift;
      touched |= present;
    }
    touched_ = touched_ || touched != 0;
  }

  void drain(std::uint32_t base, std::uint32_t words, memory::FaultList& faults) {
    const std::size_t count = physical::list_bits(
        listed_.data(), std::min(words, static_cast<std::uint32_t>(listed_.size())),
        places_.data());
    std::fill(listed_.begin(), listed_.end(), 0);
    drained_.resize(std::max(drained_.size(), count));
    memory::CellFault* const drained = drained_.data();
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t cell = places_[i];
      const std::uint32_t p = probability_[cell] & 0x7fffffff;
      const std::uint32_t one_to_zero = 0 - (probability_[cell] >> 31);  // all bits or none
      drained[i] = {base + cell / memory::kWordBits, cell % memory::kWordBits,
                    physical::float_of(p & ~one_to_zero), physical::float_of(p & one_to_zero)};
    }
    faults.insert(faults.end(), drained_.begin(),
                  drained_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  const PhysicalModel& model_;
  Philox philox_;
  std::uint64_t memory_;
  double voltage_;
  bool by_columns_;  // the order of candidates: column by column, the worst first; else as cells
  bool has_shifts_;
  bool touched_ = false;
  physical::Margins margins_{};
  physical::Probabilities probabilities_;
  std::vector<std::uint32_t> order_;  // columns, worst first
  std::vector<int> first_;            // octave that the column of a rank needs first
  std::vector<float> column_shift_, row_shift_;
  std::vector<std::uint32_t> probability_;  // of an array's cells, a float's bits; negative: 1→0
  std::vector<std::uint64_t> listed_;
  std::vector<std::uint32_t> places_;  // cells listed
  memory::FaultList drained_;
  std::int32_t line_ = 0, line_start_ = 0;  // of the latest candidate
  physical::Batch<std::uint64_t> numbers_{};
  physical::Batch<std::int32_t> gaps_{}, cells_{}, knots_{};
  physical::Batch<float> g_{}, batch_margins_{}, rests_{};
};

}  // namespace

PhysicalChip::PhysicalChip(std::uint64_t seed, const PhysicalModel& model)
    : seed_(seed), model_(model) {
  const std::int64_t cells = std::int64_t{model.rows} * model.columns;
  BROWNOUT_CHECK(cells > 0 && cells % memory::kWordBits == 0 && cells <= 1 << 22, "{} x {}",
                 model.rows, model.columns);
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

memory::FaultList PhysicalChip::faults(memory::MemoryId memory, std::uint32_t words,
                                       const OperatingPoint& at) const {
  memory::FaultList list;
  draw(memory, words, at.voltage, list);
  return list;
}

memory::FaultList PhysicalChip::check_faults(memory::MemoryId memory, std::uint32_t words,
                                             const OperatingPoint& at) const {
  memory::FaultList packed, list;
  draw(Purpose::kPhysicalChipCheck, memory, words / 8 + (words % 8 != 0 ? 1 : 0), at.voltage,
       packed);
  for (memory::CellFault fault : packed) {
    fault.word = fault.word * 8 + fault.bit / 8;
    fault.bit = memory::kWordBits + fault.bit % 8;
    if (fault.word < words) list.push_back(fault);
  }
  return list;
}

void PhysicalChip::draw(memory::MemoryId memory, std::uint32_t words, double voltage,
                        memory::FaultList& faults) const {
  draw(Purpose::kPhysicalChip, memory, words, voltage, faults);
}

void PhysicalChip::draw(Purpose purpose, memory::MemoryId memory, std::uint32_t words,
                        double voltage, memory::FaultList& faults) const {
  if (!(voltage > 0.0 && voltage <= 10.0))  // negated, so that NaN fails too
    throw InputError("chip {}: expected a voltage in (0, 10] Vmin, got {}", name(), voltage);
  faults.clear();
  if (voltage >= 1.0) return;  // at Vmin no cell fails: its definition
  ArrayDrawer drawer(model_, Philox(seed_, purpose), static_cast<std::uint64_t>(memory), voltage);
  const auto array_words =
      static_cast<std::uint32_t>(std::int64_t{model_.rows} * model_.columns / memory::kWordBits);
  for (std::uint64_t base = 0, array = 0; base < words; base += array_words, ++array)
    drawer.draw(array, static_cast<std::uint32_t>(base),
                std::min(array_words, words - static_cast<std::uint32_t>(base)), faults);
}

}  // namespace brownout::chips
