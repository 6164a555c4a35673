// SPDX-License-Identifier: Apache-2.0
// The values that the behavioural side expects are computed while the RTL runs, tile by tile.
#include "sim/cosim/checker.hpp"

#include <algorithm>

#include "sim/cosim/predict.hpp"

namespace brownout::cosim {

using mapping::ColumnTile;
using mapping::Strip;

namespace {

int lowest_bit(std::uint64_t word) {
  int bit = 0;
  while (bit < 64 && (word >> bit & 1) == 0) ++bit;
  return bit;
}

/// Wraps like the adders of the accumulators.
std::int32_t wrapping_sum(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

}  // namespace

const char* kind_name(Mismatch::Kind kind) {
  switch (kind) {
    case Mismatch::Kind::kAccumulator:
      return "accumulator";
    case Mismatch::Kind::kColumnSum:
      return "column_sum";
    case Mismatch::Kind::kDrainedRow:
      return "drained_row";
    case Mismatch::Kind::kWord:
      return "word";
    case Mismatch::Kind::kCheckedWord:
      return "checked_word";
    case Mismatch::Kind::kParameter:
      return "parameter";
    case Mismatch::Kind::kSurplus:
      return "surplus";
    case Mismatch::Kind::kCycle:
      return "cycle";
    case Mismatch::Kind::kCounter:
      return "counter";
    case Mismatch::Kind::kLayerCycles:
      return "layer_cycles";
  }
  return "";
}

Checker::Checker(const JobView& view, LayerCheck& check)
    : view_(view),
      cells_(view.stored, view.faults, view.job.mode.check),
      places_(view.job.commands.size()),
      check_(check) {
  const std::int16_t* vectors = view_.job.vectors.data();
  for (std::size_t s = 0; s < view_.job.strips.size(); ++s) {
    std::int64_t tile = 0, k = 0;
    for (std::size_t i = 0; i < view_.job.strips[s].command_count; ++i) {
      const std::size_t command = view_.job.strips[s].command_first + i;
      places_[command] = {s, tile, k, vectors};
      if (view_.job.commands[command].parameters) continue;
      vectors += std::ptrdiff_t{view_.job.commands[command].vectors} * view_.shape.rows;
      k += view_.job.commands[command].codes;
      ++tile;
    }
  }
  sums_.resize(view_.job.strips.size());
}

void Checker::word(std::int64_t cycle, std::size_t command, std::uint32_t address,
                   const RawWord& read) {
  for (; writes_ < view_.job.writes.size() && view_.job.writes[writes_].cycle <= cycle; ++writes_) {
    const WriteJob& write = view_.job.writes[writes_];
    for (std::size_t i = 0; i < write.data.size(); ++i) cells_.write(write, i);
  }
  if (command != reading_) {
    reading_ = command;
    run_ = 0;
    word_of_run_ = 0;
  }
  const Command& c = view_.job.commands[command];
  const std::uint32_t cell = c.cell + run_ * c.stride;
  const std::uint32_t expected_address = cell / 64 + word_of_run_;
  const std::uint32_t words = (cell % 64 + c.codes * c.bits + 63) / 64;
  // The core reads more words than its commands ask for.
  const bool beyond = run_ >= c.columns || expected_address >= cells_.words();
  ExpectedWord behind;
  behind.run_last = static_cast<std::uint32_t>(++word_of_run_) == words;
  if (behind.run_last) {
    word_of_run_ = 0;
    ++run_;
  }
  RawWord expected;
  if (!beyond) {
    expected = cells_.raw(expected_address);
    behind.read = cells_.read(expected_address);
  }
  corrected_ += behind.read.corrected ? 1 : 0;
  detected_ += behind.read.suspect != 0 ? 1 : 0;
  behind.right = !beyond && address == expected_address && read == expected;
  words_.push_back(behind);
  ++check_.words_compared;
  if (behind.right) return;
  ++check_.mismatches;
  if (word_) return;
  int bit = -1;
  if (read.data != expected.data) {
    bit = lowest_bit(expected.data ^ read.data);
  } else if (read.check != expected.check) {
    bit = 64 + lowest_bit(std::uint64_t{expected.check} ^ read.check);
  }
  word_ = WordMismatch{expected_address, address, expected.data, read.data, bit};
  word_command_ = command;
  word_cycle_ = cycle;
}

void Checker::checked(std::int64_t cycle, std::size_t command, std::uint64_t data,
                      std::uint64_t suspect) {
  if (words_.empty()) return;  // the driver has reported it
  checked_ = words_.front();
  words_.pop_front();
  // If the cells gave another word, what follows from it is no fault of the check.
  if (!checked_.right || (data == checked_.read.data && suspect == checked_.read.suspect)) return;
  const bool word = data != checked_.read.data;
  differ(Mismatch::Kind::kCheckedWord, command, -1, -1,
         word ? checked_.read.data : checked_.read.suspect, word ? data : suspect, cycle,
         word ? "word" : "suspect bits");
}

void Checker::parameter(std::int64_t cycle, std::size_t command, std::uint64_t data,
                        std::uint64_t suspect, bool last) {
  const memory::ReadWord& read = checked_.read;
  if (data != read.data) {
    differ(Mismatch::Kind::kParameter, command, -1, -1, read.data, data, cycle, "word");
  } else if (suspect != read.suspect) {
    differ(Mismatch::Kind::kParameter, command, -1, -1, read.suspect, suspect, cycle,
           "suspect bits");
  } else if (last != checked_.run_last) {
    differ(Mismatch::Kind::kParameter, command, -1, -1, checked_.run_last, last, cycle,
           "end of its run");
  }
}

void Checker::surplus(std::int64_t cycle, const char* what) {
  differ(Mismatch::Kind::kSurplus, std::min(reading_, view_.job.commands.size() - 1), -1, -1, 0, 1,
         cycle, what);
}

void Checker::row(std::int64_t cycle, std::size_t command, int row, const std::int32_t* lanes) {
  const Place& place = places_[command];
  const Command& c = view_.job.commands[command];
  std::vector<std::int32_t>& sums = sums_[place.strip];
  const int lanes_in_use = c.columns + 1;
  if (sums.empty()) sums.assign(std::int64_t{c.vectors} * lanes_in_use, 0);
  if (command != weights_of_) take_weights(command);
  std::int32_t* const expected = sums.data() + row * lanes_in_use;
  if (!c.first && !view_.accumulators.none()) {
    const int half = place.strip % 2;
    for (int i = 0; i < c.columns; ++i) {
      expected[i] = view_.accumulators.read(half, row, i, expected[i]);
    }
    expected[c.columns] =
        view_.accumulators.read(half, row, view_.shape.columns, expected[c.columns]);
  }
  const std::int16_t* const vector = place.vectors + std::ptrdiff_t{row} * view_.shape.rows;
  const std::int16_t* w = weights_.data();
  for (int r = 0; r < c.codes; ++r, w += c.columns) {
    const std::int32_t a = vector[r];
    if (a == 0) continue;
    for (int i = 0; i < c.columns; ++i) expected[i] = wrapping_sum(expected[i], a * w[i]);
    expected[c.columns] = wrapping_sum(expected[c.columns], a);
  }
  check_.outputs_compared += lanes_in_use;
  if (std::equal(expected, expected + c.columns, lanes) &&
      expected[c.columns] == lanes[view_.shape.columns]) {
    return;
  }
  for (int i = 0; i < c.columns; ++i) {
    if (expected[i] == lanes[i]) continue;
    differ(Mismatch::Kind::kAccumulator, command, row, i, expected[i], lanes[i], cycle);
  }
  if (expected[c.columns] != lanes[view_.shape.columns]) {
    differ(Mismatch::Kind::kColumnSum, command, row, -1, expected[c.columns],
           lanes[view_.shape.columns], cycle);
  }
}

void Checker::drained(std::int64_t cycle, std::size_t number, int, int row,
                      const std::int32_t* lanes) {
  const StripJob& job = view_.job.strips[number];
  const Strip& strip = view_.layer.strips[number];
  const ColumnTile& tile = view_.layer.column_tiles[strip.column_tile];
  const std::size_t command = job.command_first + job.command_count - 1;
  const std::int32_t* const acc =
      view_.acc + (strip.pixel_first + row) * view_.stride + tile.n_first;
  const std::int32_t sum = view_.accumulators.read(
      number % 2, row, view_.shape.columns,
      sums_[number][static_cast<std::size_t>(row * (tile.n_count + 1) + tile.n_count)]);
  check_.outputs_compared += tile.n_count + 1;
  for (int i = 0; i < tile.n_count; ++i) {
    if (acc[i] == lanes[i]) continue;
    differ(Mismatch::Kind::kDrainedRow, command, row, i, acc[i], lanes[i], cycle);
  }
  if (sum != lanes[view_.shape.columns]) {
    differ(Mismatch::Kind::kColumnSum, command, row, -1, sum, lanes[view_.shape.columns], cycle);
  }
}

void Checker::finish(const JobTimes& times, JobTimes expected) {
  expected.counters.words_corrected = corrected_;
  expected.counters.words_detected = detected_;
  std::size_t tile = 0;
  for (std::size_t command = 0; command < view_.job.commands.size(); ++command) {
    if (view_.job.commands[command].parameters) continue;
    const TileTimes& found = times.tiles[tile];
    const TileTimes& wanted = expected.tiles[tile];
    ++tile;
    if (found == wanted) continue;
    const auto time = [&](const char* what, std::int64_t e, std::int64_t f) {
      if (e != f) differ(Mismatch::Kind::kCycle, command, -1, -1, e, f, f, what);
    };
    time("first read", wanted.load, found.load);
    time("first vector", wanted.swap, found.swap);
    time("last vector", wanted.last_vector, found.last_vector);
  }
  for (std::size_t s = 0; s < view_.job.strips.size(); ++s) {
    if (times.drained[s] == expected.drained[s]) continue;
    const StripJob& job = view_.job.strips[s];
    differ(Mismatch::Kind::kCycle, job.command_first + job.command_count - 1, -1, -1,
           expected.drained[s], times.drained[s], times.drained[s], "end of drain");
  }
  const Counters& f = times.counters;
  const Counters& e = expected.counters;
  const auto counter = [&](const char* what, std::int64_t wanted, std::int64_t found) {
    if (wanted == found) return;
    differ(Mismatch::Kind::kCounter, view_.job.commands.size() - 1, -1, -1, wanted, found,
           times.cycles(), what);
  };
  counter("busy_cycles", e.busy, f.busy);
  counter("stalled_weights_cycles", e.stalled_weights, f.stalled_weights);
  counter("stalled_accumulators_cycles", e.stalled_accumulators, f.stalled_accumulators);
  counter("stalled_activations_cycles", e.stalled_activations, f.stalled_activations);
  counter("weight_reads", e.weight_reads, f.weight_reads);
  counter("weight_writes", e.weight_writes, f.weight_writes);
  counter("accumulator_reads", e.accumulator_reads, f.accumulator_reads);
  counter("accumulator_writes", e.accumulator_writes, f.accumulator_writes);
  counter("words_corrected", e.words_corrected, f.words_corrected);
  counter("words_detected", e.words_detected, f.words_detected);
  // A wrong word that has not changed any sum.
  if (word_ && !first_) {
    first_ = locate(Mismatch::Kind::kWord, word_command_, -1, -1, word_cycle_);
    first_->word = word_;
  }
}

void Checker::layer_cycles_differ(std::int64_t expected, std::int64_t found) {
  differ(Mismatch::Kind::kLayerCycles, view_.job.commands.size() - 1, -1, -1, expected, found,
         found);
}

ExpectedJob expected_job(const JobView& view) {
  ExpectedJob expected;
  expected.stored = view.stored;
  expected.faults = view.faults;
  expected.accumulators = view.accumulators;
  expected.cycles = predict(view.shape, view.job).cycles();
  const auto sums = activation_sums(view.shape, view.job, view.accumulators);
  for (std::size_t s = 0; s < view.job.strips.size(); ++s) {
    const Strip& strip = view.layer.strips[s];
    const ColumnTile& tile = view.layer.column_tiles[strip.column_tile];
    const std::int32_t* const acc = view.acc + strip.pixel_first * view.stride + tile.n_first;
    for (int i = 0; i < view.job.strips[s].walks * view.job.strips[s].rows; ++i) {
      const int row = i % view.job.strips[s].rows;
      std::vector<std::int32_t> lanes(view.shape.columns + 1, 0);
      std::copy_n(acc + row * view.stride, tile.n_count, lanes.begin());
      lanes.back() = sums[s][row];
      expected.rows.push_back(std::move(lanes));
    }
  }
  return expected;
}

void Checker::take_weights(std::size_t command) {
  weights_of_ = command;
  const Place& place = places_[command];
  const Command& c = view_.job.commands[command];
  const std::size_t tile = view_.layer.strips[place.strip].column_tile;
  const std::vector<std::int8_t>& n = view_.weights[tile];
  weights_.clear();
  for (int r = 0; r < c.codes; ++r) {
    for (int i = 0; i < c.columns; ++i) weights_.push_back(n[i * view_.layer.k + place.k + r]);
  }
}

Mismatch Checker::locate(Mismatch::Kind kind, std::size_t command, std::int64_t row,
                         std::int64_t column, std::int64_t cycle) const {
  const Place& place = places_[command];
  const Strip& strip = view_.layer.strips[place.strip];
  Mismatch found;
  found.kind = kind;
  found.layer = view_.layer.name;
  found.strip = place.strip;
  found.tile = place.tile;
  if (row >= 0) {
    const arithmetic::Window& window = view_.layer.node.matrix.window;
    found.row = strip.pixel_first + row;
    found.image = view_.first_image + found.row / window.out_pixels();
    found.y = found.row % window.out_pixels() / window.out_width;
    found.x = found.row % window.out_width;
  }
  if (column >= 0) {
    found.column = view_.layer.column_tiles[strip.column_tile].n_first + column;
  }
  found.cycle = view_.begin + cycle;
  return found;
}

void Checker::differ(Mismatch::Kind kind, std::size_t command, std::int64_t row,
                     std::int64_t column, std::int64_t expected, std::int64_t found,
                     std::int64_t cycle, const char* what) {
  ++check_.mismatches;
  if (first_) return;
  first_ = locate(kind, command, row, column, cycle);
  first_->what = what;
  first_->expected = expected;
  first_->found = found;
  first_->word = word_;
}

}  // namespace brownout::cosim
