// SPDX-License-Identifier: Apache-2.0
// Following the line after each result: every command that is shown runs as it is shown.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/end_to_end/workplace.hpp"

namespace brownout::end_to_end {
namespace {

class Following : public testing::Test {
 protected:
  Outcome shell(const std::string& command) const {
    Surroundings surroundings;
    const std::string folder = std::filesystem::path(BROWNOUT_BINARY).parent_path().string();
    surroundings.environment = {"PATH=" + folder + ":/usr/bin:/bin"};
    return workplace_.run("/bin/sh", {"-c", command}, surroundings);
  }

  /// Runs `command` and then whatever each result shows. Returns the commands.
  std::vector<std::string> follow(std::string command, std::size_t most) const {
    std::vector<std::string> commands;
    while (!command.empty() && commands.size() < most) {
      commands.push_back(command);
      const Outcome outcome = shell(command);
      EXPECT_EQ(outcome.code, 0) << command << "\n" << outcome.err;
      const std::size_t at = outcome.out.rfind("\nnext: ");
      if (at == std::string::npos) break;
      EXPECT_EQ(outcome.out.find('\n', at + 1), outcome.out.size() - 1) << "not the last line";
      command = outcome.out.substr(at + 7, outcome.out.size() - at - 8);
    }
    return commands;
  }

  Workplace workplace_;
};

TEST_F(Following, ANetworkFromItsErrorToItsEnergy) {
  const std::vector<std::string> commands =
      follow("brownout eval tiny-rquant-8b.onnx --data data", 8);
  ASSERT_GE(commands.size(), 3u);
  EXPECT_EQ(commands[1].rfind("brownout eval tiny-rquant-8b.onnx --data data --voltage 0.85 ", 0),
            0u)
      << commands[1];
}

TEST_F(Following, ARunToItsTimelineAndItsPrice) {
  const std::vector<std::string> commands = follow(
      "brownout run tiny-rquant-8b.onnx --accelerator " BROWNOUT_SOURCE_DIR
      "/configs/accelerators/edge-16x16.yaml --voltage 0.85 --chip random:7 --images 4 --data data",
      8);
  ASSERT_GE(commands.size(), 4u);
  EXPECT_NE(commands[1].find("--timeline timeline.json"), std::string::npos);
  EXPECT_NE(commands[2].find("--json run.json"), std::string::npos);
  EXPECT_EQ(commands[3].rfind("brownout run --reprice run.json --voltage 1 ", 0), 0u);
  EXPECT_TRUE(std::filesystem::exists(workplace_.folder() / "timeline.json"));
}

TEST_F(Following, AProfileFromItsMapToItsPicture) {
  const std::vector<std::string> commands =
      follow("brownout profile inspect " BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5", 3);
  ASSERT_EQ(commands.size(), 3u);
  EXPECT_EQ(commands[1].rfind("brownout profile fit ", 0), 0u);
  EXPECT_EQ(commands[2].rfind("brownout profile plot ", 0), 0u);
}

TEST_F(Following, ThereIsNoLineInJsonOrWhenQuiet) {
  for (const char* silent : {" --quiet", " --json -"}) {
    const Outcome outcome =
        shell(std::string("brownout eval tiny-rquant-8b.onnx --data data") + silent);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ((outcome.out + outcome.err).find("next: "), std::string::npos) << outcome.out;
  }
  const Outcome failed = shell("brownout eval none.onnx");
  EXPECT_EQ(failed.code, 2);
  EXPECT_EQ(failed.out, "");
}

TEST_F(Following, HelpOfATopicAndOfAVerb) {
  EXPECT_EQ(shell("brownout help voltages").out.rfind("Supply voltages in units of Vmin", 0), 0u);
  EXPECT_EQ(shell("brownout help model import").out, shell("brownout model import --help").out);
  EXPECT_EQ(shell("brownout help eval").out, shell("brownout eval --help").out);
  EXPECT_NE(shell("brownout help").out.find("  error-bars "), std::string::npos);
  const Outcome unknown = shell("brownout help voltges");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.err,
            "brownout: error: help: unknown topic \"voltges\"; did you mean \"voltages\"?\n");
  EXPECT_EQ(shell("brownout help --markdown").out.rfind("<!-- Made by ", 0), 0u);
}

}  // namespace
}  // namespace brownout::end_to_end
