// SPDX-License-Identifier: Apache-2.0
// A message names a setting as it was given: as an option of the verb in use, or as a line of the
// file. It never advises an option that the verb lacks.
#include <gtest/gtest.h>

#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

constexpr char kTechnology[] = BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml";

class Fields : public testing::Test {
 protected:
  void SetUp() override {
    workplace_.write(
        "a.yaml", std::string("name: a\ntechnology: ") + kTechnology + "\nactivations: {kib: 2}\n");
  }
  /// The message without its beginning and its end of line.
  std::string refusal(const std::vector<std::string>& words) const {
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, words);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    const std::string begin = "brownout: error: ";
    EXPECT_EQ(outcome.err.rfind(begin, 0), 0u) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    return outcome.err.substr(std::min(begin.size(), outcome.err.size()));
  }
  std::string eval(std::vector<std::string> more) const {
    more.insert(more.begin(), {"eval", "tiny-rquant-8b.onnx", "--quiet"});
    return refusal(more);
  }
  /// A sweep on the accelerator with more lines in its file, of which the first is line 7.
  std::string sweep(const std::string& lines, std::vector<std::string> more = {}) const {
    workplace_.write("s.yaml", std::string("technology: ") + kTechnology +
                                   "\nmodels: [tiny-rquant-8b.onnx]\ndataset: fashion-mnist\n"
                                   "chips: 2\nvoltages: [0.9]\naccelerator: a.yaml\n" +
                                   lines);
    more.insert(more.begin(), {"sweep", "s.yaml", "--out", "out", "--quiet", "--no-plot"});
    return refusal(more);
  }
  std::string study(const std::string& lines, std::vector<std::string> more = {}) const {
    workplace_.write("study.yaml", "title: T\nevaluations: {clean: {kind: clean}}\n" + lines);
    more.insert(more.begin(), {"study", "study.yaml", "--out", "out", "--quiet"});
    return refusal(more);
  }
  static void expect_part(const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  static void expect_begin(const std::string& message, const std::string& begin) {
    EXPECT_EQ(message.rfind(begin, 0), 0u) << message;
  }
  Workplace workplace_;
};

constexpr char kRows[] = "rows: [{name: A, network: tiny-rquant-8b.onnx}]\n";

TEST_F(Fields, Batch) {
  const std::string small =
      "(2 KiB); raise activations.kib in a.yaml, or take fewer images at a time (";
  expect_part(eval({"--data", "data", "--accelerator", "a.yaml", "--batch", "64"}),
              small + "--batch)\n");
  expect_part(refusal({"run", "tiny-rquant-8b.onnx", "--data", "data", "--accelerator", "a.yaml",
                       "--batch", "64", "--quiet"}),
              small + "--batch)\n");
  expect_part(refusal({"model", "program", "tiny-rquant-8b.onnx", "--accelerator", "a.yaml",
                       "--batch", "64"}),
              small + "--batch)\n");
  const std::string message = sweep("data_folder: data\nbatch: 64\n");
  expect_part(message, "raise activations.kib in ");
  expect_part(message, ", or take fewer images at a time (s.yaml:8:8: batch)\n");
  EXPECT_EQ(message.find("--batch"), std::string::npos) << message;
}

TEST_F(Fields, Images) {
  const std::string range = ": expected an integer in [1, 400], the images of fashion-mnist";
  expect_begin(eval({"--data", "data", "--images", "401"}), "--images" + range);
  expect_begin(sweep("data_folder: data\nimages: 401\n"), "s.yaml:8:9: images" + range);
  expect_begin(sweep("data_folder: data\nimages: 3\n", {"--images", "401"}), "--images" + range);
  expect_part(study("data_folder: data\nimages: 401\n" + std::string(kRows)),
              "study.yaml:4:9: images" + range);
}

TEST_F(Fields, DataFolder) {
  const std::string missing = "nowhere: dataset fashion-mnist is not there: ";
  const std::string eval_message = eval({"--data", "nowhere"});
  expect_begin(eval_message, "--data: " + missing);
  expect_part(eval_message, "or name its folder (--data, or BROWNOUT_DATA=DIR with");
  const std::string from_file = sweep("data_folder: nowhere\n");
  expect_begin(from_file, "s.yaml:7:14: data_folder: ");
  expect_part(from_file, "or name its folder (--data, or BROWNOUT_DATA=DIR with");
  expect_begin(sweep("data_folder: data\n", {"--data", "nowhere"}), "--data: " + missing);
  const std::string of_study = study("data_folder: nowhere\n" + std::string(kRows));
  expect_part(of_study, "study.yaml:3:14: data_folder: ");
  expect_part(of_study, "or name its folder (data_folder, or BROWNOUT_DATA=DIR with");
  EXPECT_EQ(of_study.find("--data"), std::string::npos) << of_study;
}

