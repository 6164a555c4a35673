// SPDX-License-Identifier: Apache-2.0
// One loop per clock cycle around a verilated model: inputs, settle, look, clock.
#include "sim/cosim/core.hpp"

#include <fmt/format.h>
#include <verilated.h>
#include <verilated_fst_c.h>

#include <algorithm>

#include "Core16x16.h"
#include "Core4x4.h"
#include "Core8x8.h"
#include "sim/base/error.hpp"

namespace brownout::cosim {

namespace {

constexpr int kArrays = 128;  // the defaults of rtl/brownout_core.sv
constexpr int kArrayRows = 512;
constexpr int kDepth = 1024;
constexpr std::int64_t kPatience = 1 << 20;  // cycles in which nothing happens

// Ports of up to 64 bits are integers in a verilated model, wider ones arrays of 32-bit words.
void assign(QData& port, const std::uint32_t* words) {
  port = words[0] | static_cast<QData>(words[1]) << 32;
}
template <std::size_t N>
void assign(VlWide<N>& port, const std::uint32_t* words) {
  for (std::size_t i = 0; i < N; ++i) port[i] = words[i];
}

template <typename Model, int kSize>
class CoreOf final : public Core {
 public:
  CoreOf() {
    context_.fatalOnError(false);
    context_.traceEverOn(true);
    model_ = std::make_unique<Model>(&context_, "core");
    shape_ = {kSize, kSize, std::int64_t{kArrays} * kArrayRows, kDepth};
    reset();
  }

  ~CoreOf() override {
    close_trace();
    model_->final();
  }

  const CoreShape& shape() const override { return shape_; }

  void reset() override {
    Model& m = *model_;
    m.command_valid_i = m.vector_valid_i = m.drain_valid_i = m.drain_release_i = 0;
    m.write_valid_i = m.counters_clear_i = m.fault_write_i = 0;
    m.fault_read_flip_i = 0;
    flip_sum(-1, 0);
    m.rst_ni = 1;
    m.clk_i = 0;
    m.eval();
    m.rst_ni = 0;
    for (int i = 0; i < 2; ++i) clock();
    m.rst_ni = 1;
    clock();
  }

  void write(std::int64_t word, std::int64_t count, const std::uint64_t* data) override {
    BROWNOUT_CHECK(word >= 0 && count >= 0 && word + count <= shape_.words, "words [{}, {}) of {}",
                   word, word + count, shape_.words);
    Model& m = *model_;
    m.write_valid_i = 1;
    for (std::int64_t i = 0; i < count; ++i) {
      m.write_word_i = static_cast<SData>(word + i);
      m.write_data_i = data[i];
      clock();
    }
    m.write_valid_i = 0;
  }

  void set_faults(const std::vector<WordFaults>& faults) override {
    for (const std::uint32_t word : faulty_) load_fault({word, 0, 0, 0});
    faulty_.clear();
    for (const WordFaults& fault : faults) {
      load_fault(fault);
      faulty_.push_back(fault.word);
    }
    faults_ = faults;
  }

  void set_supply(double voltage) override {
    model_->fault_supply_microvmin_i = static_cast<IData>(voltage * 1e6 + 0.5);
  }

  void open_trace(const std::filesystem::path& file) override {
    close_trace();
    fst_ = std::make_unique<VerilatedFstC>();
    model_->trace(fst_.get(), 99);
    fst_->open(file.c_str());
    if (fst_->isOpen()) return;
    fst_.reset();
    throw RunError("{}: cannot be written", file.string());
  }
  void close_trace() override {
    if (fst_) fst_->close();
    fst_.reset();
  }

  std::int64_t clocked() const override { return clocked_; }

  JobTimes run(const Job& job, Observer& observer, const RunOptions& options) override;

 private:
  void clock() {
    model_->eval();
    edge();
  }
  /// The inputs have settled.
  void edge() {
    Model& m = *model_;
    if (dump_at_ >= 0) fst_->dump(static_cast<std::uint64_t>(2 * dump_at_));
    m.clk_i = 1;
    m.eval();
    if (dump_at_ >= 0) fst_->dump(static_cast<std::uint64_t>(2 * dump_at_ + 1));
    m.clk_i = 0;
    ++clocked_;
    if (context_.gotError()) {
      context_.gotError(false);
      close_trace();
      throw RunError("rtl {}x{}: an assertion failed (above) in cycle {} since power-on", kSize,
                     kSize, clocked_);
    }
  }

