// SPDX-License-Identifier: Apache-2.0
// What the behavioural side expects is worked out as the RTL goes, tile by tile.
#include "sim/cosim/checked_array.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/cosim/export.hpp"
#include "sim/cosim/predict.hpp"

namespace brownout::cosim {

namespace {

using mapping::ColumnTile;
using mapping::LayerProgram;
using mapping::Strip;

// Cycles of waves before and behind a mismatch.
constexpr std::int64_t kWavesBefore = 128, kWavesBehind = 32;

int lowest_bit(std::uint64_t word) {
  int bit = 0;
  while (bit < 64 && (word >> bit & 1) == 0) ++bit;
  return bit;
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
    case Mismatch::Kind::kCycle:
      return "cycle";
    case Mismatch::Kind::kCounter:
      return "counter";
    case Mismatch::Kind::kLayerCycles:
      return "layer_cycles";
  }
  return "";
}

/// Expects of one job what the model has read, added up and written.
class CheckedArray::Checker final : public Observer {
 public:
  Checker(CheckedArray& array, int layer, const std::int32_t* acc, std::int64_t stride)
      : array_(array),
        number_(layer),
        layer_(array.program_->layers[static_cast<std::size_t>(layer)]),
        job_(array.job_),
        shape_(array.core_->shape()),
        acc_(acc),
        stride_(stride),
        stored_(array.stored_),
        places_(job_.commands.size()),
        check_(array.checks_[static_cast<std::size_t>(layer)]) {
    const std::int16_t* vectors = job_.vectors.data();
    for (std::size_t s = 0; s < job_.strips.size(); ++s) {
      std::int64_t tile = 0, k = 0;
      for (std::size_t i = 0; i < job_.strips[s].command_count; ++i) {
        const std::size_t command = job_.strips[s].command_first + i;
        places_[command] = {s, tile, k, vectors};
        if (job_.commands[command].parameters) continue;
        vectors += std::ptrdiff_t{job_.commands[command].vectors} * shape_.rows;
        k += job_.commands[command].codes;
        ++tile;
      }
    }
    sums_.resize(job_.strips.size());
    faults_ = array.faults_;
  }

  void word(std::int64_t cycle, std::size_t command, std::uint32_t address,
            std::uint64_t data) override {
    for (; writes_ < job_.writes.size() && job_.writes[writes_].cycle <= cycle; ++writes_) {
      const WriteJob& write = job_.writes[writes_];
      std::copy(write.data.begin(), write.data.end(), stored_.begin() + write.word);
    }
    if (command != reading_) {
      reading_ = command;
      run_ = 0;
      word_of_run_ = 0;
    }
    const Command& c = job_.commands[command];
    const std::uint32_t cell = c.cell + static_cast<std::uint32_t>(run_) * c.stride;
    const std::uint32_t expected_address = cell / 64 + static_cast<std::uint32_t>(word_of_run_);
    const std::uint32_t words =
        (cell % 64 + static_cast<std::uint32_t>(c.codes * c.bits) + 63) / 64;
    if (++word_of_run_ == static_cast<int>(words)) {
      word_of_run_ = 0;
      ++run_;
    }
    // A core that reads more words than its commands ask for.
    const bool beyond = run_ > c.columns || expected_address >= stored_.size();
    std::uint64_t expected = beyond ? 0 : stored_[expected_address];
    const auto fault =
        std::lower_bound(faults_.begin(), faults_.end(), expected_address,
                         [](const WordFaults& f, std::uint32_t word) { return f.word < word; });
    if (fault != faults_.end() && fault->word == expected_address) expected = fault->read(expected);
    ++check_.words_compared;
    if (!beyond && address == expected_address && data == expected) return;
    ++check_.mismatches;
    if (word_) return;
    word_ = WordMismatch{expected_address, address, expected, data,
                         expected == data ? -1 : lowest_bit(expected ^ data)};
    word_command_ = command;
    word_cycle_ = cycle;
  }