TEST_F(Fields, TechnologyAndVoltage) {
  EXPECT_EQ(eval({"--rate", "0.01", "--mitigation", "boost=0.05"}),
            "mitigation boost: needs a supply to add to; expected --voltage, not --rate\n");
  expect_begin(eval({"--chip", "random:1"}),
               "--chip: needs an operating point; expected --rate or --voltage\n");
}

TEST_F(Fields, ChipsOfEval) {
  const std::string at_vmin = ": needs an operating point; expected --rate or --voltage\n";
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"--chips", "5"},
                                                        {"--p-err", "0.5"},
                                                        {"--seed", "3"},
                                                        {"--only-tensors", "fc.weight"},
                                                        {"--only-layers", "fc"},
                                                        {"--only-bits", "7"}}) {
    EXPECT_EQ(eval({option, value}), option + at_vmin);
  }
  EXPECT_EQ(eval({"--rate", "0.5", "--p-err", "0.1"}),
            "--p-err: expected at least the bit error rate 0.5, got 0.1\n");
  EXPECT_EQ(eval({"--rate", "0.1", "--chip", "physical:1"}),
            "--rate: chip physical:1 fails by voltage; expected --voltage\n");
  EXPECT_EQ(eval({"--rate", "0.1", "--chip", "random:1", "--seed", "3"}),
            "--seed: draws random chips and places of a profile; expected none beside --chip "
            "without --offsets\n");
  EXPECT_EQ(eval({"--voltage", "0.9", "--chip", "random:1", "--offsets", "4"}),
            "--offsets: places a profile FILE.h5 several times; got chip random:1\n");
  EXPECT_EQ(eval({"--rate", "0.1", "--chip", "random:1", "--chip", "random:1,p_err=0.5"}),
            "--chip: random:1,p_err=0.5 is the die of random:1; expected each die once\n");
  EXPECT_EQ(eval({"--offsets", "4", "--rate", "0.1"}),
            "--offsets: places a profile several times; expected --chip FILE.h5\n");
}

TEST_F(Fields, EnginesOfEval) {
  EXPECT_EQ(eval({"--engine", "systemc"}),
            "--engine systemc: needs an accelerator; expected --accelerator FILE\n");
  EXPECT_EQ(eval({"--weight-noise", "0.1"}),
            "--weight-noise: moves weights off their codes, which engine functional computes on; "
            "expected --engine float\n");
  EXPECT_EQ(eval({"--batch-statistics"}),
            "--batch-statistics: batch norms compute with running statistics in engine functional; "
            "expected --engine float\n");
}

TEST_F(Fields, ConventionAndDataflow) {
  EXPECT_EQ(refusal({"estimate", "tiny-rquant-8b.onnx", "--array", "8x8", "--dataflow", "is"}),
            "--dataflow: expected ws or os with --convention physical, got \"is\", which only "
            "scalesim-v2 has\n");
}

TEST_F(Fields, OutAndOverwrite) {
  ASSERT_EQ(workplace_
                .run(BROWNOUT_BINARY, {"sweep", "sweep.yaml", "--out", "out", "--quiet",
                                       "--no-plot", "--images", "20"})
                .code,
            0);
  expect_part(refusal({"sweep", "sweep.yaml", "--out", "out", "--quiet", "--images", "30"}),
              "or --overwrite to start anew here\n");
  workplace_.write("r.json", "mine");
  expect_part(eval({"--data", "data", "--json", "r.json"}),
              "expected another file, or --overwrite to replace this one\n");
}

TEST_F(Fields, OfStudies) {
  expect_begin(study(kRows, {"--only", "B"}), "--only: study.yaml has no row \"B\"");
  expect_part(study("rows: [{name: A, network: none.onnx}]\n"), "none.onnx");
  workplace_.write("none.onnx", "nothing");
  expect_part(study("data_folder: data\nrows:\n  - {name: A, network: none.onnx}\n"
                    "  - {name: B, network: tiny-rquant-8b.onnx}\n"),
              "; --only NAME runs other rows\n");
  workplace_.write("train.yaml", "seed: 1\noutput: x.onnx\n");
  expect_part(study("rows: [{name: A, training: train.yaml, set: {output: x.onnx}}]\n"),
              "trained networks lie in the folder of --trainings; expected none\n");
  const std::string set = study("rows: [{name: A, training: train.yaml, set: {seed.x: 1}}]\n");
  expect_part(set, "train.yaml: set \"seed.x=1\": seed is \"1\", expected a map");
  EXPECT_EQ(set.find("--set"), std::string::npos) << set;
}

}  // namespace
}  // namespace brownout::end_to_end
