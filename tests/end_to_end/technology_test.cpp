// SPDX-License-Identifier: Apache-2.0
// `brownout technology` on the shipped files and on bad ones.
#include <gtest/gtest.h>

#include "sim/base/files.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::end_to_end {
namespace {

class Technologies : public testing::Test {
 protected:
  Outcome technology(std::vector<std::string> words) const {
    words.insert(words.begin(), "technology");
    return workplace_.run(BROWNOUT_BINARY, words);
  }
  Workplace workplace_;
};

TEST_F(Technologies, OneIsShownWithItsSources) {
  const Outcome outcome = technology({"inspect", "45nm-soi", "--json", "a.json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"45nm-soi (", "valid from 0.4 to 1 Vmin, which is 1 V", "0.6000  0.600",
                           "0.0135", "simulated", "[1] Gottscho"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << "\n" << outcome.out;
  }
  const auto json = nlohmann::json::parse(read_file(workplace_.folder() / "a.json"));
  EXPECT_EQ(json["vmin_volt"], 1.0);
  EXPECT_EQ(json["points"][0]["voltage"], 1.0);
  EXPECT_EQ(json["points"][0]["access_energy_rel"], 1.0);
  EXPECT_EQ(json["points"].back()["rate"], 1.808e-2);
  EXPECT_EQ(json["rows"][0]["key"], "validity");
  EXPECT_EQ(json["rows"][0]["trust"], "simulated");
}

TEST_F(Technologies, SeveralStandSideBySide) {
  const Outcome all = technology({"compare", "--json", "-", "--quiet"});
  ASSERT_EQ(all.code, 0) << all.err;
  const auto json = nlohmann::json::parse(all.out)["technologies"];
  ASSERT_EQ(json.size(), 5u);
  // From Vmin down to the lowest of all, in steps of 0.05; what a file does not know is null.
  ASSERT_EQ(json[0]["points"].size(), 13u);
  for (const auto& one : json) {
    EXPECT_EQ(one["points"][0]["rate"], 0.0) << one["name"];
    const bool reaches = one["lowest_vmin"] <= 0.6;
    EXPECT_EQ(one["points"][8]["rate"].is_null(), !reaches) << one["name"];
    EXPECT_EQ(one["points"][1]["sram_leakage_rel"].is_null(), !one["has_energies"].get<bool>());
  }
  const Outcome two = technology({"compare", "14nm-finfet", "28nm-bram-kc705"});
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_NE(two.out.find("14nm-finfet  28nm-bram-kc705"), std::string::npos) << two.out;
}

TEST_F(Technologies, WithoutEnergiesAreRefusedBeforeAnythingIsRead) {
  for (const char* verb : {"eval", "run"}) {
    const Outcome outcome =
        workplace_.run(BROWNOUT_BINARY, {verb, "tiny-rquant-8b.onnx", "--accelerator", "edge-16x16",
                                         "--technology", "28nm-bram-vc707", "--voltage", "0.9",
                                         "--chip", "random:1", "--data", "nowhere"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find("28nm-bram-vc707.yaml: energy: missing"), std::string::npos)
        << outcome.err;
  }
}

TEST_F(Technologies, BadOnesAreNamed) {
  EXPECT_EQ(technology({"inspect", "13nm"}).code, 2);
  EXPECT_NE(technology({"inspect", "13nm"}).err.find("28nm-bram-kc705"), std::string::npos);
  workplace_.write("broken.yaml", "name: broken\nvalidity: {lowest_vmin: 0.5, highest_vmin: 1}\n");
  const Outcome broken = technology({"compare", "14nm-finfet", "broken.yaml"});
  EXPECT_EQ(broken.code, 2);
  EXPECT_NE(broken.err.find("broken.yaml:2:"), std::string::npos) << broken.err;
  EXPECT_EQ(technology({"plot", "--out", "a.txt"}).code, 2);
  EXPECT_EQ(technology({"plot"}).code, 2);
}

}  // namespace
}  // namespace brownout::end_to_end
