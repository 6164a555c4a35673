// SPDX-License-Identifier: Apache-2.0
// The last line of a result: complete commands, with the names that were given.
#include "sim/cli/next_steps.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sim/cli/application.hpp"
#include "sim/cli/refusals.hpp"
#include "tests/cli/shell_words.hpp"

namespace brownout::cli {
namespace {

const std::string kModel = "models/fmnist-simplenet16-randbet-8b.onnx";
const std::string kEdge = "configs/accelerators/edge-16x16.yaml";

/// A folder that holds the result of a sensitivity analysis.
const std::string kAnalysis = testing::TempDir() + "next-steps-" + std::to_string(::getpid());

/// Commands that reach every step of the table.
std::vector<std::vector<std::string>> samples() {
  return {
      {"eval", kModel},
      {"eval", kModel, "--rate", "0.833", "--images", "100"},
      {"eval", kModel, "--voltage", "0.85", "--chips", "3"},
      {"eval", kModel, "--voltage", "0.85", "--data", "my data"},
      {"eval", "alone/network.onnx", "--voltage", "0.85"},
      {"eval", kModel, "--voltage", "0.85", "--accelerator", kEdge, "--supply", "input=0.9"},
      {"eval", kModel, "--voltage", "0.85", "--chip", "profiles/chip1-synthetic.h5"},
      {"eval", kModel, "--voltage", "0.85", "--chip", "chip.h5", "--offsets", "4"},
      {"eval", kModel, "--weight-noise", "0.1", "--engine", "float"},
      {"eval", kModel, "--rate", "0"},
      {"sweep", "configs/sweeps/demo.yaml"},
      {"sweep", "configs/sweeps/demo.yaml", "--out", "it's mine"},
      {"sweep", "configs/sweeps/demo.yaml", "--shard", "1/2"},
      {"study", "configs/studies/shipped-fmnist.yaml", "--shard", "1/2"},
      {"merge", "out/whole", "out/one", "out/two"},
      {"merge", kAnalysis, "out/one", "out/two"},
      {"sensitivity", kModel, "--rate", "0.01", "--shard", "1/2"},
      {"sensitivity", kModel, "--rate", "0.01", "--out", "kept here"},
      {"technology", "inspect", "45nm-soi"},
      {"technology", "compare"},
      {"technology", "compare", "14nm-finfet", "mine.yaml"},
      {"technology", "plot", "--out", "a.svg"},
      {"study", "configs/studies/shipped-fmnist.yaml"},
      {"study", "configs/studies/shipped-fmnist.yaml", "--list", "--only", "a b", "c"},
      {"sensitivity", kModel, kModel, "--rate", "0.01"},
      {"sensitivity", kModel, kModel, "--rate", "0.01", "--json", "s 1.json"},
      {"run", kModel, "--accelerator", kEdge, "--voltage", "0.85", "--chip", "random:3"},
      {"run", kModel, "--accelerator", kEdge, "--timeline", "t.json", "--batch", "2"},
      {"run", kModel, "--accelerator", kEdge, "--json", "r.json"},
      {"run", "--reprice", "r.json"},
      {"cosim", kModel, "--array", "8x8"},
      {"cosim", kModel, "--layer", "conv 1"},
      {"cosim", kModel, "--layer", "conv1", "--export", "a job"},
      {"cosim", kModel, "--trace", "w.fst", "--trace-window", "0:10"},
      {"estimate", kModel, "--array", "8x8"},
      {"estimate", "--topology", "t.csv", "--array", "8x8"},
      {"model", "import", "a.onnx", "--out", "b.onnx", "--calibrate", "cifar10", "--test-images",
       "200"},
      {"compare", kModel, "b.onnx", "--rate", "0.01"},
      {"accelerator", "list"},
      {"accelerator", "show", "edge-16x16"},
      {"accelerator", "new", "mine", "--out", "mine.yaml"},
      {"accelerator", "import", "google.cfg", "--out", "google.yaml"},
      {"run", kModel, "--accelerator", kEdge, "--voltage", "0.9", "--json", "run.json"},
      {"model", "inspect", kModel},
      {"model", "program", kModel, "--accelerator", kEdge},
      {"profile", "generate", "a.yaml", "--out", "b.h5"},
      {"profile", "import", "npy", "a.npy", "b.npy", "--voltages", "0.9", "--out", "my chip.h5"},
      {"profile", "inspect", "b.h5"},
      {"profile", "fit", "b.h5"},
      {"profile", "compare", "a.h5", "b.h5"},
      {"profile", "plot", "a.h5", "--out", "a.svg"},
      {"profile", "export", "a.h5", "--format", "csv", "--out", "a.csv"},
      {"report", "out/a", "out/b", "--out", "my report.html"},
  };
}

/// The line after a command, which is parsed and not run.
std::string after(const std::vector<std::string>& words) {
  Application application;
  parse_or_refuse(application.app, words);
  return next_step(innermost(application.app));
}

class NextSteps : public testing::Test {
 protected:
  NextSteps() {
    std::filesystem::current_path(BROWNOUT_SOURCE_DIR);
    std::filesystem::create_directories(kAnalysis);
    std::ofstream(kAnalysis + "/sensitivity.json") << "{}";
  }
  ~NextSteps() override {
    std::filesystem::remove_all(kAnalysis);
    std::filesystem::current_path(before_);
  }

