// SPDX-License-Identifier: Apache-2.0
// Sweeps that stop when they know enough: what they show, that it is the same for any number of
// threads, ranks and shards, and after any interruption.
#include "tests/end_to_end/sweep_folders.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Adaptive : public SweepFolders {
 protected:
  void SetUp() override { write("half_width_points: 0.8"); }
  void write(const std::string& precision, const std::string& more = "") const {
    workplace_.write("adaptive.yaml", "technology: " BROWNOUT_SOURCE_DIR
                                      "/profiles/14nm-finfet.yaml\n"
                                      "models: [tiny-rquant-8b.onnx, tiny-uniform-4b.onnx]\n"
                                      "dataset: fashion-mnist\ndata_folder: data\nseed: 3\n"
                                      "voltages: [0.8, 0.84]\nprecision: {" +
                                          precision + "}\n" + more);
  }
  /// Each of 29 dies may lose one point, stated on 8 others.
  static constexpr char kSafe[] =
      "safe_voltage: {max_drop_points: 1, tolerance: 0.02, chosen_on: 29, stated_on: 8}\n";
  static std::vector<std::string> sweep(const std::string& out, const std::string& threads = "1") {
    return {"sweep",     "adaptive.yaml", "--out",  out, "--no-plot",
            "--threads", threads,         "--json", "-"};
  }
  Json whole(const std::string& out, const std::string& threads = "1") const {
    const Outcome outcome = brownout(sweep(out, threads));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? without_timing(outcome.json()) : Json();
  }
  void refused(const std::vector<std::string>& parts, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"sweep", "adaptive.yaml", "--out", "refused"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = brownout(words);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    }
    EXPECT_FALSE(fs::exists(workplace_.folder() / "refused"));
  }
};

TEST_F(Adaptive, EveryIntervalIsAsNarrowAsAskedAndContainsWhatManyWholeChipsShow) {
  const Json adaptive = whole("out");
  workplace_.write("whole.yaml",
                   "technology: " BROWNOUT_SOURCE_DIR
                   "/profiles/14nm-finfet.yaml\n"
                   "models: [tiny-rquant-8b.onnx, tiny-uniform-4b.onnx]\n"
                   "dataset: fashion-mnist\ndata_folder: data\nseed: 900000\nchips: 1500\n"
                   "voltages: [0.8, 0.84]\n");
  const Outcome outcome =
      brownout({"sweep", "whole.yaml", "--out", "whole", "--no-plot", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json expected = outcome.json();
  ASSERT_EQ(adaptive["points"].size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const Json& point = adaptive["points"][i];
    const Json& many = expected["points"][i];
    ASSERT_EQ(point["model"], many["model"]);
    ASSERT_EQ(point["voltage"], many["voltage"]);
    EXPECT_EQ(point["err"], many["err"]);
    EXPECT_EQ(point["images"], 400);
    const Json& precision = point["precision"];
    EXPECT_TRUE(precision["reached"]);
    EXPECT_LE(precision["half_width_points"], 0.8);
    EXPECT_LT(precision["evaluations"], point["chips"].get<int>() * 400);
    // Two independent intervals of one mean, each of 95 %.
    const double width = precision["half_width_points"].get<double>() +
                         many["rerr_ci95"][1].get<double>() - many["rerr_mean"].get<double>();
    EXPECT_NEAR(point["rerr_mean"], many["rerr_mean"], 1.3 * width);
    if (!point["rerr_std"].is_null()) {
      EXPECT_NEAR(point["rerr_std"], many["rerr_std"], 0.3 * many["rerr_std"].get<double>());
    }
    EXPECT_NEAR(point["rerr_either_mean"], many["rerr_either_mean"], 1.3 * width);
    EXPECT_NEAR(point["confidence_mean"], many["confidence_mean"], 0.02);
    EXPECT_NEAR(point["bits_wrong_mean"], many["bits_wrong_mean"],
                0.05 * many["bits_wrong_mean"].get<double>());
  }
}

TEST_F(Adaptive, ItWorksOverRatesAsWell) {
  const std::string start =
      "models: [tiny-rquant-8b.onnx, tiny-uniform-4b.onnx]\n"
      "dataset: fashion-mnist\ndata_folder: data\nseed: 3\nrates: [0.02, 0.08]\n";
  workplace_.write("adaptive.yaml", start + "precision: {half_width_points: 0.8}\n");
  workplace_.write("whole.yaml", start + "chips: 100\n");
  const Outcome adaptive = brownout(sweep("out"));
  ASSERT_EQ(adaptive.code, 0) << adaptive.err;
  const Outcome whole =
      brownout({"sweep", "whole.yaml", "--out", "whole", "--no-plot", "--json", "-"});
  ASSERT_EQ(whole.code, 0) << whole.err;
  const Json points = adaptive.json()["points"], all = whole.json()["points"];
  ASSERT_EQ(points.size(), 4u);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i]["rate"], all[i]["rate"]);
    const double width = points[i]["precision"]["half_width_points"].get<double>() +
                         all[i]["rerr_ci95"][1].get<double>() - all[i]["rerr_mean"].get<double>();
    EXPECT_NEAR(points[i]["rerr_mean"], all[i]["rerr_mean"], 1.3 * width);
    EXPECT_EQ(points[i]["precision"]["population"], "all chips at this rate, these 400 images");
  }
  EXPECT_NE(adaptive.err.find("How well the means are known"), std::string::npos) << adaptive.err;
}

