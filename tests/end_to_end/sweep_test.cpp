// SPDX-License-Identifier: Apache-2.0
// `brownout sweep` from the outside: what it writes, and that nothing stops it permanently.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <set>
#include <sstream>
#include <tuple>

#include "sim/base/files.hpp"
#include "tests/end_to_end/stored_rows.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Sweep : public testing::Test {
 protected:
  Outcome sweep(const std::string& out, std::vector<std::string> more = {},
                const Surroundings& surroundings = {}) const {
    std::vector<std::string> arguments{"sweep",  "sweep.yaml", "--out",   out,
                                       "--json", "-",          "--quiet", "--no-plot"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments, surroundings);
  }
  Json finished(const std::string& out, std::vector<std::string> more = {}) const {
    const Outcome outcome = sweep(out, std::move(more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  }
  /// What must not depend on how often a sweep was interrupted.
  static Json numbers(const Json& json) {
    Json rest = without_timing(json);
    rest.erase("points_computed");
    rest.erase("extra_points_computed");
    return rest;
  }
  std::vector<std::string> keys(const std::string& out) const {
    std::vector<std::string> keys;
    for (const KeptRow& row : kept_rows(workplace_.folder() / out)) keys.push_back(row.key);
    return keys;
  }
  Workplace workplace_;
};

TEST_F(Sweep, GivesThePromisedObject) {
  const Json json = finished("out");
  ASSERT_EQ(json["points"].size(), 8u);  // 2 networks × 4 voltages
  EXPECT_EQ(json["points_computed"], 8);
  for (const Json& point : json["points"]) {
    for (const char* field :
         {"model", "voltage", "rate", "err", "rerr_mean", "rerr_std", "rerr_ci95", "cells_hit_mean",
          "bits_wrong_mean", "energy_sram_rel", "chips", "images", "err_ci95", "rerr_ci95_all"}) {
      EXPECT_TRUE(point.contains(field)) << field;
    }
    const double voltage = point["voltage"];
    EXPECT_DOUBLE_EQ(point["energy_sram_rel"], voltage * voltage);
    EXPECT_EQ(point["chips"], 4);
    EXPECT_EQ(point["images"], 200);
    EXPECT_TRUE(point["prop1_excess"].is_null());  // 143 points say nothing
    // Other images matter; where no cell fails, only they do.
    EXPECT_GT(point["rerr_se_images"], 0.5);
    EXPECT_LE(point["rerr_ci95_all"][0], point["rerr_ci95"][0]);
    EXPECT_GE(point["rerr_ci95_all"][1], point["rerr_ci95"][1]);
    EXPECT_GE(point["rerr_ci95_all"][0], 0.0);
    EXPECT_LE(point["rerr_ci95_all"][1], 100.0);
  }
  EXPECT_EQ(json["points"][0]["voltage"], 1.0);
  EXPECT_EQ(json["points"][0]["rerr_mean"], json["points"][0]["err"]);
  // The lower the voltage, the more wrong bits.
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_GT(json["points"][i]["bits_wrong_mean"], json["points"][i - 1]["bits_wrong_mean"]);
  }
}

