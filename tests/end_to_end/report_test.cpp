// SPDX-License-Identifier: Apache-2.0
// `brownout report` from the outside: what the page holds, and which folders it refuses. How the
// page looks and what its script does is tests/browser's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sim/base/files.hpp"
#include "tests/end_to_end/stored_rows.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kSmallStudy[] =
    "title: Two <b>tiny</b> networks\n"
    "data_folder: data\n"
    "images: 50\n"
    "chips: 2\n"
    "evaluations:\n"
    "  rerr: {kind: errors, rates: [0.01, 0.1]}\n"
    "rows:\n"
    "  - {name: 8 bit, network: tiny-rquant-8b.onnx, published: {rerr: [1.25, none]}}\n"
    "  - {name: 4 bit, network: tiny-uniform-4b.onnx}\n"
    "source: nobody\n"
    "compare:\n"
    "  - {higher: 4 bit, lower: 8 bit}\n";

class Report : public testing::Test {
 protected:
  Outcome brownout(const std::vector<std::string>& arguments) const {
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  void sweep(const std::string& out, const std::vector<std::string>& more = {},
             const std::string& images = "50") const {
    std::vector<std::string> arguments{"sweep",    "sweep.yaml", "--out",   out,
                                       "--images", images,       "--quiet", "--no-plot"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = brownout(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  void study(const std::string& out) const {
    workplace_.write("study.yaml", kSmallStudy);
    const Outcome outcome = brownout({"study", "study.yaml", "--out", out, "--quiet", "--no-plot"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  /// Nothing may be left of a page that was refused.
  std::string refused(const std::vector<std::string>& folders) const {
    std::vector<std::string> arguments{"report"};
    arguments.insert(arguments.end(), folders.begin(), folders.end());
    arguments.insert(arguments.end(), {"--out", "refused.html"});
    const Outcome outcome = brownout(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_FALSE(fs::exists(workplace_.folder() / "refused.html"));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    return outcome.err;
  }
  std::string page(const std::string& name) const { return read_file(workplace_.folder() / name); }
  /// What the script of a page reads.
  Json data_of(const std::string& name) const {
    const std::string text = page(name);
    const std::string open = "id=\"report-data\">";
    const std::size_t begin = text.find(open) + open.size();
    return Json::parse(text.substr(begin, text.find("</script>", begin) - begin));
  }
  static bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  Workplace workplace_;
};

TEST_F(Report, ThePageOfASweepHasItsPointsDiesNotesAndHashes) {
  sweep("out");
  const Outcome outcome = brownout({"report", "out", "--out", "page.html"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json sweep_json = Json::parse(read_file(workplace_.folder() / "out/sweep.json"));
  const std::string html = page("page.html");
  for (const Json& note : sweep_json["notes"]) {
    EXPECT_TRUE(contains(html, note.get<std::string>().substr(0, 40))) << note;
  }
  for (const Json& model : sweep_json["models"]) {
    EXPECT_TRUE(contains(html, model["model_sha256"])) << model;
  }
  EXPECT_FALSE(contains(html, "http-equiv"));
  const Json data = data_of("page.html");
  ASSERT_EQ(data["points"].size(), sweep_json["points"].size());
  for (std::size_t i = 0; i < data["points"].size(); ++i) {
    EXPECT_EQ(data["points"][i]["rerr"], sweep_json["points"][i]["rerr_mean"]);
    EXPECT_EQ(data["points"][i]["ciAll"], sweep_json["points"][i]["rerr_ci95_all"]);
  }
  // The mean over the dies of a point is that point's error.
  double sum = 0.0;
  int dies = 0;
  for (const Json& die : data["dies"]["rows"]) {
    const std::string name = data["dies"]["names"][die[4].get<std::size_t>()];
    const bool of_the_grid =
        name == "random:0" || name == "random:1" || name == "random:2" || name == "random:3";
    if (die[0] != 0 || die[2] != 0.75 || !of_the_grid) continue;
    sum += die[3].get<double>();
    ++dies;
  }
  ASSERT_EQ(dies, 4);
  EXPECT_NEAR(sum / 4, sweep_json["points"][3]["rerr_mean"], 1e-9);
}

TEST_F(Report, TheSameFolderGivesTheSamePage) {
  sweep("out");
  ASSERT_EQ(brownout({"report", "out", "--out", "a.html"}).code, 0);
  ASSERT_EQ(brownout({"report", "out", "--out", "b.html"}).code, 0);
  EXPECT_EQ(page("a.html"), page("b.html"));
}

TEST_F(Report, SeveralSweepsHaveEachNetworkOfEach) {
  sweep("first");
  sweep("second", {"--seed", "100"});
  const Outcome outcome = brownout({"report", "first", "second", "--out", "page.html"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json data = data_of("page.html");
  ASSERT_EQ(data["networks"].size(), 4u);
  EXPECT_TRUE(contains(data["networks"][0]["label"], "first"));
  EXPECT_TRUE(contains(data["networks"][3]["label"], "second"));
}

TEST_F(Report, ThePageOfAStudyHasItsTableAndEscapesWhatFilesSay) {
  study("out");
  const Outcome outcome = brownout({"report", "out", "--out", "page.html"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string html = page("page.html");
  EXPECT_TRUE(contains(html, "Two &lt;b&gt;tiny&lt;/b&gt; networks"));
  EXPECT_FALSE(contains(html, "<b>tiny"));
  EXPECT_TRUE(contains(html, ">1.25<"));  // published
  const Json study_json = Json::parse(read_file(workplace_.folder() / "out/study.json"));
  const Json data = data_of("page.html");
  ASSERT_EQ(data["panels"].size(), 1u);
  EXPECT_EQ(data["panels"][0]["curves"][1]["points"][1]["mean"],
            study_json["rows"][1]["cells"][1]["mean"]);
  EXPECT_EQ(data["panels"][0]["curves"][1]["points"][1]["samples"],
            study_json["rows"][1]["cells"][1]["samples"]);
}

TEST_F(Report, RefusesFoldersThatAreNoResultOrDoNotCompare) {
  sweep("sweep");
  study("study");
  fs::create_directory(workplace_.folder() / "empty");
  EXPECT_TRUE(contains(refused({"nothere"}),
                       "nothere: expected the folder of a sweep or a study, "
                       "found nothing"));
  EXPECT_TRUE(contains(refused({"sweep.yaml"}), "found a file"));
  EXPECT_TRUE(contains(refused({"empty"}), "empty: holds no results"));
  EXPECT_TRUE(contains(refused({"sweep", "study"}), "sweep holds a sweep, study a study"));
  EXPECT_TRUE(contains(refused({"sweep", "./sweep"}), "expected each folder once"));
  sweep("fewer", {}, "40");
  EXPECT_TRUE(contains(refused({"sweep", "fewer"}), "50 images of fashion-mnist"));
  EXPECT_EQ(brownout({"report", "sweep", "--out", "no/page.html"}).code, 2);
  EXPECT_EQ(brownout({"report", "study", "--out", "page.html", "--figures", "figures"}).code, 2);
  EXPECT_FALSE(fs::exists(workplace_.folder() / "page.html"));
}

TEST_F(Report, RefusesAFolderThatIsInUseOrHasNotEnded) {
  sweep("out");
  const int lock = ::open((workplace_.folder() / "out/.lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(contains(refused({"out"}), "out: a sweep is running in this folder"));
  ::close(lock);
  fs::remove(workplace_.folder() / "out/sweep.json");
  EXPECT_TRUE(contains(refused({"out"}), "sweep.json: missing; the sweep has not ended"));
}

TEST_F(Report, RefusesAFolderOfBothAndTellsOfMissingDies) {
  sweep("out");
  fs::remove(workplace_.folder() / "out/results.sqlite");
  const Outcome outcome = brownout({"report", "out", "--out", "page.html"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "results.sqlite: missing or empty; no die is known by itself"));
  EXPECT_TRUE(contains(page("page.html"), "results.sqlite: missing or empty"));
  EXPECT_TRUE(contains(page("page.html"), "Pareto front of each network by itself"));
  EXPECT_FALSE(contains(page("page.html"), "<section id=\"prices\""));
  workplace_.write("out/study.json", "{}");
  EXPECT_TRUE(contains(refused({"out"}), "out: holds both a sweep and a study"));
}

TEST_F(Report, CountsTheDiesWhoseRowsAreMissing) {
  sweep("out");
  // The clean network first, then the dies of the grid.
  change_rows(workplace_.folder() / "out", "DELETE FROM results WHERE id IN (2, 3)");
  const Outcome outcome = brownout({"report", "out", "--out", "page.html"});
  EXPECT_EQ(outcome.code, 0);
  const std::string remark = "results.sqlite: the rows of 2 dies are missing";
  EXPECT_TRUE(contains(outcome.err, remark)) << outcome.err;
  EXPECT_TRUE(contains(page("page.html"), remark));
}

TEST_F(Report, FiguresHaveTheWidthsOfColumns) {
  sweep("out");
  const Outcome outcome = brownout({"report", "out", "--out", "page.html", "--figures", "figures"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const fs::path figures = workplace_.folder() / "figures";
  ASSERT_TRUE(fs::exists(figures / "error-one-column.gp"));
  if (!fs::exists(figures / "error-one-column.svg")) GTEST_SKIP() << outcome.err;
  EXPECT_TRUE(contains(read_file(figures / "error-one-column.svg"), "width=\"336\""));
  EXPECT_TRUE(contains(read_file(figures / "error-two-columns.svg"), "width=\"691\""));
  for (const char* name : {"error-one-column.pdf", "error-two-columns.pdf"}) {
    EXPECT_EQ(read_file(figures / name).substr(0, 5), "%PDF-") << name;
  }
  EXPECT_FALSE(fs::exists(figures / "energy-one-column.svg"));  // there is no accelerator
}

TEST_F(Report, ASyntheticChipIsAnnounced) {
  workplace_.write("profile.yaml",
                   "technology: " BROWNOUT_SOURCE_DIR
                   "/profiles/14nm-finfet.yaml\nmodels: [tiny-rquant-8b.onnx]\n"
                   "dataset: fashion-mnist\ndata_folder: data\nimages: 20\nchips: 2\n"
                   "profile: " BROWNOUT_SOURCE_DIR
                   "/profiles/chip1-synthetic.h5\nvoltages: [1.0, 0.82]\n"
                   "safe_voltage: {yield: mean, max_drop_points: 50, stated_on: 2}\n");
  const Outcome made = brownout({"sweep", "profile.yaml", "--out", "out", "--quiet", "--no-plot"});
  ASSERT_EQ(made.code, 0) << made.err;
  ASSERT_EQ(brownout({"report", "out", "--out", "page.html"}).code, 0);
  EXPECT_TRUE(contains(page("page.html"), "<p class=\"warning\">SYNTHETIC chip"));
  const Json faults = data_of("page.html")["sweeps"][0]["faults"];
  EXPECT_TRUE(contains(faults["chip"], "chip1-synthetic.h5"));
  EXPECT_GT(faults["failing"][1], faults["failing"][0]);
}

TEST_F(Report, RefusesDamagedResults) {
  sweep("out");
  const fs::path file = workplace_.folder() / "out/sweep.json";
  Json json = Json::parse(read_file(file));
  json["points"][1]["rerr_mean"] = 101.5;
  workplace_.write("out/sweep.json", json.dump());
  EXPECT_TRUE(contains(refused({"out"}), "points[1].rerr_mean: expected a number in [0, 100]"));
  json["points"][1]["rerr_mean"] = 10.0;
  json["points"][1]["model"] = "another";
  workplace_.write("out/sweep.json", json.dump());
  EXPECT_TRUE(contains(refused({"out"}), "another: expected one of the networks"));
}

TEST_F(Report, ReplacesOnlyItsOwnPage) {
  sweep("out");
  workplace_.write("page.html", "somebody's");
  EXPECT_EQ(brownout({"report", "out", "--out", "page.html"}).code, 2);
  EXPECT_EQ(page("page.html"), "somebody's");
  EXPECT_EQ(brownout({"report", "out", "--out", "page.html", "--overwrite"}).code, 0);
  EXPECT_EQ(brownout({"report", "out", "--out", "page.html"}).code, 0);
  EXPECT_EQ(brownout({"report", "out", "--out", "out/sweep.json"}).code, 2);
}

}  // namespace
}  // namespace brownout::end_to_end
