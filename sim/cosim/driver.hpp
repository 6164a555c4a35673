// SPDX-License-Identifier: Apache-2.0
// Drives a job into the core's ports, cycle by cycle, and tells an observer what the ports show. It
// knows no verilated type.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sim/cosim/core.hpp"

namespace brownout::cosim {

/// What drives the core in a cycle (rtl/brownout_core.sv, names without _i).
struct CoreInputs {
  const Command* command = nullptr;      // command_valid
  std::uint32_t command_cell = 0;        // in place of the command's
  const std::int16_t* vector = nullptr;  // vector_valid
  bool drain_valid = false, drain_release = false;
  int drain_row = 0;
  bool write_valid = false;
  std::int64_t write_word = 0;
  std::uint64_t write_data = 0;
  const WordFaults* write_faults = nullptr;  // fault_write
  bool counters_clear = false, job_begin = false;
  bool other_mode = false;           // for sabotage
  int flip_lane = -1, flip_bit = 0;  // of the accumulator row that is read; -1: none
};

/// What the core shows in that cycle (names without _o).
struct CoreOutputs {
  bool command_ready = false, vector_ready = false, drain_ready = false, write_ready = false;
  bool drain_data_valid = false;
  const std::int32_t* drain_data = nullptr;
  bool parameter_valid = false, parameter_run_last = false;
  std::uint64_t parameter_word = 0, parameter_suspect = 0;
  bool swap = false;
  bool read = false, read_last = false;
  std::uint32_t read_word = 0;
  RawWord read_data;
  bool checked = false;
  std::uint64_t checked_data = 0, checked_suspect = 0;
  bool write = false;
  int write_row = 0;
  const std::int32_t* write_data = nullptr;
  Counters counters;
};

class Driver {
 public:
  /// The driver looks at these as long as the job runs.
  Driver(const CoreShape& shape, const Job& job, Observer& observer, const RunOptions& options);

  /// Inputs of `cycle`; −1 is the first. `drain_ready` comes from a register and is known before.
  void drive(std::int64_t cycle, bool drain_ready, CoreInputs& in);
  /// Outputs of `cycle`, settled.
  void see(std::int64_t cycle, const CoreOutputs& out);

  bool done() const;
  /// RunError, which says what is still to come, when nothing has happened for very long.
  void check_progress(std::int64_t cycle, const std::string& who) const;
  /// `counters`: the core's counters, one cycle after the job has ended.
  JobTimes finish(const Counters& counters);

 private:
  struct DrainState {
    std::size_t strip = 0;
    int row = 0, walk = 0;
    std::int64_t from = 0;      // the row may be asked for from this cycle on
    std::int64_t release = -1;  // cycle of the release, once the last row is on its way
    std::uint64_t rows = 0;
  };

  void drive_drain(std::int64_t cycle, bool ready, CoreInputs& in);
  void see_words(std::int64_t cycle, const CoreOutputs& out);
  void see_rows(std::int64_t cycle, const CoreOutputs& out);
  void see_checked(std::int64_t cycle, const CoreOutputs& out);
  void see_transfers(std::int64_t cycle, const CoreOutputs& out);
  int gap(Port port, std::uint64_t index) const { return options_.pressure.gap(port, index); }

  const CoreShape shape_;
  const Job& job_;
  Observer& observer_;
  const RunOptions& options_;
  JobTimes times_;
  CoreInputs in_;  // of the cycle

  std::vector<const StripJob*> opens_;      // by command: the strip that it opens
  std::vector<std::size_t> tiles_;          // commands
  std::vector<std::int64_t> stream_gates_;  // by tile
  std::int64_t last_event_ = 0, last_gate_ = 0;

  std::size_t command_ = 0;  // to be offered next
  std::int64_t command_from_ = -1;
  std::size_t reading_ = 0;  // command whose words come
  struct CheckedWord {
    std::int64_t cycle = 0;  // in which it comes out of the check
    std::size_t command = 0;
  };
  std::deque<CheckedWord> checks_;  // words that have left the arrays
  bool load_begins_ = true;         // the next word opens a load
  std::size_t loading_tile_ = 0;
  std::size_t tile_ = 0;  // whose vectors are offered
  int vector_ = 0;
  std::uint64_t vectors_ = 0;
  std::int64_t vector_from_ = 0;
  const std::int16_t* activations_ = nullptr;
  bool stalls_seen_ = false;
  std::size_t written_tile_ = 0;
  int written_row_ = 0;
  DrainState drain_;
  std::size_t drained_strip_ = 0;
  int drained_row_ = 0, drained_walk_ = 0;
  std::size_t write_ = 0, write_word_ = 0;
  std::uint64_t writes_ = 0;
  std::int64_t write_from_ = 0;
  std::vector<std::int64_t> flips_;  // cycles in which the sabotaged sum is read
};

}  // namespace brownout::cosim