  void row(std::int64_t cycle, std::size_t command, int row, const std::int32_t* lanes) override {
    const Place& place = places_[command];
    const Command& c = job_.commands[command];
    std::vector<std::int32_t>& sums = sums_[place.strip];
    const int lanes_in_use = c.columns + 1;
    if (sums.empty()) sums.assign(static_cast<std::size_t>(c.vectors * lanes_in_use), 0);
    if (command != weights_of_) take_weights(command);
    std::int32_t* const expected = sums.data() + row * lanes_in_use;
    const std::int16_t* const vector = place.vectors + std::ptrdiff_t{row} * shape_.rows;
    const std::int16_t* w = weights_.data();
    for (int r = 0; r < c.codes; ++r, w += c.columns) {
      const std::int32_t a = vector[r];
      if (a == 0) continue;
      for (int i = 0; i < c.columns; ++i) expected[i] += a * w[i];
      expected[c.columns] += a;
    }
    check_.outputs_compared += lanes_in_use;
    if (std::equal(expected, expected + c.columns, lanes) &&
        expected[c.columns] == lanes[shape_.columns]) {
      return;
    }
    for (int i = 0; i < c.columns; ++i) {
      if (expected[i] == lanes[i]) continue;
      differ(Mismatch::Kind::kAccumulator, command, row, i, expected[i], lanes[i], cycle);
    }
    if (expected[c.columns] != lanes[shape_.columns]) {
      differ(Mismatch::Kind::kColumnSum, command, row, -1, expected[c.columns],
             lanes[shape_.columns], cycle);
    }
  }

  void drained(std::int64_t cycle, std::size_t number, int, int row,
               const std::int32_t* lanes) override {
    const StripJob& job = job_.strips[number];
    const Strip& strip = layer_.strips[number];
    const ColumnTile& tile = layer_.column_tiles[static_cast<std::size_t>(strip.column_tile)];
    const std::size_t command = job.command_first + job.command_count - 1;
    const std::int32_t* const acc = acc_ + (strip.pixel_first + row) * stride_ + tile.n_first;
    const std::int32_t sum =
        sums_[number][static_cast<std::size_t>(row * (tile.n_count + 1) + tile.n_count)];
    check_.outputs_compared += tile.n_count + 1;
    for (int i = 0; i < tile.n_count; ++i) {
      if (acc[i] == lanes[i]) continue;
      differ(Mismatch::Kind::kDrainedRow, command, row, i, acc[i], lanes[i], cycle);
    }
    if (sum != lanes[shape_.columns]) {
      differ(Mismatch::Kind::kColumnSum, command, row, -1, sum, lanes[shape_.columns], cycle);
    }
  }