  const std::filesystem::path before_ = std::filesystem::current_path();
};

TEST_F(NextSteps, ParseAfterEveryVerb) {
  for (const std::vector<std::string>& words : samples()) {
    const std::string line = after(words);
    ASSERT_EQ(line.rfind("next: ", 0), 0u) << testing::PrintToString(words) << line;
    EXPECT_NE(line.find("   # "), std::string::npos) << line;
    std::vector<std::string> next = shell_words(line.substr(6));
    ASSERT_GE(next.size(), 2u) << line;
    if (next.front() != "brownout") continue;
    next.erase(next.begin());
    EXPECT_EQ(problem_of_command(next), "") << line;
  }
}

TEST_F(NextSteps, AreAllReachedBySomeCommand) {
  std::string reached;
  for (const std::vector<std::string>& words : samples()) {
    reached += after(words) + "\n";
  }
  for (const NextStep& step : next_steps()) {
    EXPECT_NE(reached.find("# " + step.why + "\n"), std::string::npos)
        << step.verb << ": " << step.command;
  }
}

TEST_F(NextSteps, ShowNamesAsAShellReadsThem) {
  EXPECT_NE(after({"study", "a.yaml", "--list", "--only", "a b", "c"})
                .find("brownout study a.yaml --only 'a b' --only c "),
            std::string::npos);
  EXPECT_NE(after({"profile", "import", "npy", "a.npy", "b.npy", "--voltages", "0.9", "--out",
                   "my 'best' chip.h5"})
                .find("brownout profile inspect 'my '\\''best'\\'' chip.h5' "),
            std::string::npos);
  // Numbers as they were typed, not as they are kept.
  EXPECT_NE(after({"eval", kModel, "--rate", "0.833"}).find("--rate 0.833 "), std::string::npos);
  // A name that a terminal would obey is not shown.
  EXPECT_EQ(after({"profile", "inspect", "a\nb.h5"}), "");
}

TEST_F(NextSteps, RepeatTheNamesThatWereGiven) {
  EXPECT_NE(after({"technology", "compare", "14nm-finfet", "my file.yaml"})
                .find("brownout technology plot 14nm-finfet 'my file.yaml' --out "),
            std::string::npos);
  EXPECT_NE(after({"technology", "compare"}).find("brownout technology plot --out "),
            std::string::npos);
}

TEST_F(NextSteps, FollowWhatAMergeHasMade) {
  EXPECT_NE(after({"merge", kAnalysis, "a", "b"}).find("brownout help mitigations "),
            std::string::npos);
  EXPECT_NE(after({"merge", "out/whole", "a", "b"}).find("brownout report out/whole "),
            std::string::npos);
  EXPECT_NE(after({"sensitivity", kModel, "--rate", "0.01", "--out", "a b"})
                .find(" --mitigation placement='a b'/sensitivity.json "),
            std::string::npos);
}

TEST_F(NextSteps, CarryTheDataOnOfWhichTheResultIs) {
  EXPECT_EQ(after({"eval", kModel, "--dataset", "data.yaml", "--split", "train"})
                .rfind("next: brownout eval " + kModel +
                           " --dataset data.yaml --split train "
                           "--voltage 0.85 ",
                       0),
            0u);
  EXPECT_EQ(after({"model", "import", "a.onnx", "--out", "b.onnx", "--calibrate", "cifar10",
                   "--data", "d"})
                .rfind("next: brownout eval b.onnx --dataset cifar10 --data d --voltage 0.85 ", 0),
            0u);
}

TEST_F(NextSteps, ApplyOnlyToWhatWasGiven) {
  // A rate of 0 has no errors whose cost could be measured.
  EXPECT_NE(after({"eval", kModel, "--rate", "0"}).find("brownout help sweep-file "),
            std::string::npos);
  EXPECT_NE(after({"run", kModel, "--accelerator", kEdge}).find(" --timeline timeline.json "),
            std::string::npos);
  EXPECT_NE(after({"run", kModel, "--accelerator", kEdge, "--json", "r.json"})
                .find("brownout run --reprice r.json "),
            std::string::npos);
}

}  // namespace
}  // namespace brownout::cli
