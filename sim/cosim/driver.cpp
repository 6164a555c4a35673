// SPDX-License-Identifier: Apache-2.0
// Each port has its own small state: what comes next, and the cycle from which on it is offered.
#include "sim/cosim/driver.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::cosim {

namespace {

constexpr std::int64_t kPatience = 1 << 20;  // cycles in which nothing happens

}  // namespace

Driver::Driver(const CoreShape& shape, const Job& job, Observer& observer,
               const RunOptions& options)
    : shape_(shape),
      job_(job),
      observer_(observer),
      options_(options),
      opens_(job.commands.size(), nullptr),
      activations_(job.vectors.data()) {
  times_.drained.assign(job.strips.size(), 0);
  for (const StripJob& strip : job.strips) {
    opens_[strip.command_first] = &strip;
    last_gate_ = std::max({last_gate_, strip.gates.load, strip.gates.stream, strip.gates.drain});
    bool first = true;
    for (std::size_t i = 0; i < strip.command_count; ++i) {
      if (job.commands[strip.command_first + i].parameters) continue;
      tiles_.push_back(strip.command_first + i);
      stream_gates_.push_back(first ? strip.gates.stream : 0);
      first = false;
    }
  }
  times_.tiles.resize(tiles_.size());
  command_from_ = -1 + gap(Port::kCommand, 0);
  vector_from_ = gap(Port::kVector, 0);
  if (!job.strips.empty()) {
    drain_.from = std::max<std::int64_t>(0, job.strips[0].gates.drain) + gap(Port::kDrain, 0);
  }
  if (!job.writes.empty()) {
    write_from_ = std::max<std::int64_t>(job.writes[0].cycle, 0) + gap(Port::kWrite, 0);
  }
}

void Driver::drive(std::int64_t cycle, bool drain_ready, CoreInputs& in) {
  in = CoreInputs();
  in.counters_clear = in.job_begin = cycle == -1;
  if (cycle >= 0) {
    in.job_begin = cycle == options_.sabotage.begin_cycle;
    in.other_mode = cycle == options_.sabotage.mode_cycle;
  }
  if (command_ < job_.commands.size() && cycle >= command_from_ &&
      (opens_[command_] == nullptr || cycle >= opens_[command_]->gates.load - 1)) {
    in.command = &job_.commands[command_];
    in.command_cell = in.command->cell;
    if (options_.sabotage.command == static_cast<std::int64_t>(command_)) {
      in.command_cell ^= std::uint32_t{1} << options_.sabotage.address_bit;
    }
  }
  if (tile_ < tiles_.size()) {
    const int late = options_.sabotage.late_vector == static_cast<std::int64_t>(vectors_) ? 1 : 0;
    const std::int64_t gate = vector_ == 0 ? stream_gates_[tile_] : 0;
    if (cycle >= std::max(vector_from_, gate) + late) in.vector = activations_;
  }
  drive_drain(cycle, drain_ready, in);
  if (write_ < job_.writes.size() && cycle >= write_from_) {
    in.write_valid = true;
    in.write_word = job_.writes[write_].word + write_word_;
    in.write_data = job_.writes[write_].data[write_word_];
    if (!job_.writes[write_].faults.empty()) {
      in.write_faults = &job_.writes[write_].faults[write_word_];
    }
  }
  if (std::find(flips_.begin(), flips_.end(), cycle) != flips_.end()) {
    in.flip_lane = options_.sabotage.sum_lane;
    in.flip_bit = options_.sabotage.sum_bit;
  }
  in_ = in;
}

void Driver::drive_drain(std::int64_t cycle, bool ready, CoreInputs& in) {
  if (drain_.strip == job_.strips.size()) return;
  const StripJob& strip = job_.strips[drain_.strip];
  in.drain_valid = drain_.release < 0 && cycle >= drain_.from;
  in.drain_row = drain_.row;
  if (in.drain_valid && ready) {
    last_event_ = cycle;
    ++drain_.rows;
    drain_.from = cycle + strip.row_cycles + gap(Port::kDrain, drain_.rows);
    if (++drain_.row == strip.rows) {
      drain_.row = 0;
      if (++drain_.walk == strip.walks) drain_.release = cycle + strip.row_cycles - 1;
    }
  }
  if (drain_.release < 0 || drain_.release != cycle) return;
  in.drain_release = true;
  times_.drained[drain_.strip] = cycle + 1;
  drain_.release = -1;
  drain_.walk = 0;
  if (++drain_.strip < job_.strips.size()) {
    drain_.from =
        std::max(cycle + 1, job_.strips[drain_.strip].gates.drain) + gap(Port::kDrain, drain_.rows);
  }
}

void Driver::see(std::int64_t cycle, const CoreOutputs& out) {
  see_checked(cycle, out);
  see_words(cycle, out);
  see_rows(cycle, out);
  // The stall counters only matter as long as vectors come.
  if (!stalls_seen_ && tile_ == tiles_.size()) {
    stalls_seen_ = true;
    times_.counters = out.counters;
  }
  see_transfers(cycle, out);
}