TEST_F(Adaptive, SafeVoltagesAreThoseThatAllImagesGive) {
  write("half_width_points: 2", kSafe);
  const Outcome sampled = brownout(sweep("out"));
  ASSERT_EQ(sampled.code, 0) << sampled.err;
  write("half_width_points: 2");
  std::string text = read_file(workplace_.folder() / "adaptive.yaml");
  const std::string precision = "precision: {half_width_points: 2}";
  text.replace(text.find(precision), precision.size(), "chips: 2");
  workplace_.write("adaptive.yaml", text + kSafe);
  const Outcome whole = brownout(sweep("whole"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  const Json rows = sampled.json()["safe_voltage"], expected = whole.json()["safe_voltage"];
  ASSERT_EQ(rows.size(), 2u);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_FALSE(rows[i]["voltage"].is_null());
    for (const char* field : {"voltage", "fails_at_voltage", "rate", "err", "confidence",
                              "stated_on", "energy_saving_sram_pct"}) {
      EXPECT_EQ(rows[i][field], expected[i][field]) << field;
    }
    const Json& chosen = rows[i]["chosen_on"];
    EXPECT_EQ(chosen["allowed"], 0);
    EXPECT_EQ(chosen["failed"], expected[i]["chosen_on"]["failed"]);
    EXPECT_GT(chosen["evaluations"], 0);
    EXPECT_LT(chosen["evaluations"].get<int>(), 400 * chosen["tried"].get<int>());
  }
  EXPECT_NE(sampled.err.find("each on as many images as that takes"), std::string::npos)
      << sampled.err;
  EXPECT_EQ(sampled.json()["points"][0]["precision"].is_null(), false);
  const Outcome report = brownout({"report", "out", "--out", "page.html"});
  ASSERT_EQ(report.code, 0) << report.err;
  EXPECT_NE(read_file(workplace_.folder() / "page.html").find("<section id=\"safe\""),
            std::string::npos);
}

TEST_F(Adaptive, AnyNumberOfThreadsGivesTheSameBytes) {
  write("half_width_points: 0.8", kSafe);
  const Json alone = whole("one");
  for (const char* threads : {"2", "5"}) {
    EXPECT_EQ(whole(threads, threads), alone);
    expect_same_tables(threads, "one");
    EXPECT_EQ(keys(threads), keys("one"));
  }
}

TEST_F(Adaptive, AnyNumberOfRanksGivesTheSameBytes) {
  if (!has_mpi()) GTEST_SKIP() << "built without MPI";
  write("half_width_points: 0.8", kSafe);
  const Json alone = whole("alone");
  for (const int ranks_used : {2, 3}) {
    const std::string count = std::to_string(ranks_used);
    const Outcome outcome = ranks(ranks_used, sweep(count));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(without_timing(outcome.json()), alone) << count;
    expect_same_tables(count, "alone");
    EXPECT_EQ(keys(count), keys("alone"));
  }
}

TEST_F(Adaptive, ShardsBecomeTheSweep) {
  write("half_width_points: 0.8", kSafe);
  const Json alone = whole("alone");
  for (const int count : {2, 7}) {
    const std::string out = "merged" + std::to_string(count);
    std::vector<std::string> merge{"merge", out};
    for (int index = 1; index <= count; ++index) {
      const std::string part = std::to_string(index) + "/" + std::to_string(count);
      const std::string folder = "part" + std::to_string(count) + "-" + std::to_string(index);
      const Outcome outcome =
          brownout({"sweep", "adaptive.yaml", "--out", folder, "--shard", part});
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      merge.push_back(folder);
    }
    merge.insert(merge.end(), {"--no-plot", "--json", "-"});
    const Outcome outcome = brownout(merge);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    Json json = without_timing(outcome.json());
    EXPECT_EQ(json["points_computed"], 0);  // merging computes nothing
    EXPECT_EQ(json["extra_points_computed"], 0);
    for (const char* field : {"points_computed", "extra_points_computed"}) {
      json[field] = alone[field];
    }
    EXPECT_EQ(json, alone) << count;
    expect_same_tables(out, "alone");
    EXPECT_EQ(keys(out), keys("alone"));
  }
}

TEST_F(Adaptive, ARunThatWasInterruptedGoesOn) {
  const Json alone = whole("alone");
  EXPECT_EQ(alone["points_computed"], 4);
  EXPECT_EQ(whole("alone")["points_computed"], 0);
  const std::set<std::string> all = keys("alone");
  // Rows of any stage may be missing, and those of the clean network.
  const std::string of_chips = "json_extract(row, '$.first_chip') IS NOT NULL";
  for (const std::string& lost : {std::string("key < '6'"), of_chips, "NOT " + of_chips}) {
    SCOPED_TRACE(lost);
    change_rows(workplace_.folder() / "alone", "DELETE FROM results WHERE " + lost);
    EXPECT_LT(keys("alone").size(), all.size());
    Json again = whole("alone", "2");
    // Chips need no clean network any more once they are stored.
    EXPECT_EQ(again["points_computed"].get<int>() > 0, lost != "NOT " + of_chips);
    again["points_computed"] = alone["points_computed"];
    EXPECT_EQ(again, alone);
    EXPECT_EQ(keys("alone"), all);
  }
}

TEST_F(Adaptive, ChipsThatRunOutAreSaid) {
  write("half_width_points: 0.01, at_most_chips: 300");
  const Outcome outcome = brownout({"sweep", "adaptive.yaml", "--out", "out", "--no-plot"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("the chips have run out"), std::string::npos) << outcome.out;
  const Json json = Json::parse(read_file(workplace_.folder() / "out/sweep.json"));
  for (const Json& point : json["points"]) {
    EXPECT_FALSE(point["precision"]["reached"]);
    EXPECT_EQ(point["chips"], 300);
    EXPECT_GT(point["precision"]["half_width_points"], 0.01);
  }
}

TEST_F(Adaptive, TextTablesAndPageSayWhomAnIntervalIsFor) {
  write("half_width_points: 0.8", "accelerator: edge-16x16\nmitigations: [none, secded]\n");
  const Outcome outcome = brownout({"sweep", "adaptive.yaml", "--out", "out"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("half of each 95 % interval, for all chips of this technology and "
                             "these 400 images"),
            std::string::npos)
      << outcome.out;
  EXPECT_EQ(outcome.out.find("afe voltage"), std::string::npos) << outcome.out;
  const std::string csv = read_file(workplace_.folder() / "out/points.csv");
  EXPECT_NE(csv.find(",precision_confidence,half_width_points,interval_low,interval_high,reached,"
                     "evaluations\n"),
            std::string::npos);
  const std::string plot = read_file(workplace_.folder() / "out/sweep.gp");
  EXPECT_NE(plot.find("all chips of this technology"), std::string::npos) << plot;
  const Outcome report = brownout({"report", "out", "--out", "page.html"});
  ASSERT_EQ(report.code, 0) << report.err;
  const std::string page = read_file(workplace_.folder() / "page.html");
  EXPECT_NE(page.find("for all chips of this technology, these 400 images"), std::string::npos);
  EXPECT_EQ(page.find("<section id=\"safe\""), std::string::npos);
}

TEST_F(Adaptive, BadInputIsNamed) {
  refused({"--chips", "precision decides how many"}, {"--chips", "5"});
  write("half_width_points: 0.8", "chips: 4\n");
  refused({"adaptive.yaml:8:", "chips: precision decides how many"});
  write("half_width_points: 0.8", "safe_voltage: {yield: mean}\n");
  refused({"adaptive.yaml:8:", "safe_voltage.yield: a mean is searched on all images"});
  write("half_width_points: 0.8", "safe_voltage: {chosen_on: 28}\n");
  refused({"adaptive.yaml:8:", "safe_voltage.chosen_on: expected at least 29"});
  write("half_width_points: 0.8", "safe_voltage: {stated_seed: 500000}\n");
  refused(
      {"adaptive.yaml:8:", "safe_voltage.stated_seed: expected chips that were never looked at"});
  write("half_width_points: 0.8", "safe_voltage:\n  tolerance: 0.01\n  stated_seed: 500000\n");
  refused({"adaptive.yaml:10:", "safe_voltage.stated_seed: expected chips"});
  write("half_width_points: 0.8", "profile: chip1-synthetic\n");
  refused({"adaptive.yaml:8:", "profile: precision is of random chips"});
  write("half_width_points: 0.8", "accelerator: edge-16x16\nreads: fresh\n");
  refused({"adaptive.yaml:9:", "reads: fresh reads differ from batch to batch"});
  write("half_width_points: 0.8", "accelerator: edge-16x16\nsupplies: {activations: scaled}\n");
  refused({"adaptive.yaml:7:", "only the weight memory fails"});
  write("half_width_points: 0.8", "accelerator: edge-16x16\nengine: systemc\n");
  refused({"adaptive.yaml:9:", "engine: runs all images through the accelerator"});
  write("half_width_points: 0");
  refused({"adaptive.yaml:7:", "half_width_points: expected a number in [0.0001, 50]", "\"0\""});
  write("confidence: 0.9");
  refused({"adaptive.yaml:7:", "precision.half_width_points: missing"});
  write("half_width_points: 1, at_most_chips: 1");
  refused({"at_most_chips: expected an integer in [2, 1000000], got \"1\""});
  write("half_width_points: 1, images_a_chip: 401");
  refused({"adaptive.yaml: precision.images_a_chip: expected at most the 400 images", "got 401"});
  write("half_width_points: 1, chips: 1");
  refused({"adaptive.yaml:7:", "unknown key \"precision.chips\""});
}

TEST_F(Adaptive, AFolderOfAnotherPrecisionIsAnotherSweep) {
  whole("out");
  write("half_width_points: 0.7");
  const Outcome outcome = brownout(sweep("out"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("precision.half_width_points there is 0.8, here 0.7"),
            std::string::npos)
      << outcome.err;
}

}  // namespace
}  // namespace brownout::end_to_end
