// SPDX-License-Identifier: Apache-2.0
// `brownout accelerator`, accelerators by name, and what a DRAM preset costs.
#include <gtest/gtest.h>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class AcceleratorVerbs : public testing::Test {
 protected:
  Outcome accelerator(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "accelerator");
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  Outcome run_on(const std::string& name, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"run",           workplace_.network().string(),
                                       "--accelerator", name,
                                       "--data",        "data",
                                       "--images",      "20",
                                       "--json",        "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  void refuse(const std::vector<std::string>& arguments, const std::string& expected) const {
    const auto before = workplace_.listing();
    const Outcome outcome = accelerator(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_NE(outcome.err.find(expected), std::string::npos) << outcome.err;
    EXPECT_EQ(workplace_.listing(), before);
  }
  Workplace workplace_;
};

TEST_F(AcceleratorVerbs, ListNamesEveryShippedOne) {
  const Outcome text = accelerator({"list"});
  ASSERT_EQ(text.code, 0) << text.err;
  for (const char* name :
       {"dot-64x8", "edge-16x16", "eyeriss-12x14", "ibm-14nm", "nvdla-small", "tpu-256x256"}) {
    EXPECT_NE(text.out.find(std::string("\n  ") + name + " "), std::string::npos) << text.out;
  }
  const Json json = accelerator({"list", "--json", "-"}).json();
  ASSERT_EQ(json["accelerators"].size(), 6u);
  const Json& edge = json["accelerators"][1];
  EXPECT_EQ(edge["name"], "edge-16x16");
  EXPECT_EQ(edge["weight_kib"], 512.0);
  EXPECT_EQ(edge["dataflow"], "weight-stationary");
  EXPECT_EQ(edge["dram_preset"], nullptr);
}

TEST_F(AcceleratorVerbs, ShowGivesEveryFigure) {
  const Json json = accelerator({"show", "tpu-256x256", "--json", "-"}).json();
  EXPECT_EQ(json["peak_gmac_per_s"], 45875.2);  // 65536 elements at 700 MHz
  EXPECT_EQ(json["weight_kib"], 4096.0);
  EXPECT_EQ(json["accumulator_kib"], 4112.0);  // 2 x 2048 rows of 257 x 4 bytes
  EXPECT_EQ(json["configuration"]["array"]["rows"], 256);
  EXPECT_EQ(json["dram_pj_per_bit"], 8.0);
  EXPECT_DOUBLE_EQ(json["leakage_mw"]["logic"].get<double>(), 0.007 * 65536);
  const Outcome text = accelerator({"show", "eyeriss-12x14"});
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("array.dataflow"), std::string::npos);
  EXPECT_NE(text.out.find("output-stationary"), std::string::npos);
  EXPECT_NE(text.out.find("33.6"), std::string::npos) << text.out;  // GMAC/s
  EXPECT_NE(text.out.find("pJ a bit, of the technology"), std::string::npos) << text.out;
}

TEST_F(AcceleratorVerbs, NewWritesAFileThatRuns) {
  const Outcome made = accelerator({"new", "mine", "--array", "32x8", "--dataflow", "os",
                                    "--weights-kib", "64", "--dram", "lpddr4-3200", "--clock-mhz",
                                    "250", "--out", "mine.yaml", "--json", "-"});
  ASSERT_EQ(made.code, 0) << made.err;
  const Json json = made.json();
  EXPECT_EQ(json["name"], "mine");
  EXPECT_EQ(json["weight_kib"], 64.0);
  EXPECT_EQ(json["dram_gb_per_s"], 6.4);
  EXPECT_EQ(json["configuration"]["array"]["dataflow"], "output-stationary");
  EXPECT_EQ(json["configuration"]["array"]["columns"], 8);
  const Json run = run_on("mine.yaml").json();
  EXPECT_EQ(run["accelerator"], "mine");
  EXPECT_EQ(run["pricing"]["dram_pj_per_byte"], 64.0);
  // The same command may replace its result, another one may not.
  EXPECT_EQ(accelerator({"new", "other", "--out", "mine.yaml"}).code, 2);
}

TEST_F(AcceleratorVerbs, NewChangesKeysOfAnother) {
  const Outcome made =
      accelerator({"new", "small", "--from", "edge-16x16", "--weights-kib", "128", "--set",
                   "weights.residency=streamed", "--out", "small.yaml", "--json", "-"});
  ASSERT_EQ(made.code, 0) << made.err;
  Json expected = accelerator({"show", "edge-16x16", "--json", "-"}).json()["configuration"];
  expected["name"] = "small";
  expected["description"] = "";
  expected["weights"]["arrays"] = 32;
  expected["weights"]["residency"] = "streamed";
  EXPECT_EQ(made.json()["configuration"], expected);
}

