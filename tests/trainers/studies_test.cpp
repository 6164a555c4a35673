// SPDX-License-Identifier: Apache-2.0
// Studies with trainings: the trainer accepts the shipped ones; one that is killed in the middle of
// a training ends with the same table.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/study/study_file.hpp"
#include "small_training.hpp"
#include "tests/end_to_end/workplace.hpp"
#include "trainers/method/architecture.hpp"
#include "trainers/method/training_config.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;
using end_to_end::Outcome;
using end_to_end::Surroundings;
using Json = nlohmann::json;

/// Shapes of the data sets, which need not be there.
std::pair<network::Shape, int> shape_of(const std::string& dataset) {
  if (dataset == "imagenette") return {{3, 64, 64}, 10};
  if (dataset == "cifar100") return {{3, 32, 32}, 100};
  if (dataset == "cifar10" || dataset == "svhn") return {{3, 32, 32}, 10};
  return {{1, 28, 28}, 10};
}

TEST(ShippedStudies, EveryRowIsATrainingThatTheTrainerAccepts) {
  int studies = 0;
  std::set<std::string> seen;
  for (const auto& entry : fs::directory_iterator(BROWNOUT_SOURCE_DIR "/configs/studies")) {
    if (entry.path().extension() != ".yaml") continue;
    SCOPED_TRACE(entry.path().string());
    ++studies;
    const study::StudyFile study = study::load_study(entry.path());
    EXPECT_FALSE(study.rows.empty());
    for (const study::Row& row : study.rows) {
      SCOPED_TRACE(row.name);
      for (const study::TrainingChoice& choice : row.trainings) {
        std::vector<std::string> all = choice.assignments;
        for (const bool exported : {false, true}) {
          if (exported) all.insert(all.end(), choice.exported.begin(), choice.exported.end());
          try {
            const TrainingConfig config = load_training(choice.config, all);
            const auto [shape, classes] = shape_of(config.dataset);
            if (!seen.insert(describe(config)).second) continue;
            load_architecture(config.architecture, {config.width, shape, classes, config.norm,
                                                    config.activation, config.reparameterized});
          } catch (const InputError& error) {
            ADD_FAILURE() << error.what();
          }
        }
      }
    }
  }
  EXPECT_GE(studies, 50);
}

TEST(ShippedStudies, EachTableAndFigureHasATwinThatCanRunHere) {
  const fs::path folder = BROWNOUT_SOURCE_DIR "/configs/studies";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (name.rfind("randbet-", 0) != 0) continue;
    const bool is_twin = name.size() > 7 && name.substr(name.size() - 7) == "-fmnist";
    const std::string other = is_twin ? name.substr(0, name.size() - 7) : name + "-fmnist";
    EXPECT_TRUE(fs::exists(folder / (other + ".yaml"))) << other;
    if (!is_twin) continue;
    // What can be compared must have the same names.
    const study::StudyFile twin = study::load_study(entry.path());
    EXPECT_EQ(twin.evaluations.front().evaluation->setting().setup.images.dataset, "fashion-mnist");
  }
}

class StudyTraining : public testing::Test {
 protected:
  void SetUp() override {
    write_images(striped_images(640, 1), "train");
    write_images(striped_images(100, 2), "t10k");
    workplace_.write("small.yaml", small_architecture_yaml());
    workplace_.write("config.yaml",
                     "architecture: {file: small.yaml, width: 16}\n"
                     "dataset: {name: mnist, folder: stripes}\n"
                     "quantization: {scheme: rquant, bits: 8}\n"
                     "schedule: {epochs: 6, batch: 16}\n"
                     "seed: 5\ncalibration_images: 64\noutput: default.onnx\n");
    workplace_.write("study.yaml",
                     "title: Stripes\n"
                     "training: config.yaml\n"
                     "dataset: mnist\ndata_folder: stripes\nchips: 3\n"
                     "evaluations:\n"
                     "  clean: {kind: clean}\n"
                     "  rerr: {kind: errors, rates: [0.01, 0.05]}\n"
                     "rows:\n"
                     "  - {name: plain, seeds: [1, 2]}\n"
                     "  - {name: clipped, set: {w_max: 0.3, bit_errors: {rate: 0.01, "
                     "start_loss: 100}}}\n"
                     "  - name: after\n"
                     "    set: {quantization.when: after-training}\n"
                     "    export: {quantization.bits: 4}\n"
                     "compare:\n"
                     "  - {higher: plain, lower: clipped}\n");
  }
  void write_images(const data::Dataset& data, const std::string& prefix) const {
    const auto count = static_cast<std::uint32_t>(data.size());
    workplace_.write("stripes/" + prefix + "-images-idx3-ubyte",
                     end_to_end::idx({count, 8, 8}, {data.pixels.begin(), data.pixels.end()}));
    workplace_.write("stripes/" + prefix + "-labels-idx1-ubyte",
                     end_to_end::idx({count}, {data.labels.begin(), data.labels.end()}));
  }
  Outcome study(const std::string& out, std::vector<std::string> more = {},
                const Surroundings& surroundings = {}) const {
    std::vector<std::string> arguments{"study",   "study.yaml", "--out",     out,
                                       "--quiet", "--no-plot",  "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments, surroundings);
  }
  std::string file(const std::string& name) const { return read_file(workplace_.folder() / name); }
  std::size_t networks(const std::string& folder) const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(workplace_.folder() / folder)) {
      count += entry.path().extension() == ".onnx" ? 1 : 0;
    }
    return count;
  }
  end_to_end::Workplace workplace_;
};

