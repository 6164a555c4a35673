// SPDX-License-Identifier: Apache-2.0
// A sweep on ranks and in shards gives, to the byte, what one process gives.
#include "tests/end_to_end/sweep_folders.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Cluster : public SweepFolders {
 protected:
  static std::vector<std::string> sweep(const std::string& out) {
    return {"sweep", "sweep.yaml", "--out", out, "--no-plot", "--threads", "1", "--json", "-"};
  }
  Json whole(const std::string& out) const {
    const Outcome outcome = brownout(sweep(out));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return without_timing(outcome.json());
  }
  void refused(const Outcome& outcome, const std::string& part) const {
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    const std::size_t first = outcome.err.find("brownout: error: ");
    ASSERT_NE(first, std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(part, first), std::string::npos) << outcome.err;
    // One message, from one rank.
    EXPECT_EQ(outcome.err.find("brownout: error: ", first + 1), std::string::npos) << outcome.err;
  }
};

TEST_F(Cluster, AnyNumberOfRanksGivesTheSameBytes) {
  if (!has_mpi()) GTEST_SKIP() << "built without MPI";
  const Json alone = whole("alone");
  for (const int count : {1, 2, 3}) {
    const std::string out = "ranks" + std::to_string(count);
    const Outcome outcome = ranks(count, sweep(out));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(without_timing(outcome.json()), alone) << count;
    expect_same_tables(out, "alone");
    EXPECT_EQ(keys(out), keys("alone"));
  }
}

