// SPDX-License-Identifier: Apache-2.0
// `brownout study` on existing networks: what it writes, that it continues, what it refuses.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "sim/base/files.hpp"
#include "tests/end_to_end/stored_rows.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kStudy[] =
    "title: Two tiny networks\n"
    "source: nobody\n"
    "data_folder: data\n"
    "images: 200\n"
    "chips: 4\n"
    "evaluations:\n"
    "  clean: {kind: clean}\n"
    "  rerr: {kind: errors, rates: [0.01, 0.05, 0.1]}\n"
    "  histograms: {kind: histograms, rate: 0.05}\n"
    "rows:\n"
    "  - {name: 8 bit, network: tiny-rquant-8b.onnx, published: {rerr: [1.25, none, 3]}}\n"
    "  - {name: 4 bit, network: tiny-uniform-4b.onnx}\n"
    "  - {name: half, network: tiny-rquant-8b.onnx, scale_weights: 0.5, evaluations: [clean]}\n"
    "compare:\n"
    "  - {higher: 4 bit, lower: 8 bit}\n";

class Study : public testing::Test {
 protected:
  void SetUp() override { workplace_.write("study.yaml", kStudy); }
  Outcome study(const std::string& out, std::vector<std::string> more = {},
                const Surroundings& surroundings = {}) const {
    std::vector<std::string> arguments{"study", "study.yaml", "--out", out, "--quiet", "--no-plot"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments, surroundings);
  }
  std::string file(const std::string& name) const { return read_file(workplace_.folder() / name); }
  /// One line on stderr, exit code 2, nothing computed.
  void refused(const Outcome& outcome, const std::string& part) const {
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.err.rfind("brownout: error: ", 0), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  }
  Workplace workplace_;
};

TEST_F(Study, OnAProfileItsChipsArePlacesOfOneDie) {
  const std::string profile = BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5";
  workplace_.write("study.yaml",
                   "title: Places\ndata_folder: data\nimages: 100\nchips: 16\nseed: 5\n"
                   "evaluations:\n  die: {kind: errors, voltages: [0.82], profile: " +
                       profile +
                       "}\nrows:\n  - {name: 8 bit, network: tiny-rquant-8b.onnx}\n"
                       "  - {name: 4 bit, network: tiny-uniform-4b.onnx}\n"
                       "compare:\n  - {higher: 4 bit, lower: 8 bit}\n");
  const Outcome outcome = study("out");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(file("out/study.json"));
  EXPECT_EQ(json["evaluations"][0]["places_of_one_die"], true);
  EXPECT_EQ(json["comparisons"][0]["places_of_one_die"], true);
  const Json eval =
      workplace_
          .run(BROWNOUT_BINARY, {"eval", "tiny-rquant-8b.onnx", "--data", "data", "--images", "100",
                                 "--chip", profile, "--voltage", "0.82", "--offsets", "16",
                                 "--seed", "5", "--json", "-", "--quiet"})
          .json();
  const Json& cell = json["rows"][0]["cells"][0];
  EXPECT_EQ(cell["mean"], eval["rerr_mean"]);
  EXPECT_EQ(cell["position_std"], Json::array({eval["rerr_position_std"]}));
  EXPECT_EQ(cell["within_position_std"], Json::array({eval["rerr_within_position_std"]}));
  EXPECT_GT(cell["position_std"][0], 0.0);
  for (const std::string& text : {outcome.out, file("out/table.md")}) {
    EXPECT_NE(text.find("16 places of one die from seed 5"), std::string::npos) << text;
    EXPECT_NE(text.find("Chips of die are places of one measured die: ± and p say nothing about "
                        "other dies."),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("the means of the bit positions deviate by"), std::string::npos) << text;
    EXPECT_EQ(text.find("16 chips"), std::string::npos) << text;
  }
}

