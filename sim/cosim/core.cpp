// SPDX-License-Identifier: Apache-2.0
// A verilated model of each size behind one interface: inputs, settle, look, clock.
#include "sim/cosim/core.hpp"

#include <fmt/format.h>
#include <verilated.h>
#include <verilated_fst_c.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "rtl_models.hpp"
#include "sim/base/error.hpp"
#include "sim/cosim/driver.hpp"
#include "sim/cosim/rtl_numbers.hpp"

namespace brownout::cosim {

namespace {

constexpr std::uint32_t kCellMask = (1U << 22) - 1;

// Ports of up to 64 bits are integers in a verilated model, wider ones arrays of 32-bit words.
// Which of these functions are needed depends on the sizes that are built.
[[maybe_unused]] void assign(SData& port, const std::uint32_t* words) {
  port = static_cast<SData>(words[0]);
}
[[maybe_unused]] void assign(IData& port, const std::uint32_t* words) { port = words[0]; }
[[maybe_unused]] void assign(QData& port, const std::uint32_t* words) {
  port = words[0] | static_cast<QData>(words[1]) << 32;
}
template <std::size_t N>
void assign(VlWide<N>& port, const std::uint32_t* words) {
  for (std::size_t i = 0; i < N; ++i) port[i] = words[i];
}

/// Lanes of 32 bits.
template <std::size_t N>
void set_lane(VlWide<N>& port, int lane, std::uint32_t value) {
  port[static_cast<std::size_t>(lane)] = value;
}
[[maybe_unused]] void set_lane(QData& port, int lane, std::uint32_t value) {
  const int shift = 32 * lane;
  port = (port & ~(QData{0xFFFFFFFF} << shift)) | QData{value} << shift;
}
using TwoLanes = std::array<std::int32_t, 2>;
template <std::size_t N>
const std::int32_t* lanes_of(const VlWide<N>& port, TwoLanes&) {
  return reinterpret_cast<const std::int32_t*>(port.data());
}
[[maybe_unused]] const std::int32_t* lanes_of(const QData& port, TwoLanes& copy) {
  copy = {static_cast<std::int32_t>(port), static_cast<std::int32_t>(port >> 32)};
  return copy.data();
}

/// 72 columns: data in the lower 64, check bits above.
void assign(VlWide<3>& port, std::uint64_t data, std::uint8_t check) {
  port[0] = static_cast<EData>(data);
  port[1] = static_cast<EData>(data >> 32);
  port[2] = check;
}

template <typename Model, int kRows, int kColumns>
class CoreOf final : public Core {
 public:
  CoreOf() {
    context_.fatalOnError(false);
    context_.traceEverOn(true);
    model_ = std::make_unique<Model>(&context_, "core");
    shape_ = core_shape(kRows, kColumns);
    reset();
  }

  ~CoreOf() override {
    close_trace();
    model_->final();
  }

  const CoreShape& shape() const override { return shape_; }

  void reset() override {
    Model& m = *model_;
    set_inputs({});
    assign(m.fault_read_flip_i, 0, 0);
    m.fault_accumulator_write_i = 0;
    flip_sum(-1, 0);
    m.rst_ni = 1;
    m.clk_i = 0;
    m.eval();
    m.rst_ni = 0;
    for (int i = 0; i < 2; ++i) clock();
    m.rst_ni = 1;
    clock();
  }

  void set_mitigation(const memory::CheckMode& mode) override {
    mode_ = mode;
    model_->check_code_i = rtl_number(mode.check);
    model_->on_error_i = rtl_number(mode.on_error);
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
    std::vector<std::uint32_t> healed;
    for (const auto& [word, loaded] : faults_) {
      if (!faults_of(faults, word).any()) healed.push_back(word);
    }
    for (const std::uint32_t word : healed) load_fault(WordFaults{word});
    for (const WordFaults& fault : faults) {
      const auto loaded = faults_.find(fault.word);
      if (loaded == faults_.end() || loaded->second != fault) load_fault(fault);
    }
  }

  void set_accumulator_faults(const AccumulatorFaults& faults) override {
    BROWNOUT_CHECK(
        faults.none() || (faults.rows() <= shape_.depth && faults.lanes() == kColumns + 1),
        "{} rows of {} lanes", faults.rows(), faults.lanes());
    const AccumulatorFaults healthy(shape_.depth, kColumns + 1);
    for (int half = 0; half < 2; ++half) {
      for (int row = 0; row < shape_.depth; ++row) {
        const bool now = row < faults.rows() && faults.row_has_any(half, row);
        const bool before = row < sums_.rows() && sums_.row_has_any(half, row);
        if (now || before) load_row(half, row, now ? faults : healthy);
      }
    }
    sums_ = faults;
  }