TEST_F(Sweep, ASafeVoltageIsChosenOnSomeDiesAndStatedOnOthers) {
  const Json json = finished("out");
  ASSERT_EQ(json["safe_voltage"].size(), 2u);
  ASSERT_EQ(json["extra_points"].size(), 2u);
  const std::vector<std::string> files{"tiny-rquant-8b.onnx", "tiny-uniform-4b.onnx"};
  const auto errors = [&](std::size_t model, const Json& voltage, const char* seed) {
    const Json eval =
        workplace_
            .run(BROWNOUT_BINARY,
                 {"eval", files[model], "--data", "data", "--images", "200", "--chips", "29",
                  "--seed", seed, "--voltage", voltage.dump(), "--json", "-", "--quiet"})
            .json();
    std::vector<double> rerr;
    for (const Json& chip : eval["per_chip"]) rerr.push_back(chip["rerr"]);
    return rerr;
  };
  for (std::size_t i = 0; i < 2; ++i) {
    const Json& safe = json["safe_voltage"][i];
    SCOPED_TRACE(safe.dump());
    const double voltage = safe["voltage"], fails_at = safe["fails_at_voltage"], err = safe["err"];
    EXPECT_GT(voltage, fails_at);
    EXPECT_LE(voltage - fails_at, 0.01 + 1e-12);
    EXPECT_NEAR(safe["energy_saving_sram_pct"], 100 * (1 - voltage * voltage), 1e-9);
    EXPECT_EQ(safe["yield"], 0.9);
    EXPECT_EQ(safe["confidence"], 0.95);
    const auto within = [&](double rerr) { return rerr - err <= 2.5 + 1e-9; };
    // None of the 29 dies that choose may fail.
    EXPECT_EQ(safe["chosen_on"]["chips"], 29);
    EXPECT_EQ(safe["chosen_on"]["first"], "random:0");
    EXPECT_EQ(safe["chosen_on"]["failed"], 0);
    const std::vector<double> chosen = errors(i, safe["voltage"], "0");
    EXPECT_TRUE(std::all_of(chosen.begin(), chosen.end(), within));
    const std::vector<double> lower = errors(i, safe["fails_at_voltage"], "0");
    EXPECT_FALSE(std::all_of(lower.begin(), lower.end(), within));
    // The voltage is stated on other dies.
    const Json& stated = safe["stated_on"];
    EXPECT_EQ(stated["chips"], 29);
    EXPECT_EQ(stated["first"], "random:1000000");
    const std::vector<double> fresh = errors(i, safe["voltage"], "1000000");
    EXPECT_EQ(stated["within"], std::count_if(fresh.begin(), fresh.end(), within));
    EXPECT_EQ(stated["rerr_worst"], *std::max_element(fresh.begin(), fresh.end()));
    EXPECT_EQ(safe["rerr_mean"], stated["rerr_mean"]);
    const Json& point = json["extra_points"][i];
    EXPECT_EQ(point["model"], safe["model"]);
    EXPECT_EQ(point["voltage"], voltage);
    EXPECT_EQ(point["chips"], 29);
    EXPECT_EQ(point["rerr_mean"], stated["rerr_mean"]);
  }
}

TEST_F(Sweep, ASafeVoltageOfTheMeanHoldsTheLimitOnTheChipsOfTheGrid) {
  std::string text = read_file(workplace_.sweep_file());
  const std::string key = "safe_voltage: {";
  text.insert(text.find(key) + key.size(), "yield: mean, stated_on: 6, stated_seed: 40, ");
  workplace_.write("sweep.yaml", text);
  const Json json = finished("out");
  for (const Json& safe : json["safe_voltage"]) {
    EXPECT_EQ(safe["yield"], "mean");
    EXPECT_EQ(safe["confidence"], nullptr);
    EXPECT_EQ(safe["chosen_on"]["chips"], 4);
    EXPECT_EQ(safe["stated_on"]["chips"], 6);
    EXPECT_EQ(safe["stated_on"]["first"], "random:40");
    for (const auto& [voltage, holds] :
         {std::pair{safe["voltage"], true}, std::pair{safe["fails_at_voltage"], false}}) {
      const Json eval =
          workplace_
              .run(BROWNOUT_BINARY, {"eval", safe["model"].get<std::string>() + ".onnx", "--data",
                                     "data", "--images", "200", "--chips", "4", "--voltage",
                                     voltage.dump(), "--json", "-", "--quiet"})
              .json();
      const double drop = eval["rerr_mean"].get<double>() - eval["err"].get<double>();
      EXPECT_EQ(drop <= 2.5, holds) << safe;
    }
  }
}

TEST_F(Sweep, PointsAreThoseOfEval) {
  const Json json = finished("out");
  const Json& point = json["points"][2];
  const Json eval =
      workplace_
          .run(BROWNOUT_BINARY,
               {"eval", workplace_.network().string(), "--data", "data", "--images", "200",
                "--chips", "4", "--voltage", point["voltage"].dump(), "--json", "-", "--quiet"})
          .json();
  for (const char* field :
       {"rate", "err", "err_ci95", "rerr_mean", "rerr_std", "rerr_ci95", "rerr_se_images",
        "rerr_ci95_all", "rerr_either_mean", "rerr_either_ci95_all", "prop1_excess",
        "confidence_clean", "confidence_mean", "cells_hit_mean", "bits_wrong_mean",
        "codes_changed_mean", "energy_sram_rel"}) {
    EXPECT_EQ(point[field], eval[field]) << field;
  }
}