  void load_fault(const WordFaults& fault) {
    Model& m = *model_;
    m.fault_write_i = 1;
    m.fault_word_i = static_cast<SData>(fault.word);
    m.fault_stuck0_i = fault.stuck0;
    m.fault_stuck1_i = fault.stuck1;
    m.fault_flip_i = fault.flip;
    clock();
    m.fault_write_i = 0;
  }

  void turn_mask_bit(std::uint32_t word, int bit) {
    WordFaults fault{word, 0, 0, 0};
    for (const WordFaults& known : faults_) {
      if (known.word == word) fault = known;
    }
    fault.flip ^= std::uint64_t{1} << bit;
    load_fault(fault);
    faulty_.push_back(word);
  }

  void flip_sum(int lane, int bit) {
    for (std::size_t i = 0; i <= kSize; ++i) {
      model_->fault_accumulator_read_flip_i[i] =
          static_cast<int>(i) == lane ? std::uint32_t{1} << bit : 0;
    }
  }

  void set_vector(const std::int16_t* values) {
    std::uint32_t words[(kSize * 9 + 31) / 32 + 1] = {};
    for (int r = 0; r < kSize; ++r) {
      const std::uint32_t value = static_cast<std::uint32_t>(values[r]) & 0x1FF;
      const int at = r * 9;
      words[at / 32] |= value << at % 32;
      if (at % 32 > 23) words[at / 32 + 1] |= value >> (32 - at % 32);
    }
    assign(model_->vector_i, words);
  }

