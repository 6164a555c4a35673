// SPDX-License-Identifier: Apache-2.0
// A sensitivity analysis in a folder, on ranks and in shards gives what one process gives.
#include "tests/end_to_end/sweep_folders.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class SensitivityFolders : public SweepFolders {
 protected:
  Outcome done(const std::vector<std::string>& words) const {
    Outcome outcome = brownout(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  }
  std::string json_of(const std::string& folder) const {
    return read_file(workplace_.folder() / folder / "sensitivity.json");
  }
  void refused(const std::vector<std::string>& words, const std::string& part) const {
    const Outcome outcome = brownout(words);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  }
};

TEST_F(SensitivityFolders, WhatAFolderHasIsNotMeasuredAgain) {
  const std::string alone = done(analysis({"--json", "-"})).out;
  EXPECT_EQ(done(analysis({"--out", "kept", "--json", "-"})).out, alone);
  EXPECT_EQ(json_of("kept"), alone);
  const std::set<std::string> all = keys("kept");
  const fs::path folder = workplace_.folder() / "kept";
  // As if it had been killed: a third of the rows is missing, the clean error among them.
  change_rows(folder, "DELETE FROM results WHERE id % 3 = 1");
  fs::remove(folder / "sensitivity.json");
  done(analysis({"--out", "kept"}));
  EXPECT_EQ(json_of("kept"), alone);
  EXPECT_EQ(keys("kept"), all);
  if (!has_mpi()) return;
  ASSERT_EQ(ranks(3, analysis({"--out", "ranks"})).code, 0);
  EXPECT_EQ(json_of("ranks"), alone);
  EXPECT_EQ(keys("ranks"), all);
}

TEST_F(SensitivityFolders, AKilledAnalysisGoesOn) {
  done(analysis({"--out", "alone"}));
  int kills = 0;
  Outcome outcome;
  do {
    Surroundings kill;
    // Each time a little later, so that it ends at last.
    kill.interruption = Interruption{SIGKILL, 8 + 9 * kills};
    outcome = workplace_.run(BROWNOUT_BINARY, analysis({"--out", "killed"}), kill);
    ASSERT_TRUE(outcome.code == 0 || outcome.code == 128 + SIGKILL) << outcome.err;
    if (outcome.code != 0) ++kills;
  } while (outcome.code != 0 && kills < 100);
  EXPECT_GE(kills, 2);
  EXPECT_EQ(json_of("killed"), json_of("alone"));
  EXPECT_EQ(keys("killed"), keys("alone"));
}

TEST_F(SensitivityFolders, ShardsBecomeTheAnalysis) {
  done(analysis({"--out", "alone"}));
  const std::string alone = json_of("alone");
  for (const int count : {1, 2, 5}) {
    const std::string out = "merged" + std::to_string(count);
    std::vector<std::string> merge{"merge", out};
    for (int index = 1; index <= count; ++index) {
      const std::string folder = "part" + std::to_string(count) + "-" + std::to_string(index);
      done(analysis(
          {"--out", folder, "--shard", std::to_string(index) + "/" + std::to_string(count)}));
      EXPECT_FALSE(fs::exists(workplace_.folder() / folder / "sensitivity.json"));
      merge.push_back(folder);
    }
    merge.insert(merge.end(), {"--json", "-"});
    EXPECT_EQ(done(merge).out, alone) << count;
    EXPECT_EQ(json_of(out), alone) << count;
    EXPECT_EQ(keys(out), keys("alone")) << count;
    // The merged folder is that of the analysis.
    done(analysis({"--out", out}));
    EXPECT_EQ(keys(out), keys("alone")) << count;
  }
}

TEST_F(SensitivityFolders, WhereAShardGoesAndWhereItsDataWent) {
  done(analysis({"--shard", "1/2"}));
  done(analysis({"--shard", "2/2"}));
  const std::vector<std::string> parts{"out/sensitivity-shard-1-of-2",
                                       "out/sensitivity-shard-2-of-2"};
  fs::rename(workplace_.folder() / "data", workplace_.folder() / "moved");
  refused({"merge", "out/all", parts[0], parts[1]}, "--data: ");
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out" / "all"));
  done({"merge", "out/all", parts[0], parts[1], "--data", "moved"});
}

TEST_F(SensitivityFolders, OthersAreRefused) {
  done(analysis({"--shard", "1/2", "--out", "a"}));
  done(analysis({"--shard", "2/2", "--out", "b"}));
  done(analysis({"--shard", "2/2", "--out", "other", "--seed", "3"}));
  done({"sweep", "sweep.yaml", "--shard", "2/2", "--out", "sweep", "--images", "20", "--chips",
        "2"});
  refused({"merge", "out", "a"}, "expected all 2 shards of the sensitivity analysis, missing 2");
  refused({"merge", "out", "a", "other"},
          "other: a shard of another sensitivity analysis: seed in a is 0, in other 3");
  refused({"merge", "out", "a", "sweep"},
          "sweep: a shard of a sweep, but a is one of a sensitivity analysis");
  refused({"merge", "out", "a", "b", "--trainings", "t"}, "--trainings: is of a study");
  refused({"merge", "out", "a", "b", "--config", "sweep.yaml"},
          "--config: is of a sweep or a study");
  refused({"merge", "out", "a", "b", "--no-plot"}, "--no-plot: is of a sweep or a study");
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
  refused(analysis({"--shard", "1/2", "--json", "-"}), "--json is of a whole analysis");
  refused(analysis({"--shard", "3/2"}), "--shard: expected I/N");
  refused(analysis({"--out", "a"}), "a: holds other files");
  refused(analysis({"--out", "kept", "--json", "kept/sensitivity.json"}), "--json");
  refused(analysis({"--shard", "2/2", "--out", "sweep"}),
          "sweep: holds another shard: it is of a sweep there, of a sensitivity analysis here");
  refused({"sweep", "sweep.yaml", "--shard", "2/2", "--out", "b"},
          "b: holds another shard: it is of a sensitivity analysis there, of a sweep here");
  write_study();
  done({"study", "study.yaml", "--shard", "2/2", "--out", "study"});
  refused({"sweep", "sweep.yaml", "--shard", "2/2", "--out", "study"},
          "study: holds another shard: it is of a study there, of a sweep here");
  refused({"study", "study.yaml", "--shard", "2/2", "--out", "sweep"},
          "sweep: holds another shard: it is of a sweep there, of a study here");
  // A folder that is no shard's.
  refused({"merge", "out", "a", "data"}, "sensitivity with --shard I/N)");
  // A row that is there is read, and not trusted blindly.
  done(analysis({"--out", "kept"}));
  change_rows(workplace_.folder() / "kept",
              "UPDATE results SET row = json_set(row, '$.rise_points', 77.0)");
  refused(analysis({"--out", "kept"}), "damaged");
  // Networks that have changed are another analysis.
  fs::copy_file(workplace_.folder() / "tiny-uniform-4b.onnx",
                workplace_.folder() / "tiny-rquant-8b.onnx", fs::copy_options::overwrite_existing);
  refused({"merge", "out", "a", "b"}, "expected each network once");
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
}

}  // namespace
}  // namespace brownout::end_to_end