TEST_F(Study, WritesTheTableInAllItsForms) {
  const Outcome outcome = study("out", {"--json", "copy.json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(file("out/study.json"));
  EXPECT_EQ(without_timing(json), without_timing(Json::parse(file("copy.json"))));
  ASSERT_EQ(json["rows"].size(), 3u);
  ASSERT_EQ(json["rows"][2]["cells"].size(), 1u);  // only what it uses
  const Json& cell = json["rows"][0]["cells"][1];
  EXPECT_EQ(cell["evaluation"], "rerr");
  EXPECT_EQ(cell["column"], "p = 1 %");
  EXPECT_EQ(cell["at"], 0.01);
  EXPECT_EQ(cell["published"], 1.25);
  EXPECT_EQ(json["rows"][0]["cells"][2]["published"], nullptr);
  ASSERT_EQ(cell["samples"].size(), 1u);
  ASSERT_EQ(cell["samples"][0].size(), 4u);
  // The numbers are those of eval.
  const Json eval =
      workplace_
          .run(BROWNOUT_BINARY, {"eval", "tiny-rquant-8b.onnx", "--data", "data", "--images", "200",
                                 "--rate", "0.01", "--chips", "4", "--json", "-", "--quiet"})
          .json();
  EXPECT_DOUBLE_EQ(cell["mean"].get<double>(), eval["rerr_mean"].get<double>());
  EXPECT_DOUBLE_EQ(cell["std"].get<double>(), eval["rerr_std"].get<double>());
  for (const char* field : {"ci95", "ci95_all", "se_images"}) {
    EXPECT_EQ(cell[field], eval[std::string("rerr_") + field]) << field;
  }
  // Scaled logits have the same largest logit.
  EXPECT_EQ(json["rows"][2]["cells"][0]["mean"], json["rows"][0]["cells"][0]["mean"]);
  EXPECT_NE(json["rows"][2]["networks"][0]["model_sha256"],
            json["rows"][0]["networks"][0]["model_sha256"]);
  ASSERT_EQ(json["comparisons"].size(), 3u);
  const Json& a = json["rows"][1]["cells"][3]["samples"][0];
  const Json& b = json["rows"][0]["cells"][3]["samples"][0];
  double sum = 0.0;
  for (std::size_t i = 0; i < 4; ++i) sum += a[i].get<double>() - b[i].get<double>();
  EXPECT_NEAR(json["comparisons"][2]["difference_points"], sum / 4, 1e-9);
  EXPECT_EQ(json["comparisons"][2]["chips"], 4);
  for (const Json& comparison : json["comparisons"]) {
    const double p = comparison["p"], adjusted = comparison["p_holm"];
    EXPECT_GT(comparison["images_standard_error"], 0.0);
    EXPECT_GE(adjusted, p);
    EXPECT_LE(adjusted, 3 * p * (1 + 1e-12));  // three comparisons
    EXPECT_EQ(comparison["verdict"] == "not-decided", adjusted >= 0.05);
  }
  EXPECT_NE(outcome.out.find("Another 200 images would move a mean by ± "), std::string::npos);

  const std::string markdown = file("out/table.md");
  EXPECT_NE(
      markdown.find("| row | clean, % | p = 1 %, % | paper | p = 5 %, % | p = 10 %, % | paper |"),
      std::string::npos)
      << markdown;
  EXPECT_NE(outcome.out.find("Two tiny networks"), std::string::npos);
  EXPECT_NE(file("out/table.csv").find("8 bit,rerr,p = 1 %,%,0.01,"), std::string::npos);
  EXPECT_NE(file("out/histograms.csv").find("4 bit,tiny-uniform-4b,weights,clean,"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(workplace_.folder() / "trainings"));  // none was needed
}

TEST_F(Study, DrawsItsPictures) {
  const Outcome outcome = workplace_.run(BROWNOUT_BINARY, {"study", "study.yaml", "--out", "out"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  if (outcome.err.find("gnuplot is not installed") != std::string::npos) GTEST_SKIP();
  EXPECT_EQ(outcome.err.find("no plot"), std::string::npos) << outcome.err;
  EXPECT_NE(file("out/study.svg").find("bit error rate"), std::string::npos);
  EXPECT_NE(file("out/histograms.svg").find("confidences"), std::string::npos);
}

TEST_F(Study, KilledAtAnyMomentItEndsWithTheSameTables) {
  ASSERT_EQ(study("whole").code, 0);
  Outcome outcome;
  int kills = 0;
  do {
    Surroundings surroundings;
    surroundings.interruption = Interruption{SIGKILL, kills + 1};
    outcome = study("killed", {"--threads", "1"}, surroundings);
    if (outcome.code == 128 + SIGKILL) ++kills;
  } while (outcome.code == 128 + SIGKILL && kills < 200);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(kills, 10);
  for (const char* name : {"table.md", "table.csv", "histograms.csv"}) {
    EXPECT_EQ(file(std::string("killed/") + name), file(std::string("whole/") + name)) << name;
  }
}

TEST_F(Study, ALostRowIsComputedAgainADamagedOneIsAnError) {
  ASSERT_EQ(study("out").code, 0);
  const std::string table = file("out/table.csv");
  const fs::path folder = workplace_.folder() / "out";
  const std::size_t rows = kept_rows(folder).size();
  change_rows(folder, "DELETE FROM results WHERE id = (SELECT max(id) FROM results)");
  ASSERT_EQ(study("out").code, 0);
  EXPECT_EQ(file("out/table.csv"), table);
  EXPECT_EQ(kept_rows(folder).size(), rows);
  change_rows(folder, "UPDATE results SET row = replace(row, '\"wrong\":', '\"wrong\":1')");
  refused(study("out"), "results.sqlite: row " + kept_rows(folder).front().key.substr(0, 16) +
                            "…: damaged; expected what Brownout wrote");
}

TEST_F(Study, RowsMayBeChosenAndAddedLater) {
  const Outcome chosen = study("out", {"--only", "8 bit"});
  ASSERT_EQ(chosen.code, 0) << chosen.err;
  Json json = Json::parse(file("out/study.json"));
  ASSERT_EQ(json["rows"].size(), 1u);
  EXPECT_EQ(json["comparisons"][0]["difference_points"], nullptr);  // the other row is missing
  const std::vector<KeptRow> stored = kept_rows(workplace_.folder() / "out");
  ASSERT_EQ(study("out").code, 0);
  const std::vector<KeptRow> all = kept_rows(workplace_.folder() / "out");
  ASSERT_GT(all.size(), stored.size());
  for (std::size_t i = 0; i < stored.size(); ++i) EXPECT_EQ(all[i].key, stored[i].key);
  json = Json::parse(file("out/study.json"));
  EXPECT_EQ(json["rows"].size(), 3u);
  EXPECT_NE(json["comparisons"][0]["difference_points"], nullptr);
}

TEST_F(Study, ListsWithoutRunning) {
  const Outcome outcome = workplace_.run(BROWNOUT_BINARY, {"study", "study.yaml", "--list"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"8 bit", "tiny-uniform-4b.onnx", "weights times 0.5", "p = 10 %"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << outcome.out;
  }
  EXPECT_NE(outcome.out.find("expected higher"), std::string::npos) << outcome.out;
  const Outcome chosen =
      workplace_.run(BROWNOUT_BINARY, {"study", "study.yaml", "--list", "--only", "8 bit"});
  ASSERT_EQ(chosen.code, 0) << chosen.err;
  EXPECT_NE(chosen.out.find("8 bit"), std::string::npos) << chosen.out;
  EXPECT_EQ(chosen.out.find("tiny-uniform-4b.onnx"), std::string::npos) << chosen.out;
  EXPECT_EQ(chosen.out.find("expected higher"), std::string::npos) << chosen.out;
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
}

TEST_F(Study, NoOutputTakesTheFilesOfItsOwnTrainingsOrItsLock) {
  fs::create_directories(workplace_.folder() / "out");
  const Outcome outcome = workplace_.run(
      BROWNOUT_BINARY, {"study", "study.yaml", "--out", "out", "--no-plot", "--json", "out/.lock"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("--json: out/.lock: expected a file of its own, found one of"),
            std::string::npos)
      << outcome.err;
}

TEST_F(Study, WrongInputEndsWithTwoAndOneMessage) {
  refused(workplace_.run(BROWNOUT_BINARY, {"study"}), "required");
  refused(workplace_.run(BROWNOUT_BINARY, {"study", "missing.yaml"}), "missing.yaml");
  refused(study("out", {"--only", "8 bits"}), "has no row \"8 bits\"; did you mean \"8 bit\"?");
  refused(study("out", {"--seed", "3"}), "unknown option \"--seed\"");
  refused(study("out", {"--json", "study.yaml"}), "expected a file of its own, found the input");
  refused(study("out", {"--json", "out/table.csv"}), "expected a file of its own");
  refused(study("study.yaml"), "expected a folder for results, found a file");
  refused(study("data"), "holds other files");
  workplace_.write("swept/sweep-identity.json", "{}");
  refused(study("swept"), "holds other files (sweep-identity.json)");
  // Another study must not use the folder.
  ASSERT_EQ(study("out", {"--only", "half"}).code, 0);
  workplace_.write("other.yaml", kStudy);
  refused(workplace_.run(BROWNOUT_BINARY, {"study", "other.yaml", "--out", "out", "--quiet"}),
          "holds another study: study there is \"study\", here \"other\"");
}

TEST_F(Study, AMissingDataSetIsToldBeforeAnythingRunsWithTheRowsThatNeedIt) {
  std::string text = kStudy;
  text.replace(text.find("{kind: clean}"), 13, "{kind: clean, data_folder: nowhere}");
  text.replace(text.find("4 bit, network: tiny-uniform-4b.onnx"), 36,
               "4 bit, network: tiny-uniform-4b.onnx, evaluations: [rerr]");
  workplace_.write("study.yaml", text);
  const Outcome outcome = study("out");
  refused(outcome, "study.yaml: \"8 bit\", \"half\" cannot run: ");
  EXPECT_NE(outcome.err.find("--only NAME runs other rows"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
  const Outcome other = study("out", {"--only", "4 bit"});
  EXPECT_EQ(other.code, 0) << other.err;
}

TEST_F(Study, AnEvaluationThatDoesNotFitARowLeavesItsCellEmptyTheOthersGoOn) {
  std::string text = kStudy;
  text.replace(text.find("rates: [0.01, 0.05, 0.1]"), 24,
               "rates: [0.01, 0.05, 0.1], only_layers: [foo]");
  workplace_.write("study.yaml", text);
  const Outcome outcome = study("out");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("no numbers for 8 bit (rerr), 4 bit (rerr); the table says why"),
            std::string::npos)
      << outcome.err;
  const Json json = Json::parse(file("out/study.json"));
  const std::string problem = json["rows"][1]["problem"];
  EXPECT_NE(problem.find("study.yaml:12:"), std::string::npos) << problem;
  EXPECT_NE(problem.find("evaluation rerr does not fit row \"4 bit\": "), std::string::npos);
  EXPECT_NE(problem.find("foo"), std::string::npos) << problem;
  EXPECT_EQ(json["rows"][1]["cells"].size(), 5u);  // clean and the histograms' four
  EXPECT_EQ(json["rows"][2]["problem"], nullptr);
  EXPECT_EQ(json["comparisons"][0]["difference_points"], nullptr);
  const std::string markdown = file("out/table.md");
  EXPECT_NE(markdown.find("- 4 bit, rerr: no numbers: "), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("engine functional, 1 chip, seed 0\n"), std::string::npos) << markdown;
}

TEST_F(Study, PublishedValuesOfNoEvaluationAreToldWithTheEvaluations) {
  std::string text = kStudy;
  text.replace(text.find("published: {rerr"), 16, "published: {foo");
  workplace_.write("study.yaml", text);
  refused(study("out"), "expected an evaluation of the study: clean, rerr, histograms");
}

TEST_F(Study, AFullDiskIsToldAndTheSameCommandGoesOn) {
  Surroundings small;
  small.file_limit = 2000;
  const Outcome full = study("out", {}, small);
  EXPECT_EQ(full.code, 2) << full.err;
  EXPECT_NE(full.err.find("out/results.sqlite: disk I/O error"), std::string::npos) << full.err;
  EXPECT_EQ(study("out").code, 0);
}

TEST_F(Study, WithoutTheTrainerItSaysHowToGetIt) {
  // A copy has no trainer beside it.
  fs::create_directories(workplace_.folder() / "bin");
  fs::copy_file(BROWNOUT_BINARY, workplace_.folder() / "bin/brownout");
  workplace_.write("architecture.yaml", "name: x\nlayers:\n  - {op: flatten}\n");
  fs::copy_file(workplace_.folder() / "data/t10k-images-idx3-ubyte",
                workplace_.folder() / "data/train-images-idx3-ubyte");
  fs::copy_file(workplace_.folder() / "data/t10k-labels-idx1-ubyte",
                workplace_.folder() / "data/train-labels-idx1-ubyte");
  workplace_.write("train.yaml",
                   "architecture: {file: architecture.yaml}\n"
                   "dataset: {name: fashion-mnist, folder: data}\nschedule: {epochs: 1}\n"
                   "output: x.onnx\n");
  workplace_.write("study.yaml",
                   "title: t\ndata_folder: data\nevaluations: {clean: {kind: clean}}\n"
                   "rows: [{name: A, training: train.yaml}]\n");
  Surroundings lonely;
  lonely.environment = {"PATH=/nonexistent"};
  refused(workplace_.run((workplace_.folder() / "bin/brownout").string(),
                         {"study", "study.yaml", "--out", "out", "--quiet"}, lonely),
          "brownout-train is neither beside this program nor in PATH");
}

}  // namespace
}  // namespace brownout::end_to_end