TEST_F(Cluster, OnAnAcceleratorWithMitigationsAsWell) {
  if (!has_mpi()) GTEST_SKIP() << "built without MPI";
  workplace_.write("sweep.yaml", read_file(workplace_.sweep_file()) +
                                     "\naccelerator: edge-16x16\nmitigations: [none, secded]\n");
  const Json alone = whole("alone");
  const Outcome outcome = ranks(2, sweep("two"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(without_timing(outcome.json()), alone);
  expect_same_tables("two", "alone");
}

TEST_F(Cluster, ASweepThatWasInterruptedGoesOnWithAnotherNumberOfRanks) {
  if (!has_mpi()) GTEST_SKIP() << "built without MPI";
  whole("alone");
  ASSERT_EQ(ranks(2, sweep("out")).code, 0);
  const fs::path folder = workplace_.folder() / "out";
  change_rows(folder, "DELETE FROM results WHERE id % 3 = 0");
  fs::remove(folder / "points.csv");
  const Outcome outcome = ranks(3, sweep("out"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(outcome.json()["points_computed"], 0);
  expect_same_tables("out", "alone");
  EXPECT_EQ(ranks(2, sweep("out")).json()["points_computed"], 0);
}

TEST_F(Cluster, RanksThatDisagreeLeaveNoFolder) {
  if (!has_mpi()) GTEST_SKIP() << "built without MPI";
  const std::string file = read_file(workplace_.sweep_file());
  workplace_.write("other.yaml", file + "seed: 5\n");
  workplace_.write("wrong.yaml", file + "sead: 5\n");
  for (const char* other : {"other.yaml", "wrong.yaml"}) {
    const Outcome outcome =
        mpirun({"--oversubscribe", "-n", "1", BROWNOUT_BINARY, "sweep", "sweep.yaml", "--out",
                "out", ":", "-n", "1", BROWNOUT_BINARY, "sweep", other, "--out", "out"});
    refused(outcome, std::string(other) == "other.yaml" ? "rank 1 runs something else than rank 0"
                                                        : "rank 1: wrong.yaml");
    EXPECT_FALSE(fs::exists(workplace_.folder() / "out")) << other;
  }
}

TEST_F(Cluster, SensitivitiesAndStudiesRunOnRanksToo) {
  if (!has_mpi()) GTEST_SKIP() << "built without MPI";
  const std::vector<std::string> sensitivity = analysis({"--json", "-"});
  const Outcome one = brownout(sensitivity);
  const Outcome three = ranks(3, sensitivity);
  ASSERT_EQ(one.code, 0) << one.err;
  ASSERT_EQ(three.code, 0) << three.err;
  EXPECT_EQ(without_timing(one.json()), without_timing(three.json()));

  write_study();
  const auto study = [](const std::string& out) {
    return std::vector<std::string>{"study", "study.yaml", "--out", out, "--no-plot"};
  };
  ASSERT_EQ(brownout(study("study-alone")).code, 0);
  const Outcome outcome = ranks(2, study("study-ranks"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"1/2", "2/2"}) {
    ASSERT_EQ(brownout({"study", "study.yaml", "--shard", part}).code, 0);
  }
  const Outcome merged = brownout(
      {"merge", "study-merged", "out/study-shard-1-of-2", "out/study-shard-2-of-2", "--no-plot"});
  ASSERT_EQ(merged.code, 0) << merged.err;
  for (const char* table : {"table.csv", "samples.csv"}) {
    const std::string expected = read_file(workplace_.folder() / "study-alone" / table);
    EXPECT_EQ(read_file(workplace_.folder() / "study-ranks" / table), expected) << table;
    EXPECT_EQ(read_file(workplace_.folder() / "study-merged" / table), expected) << table;
  }
  refused(brownout({"study", "study.yaml", "--shard", "1/2", "--list"}), "--list");
}

TEST_F(Cluster, AFullDiskEndsAShardOfAStudyAndTheSameCommandGoesOn) {
  workplace_.write("study.yaml",
                   "title: Two networks\ndata_folder: data\nimages: 100\nchips: 40\n"
                   "evaluations:\n  rerr: {kind: errors, rates: [0.01, 0.05]}\n"
                   "rows:\n  - {name: 8 bit, network: tiny-rquant-8b.onnx}\n"
                   "  - {name: 4 bit, network: tiny-uniform-4b.onnx}\n");
  const std::vector<std::string> words{"study", "study.yaml", "--shard", "1/1", "--out", "part"};
  Surroundings small;
  small.file_limit = 34'000;  // the empty table fits
  const Outcome full = workplace_.run(BROWNOUT_BINARY, words, small);
  refused(full, "results.sqlite: ");
  EXPECT_FALSE(fs::exists(workplace_.folder() / "part" / "shard.json"));
  ASSERT_EQ(brownout(words).code, 0);
  ASSERT_EQ(brownout({"merge", "merged", "part", "--no-plot"}).code, 0);
  // A record that somebody changed.
  const fs::path record = workplace_.folder() / "part" / "shard.json";
  Json json = Json::parse(read_file(record));
  json["only"] = 3;
  write_file_atomically(record, json.dump());
  refused(brownout({"merge", "again", "part"}), "part/shard.json: only: expected a list");
  write_file_atomically(record, "{\"shard_version\": 1, \"shard\"");
  refused(brownout({"merge", "again", "part"}), "part/shard.json");
}

TEST_F(Cluster, ShardsBecomeTheSweep) {
  const Json alone = whole("alone");
  for (const int count : {1, 2, 5}) {
    const std::string out = "merged" + std::to_string(count);
    std::vector<std::string> merge{"merge", out};
    for (int index = 1; index <= count; ++index) {
      const std::string part = std::to_string(index) + "/" + std::to_string(count);
      const std::string folder = "part" + std::to_string(count) + "-" + std::to_string(index);
      const Outcome outcome =
          brownout({"sweep", "sweep.yaml", "--out", folder, "--shard", part, "--threads", "1"});
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_FALSE(fs::exists(workplace_.folder() / folder / "sweep.json"));
      merge.push_back(folder);
    }
    merge.insert(merge.end(), {"--no-plot", "--json", "-"});
    const Outcome outcome = brownout(merge);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    Json json = without_timing(outcome.json());
    // Merging computes nothing.
    EXPECT_EQ(json["points_computed"], 0);
    EXPECT_EQ(json["extra_points_computed"], 0);
    json["points_computed"] = alone["points_computed"];
    json["extra_points_computed"] = alone["extra_points_computed"];
    EXPECT_EQ(json, alone) << count;
    expect_same_tables(out, "alone");
    EXPECT_EQ(keys(out), keys("alone"));
  }
}

TEST_F(Cluster, TheMergedFolderIsThatOfTheSweep) {
  for (const char* part : {"1/2", "2/2"}) {
    ASSERT_EQ(brownout({"sweep", "sweep.yaml", "--shard", part, "--images", "50", "--chips", "2",
                        "--seed", "7", "--data", "data"})
                  .code,
              0);
  }
  // A merge that is started in another folder finds the images.
  const Json record =
      Json::parse(read_file(workplace_.folder() / "out" / "sweep-shard-1-of-2" / "shard.json"));
  EXPECT_TRUE(fs::path(record["data"].get<std::string>()).is_absolute());
  const std::vector<std::string> merge{"merge", "out/sweep", "out/sweep-shard-1-of-2",
                                       "out/sweep-shard-2-of-2", "--no-plot"};
  ASSERT_EQ(brownout(merge).code, 0);
  ASSERT_EQ(brownout(merge).code, 0);  // again
  const Outcome sweep = brownout({"sweep", "sweep.yaml", "--images", "50", "--chips", "2", "--seed",
                                  "7", "--no-plot", "--json", "-"});
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_EQ(sweep.json()["points_computed"], 0);
  const Outcome report = brownout({"report", "out/sweep", "--out", "page.html"});
  EXPECT_EQ(report.code, 0) << report.err;
  // A shard's folder is no sweep's.
  refused(brownout({"report", "out/sweep-shard-1-of-2", "--out", "other.html"}), "shard");
}

TEST_F(Cluster, ShardsThatDoNotGoTogetherAreRefused) {
  const auto shard = [&](const std::string& part, const std::string& out,
                         const std::string& seed = "1") {
    const Outcome outcome = brownout({"sweep", "sweep.yaml", "--shard", part, "--out", out,
                                      "--images", "20", "--chips", "2", "--seed", seed});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  };
  shard("1/3", "a");
  shard("2/3", "b");
  shard("3/3", "c");
  shard("2/3", "b2");
  shard("2/2", "half");
  shard("3/3", "other", "2");
  const auto merge = [&](const std::vector<std::string>& folders) {
    std::vector<std::string> words{"merge", "out"};
    words.insert(words.end(), folders.begin(), folders.end());
    return brownout(words);
  };
  refused(merge({"a", "b"}), "expected all 3 shards of the sweep, missing 3");
  refused(merge({"a", "b", "b2", "c"}), "b2: shard 2/3, as is b; expected each shard once");
  refused(merge({"a", "b", "half"}), "half: shard 2/2, but a is shard 1/3");
  refused(merge({"a", "b", "other"}),
          "other: a shard of another sweep: seed in a is 1, in other 2");
  refused(merge({"a", "b", "data"}), "data/shard.json: missing; expected the folder of a shard");
  refused(merge({"a", "b", "none"}), "none/shard.json: missing");
  for (const char* part : {"0/4", "5/4", "1", "x/2"}) {
    refused(brownout({"sweep", "sweep.yaml", "--shard", part}), "--shard: expected I/N");
  }
  refused(brownout({"sweep", "sweep.yaml", "--shard", "1/2", "--json", "-"}), "--json");
  // A folder holds one shard.
  refused(brownout({"sweep", "sweep.yaml", "--shard", "3/3", "--out", "a", "--images", "20",
                    "--chips", "2", "--seed", "1"}),
          "a: holds another shard: shard there is \"1/3\", here \"3/3\"");
  refused(brownout({"sweep", "sweep.yaml", "--out", "a"}), "a: holds other files");
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
  // A record that somebody changed.
  const fs::path record = workplace_.folder() / "b2" / "shard.json";
  const std::string content = read_file(record);
  const std::size_t part = content.find("2/3");
  ASSERT_NE(part, std::string::npos);
  write_file_atomically(record, std::string(content).replace(part, 3, "7/3"));
  refused(merge({"a", "b2", "c"}), "b2/shard.json: shard: expected the part of a shard");
  // Results that differ cannot both be right.
  change_rows(workplace_.folder() / "b",
              "UPDATE results SET row = replace(row, '\"confidence\":0.', '\"confidence\":0.0')");
  refused(merge({"a", "b", "c"}), "damaged");
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
}

TEST_F(Cluster, BadInputIsOneMessageFromOneRank) {
  if (!has_mpi()) GTEST_SKIP() << "built without MPI";
  refused(ranks(3, {"sweep", "none.yaml"}), "none.yaml: cannot open");
  refused(ranks(2, {"sweep", "sweep.yaml", "--images", "0"}), "--images");
  refused(ranks(2, {"sweep", "sweep.yaml", "--data", "nowhere"}), "nowhere");
  refused(ranks(2, {"eval", "tiny-rquant-8b.onnx", "--data", "data"}),
          "brownout eval runs as one process; expected it without mpirun, got 2 ranks");
  refused(ranks(2, {"train", "none.yaml"}), "brownout train runs as one process");
  const Outcome help = ranks(2, {"sweep", "--help"});
  EXPECT_EQ(help.code, 0) << help.err;
  EXPECT_EQ(help.out.find("brownout sweep CONFIG"), help.out.rfind("brownout sweep CONFIG"));
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
}

TEST_F(Cluster, AProgramWithoutMpiSaysSo) {
  if (has_mpi()) GTEST_SKIP() << "built with MPI";
  for (const auto& [rank, shown] : {std::pair("0", true), std::pair("1", false)}) {
    Surroundings surroundings;
    surroundings.environment = {std::string("OMPI_COMM_WORLD_RANK=") + rank,
                                "OMPI_COMM_WORLD_SIZE=2"};
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, sweep("out"), surroundings);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.err.find("this program was built without MPI") != std::string::npos, shown)
        << outcome.err;
  }
}

}  // namespace
}  // namespace brownout::end_to_end