TEST_F(Sweep, WritesItsFilesAndThePlot) {
  const Outcome outcome =
      workplace_.run(BROWNOUT_BINARY, {"sweep", "sweep.yaml", "--out", "out", "--images", "50"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(
      outcome.out.find("Lowest voltage at which at least 90 % of dies lose at most 2.5 points"),
      std::string::npos);
  const fs::path out = workplace_.folder() / "out";
  for (const char* name :
       {"points.csv", "safe_voltage.csv", "sweep.json", "sweep.gp", "sweep.dat"}) {
    EXPECT_TRUE(fs::exists(out / name)) << name;
  }
  if (std::system("command -v gnuplot > /dev/null") == 0) {
    EXPECT_NE(read_file(out / "sweep.svg").find("</svg>"), std::string::npos);
  }
}

TEST_F(Sweep, AFinishedSweepComputesNothingAgain) {
  const Json first = finished("out");
  const Json second = finished("out", {"--threads", "1"});
  EXPECT_EQ(second["points_computed"], 0);
  EXPECT_EQ(second["extra_points_computed"], 0);
  EXPECT_EQ(numbers(first), numbers(second));
}

TEST_F(Sweep, ThreadsChangeNothingButTime) {
  EXPECT_EQ(numbers(finished("one", {"--threads", "1"})),
            numbers(finished("two", {"--threads", "2"})));
}

TEST_F(Sweep, KilledAtRandomMomentsItEndsWithTheSameNumbersAndRepeatsNothing) {
  const Json whole = finished("whole");
  const std::size_t rows = keys("whole").size();
  const auto seed = static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed());
  std::srand(seed);
  SCOPED_TRACE("srand " + std::to_string(seed));
  for (int trial = 0; trial < 3; ++trial) {
    const std::string out = "killed" + std::to_string(trial);
    int kills = 0;
    std::size_t stored = 0;
    Outcome outcome;
    do {
      Surroundings kill;
      // In the end the sweep is finished.
      kill.interruption = Interruption{SIGKILL, 1 + std::rand() % 12 + kills};
      outcome = sweep(out, {}, kill);
      const std::size_t now = keys(out).size();
      EXPECT_GE(now, stored);  // a stored row stays
      stored = now;
      ++kills;
    } while (outcome.code == 128 + SIGKILL && kills < 200);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(numbers(outcome.json()), numbers(whole));
    const std::vector<std::string> all = keys(out);
    EXPECT_EQ(all.size(), rows);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), rows);
  }
}

TEST_F(Sweep, OnAnAcceleratorPointsHaveCyclesAndEnergyAndEveryEngineTheSameNumbers) {
  const std::string sweep_file = read_file(workplace_.sweep_file());
  const std::string accelerator =
      "\naccelerator: " BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml\n";
  const Json plain = finished("plain");
  workplace_.write("sweep.yaml", sweep_file + accelerator);
  const Json functional = finished("functional");
  workplace_.write("sweep.yaml", sweep_file + accelerator + "engine: systemc\n");
  const Json systemc = finished("systemc");
  ASSERT_EQ(functional["points"], systemc["points"]);
  EXPECT_EQ(functional["safe_voltage"], systemc["safe_voltage"]);
  for (std::size_t i = 0; i < functional["points"].size(); ++i) {
    const Json& point = functional["points"][i];
    EXPECT_EQ(point["rerr_mean"], plain["points"][i]["rerr_mean"]);
    EXPECT_GT(point["cycles"], 0.0);
    EXPECT_LE(point["energy_rel"], 1.0);
    EXPECT_GT(point["energy_rel"], point["energy_sram_rel"].get<double>() - 1e-9);
    double sum = 0.0;
    for (const auto& [name, part] : point["energy_parts_uj"].items()) {
      if (name != "total") sum += part.get<double>();
    }
    EXPECT_DOUBLE_EQ(sum, point["energy_uj"].get<double>());
  }
  // The same folder without an accelerator is another sweep.
  workplace_.write("sweep.yaml", sweep_file);
  EXPECT_EQ(sweep("functional").code, 2);
  // An engine that needs an accelerator says so.
  workplace_.write("sweep.yaml", sweep_file + "\nengine: systemc\n");
  const Outcome refused = sweep("other");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("accelerator"), std::string::npos) << refused.err;
}

