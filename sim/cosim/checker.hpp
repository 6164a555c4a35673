// SPDX-License-Identifier: Apache-2.0
// Compares what the core does in one job with what the model has read, added up and written.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sim/cosim/core.hpp"
#include "sim/cosim/job_files.hpp"
#include "sim/mapping/program.hpp"

namespace brownout::cosim {

/// The first word of the weight memory that differs.
struct WordMismatch {
  std::uint32_t address_expected = 0, address_found = 0;
  std::uint64_t expected = 0, found = 0;
  int bit = -1;  // lowest that differs (64 to 71: check bits); -1: only the address does
};

/// The first place where the two sides differ.
struct Mismatch {
  enum class Kind {
    kAccumulator,
    kColumnSum,
    kDrainedRow,
    kWord,
    kCheckedWord,  // wrong after the check, although its cells read right: see `what`
    kParameter,    // as it reaches the vector unit
    kSurplus,      // belongs to no command, or is missing (word, row or swap): see `what`
    kCycle,
    kCounter,
    kLayerCycles
  };
  Kind kind = Kind::kAccumulator;
  std::string layer;
  std::int64_t strip = 0, tile = 0;    // of the layer; of the strip
  std::int64_t row = -1, column = -1;  // pixel of the batch, output channel; -1: does not apply
  std::int64_t image = -1, y = -1, x = -1;  // of the row: image of the run, output pixel
  std::string what;                         // the counter's or the time's name, where it is one
  std::int64_t expected = 0, found = 0;
  std::int64_t cycle = 0;  // since the run began
  std::optional<WordMismatch> word;
};
/// "accumulator", "column_sum", "drained_row", "word", "checked_word", "parameter", "surplus",
/// "cycle", "counter", "layer_cycles".
const char* kind_name(Mismatch::Kind kind);

/// What was compared in a layer, summed over all its jobs.
struct LayerCheck {
  std::int64_t first_cycle = -1;      // in which its first job begins, since the run began
  std::int64_t outputs_compared = 0;  // sums of columns and lane C, written or drained
  std::int64_t words_compared = 0;
  std::int64_t mismatches = 0;
  Counters counters;  // of the RTL
};

/// A job, and what the model has for it. The checker looks at them as long as the job runs.
struct JobView {
  const mapping::LayerProgram& layer;
  const std::vector<std::vector<std::int8_t>>& weights;  // by column tile: n_count × k, as decoded
  const Job& job;
  CoreShape shape;
  const std::vector<std::uint64_t>& stored;  // in the cells when the job begins
  const std::vector<WordFaults>& faults;     // of the cells, ascending
  const AccumulatorFaults& accumulators;
  const std::int32_t* acc;  // the layer's sums, `stride` a pixel
  std::int64_t stride = 0;
  std::int64_t begin = 0;        // cycle of the run in which the job begins
  std::int64_t first_image = 0;  // of the run
};

/// The job and the results that it must give by the model, for an export.
ExpectedJob expected_job(const JobView& view);

class Checker final : public Observer {
 public:
  Checker(const JobView& view, LayerCheck& check);

  void word(std::int64_t cycle, std::size_t command, std::uint32_t address,
            const RawWord& read) override;
  void checked(std::int64_t cycle, std::size_t command, std::uint64_t data,
               std::uint64_t suspect) override;
  void row(std::int64_t cycle, std::size_t command, int row, const std::int32_t* lanes) override;
  void drained(std::int64_t cycle, std::size_t number, int walk, int row,
               const std::int32_t* lanes) override;

  void parameter(std::int64_t cycle, std::size_t command, std::uint64_t data, std::uint64_t suspect,
                 bool last) override;
  void surplus(std::int64_t cycle, const char* what) override;

  /// Compares times and counters when the job has ended. Corrected and detected words are counted
  /// here.
  void finish(const JobTimes& times, JobTimes expected);
  void layer_cycles_differ(std::int64_t expected, std::int64_t found);
  const std::optional<Mismatch>& first() const { return first_; }

 private:
  struct Place {
    std::size_t strip = 0;
    std::int64_t tile = 0;
    std::int64_t k = 0;  // first code
    const std::int16_t* vectors = nullptr;
  };

  /// The tile's weights as the model decoded them, row by row.
  void take_weights(std::size_t command);
  Mismatch locate(Mismatch::Kind kind, std::size_t command, std::int64_t row, std::int64_t column,
                  std::int64_t cycle) const;
  void differ(Mismatch::Kind kind, std::size_t command, std::int64_t row, std::int64_t column,
              std::int64_t expected, std::int64_t found, std::int64_t cycle, const char* what = "");

  const JobView view_;
  Cells cells_;  // the model's, as the job goes on
  std::size_t writes_ = 0;
  std::vector<Place> places_;                    // by command
  std::vector<std::vector<std::int32_t>> sums_;  // by strip: rows × (columns + 1)
  std::size_t weights_of_ = ~std::size_t{0};
  std::vector<std::int16_t> weights_;
  std::size_t reading_ = ~std::size_t{0};
  int run_ = 0, word_of_run_ = 0;
  struct ExpectedWord {
    memory::ReadWord read;
    bool run_last = false;
    bool right = true;  // whether its cells read as expected
  };
  std::deque<ExpectedWord> words_;  // have left the arrays, but not the check
  ExpectedWord checked_;            // the one that left the check last
  std::int64_t corrected_ = 0, detected_ = 0;
  std::optional<WordMismatch> word_;
  std::size_t word_command_ = 0;
  std::int64_t word_cycle_ = 0;
  std::optional<Mismatch> first_;
  LayerCheck& check_;
};

}  // namespace brownout::cosim