void Driver::see_checked(std::int64_t cycle, const CoreOutputs& out) {
  const bool due = !checks_.empty() && checks_.front().cycle == cycle;
  if (out.checked != due) {
    observer_.surplus(cycle, due ? "no word behind the check where one was read"
                                 : "a word behind the check that was not read");
  }
  bool parameter_due = false;
  std::size_t command = 0;
  if (due) {
    command = checks_.front().command;
    checks_.pop_front();
    parameter_due = job_.commands[command].parameters;
    observer_.checked(cycle, command, out.checked_data, out.checked_suspect);
  }
  if (parameter_due && out.parameter_valid) {
    observer_.parameter(cycle, command, out.parameter_word, out.parameter_suspect,
                        out.parameter_run_last);
  } else if (parameter_due) {
    observer_.surplus(cycle, "no word of parameters where one was read");
  } else if (out.parameter_valid) {
    observer_.surplus(cycle, "a word of parameters that was not read");
  }
}

void Driver::see_words(std::int64_t cycle, const CoreOutputs& out) {
  if (!out.read) return;
  last_event_ = cycle;
  if (reading_ == job_.commands.size()) {
    observer_.surplus(cycle, "a word behind the last command");
    return;
  }
  checks_.push_back({cycle + 1 + memory::word_code(job_.mode.check).stages, reading_});
  if (load_begins_) {
    times_.tiles[loading_tile_].load = cycle - 1;
    load_begins_ = false;
  }
  observer_.word(cycle, reading_, out.read_word, out.read_data);
  if (!out.read_last) return;
  if (!job_.commands[reading_].parameters) {
    load_begins_ = true;
    ++loading_tile_;
  }
  ++reading_;
}

void Driver::see_rows(std::int64_t cycle, const CoreOutputs& out) {
  if (out.write && written_tile_ == tiles_.size()) {
    observer_.surplus(cycle, "a row behind the last tile");
  } else if (out.write) {
    const std::size_t by = tiles_[written_tile_];
    if (out.write_row != written_row_) observer_.surplus(cycle, "a row out of turn");
    observer_.row(cycle, by, written_row_, out.write_data);
    if (++written_row_ == job_.commands[by].vectors) {
      written_row_ = 0;
      ++written_tile_;
    }
  }
  if (!out.drain_data_valid) return;
  if (drained_strip_ == job_.strips.size()) {
    observer_.surplus(cycle, "a drained row behind the last strip");
    return;
  }
  const StripJob& strip = job_.strips[drained_strip_];
  observer_.drained(cycle, drained_strip_, drained_walk_, drained_row_, out.drain_data);
  if (++drained_row_ < strip.rows) return;
  drained_row_ = 0;
  if (++drained_walk_ < strip.walks) return;
  drained_walk_ = 0;
  ++drained_strip_;
}

void Driver::see_transfers(std::int64_t cycle, const CoreOutputs& out) {
  if (in_.command != nullptr && out.command_ready) {
    last_event_ = cycle;
    ++command_;
    command_from_ = cycle + 1 + gap(Port::kCommand, command_);
  }
  const bool taken = in_.vector != nullptr && out.vector_ready;
  if (out.swap != (taken && vector_ == 0)) {
    observer_.surplus(cycle, out.swap ? "a swap within a tile" : "no swap where a tile begins");
  }
  if (taken) {
    last_event_ = cycle;
    TileTimes& tile = times_.tiles[tile_];
    if (vector_ == 0) tile.swap = cycle;
    tile.last_vector = cycle;
    if (options_.sabotage.sum_vector == static_cast<std::int64_t>(vectors_)) {
      flips_.push_back(cycle + shape_.rows + shape_.columns);
    }
    ++vectors_;
    vector_from_ = cycle + 1 + gap(Port::kVector, vectors_);
    activations_ += shape_.rows;
    if (++vector_ == job_.commands[tiles_[tile_]].vectors) {
      vector_ = 0;
      ++tile_;
    }
  }
  if (in_.write_valid && out.write_ready) {
    last_event_ = cycle;
    ++writes_;
    write_from_ = cycle + 1;
    if (++write_word_ == job_.writes[write_].data.size()) {
      write_word_ = 0;
      if (++write_ < job_.writes.size()) {
        write_from_ = std::max(write_from_, job_.writes[write_].cycle);
      }
    }
    write_from_ += gap(Port::kWrite, writes_);
  }
}

bool Driver::done() const {
  return drained_strip_ == job_.strips.size() && drain_.strip == job_.strips.size() &&
         write_ == job_.writes.size() && stalls_seen_;
}

void Driver::check_progress(std::int64_t cycle, const std::string& who) const {
  if (cycle - std::max(last_event_, last_gate_) <= kPatience) return;
  throw RunError(
      "{}: nothing has happened since cycle {}: command {} of {}, tile {} of {}, strip {} of {}, "
      "write {} of {}",
      who, last_event_, command_, job_.commands.size(), tile_, tiles_.size(), drained_strip_,
      job_.strips.size(), write_, job_.writes.size());
}

JobTimes Driver::finish(const Counters& counters) {
  times_.counters.weight_reads = counters.weight_reads;
  times_.counters.weight_writes = counters.weight_writes;
  times_.counters.accumulator_reads = counters.accumulator_reads;
  times_.counters.accumulator_writes = counters.accumulator_writes;
  times_.counters.words_corrected = counters.words_corrected;
  times_.counters.words_detected = counters.words_detected;
  return std::move(times_);
}

}  // namespace brownout::cosim
