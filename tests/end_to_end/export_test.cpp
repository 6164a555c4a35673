// SPDX-License-Identifier: Apache-2.0
// Jobs that are exported without a Verilated core: any array size, also in a build without RTL.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

class Export : public testing::Test {
 protected:
  Outcome cosim(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"cosim",   workplace_.network().string(),
                                       "--data",  "data",
                                       "--layer", "fc",
                                       "--json",  "-",
                                       "--quiet", "--overwrite"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  Workplace workplace_;
};

TEST_F(Export, NeedsNoCoreOfThatSize) {
  for (const char* array : {"12x20", "5x1", "33x7"}) {
    SCOPED_TRACE(array);
    const Outcome outcome =
        cosim({"--array", array, "--voltage", "0.8333", "--chip", "random:7", "--export", "job"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json run = outcome.json();
    EXPECT_EQ(run["compared"], false);
    EXPECT_NE(run["not_compared"].get<std::string>().find("-DBROWNOUT_"), std::string::npos);
    EXPECT_EQ(run["layers"], Json::array());
    EXPECT_TRUE(run["cycle_error_pct"].is_null());
    EXPECT_GT(run["bits_wrong"], 0);
    const Json manifest = Json::parse(read_file(workplace_.folder() / "job/manifest.json"));
    const std::string sides = array;
    const std::size_t x = sides.find('x');
    EXPECT_EQ(manifest["parameters"]["ROWS"], std::stoi(sides.substr(0, x)));
    EXPECT_EQ(manifest["parameters"]["COLUMNS"], std::stoi(sides.substr(x + 1)));
    // With Icarus at hand the RTL does what the job expects.
    if (workplace_.run("/bin/sh", {"-c", "command -v iverilog"}).code != 0) continue;
    const Outcome replay = workplace_.run("/bin/sh", {"job/run.sh", BROWNOUT_SOURCE_DIR "/rtl"});
    EXPECT_EQ(replay.code, 0) << replay.out << replay.err;
    EXPECT_EQ(replay.out.rfind("PASS rows=", 0), 0u) << replay.out;
  }
}

TEST_F(Export, WithMemoriesThatNoCoreHas) {
  workplace_.write("large.yaml", "name: large\ntechnology: " BROWNOUT_SOURCE_DIR
                                 "/profiles/14nm-finfet.yaml\narray: {rows: 4, columns: 4}\n"
                                 "weights: {arrays: 300, array_rows: 512}\n"
                                 "accumulators: {depth: 2000}\n");
  const Outcome outcome = cosim({"--accelerator", "large.yaml", "--export", "job"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json parameters =
      Json::parse(read_file(workplace_.folder() / "job/manifest.json"))["parameters"];
  EXPECT_EQ(parameters["ARRAYS"], 512);
  EXPECT_EQ(parameters["DEPTH"], 2048);
}

TEST_F(Export, OrWavesWithoutACoreAreRefused) {
  const std::vector<std::string> before = workplace_.listing();
  const Outcome outcome =
      cosim({"--array", "12x20", "--export", "job", "--trace", "a.fst", "--trace-window", "0:10"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("--array: "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("-DBROWNOUT_"), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(workplace_.listing(), before);
}

}  // namespace
}  // namespace brownout::end_to_end