TEST_F(StudyTraining, AnArchitectureOfATrainingIsNoPlaceForTheResult) {
  const std::string before = file("small.yaml");
  const Outcome outcome = study("out", {"--json", "small.yaml", "--overwrite"});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("--json: small.yaml: expected a file of its own, found the input"),
            std::string::npos)
      << outcome.err;
  EXPECT_EQ(file("small.yaml"), before);
}

TEST_F(StudyTraining, KilledInTheMiddleOfATrainingItEndsWithTheSameTable) {
  const Outcome whole = study("a/out");
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_EQ(networks("a/trainings"), 5u);  // two seeds, clipped, the float one and its 4 bits
  Outcome outcome;
  int kills = 0;
  do {
    Surroundings surroundings;
    surroundings.interruption = end_to_end::Interruption{SIGKILL, 2 * kills + 1};
    outcome = study("b/out", {}, surroundings);
    if (outcome.code == 128 + SIGKILL) ++kills;
  } while (outcome.code == 128 + SIGKILL && kills < 60);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(kills, 3);
  for (const char* name : {"table.md", "table.csv"}) {
    EXPECT_EQ(file(std::string("b/out/") + name), file(std::string("a/out/") + name));
  }
}

TEST_F(StudyTraining, RowsHaveTheirSeedsAndTrainingsAreSharedByStudies) {
  ASSERT_EQ(study("out/one", {"--only", "plain"}).code, 0);
  const Json json = Json::parse(file("out/one/study.json"));
  ASSERT_EQ(json["rows"][0]["networks"].size(), 2u);
  EXPECT_NE(json["rows"][0]["networks"][0]["model_sha256"],
            json["rows"][0]["networks"][1]["model_sha256"]);
  EXPECT_EQ(json["rows"][0]["cells"][0]["samples"].size(), 2u);
  // A comment and another folder change nothing: nothing is trained again.
  const auto written = [&] {
    std::set<fs::file_time_type> times;
    for (const auto& entry : fs::directory_iterator(workplace_.folder() / "out/trainings")) {
      if (entry.path().extension() == ".onnx") times.insert(fs::last_write_time(entry.path()));
    }
    return times;
  };
  const auto before = written();
  workplace_.write("config.yaml", file("config.yaml") + "# a remark\n");
  ASSERT_EQ(study("out/two", {"--only", "plain"}).code, 0);
  EXPECT_EQ(written(), before);
  EXPECT_EQ(file("out/two/table.csv"), file("out/one/table.csv"));
  // Another configuration does.
  workplace_.write("config.yaml", file("config.yaml") + "w_max: 0.5\n");
  ASSERT_EQ(study("out/two", {"--only", "plain"}).code, 0);
  EXPECT_EQ(networks("out/trainings"), 4u);
}

TEST_F(StudyTraining, WhatTheTrainerRefusesIsToldBeforeAnythingRunsWithTheRowsPlace) {
  const std::string good = file("study.yaml");
  const std::vector<std::array<std::string, 4>> wrong{
      {"w_max: 0.3", "w_maxx: 0.3", "study.yaml:11:", "set \"w_maxx=0.3\""},
      {"w_max: 0.3", "w_max: -30", "study.yaml:11:", "w_max: expected a number"},
      {"quantization.when: after-training", "w_max: 0.3",
       "study.yaml:12:", "export changes what is trained"},
  };
  for (const auto& [from, to, place, part] : wrong) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    workplace_.write("study.yaml", text);
    const Outcome outcome = study("out");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.err.rfind("brownout: error: ", 0), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find(place), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("--set"), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(workplace_.folder() / "out"));
    EXPECT_FALSE(fs::exists(workplace_.folder() / "trainings"));
  }
}

TEST_F(StudyTraining, ATrainingThatFailsIsItsRowsProblemAlone) {
  // The clipped row's training is there but damaged: the trainer cannot continue from its
  // checkpoint.
  ASSERT_EQ(study("out/one", {"--only", "clipped"}).code, 0);
  for (const auto& entry : fs::directory_iterator(workplace_.folder() / "out/trainings")) {
    if (entry.path().extension() == ".checkpoint") {
      workplace_.write(entry.path().lexically_relative(workplace_.folder()).string(), "damaged");
    }
    if (entry.path().extension() == ".json") fs::remove(entry.path());
  }
  const Outcome outcome = study("out/two", {"--only", "clipped", "after"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("no numbers for clipped"), std::string::npos) << outcome.err;
  const Json json = Json::parse(file("out/two/study.json"));
  EXPECT_EQ(json["rows"][0]["cells"].size(), 0u);
  EXPECT_NE(json["rows"][0]["problem"].get<std::string>().find("expected a checkpoint"),
            std::string::npos)
      << json["rows"][0]["problem"];
  EXPECT_EQ(json["rows"][1]["cells"].size(), 3u);
  EXPECT_NE(file("out/two/table.md").find("- clipped: no numbers: "), std::string::npos);
}

TEST_F(StudyTraining, ALogThatCannotBeWrittenIsItsRowsProblemAlone) {
  ASSERT_EQ(study("out/one", {"--only", "clipped"}).code, 0);
  for (const auto& entry : fs::directory_iterator(workplace_.folder() / "out/trainings")) {
    const fs::path path = entry.path();
    if (path.extension() == ".json") fs::remove(path);
    if (path.extension() != ".log") continue;
    fs::remove(path);
    fs::create_directory(path);
  }
  const Outcome outcome = study("out/two", {"--only", "clipped", "after"});
  EXPECT_EQ(outcome.code, 1);
  const Json json = Json::parse(file("out/two/study.json"));
  EXPECT_NE(json["rows"][0]["problem"].get<std::string>().find(".log: cannot write: "),
            std::string::npos)
      << json["rows"][0]["problem"];
  EXPECT_EQ(json["rows"][1]["cells"].size(), 3u);
}

}  // namespace
}  // namespace brownout::trainers