TEST_F(Sweep, OverAProfileChipsArePlacesOfItsMap) {
  std::string text = read_file(workplace_.sweep_file());
  const std::string profile = "\nprofile: " BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5\n";
  // The workplace's file has keys for random chips, which do not go with a profile.
  std::string file;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool random = line.rfind("seed:", 0) == 0 || line.rfind("p_err:", 0) == 0;
    const bool voltages = line.rfind("voltage", 0) == 0;
    if (!random && !voltages) file += line + "\n";
  }
  file += "voltages: [0.9, 0.85, 0.82]\n";
  workplace_.write("sweep.yaml", file + profile);
  const Json json = finished("out");
  EXPECT_NE(json["chip_note"].get<std::string>().find("SYNTHETIC"), std::string::npos);
  ASSERT_EQ(json["points"].size(), 6u);
  // Above its highest voltage the map of that one is used; below, that of the nearest lower one.
  EXPECT_EQ(json["points"][0]["cells_hit_mean"], json["points"][1]["cells_hit_mean"]);
  EXPECT_GT(json["points"][2]["cells_hit_mean"], json["points"][1]["cells_hit_mean"]);
  // The same points by eval.
  const int places = json["points"][2]["chips"];
  const Outcome eval = workplace_.run(
      BROWNOUT_BINARY, {"eval", json["models"][0]["model_file"], "--data", "data", "--chip",
                        BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5", "--images", "200",
                        "--offsets", std::to_string(places), "--voltage", "0.82", "--json", "-"});
  ASSERT_EQ(eval.code, 0) << eval.err;
  EXPECT_EQ(eval.json()["rerr_mean"], json["points"][2]["rerr_mean"]);
  // It is finished, so nothing is computed again.
  EXPECT_EQ(finished("out")["points_computed"], 0);
  // Safe voltages are voltages of the profile or the lowest one of the sweep. What lies between two
  // of them was evaluated once for each network and place.
  std::set<double> levels;
  const Json profile_json =
      workplace_
          .run(BROWNOUT_BINARY, {"profile", "inspect",
                                 BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5", "--json", "-"})
          .json();
  for (const Json& level : profile_json["voltages"]) levels.insert(level["voltage"].get<double>());
  levels.insert(0.82);
  for (const Json& safe : json["safe_voltage"]) {
    if (safe["voltage"].is_null()) continue;
    EXPECT_EQ(levels.count(safe["voltage"]), 1u) << safe;
  }
  std::set<std::tuple<std::string, std::string, double>> evaluated;
  for (const auto& [key, row] : kept_rows(workplace_.folder() / "out")) {
    if (!row.contains("voltage")) continue;
    EXPECT_EQ(levels.count(row["voltage"]), 1u) << row;
    EXPECT_TRUE(evaluated.emplace(row["model"], row["chip"], row["voltage"]).second) << row;
  }
  workplace_.write("sweep.yaml", file + profile + "p_err: 0.5\n");
  EXPECT_EQ(sweep("other").code, 2);
  // The seed is that of the places.
  workplace_.write("sweep.yaml", file + profile + "seed: 1\n");
  EXPECT_EQ(sweep("out").code, 2);
  const Json other = finished("other");
  EXPECT_NE(other["points"][2]["cells_hit_mean"], json["points"][2]["cells_hit_mean"]);
  EXPECT_EQ(other["points"][2]["places_of_one_die"], true);
  workplace_.write("sweep.yaml", file + profile);
  EXPECT_EQ(sweep("other", {"--seed", "1"}).code, 0);
}

TEST_F(Sweep, AFolderInUseIsRefused) {
  fs::create_directories(workplace_.folder() / "out");
  const int lock = ::open((workplace_.folder() / "out/.lock").c_str(), O_RDWR | O_CREAT, 0666);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);  // as a running sweep holds it
  const Outcome refused = sweep("out");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("out: another sweep is running in this folder"), std::string::npos);
  ::close(lock);
  EXPECT_EQ(sweep("out").code, 0);
}

}  // namespace
}  // namespace brownout::end_to_end