  CoreShape shape_;
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<VerilatedFstC> fst_;
  std::int64_t dump_at_ = -1;  // the cycle in the waves, -1: not in their window
  std::vector<WordFaults> faults_;
  std::vector<std::uint32_t> faulty_;
  std::int64_t clocked_ = 0;
};

/// Where a job's strip drain stands.
struct DrainState {
  std::size_t strip = 0;
  int row = 0, walk = 0;
  std::int64_t from = 0;      // the row is asked for from here on
  std::int64_t release = -1;  // cycle of the release, once the last row is on its way
  std::uint64_t rows = 0;
};

template <typename Model, int kSize>
JobTimes CoreOf<Model, kSize>::run(const Job& job, Observer& observer, const RunOptions& options) {
  const Pressure& pressure = options.pressure;
  const Sabotage& sabotage = options.sabotage;
  Model& m = *model_;
  if (sabotage.mask_word >= 0) {
    turn_mask_bit(static_cast<std::uint32_t>(sabotage.mask_word), sabotage.mask_bit);
  }
  JobTimes times;
  times.drained.assign(job.strips.size(), 0);

  // By command: its strip if it opens one, and its tile.
  std::vector<const StripJob*> opens(job.commands.size(), nullptr);
  std::vector<std::size_t> tiles;  // commands
  for (const StripJob& strip : job.strips) opens[strip.command_first] = &strip;
  for (std::size_t i = 0; i < job.commands.size(); ++i) {
    if (!job.commands[i].parameters) tiles.push_back(i);
  }
  times.tiles.resize(tiles.size());
  // Earliest first vectors: of the tiles that open a strip.
  std::vector<std::int64_t> stream_gates(tiles.size(), 0);
  {
    std::size_t tile = 0;
    for (const StripJob& strip : job.strips) {
      stream_gates[tile] = strip.gates.stream;
      for (std::size_t i = 0; i < strip.command_count; ++i) {
        if (!job.commands[strip.command_first + i].parameters) ++tile;
      }
    }
  }

  std::size_t command = 0;  // to be offered next
  std::int64_t command_from = -1 + pressure.gap(Port::kCommand, 0);
  std::size_t reading = 0;  // command whose words come
  bool load_begins = true;  // the next word opens a load
  std::size_t loading_tile = 0;
  std::size_t tile = 0;  // whose vectors are offered
  int vector = 0;
  std::uint64_t vectors = 0;
  std::int64_t vector_from = 0 + pressure.gap(Port::kVector, 0);
  const std::int16_t* activations = job.vectors.data();
  std::size_t writing_tile = 0;  // whose rows are written
  int writing_row = 0;
  DrainState drain;
  std::size_t drained_strip = 0;
  int drained_row = 0, drained_walk = 0;
  std::size_t write = 0, write_word = 0;
  std::uint64_t writes = 0;
  std::int64_t write_from = 0;
  const auto write_gap = [&] { return pressure.gap(Port::kWrite, writes); };
  if (!job.writes.empty())
    write_from = std::max<std::int64_t>(job.writes[0].cycle, 0) + write_gap();
  if (!job.strips.empty()) {
    drain.from =
        std::max<std::int64_t>(0, job.strips[0].gates.drain) + pressure.gap(Port::kDrain, 0);
  }
  std::vector<std::int64_t> flips;  // cycles in which the sabotaged sum is read
  std::int64_t last_event = 0;
  std::int64_t last_gate = 0;
  for (const StripJob& strip : job.strips) {
    last_gate = std::max({last_gate, strip.gates.load, strip.gates.stream, strip.gates.drain});
  }
  bool stalls_read = false;

  for (std::int64_t cycle = -1;; ++cycle) {
    const std::int64_t shown = options.trace_base + cycle;
    const bool dumped =
        fst_ && cycle >= options.trace_from && cycle < options.trace_to && shown >= 0;
    dump_at_ = dumped ? shown : -1;
    m.counters_clear_i = cycle == -1;
    // Commands
    m.command_valid_i = command < job.commands.size() && cycle >= command_from &&
                        (opens[command] == nullptr || cycle >= opens[command]->gates.load - 1);
    if (m.command_valid_i) {
      const Command& c = job.commands[command];
      std::uint32_t cell = c.cell;
      if (sabotage.command == static_cast<std::int64_t>(command)) {
        cell ^= std::uint32_t{1} << sabotage.address_bit;
      }
      m.command_parameters_i = c.parameters;
      m.command_cell_i = cell & ((1U << 22) - 1);
      m.command_stride_i = c.stride & ((1U << 22) - 1);
      m.command_columns_i = static_cast<CData>(c.columns);
      m.command_codes_i = static_cast<SData>(c.codes);
      m.command_bits_i = static_cast<CData>(c.bits);
      m.command_scheme_i = static_cast<CData>(c.scheme);
      m.command_vectors_i = static_cast<SData>(c.vectors);
      m.command_first_i = c.first;
      m.command_last_i = c.last;
    }
    // Vectors
    const bool late =
        sabotage.late_vector == static_cast<std::int64_t>(vectors) && tile < tiles.size();
    m.vector_valid_i = tile < tiles.size() && cycle >= vector_from + (late ? 1 : 0) &&
                       (vector > 0 || cycle >= stream_gates[tile] + (late ? 1 : 0));
    if (m.vector_valid_i) set_vector(activations);
    // Drain; its ready comes from a register.
    m.drain_release_i = drain.release >= 0 && drain.release == cycle;
    m.drain_valid_i = drain.strip < job.strips.size() && drain.release < 0 && cycle >= drain.from;
    if (m.drain_valid_i) {
      const StripJob& strip = job.strips[drain.strip];
      m.drain_row_i = static_cast<SData>(drain.row);
      if (m.drain_ready_o) {
        last_event = cycle;
        ++drain.rows;
        drain.from = cycle + strip.row_cycles + pressure.gap(Port::kDrain, drain.rows);
        if (++drain.row == strip.rows) {
          drain.row = 0;
          if (++drain.walk == strip.walks) {
            drain.release = cycle + strip.row_cycles - 1;
            m.drain_release_i = drain.release >= 0 && drain.release == cycle;
          }
        }
      }
    }
    if (m.drain_release_i) {
      times.drained[drain.strip] = cycle + 1;
      drain.release = -1;
      drain.walk = 0;
      ++drain.strip;
      if (drain.strip < job.strips.size()) {
        drain.from = std::max(cycle + 1, job.strips[drain.strip].gates.drain) +
                     pressure.gap(Port::kDrain, drain.rows);
      }
    }
    // Writes
    m.write_valid_i = write < job.writes.size() && cycle >= write_from;
    if (m.write_valid_i) {
      m.write_word_i =
          static_cast<SData>(job.writes[write].word + static_cast<std::int64_t>(write_word));
      m.write_data_i = job.writes[write].data[write_word];
    }
    if (sabotage.sum_vector >= 0) {
      flip_sum(std::find(flips.begin(), flips.end(), cycle) != flips.end() ? sabotage.sum_lane : -1,
               sabotage.sum_bit);
    }

    m.eval();

    // What this cycle shows
    if (m.observe_read_o) {
      last_event = cycle;
      if (load_begins) {
        times.tiles[loading_tile].load = cycle - 1;
        load_begins = false;
      }
      observer.word(cycle, reading, m.observe_read_word_o, m.observe_read_data_o);
      if (m.observe_read_last_o) {
        if (!job.commands[reading].parameters) {
          load_begins = true;
          ++loading_tile;
        }
        ++reading;
      }
    }
    if (m.observe_write_o) {
      const std::size_t by = tiles[writing_tile];
      observer.row(cycle, by, static_cast<int>(m.observe_write_row_o),
                   reinterpret_cast<const std::int32_t*>(m.observe_write_data_o.data()));
      if (++writing_row == job.commands[by].vectors) {
        writing_row = 0;
        ++writing_tile;
      }
    }
    if (m.drain_data_valid_o) {
      const StripJob& strip = job.strips[drained_strip];
      observer.drained(cycle, drained_strip, drained_walk, drained_row,
                       reinterpret_cast<const std::int32_t*>(m.drain_data_o.data()));
      if (++drained_row == strip.rows) {
        drained_row = 0;
        if (++drained_walk == strip.walks) {
          drained_walk = 0;
          ++drained_strip;
        }
      }
    }
    // The stall counters are of interest as long as vectors come.
    if (!stalls_read && tile == tiles.size()) {
      stalls_read = true;
      times.counters.busy = m.busy_cycles_o;
      times.counters.stalled_weights = m.stalled_weights_cycles_o;
      times.counters.stalled_accumulators = m.stalled_accumulators_cycles_o;
      times.counters.stalled_activations = m.stalled_activations_cycles_o;
    }
    // Transfers
    if (m.command_valid_i && m.command_ready_o) {
      last_event = cycle;
      ++command;
      command_from = cycle + 1 + pressure.gap(Port::kCommand, command);
    }
    if (m.vector_valid_i && m.vector_ready_o) {
      last_event = cycle;
      if (vector == 0) times.tiles[tile].swap = cycle;
      times.tiles[tile].last_vector = cycle;
      if (sabotage.sum_vector == static_cast<std::int64_t>(vectors)) {
        flips.push_back(cycle + kSize + kSize);
      }
      ++vectors;
      vector_from = cycle + 1 + pressure.gap(Port::kVector, vectors);
      activations += kSize;
      if (++vector == job.commands[tiles[tile]].vectors) {
        vector = 0;
        ++tile;
      }
    }
    if (m.write_valid_i && m.write_ready_o) {
      last_event = cycle;
      ++writes;
      write_from = cycle + 1 + write_gap();
      if (++write_word == job.writes[write].data.size()) {
        write_word = 0;
        if (++write < job.writes.size()) {
          write_from = std::max(cycle + 1, job.writes[write].cycle) + write_gap();
        }
      }
    }
    edge();

    if (drained_strip == job.strips.size() && write == job.writes.size() && tile == tiles.size() &&
        stalls_read) {
      break;
    }
    if (cycle - std::max(last_event, last_gate) > kPatience) {
      close_trace();
      throw RunError(
          "rtl {}x{}: nothing has happened since cycle {}: command {} of {}, tile {} of {}, strip "
          "{} of {}, write {} of {}",
          kSize, kSize, last_event, command, job.commands.size(), tile, tiles.size(), drained_strip,
          job.strips.size(), write, job.writes.size());
    }
  }
  m.command_valid_i = m.vector_valid_i = m.drain_valid_i = m.drain_release_i = m.write_valid_i = 0;
  if (sabotage.sum_vector >= 0) flip_sum(-1, 0);
  // The row of counters is complete a cycle after the last event.
  m.eval();
  times.counters.weight_reads = m.weight_reads_o;
  times.counters.weight_writes = m.weight_writes_o;
  times.counters.accumulator_reads = m.accumulator_reads_o;
  times.counters.accumulator_writes = m.accumulator_writes_o;
  // The last row may still hold the vector unit.
  while (drain.strip < job.strips.size()) {
    m.drain_release_i = 1;
    m.eval();
    edge();
    times.drained[drain.strip] = drain.release + 1;
    m.drain_release_i = 0;
    ++drain.strip;
  }
  dump_at_ = -1;
  return times;
}

}  // namespace

std::vector<CoreShape> built_cores() {
  std::vector<CoreShape> shapes;
  for (const int size : {4, 8, 16}) {
    shapes.push_back({size, size, std::int64_t{kArrays} * kArrayRows, kDepth});
  }
  return shapes;
}

std::string built_core_names() {
  std::string names;
  for (const CoreShape& shape : built_cores()) {
    names += fmt::format("{}{}x{}", names.empty() ? "" : ", ", shape.rows, shape.columns);
  }
  return names;
}

std::unique_ptr<Core> make_core(int rows, int columns) {
  if (rows != columns) return nullptr;
  if (rows == 4) return std::make_unique<CoreOf<Core4x4, 4>>();
  if (rows == 8) return std::make_unique<CoreOf<Core8x8, 8>>();
  if (rows == 16) return std::make_unique<CoreOf<Core16x16, 16>>();
  return nullptr;
}

}  // namespace brownout::cosim
