// SPDX-License-Identifier: Apache-2.0
// What commands may replace: their own earlier results; with --overwrite results of others; never
// what they read.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/files.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "tests/profiles/gaussian_profile.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class Replace : public testing::Test {
 protected:
  Replace() {
    profiles::GaussianChip chip;
    chip.rows = 256;
    profiles::write_profile(workplace_.folder() / "chip.h5", profiles::gaussian_profile(chip, 1));
    workplace_.write("physical.yaml",
                     read_file(BROWNOUT_SOURCE_DIR "/profiles/physical-14nm.yaml"));
    workplace_.write("technology.yaml",
                     read_file(BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml"));
    workplace_.write(
        "made.yaml",
        "name: made\norigin: made for a test\narrays: 1\nrows: 256\ncolumns: 64\nseed: 1\n"
        "technology: technology.yaml\nzero_to_one_share: 0.45\n"
        "levels:\n"
        "  - {rate: 0.02744, zero_to_one: 0.0127, one_to_zero: 0.0147, persistent: "
        "0.01223, probabilistic: 0.026}\n");
  }
  Outcome run(Words words, bool overwrite = false) const {
    words.emplace_back("--quiet");
    if (overwrite) words.emplace_back("--overwrite");
    return workplace_.run(BROWNOUT_BINARY, words);
  }
  std::string content(const std::string& name) const {
    return read_file(workplace_.folder() / name);
  }
  bool attributes_work() const {
    const fs::path file = workplace_.write("probe", "x");
    return ::setxattr(file.c_str(), "user.brownout.probe", "x", 1, 0) == 0;
  }
  void refused(const Outcome& outcome, const std::string& part) const {
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << ": " << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
  static Words eval(const Words& more) {
    Words words{"eval", "tiny-rquant-8b.onnx", "--data", "data", "--images", "20"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Workplace workplace_;
};

TEST_F(Replace, EveryVerbAsksBeforeItReplacesWhatAnotherCommandWrote) {
  const std::string edge = BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml";
  const std::string net = "tiny-rquant-8b.onnx";
  const Words cases[] = {
      // the last word is the file
      eval({"--rate", "0.01", "--chips", "2", "--json", "r.json"}),
      {"run", net, "--accelerator", edge, "--data", "data", "--images", "2", "--timeline",
       "t.json"},
      {"run", net, "--accelerator", edge, "--data", "data", "--images", "2", "--json", "u.json"},
      {"estimate", net, "--array", "8x8", "--compute-report", "c.csv"},
      {"model", "inspect", net, "--json", "m.json"},
      {"model", "program", net, "--accelerator", edge, "--json", "p.json"},
      {"profile", "generate", "made.yaml", "--out", "made.h5"},
      {"profile", "export", "chip.h5", "--format", "csv", "--out", "cells.csv"},
      {"profile", "inspect", "chip.h5", "--json", "i.json"},
  };
  const bool remembers = attributes_work();
  for (const Words& words : cases) {
    const std::string file = words.back();
    SCOPED_TRACE(fmt::format("{}", fmt::join(words, " ")));
    workplace_.write(file, "mine");
    const Words before = workplace_.listing();
    refused(run(words), file + ": holds something that this command did not write");
    EXPECT_EQ(content(file), "mine");
    EXPECT_EQ(workplace_.listing(), before);
    const Outcome replaced = run(words, true);
    EXPECT_EQ(replaced.code, 0) << replaced.err;
    EXPECT_NE(content(file), "mine");
    if (!remembers) continue;
    const Outcome again = run(words);  // the very same command
    EXPECT_EQ(again.code, 0) << again.err;
  }
}

TEST_F(Replace, AnotherCommandIsToldWhoseResultItIs) {
  if (!attributes_work()) GTEST_SKIP() << "no extended attributes here";
  ASSERT_EQ(run(eval({"--rate", "0.01", "--chips", "2", "--json", "r.json"})).code, 0);
  const std::string before = content("r.json");
  refused(run(eval({"--rate", "0.02", "--chips", "2", "--json", "r.json"})),
          "r.json: holds the result of \"brownout eval tiny-rquant-8b.onnx");
  EXPECT_EQ(content("r.json"), before);
}

TEST_F(Replace, PicturesAreAskedForLikeTheirPrograms) {
  workplace_.write("map.gp", "mine");
  refused(run({"profile", "plot", "chip.h5", "--out", "map.svg"}), "map.gp: holds something");
  EXPECT_EQ(content("map.gp"), "mine");
}

TEST_F(Replace, AnotherSweepStartsAnewOnlyWhenAsked) {
  const Words sweep{"sweep",     "sweep.yaml", "--out", "out",
                    "--no-plot", "--images",   "20",    "--chips"};
  const auto with = [&](const std::string& chips) {
    Words words = sweep;
    words.push_back(chips);
    return words;
  };
  ASSERT_EQ(run(with("1")).code, 0);
  ASSERT_EQ(run(with("1")).code, 0);  // continued
  const std::string before = content("out/points.csv");
  refused(run(with("2")), "holds another sweep: chips there is 1, here 2");
  EXPECT_EQ(content("out/points.csv"), before);
  const Outcome anew = run(with("2"), true);
  EXPECT_EQ(anew.code, 0) << anew.err;
  EXPECT_NE(content("out/points.csv"), before);
  workplace_.write("mine/points.csv", "mine");  // a folder of something else is no sweep's
  Words elsewhere = with("1");
  elsewhere[3] = "mine";
  refused(run(elsewhere, true), "holds other files (points.csv)");
}

TEST_F(Replace, NoInputIsReplacedWhateverNamesIt) {
  workplace_.write("placement.json", "{}");
  workplace_.write("mine.npy", "no array");
  workplace_.write("mine.yaml", "test: {images: mine.npy}\n");
  const std::string labels = "data/t10k-labels-idx1-ubyte";
  const std::pair<Words, std::string> cases[] = {
      {eval({"--chip", "physical:1,physical.yaml", "--voltage", "0.8", "--json", "physical.yaml"}),
       "physical.yaml"},
      {eval({"--chip", "physical:physical.yaml,seed=1", "--voltage", "0.8", "--json",
             "./physical.yaml"}),
       "physical.yaml"},
      {eval({"--chip", "chip.h5,no-wrap", "--voltage", "0.85", "--json", "chip.h5"}), "chip.h5"},
      {eval({"--rate", "0.01", "--mitigation", "placement=placement.json", "--json",
             "placement.json"}),
       "placement.json"},
      {eval({"--rate", "0.01", "--json", labels}), labels},
      {eval({"--rate", "0.01", "--json=" + labels}), labels},
      {{"eval", "tiny-rquant-8b.onnx", "--dataset", "mine.yaml", "--json", "mine.npy"}, "mine.npy"},
      {{"profile", "generate", "made.yaml", "--out", "technology.yaml"}, "technology.yaml"},
  };
  for (const auto& [words, file] : cases) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(words, " ")));
    const std::string before = content(file);
    const Outcome careful = run(words);  // it holds something else
    refused(careful, file);
    EXPECT_EQ(careful.err.find("--overwrite"), std::string::npos) << careful.err;
    refused(run(words, true), "expected a file of its own, found the input");
    EXPECT_EQ(content(file), before);
  }
}

TEST_F(Replace, NoInputOfAStudyIsReplacedThoughItsRowDoesNotRun) {
  workplace_.write("architecture.yaml", "name: net\n");
  workplace_.write("initial.onnx", "no network");
  workplace_.write("more.yaml", "test: {images: more.npy}\n");
  workplace_.write("more.npy", "no array");
  const std::string common = "schedule: {epochs: 1}\nseed: 1\n";
  workplace_.write("trained.yaml", common +
                                       "architecture: {file: architecture.yaml}\n"
                                       "dataset: {name: more.yaml}\n"
                                       "bit_errors: {pattern: \"chip.h5,offset=3\", rate: 0.01}\n");
  workplace_.write("tuned.yaml", common +
                                     "initial: {file: initial.onnx}\n"
                                     "bit_errors: {pattern: \"physical:1,physical.yaml\", "
                                     "technology: technology.yaml}\n");
  workplace_.write("study.yaml",
                   "title: a study\ndata_folder: data\nimages: 20\nevaluations:\n"
                   "  clean: {kind: clean}\n"
                   "rows:\n"
                   "  - {name: A, network: tiny-rquant-8b.onnx}\n"
                   "  - {name: B, network: tiny-uniform-4b.onnx}\n"
                   "  - {name: C, training: trained.yaml}\n"
                   "  - {name: D, training: tuned.yaml}\n");
  const auto study = [](const std::string& json) {
    return Words{"study", "study.yaml", "--only", "A", "--out", "out", "--no-plot", "--json", json};
  };
  for (const std::string file :
       {"tiny-uniform-4b.onnx", "trained.yaml", "architecture.yaml", "initial.onnx", "more.yaml",
        "more.npy", "chip.h5", "physical.yaml", "technology.yaml"}) {
    SCOPED_TRACE(file);
    const std::string before = content(file);
    for (const bool overwrite : {false, true}) {
      refused(run(study(file), overwrite), "expected a file of its own, found the input");
    }
    EXPECT_EQ(content(file), before);
  }
  EXPECT_EQ(run(study("result.json")).code, 0);
}

}  // namespace
}  // namespace brownout::end_to_end