  void set_supply(double weights, double accumulators) override {
    const auto microvmin = [](double voltage) {
      return static_cast<IData>(std::lround(voltage * 1e6));
    };
    model_->fault_supply_microvmin_i = microvmin(weights);
    model_->fault_accumulator_supply_microvmin_i = microvmin(accumulators);
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
      context_.gotFinish(false);
      throw AssertionFailed(kRows, kColumns, cycle_);
    }
  }

  /// These are inputs now; from the next clock edge on the word reads like this.
  void offer_fault(const WordFaults& fault) {
    Model& m = *model_;
    m.fault_write_i = 1;
    m.fault_word_i = static_cast<SData>(fault.word);
    assign(m.fault_stuck0_i, fault.stuck0, fault.check_stuck0);
    assign(m.fault_stuck1_i, fault.stuck1, fault.check_stuck1);
    assign(m.fault_flip_i, fault.flip, fault.check_flip);
    if (fault.any()) {
      faults_[fault.word] = fault;
    } else {
      faults_.erase(fault.word);
    }
  }
  void load_fault(const WordFaults& fault) {
    offer_fault(fault);
    clock();
    model_->fault_write_i = 0;
  }

  void load_row(int half, int row, const AccumulatorFaults& faults) {
    Model& m = *model_;
    m.fault_accumulator_write_i = 1;
    m.fault_accumulator_half_i = static_cast<CData>(half);
    m.fault_accumulator_row_i = static_cast<SData>(row);
    for (int lane = 0; lane <= kColumns; ++lane) {
      const SumFaults& sum = faults.at(half, row, lane);
      set_lane(m.fault_accumulator_stuck0_i, lane, sum.stuck0);
      set_lane(m.fault_accumulator_stuck1_i, lane, sum.stuck1);
      set_lane(m.fault_accumulator_flip_i, lane, sum.flip);
    }
    clock();
    m.fault_accumulator_write_i = 0;
  }

  void turn_mask_bit(std::uint32_t word, int bit) {
    const auto loaded = faults_.find(word);
    WordFaults fault = loaded == faults_.end() ? WordFaults{word} : loaded->second;
    if (bit < 64) {
      fault.flip ^= std::uint64_t{1} << bit;
    } else {
      fault.check_flip = static_cast<std::uint8_t>(fault.check_flip ^ 1U << (bit - 64));
    }
    load_fault(fault);
  }

  void flip_sum(int lane, int bit) {
    flipped_lane_ = lane;
    for (int i = 0; i <= kColumns; ++i) {
      set_lane(model_->fault_accumulator_read_flip_i, i, i == lane ? std::uint32_t{1} << bit : 0);
    }
  }

  void set_inputs(const CoreInputs& in) {
    Model& m = *model_;
    m.command_valid_i = in.command != nullptr;
    if (in.command != nullptr) {
      const Command& c = *in.command;
      m.command_parameters_i = c.parameters;
      m.command_cell_i = in.command_cell & kCellMask;
      m.command_stride_i = c.stride & kCellMask;
      m.command_columns_i = static_cast<CData>(c.columns);
      m.command_codes_i = static_cast<SData>(c.codes);
      m.command_bits_i = static_cast<CData>(c.bits);
      m.command_scheme_i = static_cast<CData>(c.scheme);
      m.command_zero_code_i = c.zero_code;
      m.command_vectors_i = static_cast<SData>(c.vectors);
      m.command_first_i = c.first;
      m.command_last_i = c.last;
    }
    m.vector_valid_i = in.vector != nullptr;
    if (in.vector != nullptr) set_vector(in.vector);
    m.drain_valid_i = in.drain_valid;
    m.drain_row_i = static_cast<SData>(in.drain_row);
    m.drain_release_i = in.drain_release;
    m.write_valid_i = in.write_valid;
    m.write_word_i = static_cast<SData>(in.write_word);
    m.write_data_i = in.write_data;
    m.fault_write_i = 0;
    if (in.write_faults != nullptr) offer_fault(*in.write_faults);
    m.counters_clear_i = in.counters_clear;
    m.job_begin_i = in.job_begin;
    m.on_error_i = static_cast<CData>(rtl_number(mode_.on_error) ^ int{in.other_mode});
    if (in.flip_lane != flipped_lane_) flip_sum(in.flip_lane, in.flip_bit);
  }