TEST_F(AcceleratorVerbs, ImportSaysWhatBecameOfEachFigure) {
  workplace_.write("tpu.cfg", read_file(BROWNOUT_SOURCE_DIR "/tests/estimate/scale_sim.cfg"));
  const Outcome outcome = accelerator({"import", "tpu.cfg", "--out", "tpu.yaml", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  EXPECT_EQ(json["figures"][1]["place"], "tpu.cfg:6");
  EXPECT_EQ(json["figures"][1]["becomes"], "array.rows: 32");
  EXPECT_EQ(json["accelerator"]["name"], "edge_tensor_unit");
  EXPECT_EQ(json["accelerator"]["weight_kib"], 256.0);
  EXPECT_EQ(accelerator({"show", "tpu.yaml", "--json", "-"}).json()["configuration"],
            json["accelerator"]["configuration"]);
  EXPECT_EQ(run_on("tpu.yaml").code, 0);
}

TEST_F(AcceleratorVerbs, AShippedAcceleratorAndTechnologyAreFoundByName) {
  Json by_name = run_on("edge-16x16", {"--technology", "14nm-finfet"}).json();
  Json by_file = run_on(BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml",
                        {"--technology", BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml"})
                     .json();
  EXPECT_EQ(without_timing(by_name), without_timing(by_file));
}

TEST_F(AcceleratorVerbs, ThePresetsPriceStaysWhenARunIsPricedAgain) {
  ASSERT_EQ(accelerator({"new", "a", "--dram", "hbm2-2000", "--out", "a.yaml"}).code, 0);
  ASSERT_EQ(accelerator({"new", "b", "--dram", "hbm2-2000", "--set", "dram.pj_per_bit=7.8", "--out",
                         "b.yaml"})
                .code,
            0);
  const Json cheap = run_on("a.yaml").json(), dear = run_on("b.yaml").json();
  EXPECT_EQ(cheap["dram_pj_per_byte"], 31.2);
  EXPECT_EQ(dear["dram_pj_per_byte"], 62.4);
  EXPECT_DOUBLE_EQ(dear["energy_uj"]["dram"].get<double>(),
                   2.0 * cheap["energy_uj"]["dram"].get<double>());
  const double bytes = cheap["event_counts"]["dram_read_bytes"].get<double>() +
                       cheap["event_counts"]["dram_write_bytes"].get<double>();
  EXPECT_DOUBLE_EQ(cheap["energy_uj"]["dram"].get<double>(), bytes * 31.2e-6 / 20.0);
  workplace_.write("run.json", cheap.dump());
  const Outcome again =
      workplace_.run(BROWNOUT_BINARY, {"run", "--reprice", "run.json", "--json", "again.json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.out.find("The DRAM takes 3.9 pJ a bit by the accelerator file, in place of the "
                           "technology's 8."),
            std::string::npos)
      << again.out;
  const Json repriced = Json::parse(read_file(workplace_.folder() / "again.json"));
  EXPECT_EQ(repriced["energy_uj"], cheap["energy_uj"]);
  EXPECT_EQ(repriced["dram_pj_per_byte"], 31.2);
}

TEST_F(AcceleratorVerbs, BadInputIsNamed) {
  refuse({"show", "edge-16x6"},
         "NAME: expected a file or the name of a shipped accelerator, got "
         "\"edge-16x6\"; did you mean \"edge-16x16\"?");
  refuse({"new", "a", "--dram", "lpddr4-3300", "--out", "a.yaml"},
         "--dram: expected a file or the name of a shipped DRAM preset, got \"lpddr4-3300\"; did "
         "you mean \"lpddr4-3200\"?");
  refuse({"new", "a", "--dataflow", "is", "--out", "a.yaml"}, "input-stationary array is not");
  refuse({"new", "a", "--dataflow", "wss", "--out", "a.yaml"}, "did you mean \"ws\"?");
  refuse({"new", "a", "--weights-kib", "3", "--out", "a.yaml"},
         "expected whole arrays of 512 words of 64 bit, 4 KiB, got 3");
  refuse({"new", "a", "--set", "array.row=3", "--out", "a.yaml"}, "did you mean \"rows\"?");
  refuse({"new", "a", "--set", "array.rows", "--out", "a.yaml"}, "--set: expected KEY=VALUE");
  refuse({"new", "a", "--from", "edge", "--out", "a.yaml"}, "did you mean \"edge-16x16\"?");
  refuse({"new", "a", "--dram", "lpddr5", "--out", "a.yaml"},
         "did you mean \"lpddr5-6400\"? There are: ddr4-3200, hbm2-2000, lpddr4-3200, lpddr5-6400");
  refuse({"new", "a", "--set", ".rows=8", "--out", "a.yaml"},
         "--set \".rows=8\": expected keys of an accelerator file, such as array.rows, got");
  workplace_.write("is.cfg",
                   "[general]\nrun_name: a\n[architecture_presets]\nArrayHeight: 1\n"
                   "ArrayWidth: 1\nDataflow: is\n");
  refuse({"import", "is.cfg", "--out", "a.yaml"}, "is.cfg:6: Dataflow: expected ws or os");
  const Outcome run = run_on("edge-16x6");
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find("--accelerator: expected a file or the name"), std::string::npos)
      << run.err;
}

TEST_F(AcceleratorVerbs, AKeyIsGivenOnce) {
  const auto refuse_new = [&](std::vector<std::string> options, const std::string& expected) {
    options.insert(options.begin(), {"new", "a", "--out", "a.yaml"});
    refuse(options, "brownout: error: " + expected);
  };
  refuse_new({"--weights-kib", "512", "--set", "weights.kib=256"},
             "--weights-kib 512 and --set \"weights.kib=256\" both give weights.kib; expected one");
  refuse_new({"--array", "32x32", "--set", "array.rows=16"},
             "--array 32x32 and --set \"array.rows=16\" both give array.rows; expected one");
  refuse_new({"--set", "array.rows=8", "--set", "array.rows=9"},
             "--set \"array.rows=8\" and --set \"array.rows=9\" both give array.rows; ");
  refuse_new({"--dram", "lpddr4-3200", "--set", "dram.preset=ddr4-3200"},
             "--dram lpddr4-3200 and --set \"dram.preset=ddr4-3200\" both give dram.preset; ");
  refuse_new({"--array", "32x32", "--set", "array={rows: 8}"},
             "--array 32x32 and --set \"array={rows: 8}\" both give array.rows; ");
  refuse_new({"--set", "name=b"}, "NAME a and --set \"name=b\" both give name; ");
  workplace_.write("tpu.cfg", read_file(BROWNOUT_SOURCE_DIR "/tests/estimate/scale_sim.cfg"));
  refuse({"import", "tpu.cfg", "--set", "clock_mhz=8", "--set", "clock_mhz=9", "--out", "a.yaml"},
         "--set \"clock_mhz=8\" and --set \"clock_mhz=9\" both give clock_mhz; expected one");
  refuse({"import", "tpu.cfg", "--technology", "14nm-finfet", "--set", "technology=x", "--out",
          "a.yaml"},
         "--technology 14nm-finfet and --set \"technology=x\" both give technology; ");
  // A file's own value is replaced, and keys beside a preset change it.
  EXPECT_EQ(accelerator({"import", "tpu.cfg", "--set", "array.rows=8", "--out", "b.yaml"}).code, 0);
}

TEST_F(AcceleratorVerbs, MessagesNameTheOptionThatWasTyped) {
  const auto refuse_new = [&](std::vector<std::string> options, const std::string& expected) {
    options.insert(options.begin(), {"new", "a", "--out", "a.yaml"});
    refuse(options, "brownout: error: " + expected);
  };
  refuse_new({"--weights-kib", "510"},
             "accelerator new: --weights-kib 510: weights.kib: expected whole arrays of 512 words "
             "of 64 bit, 508 or 512 KiB, got 510\n");
  refuse_new({"--set", "weights.kib=510"},
             "accelerator new: --set \"weights.kib=510\": weights.kib: expected whole arrays");
  refuse_new({"--array", "32x5000"},
             "--array: columns: expected an integer in [1, 4096], got \"5000\"");
  refuse_new({"--array", "0x32"}, "--array: rows: expected an integer in [1, 4096], got \"0\"");
  refuse_new({"--dataflow", "is"},
             "accelerator new: --dataflow is: array.dataflow: expected one of weight-stationary, ");
  refuse_new({"--weights-kib", "512", "--set", "weights.arrays=9"},
             "accelerator new: --weights-kib 512: weights.kib: expected kib or arrays, got both; "
             "the other is at accelerator new: --set \"weights.arrays=9\": weights.arrays\n");
  refuse_new({"--set", "accumulators.depth=3", "--accumulators-kib", "5"},
             "accelerator new: --accumulators-kib 5: accumulators.kib: expected kib or depth, got "
             "both; the other is at accelerator new: --set \"accumulators.depth=3\": "
             "accumulators.depth\n");
}

TEST_F(AcceleratorVerbs, HelpListsDataflowsAndPresets) {
  const std::string help = accelerator({"new", "--help"}).out;
  EXPECT_NE(help.find("Which operand stays (ws, os)\n"), std::string::npos) << help;
  EXPECT_NE(help.find("(shipped: ddr4-3200, hbm2-2000, lpddr4-3200, lpddr5-6400)"),
            std::string::npos)
      << help;
}

TEST_F(AcceleratorVerbs, APriceThatIsTheTechnologysIsNamedOnce) {
  ASSERT_EQ(accelerator({"new", "b", "--dram", "lpddr4-3200", "--out", "b.yaml"}).code, 0);
  const std::string same = accelerator({"show", "b.yaml"}).out;
  EXPECT_NE(same.find("8  pJ a bit\n"), std::string::npos) << same;
  EXPECT_EQ(same.find("in place of"), std::string::npos) << same;
  ASSERT_EQ(accelerator({"new", "a", "--dram", "hbm2-2000", "--out", "a.yaml"}).code, 0);
  const std::string other = accelerator({"show", "a.yaml"}).out;
  EXPECT_NE(other.find("pJ a bit, in place of the technology's 8"), std::string::npos) << other;
}

}  // namespace
}  // namespace brownout::end_to_end
