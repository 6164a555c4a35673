// SPDX-License-Identifier: Apache-2.0
// Random jobs for the core, and the results that they must give by the plainest arithmetic.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cosim/core.hpp"

namespace brownout::cosim {

struct RandomJob {
  Job job;
  std::vector<std::uint64_t> stored;  // the whole weight memory, before the job's writes
  std::vector<WordFaults> faults;
  AccumulatorFaults accumulators;
  Pressure pressure;
  /// By command, row after row: columns in use + 1 sums; empty for parameters.
  std::vector<std::vector<std::int32_t>> rows;
  /// By strip, in the same form, as a drain reads them.
  std::vector<std::vector<std::int32_t>> drained;
  std::int64_t words_corrected = 0, words_detected = 0;
};

/// What may fail, and which check code is used. The rest of a job does not depend on it.
struct RandomFaults {
  memory::CheckMode mode;
  bool accumulators = false;
};

/// Codes of 1 to 8 bits anywhere in the words, every scheme, tiles and strips of any size that the
/// core accepts, stuck-at and flipping cells, also of check bits. `pressed`: there are gaps at
/// every port, and writes meanwhile.
RandomJob random_job(std::uint64_t seed, const CoreShape& shape, bool pressed,
                     const RandomFaults& faults = {});

/// Collects what a core does while it runs a job.
class Recorder final : public Observer {
 public:
  Recorder(const CoreShape& shape, const Job& job);
  void word(std::int64_t cycle, std::size_t command, std::uint32_t address,
            const RawWord& read) override;
  void checked(std::int64_t cycle, std::size_t command, std::uint64_t data,
               std::uint64_t suspect) override;
  void row(std::int64_t cycle, std::size_t command, int row, const std::int32_t* lanes) override;
  void drained(std::int64_t cycle, std::size_t strip, int walk, int row,
               const std::int32_t* lanes) override;

  void parameter(std::int64_t cycle, std::size_t command, std::uint64_t data, std::uint64_t suspect,
                 bool last) override;
  void surplus(std::int64_t cycle, const char* what) override;

  struct Word {
    std::uint32_t address;
    RawWord read;
  };
  struct Checked {
    std::uint64_t data, suspect;
    bool operator==(const Checked& o) const { return data == o.data && suspect == o.suspect; }
  };
  std::vector<std::vector<Word>> words;             // by command
  std::vector<std::vector<Checked>> checked_words;  // by command
  std::vector<std::vector<std::int32_t>> rows;      // by command, as in RandomJob
  std::vector<std::vector<std::int32_t>> strips;    // by strip: rows as they left, walk after walk

  std::vector<std::vector<Checked>> parameters;  // by command: words at the vector unit's port
  std::vector<std::string> surplus_seen;         // must stay empty

 private:
  const CoreShape shape_;
  const Job& job_;
};

}  // namespace brownout::cosim