  void get_outputs(CoreOutputs& out) {
    const Model& m = *model_;
    out.command_ready = m.command_ready_o;
    out.vector_ready = m.vector_ready_o;
    out.drain_ready = m.drain_ready_o;
    out.write_ready = m.write_ready_o;
    out.drain_data_valid = m.drain_data_valid_o;
    out.drain_data = lanes_of(m.drain_data_o, drained_);
    out.read = m.observe_read_o;
    out.read_last = m.observe_read_last_o;
    out.read_word = m.observe_read_word_o;
    const VlWide<3>& word = m.observe_read_data_o;
    out.read_data = {word[0] | static_cast<std::uint64_t>(word[1]) << 32,
                     static_cast<std::uint8_t>(word[2])};
    out.checked = m.observe_checked_o;
    out.checked_data = m.observe_checked_data_o;
    out.checked_suspect = m.observe_checked_suspect_o;
    out.write = m.observe_write_o;
    out.write_row = m.observe_write_row_o;
    out.write_data = lanes_of(m.observe_write_data_o, written_);
    out.parameter_valid = m.parameter_valid_o;
    out.parameter_word = m.parameter_word_o;
    out.parameter_suspect = m.parameter_suspect_o;
    out.parameter_run_last = m.parameter_run_last_o;
    out.swap = m.observe_swap_o;
    out.counters = {m.busy_cycles_o,
                    m.stalled_weights_cycles_o,
                    m.stalled_accumulators_cycles_o,
                    m.stalled_activations_cycles_o,
                    m.weight_reads_o,
                    m.weight_writes_o,
                    m.accumulator_reads_o,
                    m.accumulator_writes_o,
                    m.words_corrected_o,
                    m.words_detected_o};
  }

  void set_vector(const std::int16_t* values) {
    std::uint32_t words[(kRows * 9 + 31) / 32 + 1] = {};
    for (int r = 0; r < kRows; ++r) {
      const std::uint32_t value = values[r] & 0x1FF;
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
  memory::CheckMode mode_;
  std::unordered_map<std::uint32_t, WordFaults> faults_;  // that the model has
  AccumulatorFaults sums_;                                // that the model has
  std::int64_t clocked_ = 0;
  std::int64_t cycle_ = -1;  // of the job
  int flipped_lane_ = -1;
  TwoLanes drained_{}, written_{};  // of a core of one column
};

template <typename Model, int kRows, int kColumns>
JobTimes CoreOf<Model, kRows, kColumns>::run(const Job& job, Observer& observer,
                                             const RunOptions& options) {
  BROWNOUT_CHECK(job.mode == mode_, "a job for another mode");
  if (options.sabotage.mask_word >= 0) {
    turn_mask_bit(static_cast<std::uint32_t>(options.sabotage.mask_word),
                  options.sabotage.mask_bit);
  }
  Driver driver(shape_, job, observer, options);
  CoreInputs in;
  CoreOutputs out;
  for (std::int64_t cycle = -1; !driver.done(); ++cycle) {
    cycle_ = cycle;
    const std::int64_t shown = options.trace_base + cycle;
    const bool dumped =
        fst_ && cycle >= options.trace_from && cycle < options.trace_to && shown >= 0;
    dump_at_ = dumped ? shown : -1;
    driver.drive(cycle, model_->drain_ready_o, in);
    set_inputs(in);
    model_->eval();
    get_outputs(out);
    driver.see(cycle, out);
    edge();
    driver.check_progress(cycle, fmt::format("rtl {}x{}", kRows, kColumns));
  }
  dump_at_ = -1;
  set_inputs({});
  model_->eval();
  get_outputs(out);
  return driver.finish(out.counters);
}

}  // namespace

std::vector<CoreShape> built_cores() {
  std::vector<CoreShape> shapes;
#define CORE(rows, columns) shapes.push_back(core_shape(rows, columns));
  BROWNOUT_RTL_CORES
#undef CORE
  std::sort(shapes.begin(), shapes.end(), [](const CoreShape& a, const CoreShape& b) {
    return std::pair(a.rows, a.columns) < std::pair(b.rows, b.columns);
  });
  return shapes;
}

std::unique_ptr<Core> make_core(int of_rows, int of_columns) {
#define CORE(rows, columns)                                                   \
  if (of_rows == (rows) && of_columns == (columns)) {                         \
    return std::make_unique<CoreOf<Core##rows##x##columns, rows, columns>>(); \
  }
  BROWNOUT_RTL_CORES
#undef CORE
  return nullptr;
}

}  // namespace brownout::cosim
