// SPDX-License-Identifier: Apache-2.0
// Sweeps by one process and on ranks, and what their folders must have in common.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "sim/base/files.hpp"
#include "tests/end_to_end/stored_rows.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::end_to_end {

class SweepFolders : public testing::Test {
 protected:
  Outcome brownout(const std::vector<std::string>& words) const {
    return workplace_.run(BROWNOUT_BINARY, words);
  }
  static bool has_mpi() { return std::string(BROWNOUT_MPIRUN) != ""; }
  /// As mpirun would start it with so many ranks.
  Outcome ranks(int count, std::vector<std::string> words) const {
    words.insert(words.begin(), {"--oversubscribe", "-n", std::to_string(count), BROWNOUT_BINARY});
    return mpirun(words);
  }
  Outcome mpirun(const std::vector<std::string>& words) const {
    Surroundings surroundings;
    surroundings.environment = {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"};
    return workplace_.run(BROWNOUT_MPIRUN, words, surroundings);
  }
  void expect_same_tables(const std::string& a, const std::string& b) const {
    for (const char* name : {"points.csv", "samples.csv", "safe_voltage.csv"}) {
      EXPECT_EQ(read_file(workplace_.folder() / a / name),
                read_file(workplace_.folder() / b / name))
          << name << " of " << a;
    }
  }
  /// `brownout sensitivity` of two networks.
  static std::vector<std::string> analysis(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"sensitivity",
                                   "tiny-rquant-8b.onnx",
                                   "tiny-uniform-4b.onnx",
                                   "--rate",
                                   "0.02",
                                   "--chips",
                                   "2",
                                   "--images",
                                   "100",
                                   "--data",
                                   "data"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  /// A study of the same two, which trains nothing.
  void write_study() const {
    workplace_.write("study.yaml",
                     "title: Two networks\ndata_folder: data\nimages: 100\nchips: 3\n"
                     "evaluations:\n  rerr: {kind: errors, rates: [0.01, 0.05]}\n"
                     "rows:\n  - {name: 8 bit, network: tiny-rquant-8b.onnx}\n"
                     "  - {name: 4 bit, network: tiny-uniform-4b.onnx}\n");
  }
  /// Of the stored rows; each must be there once.
  std::set<std::string> keys(const std::string& out) const {
    std::set<std::string> keys;
    for (const KeptRow& row : kept_rows(workplace_.folder() / out)) {
      EXPECT_TRUE(keys.insert(row.key).second) << row.row;
    }
    return keys;
  }
  Workplace workplace_;
};

}  // namespace brownout::end_to_end
