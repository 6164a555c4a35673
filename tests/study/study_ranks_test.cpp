// SPDX-License-Identifier: Apache-2.0
// A study on ranks, which are threads here, and in shards: the trainings and numbers of one
// process. A script stands for the trainer: it takes a network that is there, and counts how often
// it ran.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/report/study_report.hpp"
#include "sim/study/study_parts.hpp"
#include "sim/workers/jobs.hpp"
#include "tests/study/small_trainings.hpp"
#include "tests/workers/thread_ranks.hpp"

namespace brownout::study {
namespace {

namespace fs = std::filesystem;

constexpr char kTrainer[] = R"(#!/bin/sh
out= check=
for word; do
  [ "$before" = --out ] && out=$word
  [ "$before" = --set ] && [ "$word" = w_max=2 ] && bad=1
  [ "$word" = --check ] && check=1
  before=$word
done
[ -n "$check" ] && { echo the same training; exit 0; }
[ -n "$bad" ] && { echo "brownout-train: error: nothing converges"; exit 1; }
echo run >> "${out%.onnx}.runs"
cp "$(dirname "$0")/tiny-rquant-8b.onnx" "$out"
)";

constexpr char kStudy[] =
    "title: Trained and given\n"
    "data_folder: data\n"
    "images: 100\n"
    "chips: 3\n"
    "evaluations:\n"
    "  clean: {kind: clean}\n"
    "  rerr: {kind: errors, rates: [0.01, 0.05]}\n"
    "  margin: {kind: margin}\n"
    "rows:\n"
    "  - {name: given, network: tiny-uniform-4b.onnx}\n"
    "  - {name: trained, training: small.yaml, seeds: [1, 2]}\n"
    "  - {name: exported, training: small.yaml, export: {quantization: {bits: 4}}}\n"
    "  - {name: failed, training: small.yaml, set: {w_max: 2}}\n"
    "compare:\n"
    "  - {higher: given, lower: trained}\n";

class StudyRanks : public testing::Test {
 protected:
  StudyRanks() {
    trainer_ = add_trainer(workplace_, kTrainer);
    study_ = load_study(workplace_.write("study.yaml", kStudy));
  }

  StudyOptions options(const std::string& out, const std::string& trainings) const {
    StudyOptions options;
    options.folder = workplace_.folder() / out;
    options.trainings_folder = workplace_.folder() / trainings;
    options.find_trainer = [this] { return trainer_.string(); };
    options.quiet = true;
    return options;
  }
  /// What the table says; networks without the folder that they lie in.
  std::string table(const StudyResult& result) const {
    std::string csv = report::study_csv(result);
    for (const RowResult& row : result.rows) csv += row.name + ": " + row.problem + "\n";
    return csv;
  }
  std::size_t trainer_runs(const std::string& trainings) const {
    std::size_t runs = 0;
    for (const auto& entry : fs::directory_iterator(workplace_.folder() / trainings)) {
      if (entry.path().extension() != ".runs") continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) ++runs;
    }
    return runs;
  }

  end_to_end::Workplace workplace_;
  fs::path trainer_;
  StudyFile study_;
};

TEST_F(StudyRanks, AnyNumberOfRanksGivesTheTableOfOneProcess) {
  const std::string alone = table(run_study(study_, options("alone", "trainings-alone")));
  EXPECT_EQ(trainer_runs("trainings-alone"), 3u);  // two seeds, one export
  EXPECT_NE(alone.find("failed: nothing converges"), std::string::npos) << alone;
  for (const int count : {1, 2, 4}) {
    const std::string name = std::to_string(count);
    workers::Post post(count);
    std::vector<std::thread> others;
    std::vector<int> codes(static_cast<std::size_t>(count), -1);
    for (int rank = 1; rank < count; ++rank) {
      others.emplace_back([&, rank] {
        workers::ThreadRanks self(post, rank);
        StudyOptions how = options("ranks" + name, "trainings" + name);
        how.ranks = &self;
        codes[static_cast<std::size_t>(rank)] = serve_study(study_, how);
      });
    }
    workers::ThreadRanks self(post, 0);
    StudyOptions how = options("ranks" + name, "trainings" + name);
    how.ranks = &self;
    EXPECT_EQ(table(run_study(study_, how)), alone) << count;
    workers::dismiss(self, 0);
    for (std::thread& other : others) other.join();
    EXPECT_EQ(std::count(codes.begin(), codes.end(), 0), count - 1);
    EXPECT_EQ(trainer_runs("trainings" + name), 3u) << count;
  }
}

TEST_F(StudyRanks, ShardsShareTrainingsAndBecomeTheStudy) {
  const std::string alone = table(run_study(study_, options("alone", "trainings-alone")));
  // The row whose training fails is left out, because a merge trains nothing.
  for (const int count : {1, 2, 6}) {
    const std::string name = std::to_string(count);
    std::vector<fs::path> shards;
    Json identity;
    for (int index = 1; index <= count; ++index) {
      StudyOptions how = options("shard" + name + "-" + std::to_string(index), "trainings" + name);
      how.only = {"given", "trained", "exported"};
      run_study_shard(study_, how, {index, count});
      shards.push_back(how.folder);
      identity = StudyParts(study_, how).identity();
    }
    EXPECT_EQ(trainer_runs("trainings" + name), 3u) << count;
    StudyOptions how = options("merged" + name, "trainings" + name);
    how.only = {"given", "trained", "exported"};
    const std::string merged = table(merge_study_shards(study_, how, shards, identity));
    EXPECT_EQ(merged.substr(0, merged.find("given: ")), alone.substr(0, alone.find("given: ")));
    // Without the trainings it cannot know which rows are meant.
    how.folder = workplace_.folder() / ("again" + name);
    how.trainings_folder = workplace_.folder() / "nowhere";
    try {
      merge_study_shards(study_, how, shards, identity);
      ADD_FAILURE() << "no error";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("expected the trainings of the shards in "),
                std::string::npos)
          << error.what();
    }
    EXPECT_FALSE(fs::exists(how.folder));
  }
}

}  // namespace
}  // namespace brownout::study