  /// Times and counters, once the job has ended.
  void finish(const JobTimes& times, const JobTimes& expected) {
    std::size_t tile = 0;
    for (std::size_t command = 0; command < job_.commands.size(); ++command) {
      if (job_.commands[command].parameters) continue;
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
    for (std::size_t s = 0; s < job_.strips.size(); ++s) {
      if (times.drained[s] == expected.drained[s]) continue;
      const StripJob& job = job_.strips[s];
      differ(Mismatch::Kind::kCycle, job.command_first + job.command_count - 1, -1, -1,
             expected.drained[s], times.drained[s], times.drained[s], "end of drain");
    }
    const Counters& f = times.counters;
    const Counters& e = expected.counters;
    const auto counter = [&](const char* what, std::int64_t wanted, std::int64_t found) {
      if (wanted == found) return;
      differ(Mismatch::Kind::kCounter, job_.commands.size() - 1, -1, -1, wanted, found,
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
    // A wrong word that no sum has felt.
    if (word_ && !first_) {
      first_ = locate(Mismatch::Kind::kWord, word_command_, -1, -1, word_cycle_);
      first_->word = word_;
    }
  }

  void layer_cycles_differ(std::int64_t expected, std::int64_t found) {
    differ(Mismatch::Kind::kLayerCycles, job_.commands.size() - 1, -1, -1, expected, found, found);
  }

  const std::optional<Mismatch>& first() const { return first_; }

  /// The job and what it must come to, for an export. After the job, with the words from before it.
  ExpectedJob expected_job(double supply) const {
    ExpectedJob expected;
    expected.stored = array_.stored_;
    expected.faults = faults_;
    expected.supply = supply;
    expected.cycles = predict(shape_, job_).cycles();
    for (std::size_t s = 0; s < job_.strips.size(); ++s) {
      const Strip& strip = layer_.strips[s];
      const ColumnTile& tile = layer_.column_tiles[static_cast<std::size_t>(strip.column_tile)];
      const std::int32_t* const acc = acc_ + strip.pixel_first * stride_ + tile.n_first;
      const std::int32_t* const sums = sums_[s].data() + tile.n_count;
      for (int i = 0; i < job_.strips[s].walks * job_.strips[s].rows; ++i) {
        const int row = i % job_.strips[s].rows;
        std::vector<std::int32_t> lanes(static_cast<std::size_t>(shape_.columns) + 1, 0);
        std::copy_n(acc + row * stride_, tile.n_count, lanes.begin());
        lanes.back() = sums[row * (tile.n_count + 1)];
        expected.rows.push_back(std::move(lanes));
      }
    }
    return expected;
  }

 private:
  struct Place {
    std::size_t strip = 0;
    std::int64_t tile = 0;
    std::int64_t k = 0;  // first code
    const std::int16_t* vectors = nullptr;
  };

  /// The tile's weights as the model decoded them, row by row.
  void take_weights(std::size_t command) {
    weights_of_ = command;
    const Place& place = places_[command];
    const Command& c = job_.commands[command];
    const int tile = layer_.strips[place.strip].column_tile;
    const std::vector<std::int8_t>& n =
        array_.weights_[static_cast<std::size_t>(number_)][static_cast<std::size_t>(tile)];
    weights_.resize(static_cast<std::size_t>(c.codes * c.columns));
    for (int r = 0; r < c.codes; ++r) {
      for (int i = 0; i < c.columns; ++i) {
        weights_[static_cast<std::size_t>(r * c.columns + i)] =
            n[static_cast<std::size_t>(i * layer_.k + place.k + r)];
      }
    }
  }

  Mismatch locate(Mismatch::Kind kind, std::size_t command, std::int64_t row, std::int64_t column,
                  std::int64_t cycle) const {
    const Place& place = places_[command];
    const Strip& strip = layer_.strips[place.strip];
    Mismatch found;
    found.kind = kind;
    found.layer = layer_.name;
    found.strip = static_cast<std::int64_t>(place.strip);
    found.tile = place.tile;
    if (row >= 0) {
      const arithmetic::Window& window = layer_.node.matrix.window;
      found.row = strip.pixel_first + row;
      found.image = array_.first_image_ + found.row / window.out_pixels();
      found.y = found.row % window.out_pixels() / window.out_width;
      found.x = found.row % window.out_width;
    }
    if (column >= 0) {
      found.column =
          layer_.column_tiles[static_cast<std::size_t>(strip.column_tile)].n_first + column;
    }
    found.cycle = array_.layer_begin_ + cycle;
    return found;
  }

  void differ(Mismatch::Kind kind, std::size_t command, std::int64_t row, std::int64_t column,
              std::int64_t expected, std::int64_t found, std::int64_t cycle,
              const char* what = "") {
    ++check_.mismatches;
    if (first_) return;
    first_ = locate(kind, command, row, column, cycle);
    first_->what = what;
    first_->expected = expected;
    first_->found = found;
    first_->word = word_;
  }

  CheckedArray& array_;
  const int number_;
  const LayerProgram& layer_;
  const Job& job_;
  const CoreShape shape_;
  const std::int32_t* const acc_;
  const std::int64_t stride_;
  std::vector<std::uint64_t> stored_;  // what the model's cells hold, as the job goes on
  std::vector<WordFaults> faults_;
  std::size_t writes_ = 0;
  std::vector<Place> places_;                    // by command
  std::vector<std::vector<std::int32_t>> sums_;  // by strip: rows × (columns + 1)
  std::size_t weights_of_ = ~std::size_t{0};
  std::vector<std::int16_t> weights_;
  std::size_t reading_ = ~std::size_t{0};
  int run_ = 0, word_of_run_ = 0;
  std::optional<WordMismatch> word_;
  std::size_t word_command_ = 0;
  std::int64_t word_cycle_ = 0;
  std::optional<Mismatch> first_;
  LayerCheck& check_;
};

CheckedArray::CheckedArray(const mapping::AcceleratorConfig& accelerator, CheckOptions options)
    : RtlArray(accelerator),
      options_(std::move(options)),
      behavioural_(accelerator::make_behavioural_array()) {
  if (!options_.trace.empty()) core_->open_trace(options_.trace);
}

CheckedArray::~CheckedArray() = default;

void CheckedArray::configure(const mapping::Program& program, const network::Network& network,
                             const memory::WordMemory& weights) {
  RtlArray::configure(program, network, weights);
  behavioural_->configure(program, network, weights);
  weights_.clear();
  for (const LayerProgram& layer : program.layers) weights_.emplace_back(layer.column_tiles.size());
  checks_.resize(program.layers.size());
  images_done_.resize(program.layers.size());
}

void CheckedArray::set_supply(double voltage) {
  supply_ = voltage;
  core_->set_supply(voltage);
}

bool CheckedArray::checked(int layer) const {
  return options_.layer.empty() ||
         program_->layers[static_cast<std::size_t>(layer)].name == options_.layer;
}

void CheckedArray::begin_layer(int layer, const std::uint8_t* q, std::int64_t image_stride,
                               int images, int zero_point, std::int64_t cycle) {
  behavioural_->begin_layer(layer, q, image_stride, images, zero_point, cycle);
  if (checked(layer)) {
    RtlArray::begin_layer(layer, q, image_stride, images, zero_point, origin_ + cycle);
    LayerCheck& check = checks_[static_cast<std::size_t>(layer)];
    if (check.first_cycle < 0) check.first_cycle = layer_begin_;
    first_image_ = images_done_[static_cast<std::size_t>(layer)];
    images_done_[static_cast<std::size_t>(layer)] += images;
  }
}

void CheckedArray::write(std::int64_t word, std::int64_t count, const std::uint64_t* data,
                         std::int64_t cycle) {
  RtlArray::write(word, count, data, cycle);
}

void CheckedArray::load(int layer, int column_tile, const std::int8_t* n) {
  behavioural_->load(layer, column_tile, n);
  if (!checked(layer)) return;
  const LayerProgram& program = program_->layers[static_cast<std::size_t>(layer)];
  const ColumnTile& tile = program.column_tiles[static_cast<std::size_t>(column_tile)];
  weights_[static_cast<std::size_t>(layer)][static_cast<std::size_t>(column_tile)].assign(
      n, n + tile.n_count * program.k);
}

void CheckedArray::run(int layer, const Strip& strip, std::int32_t* acc, std::int64_t stride) {
  behavioural_->run(layer, strip, acc, stride);
}

void CheckedArray::end_layer(int layer, const std::vector<accelerator::StripGates>& gates,
                             std::int64_t cycles, std::int32_t* acc, std::int64_t stride) {
  if (checked(layer)) RtlArray::end_layer(layer, gates, cycles, acc, stride);
}

JobTimes CheckedArray::run_job(int layer, std::int32_t* acc, std::int64_t stride,
                               std::int64_t systemc_cycles) {
  RunOptions options;
  options.pressure = options_.pressure;
  if (!sabotaged_) options.sabotage = options_.sabotage;
  sabotaged_ = true;
  options.trace_base = layer_begin_;
  options.trace_from = options_.trace_from - layer_begin_;
  options.trace_to = options_.trace_to - layer_begin_;
  Checker checker(*this, layer, acc, stride);
  JobTimes times = core_->run(job_, checker, options);
  count_traced(options, times.cycles());
  checker.finish(times, predict(core_->shape(), job_, options_.pressure));
  const bool pressed = options_.pressure.pressed();
  const std::int64_t cycles = layer_cycles(*program_, layer, times);
  if (!pressed && cycles != systemc_cycles) checker.layer_cycles_differ(systemc_cycles, cycles);
  Counters& counters = checks_[static_cast<std::size_t>(layer)].counters;
  counters += times.counters;
  if (!options_.export_folder.empty() && !exported_) {
    exported_ = true;
    export_job(options_.export_folder, core_->shape(), job_, checker.expected_job(supply_));
  }
  if (checker.first() && !first_) {
    first_ = checker.first();
    trace_again(first_->cycle - layer_begin_, options);
  }
  return times;
}

void CheckedArray::trace_again(std::int64_t cycle, const RunOptions& before) {
  /// Nobody listens: the first time has said it all.
  class Deaf final : public Observer {
    void word(std::int64_t, std::size_t, std::uint32_t, std::uint64_t) override {}
    void row(std::int64_t, std::size_t, int, const std::int32_t*) override {}
    void drained(std::int64_t, std::size_t, int, int, const std::int32_t*) override {}
  };
  core_->close_trace();
  for (const WriteJob& write : job_.writes) {
    core_->write(write.word, static_cast<std::int64_t>(write.data.size()),
                 stored_.data() + write.word);
  }
  RunOptions options = before;
  options.trace_from = std::max<std::int64_t>(cycle - kWavesBefore, 0);
  options.trace_to = cycle + kWavesBehind;
  try {
    write_atomically(options_.mismatch_trace, [&](const std::filesystem::path& file) {
      core_->open_trace(file);
      Deaf deaf;
      try {
        core_->run(job_, deaf, options);
      } catch (const RunError&) {
        // The waves up to a failed assertion are what is wanted then.
      }
      core_->close_trace();
    });
    mismatch_waves_ = options_.mismatch_trace;
  } catch (const Error&) {
    // The mismatch is worth more than its waves.
  }
}

void CheckedArray::count_traced(const RunOptions& options, std::int64_t cycles) {
  if (options_.trace.empty() || first_) return;
  const std::int64_t from = std::max<std::int64_t>(options.trace_from, 0);
  traced_cycles_ += std::max<std::int64_t>(std::min(options.trace_to, cycles) - from, 0);
}

}  // namespace brownout::cosim
