// SPDX-License-Identifier: Apache-2.0
// What a study may contain, and one clear message for everything else.
#include "sim/study/study_file.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout::study {
namespace {

constexpr char kHead[] = "title: a study\nimages: 100\nchips: 3\n";
constexpr char kEvaluations[] =
    "evaluations:\n"
    "  clean: {kind: clean}\n"
    "  rerr: {kind: errors, rates: [0.01, 0.05]}\n";
constexpr char kRows[] =
    "rows:\n"
    "  - {name: A, network: tiny-rquant-8b.onnx, published: {rerr: [1.5, none]}}\n"
    "  - {name: B, network: tiny-uniform-4b.onnx}\n";

class StudyFileTest : public testing::Test {
 protected:
  void SetUp() override { workplace_.write("train.yaml", "seed: 1\nschedule: {epochs: 2}\n"); }
  StudyFile load(const std::string& text) const {
    return load_study(workplace_.write("study.yaml", text));
  }
  /// The message, without the folder.
  std::string complaint(const std::string& text) const {
    try {
      load(text);
    } catch (const InputError& error) {
      std::string message = error.what();
      const std::string folder = workplace_.folder().string() + "/";
      for (std::size_t at = 0; (at = message.find(folder)) != std::string::npos;) {
        message.erase(at, folder.size());
      }
      return message;
    }
    return "";
  }
  void expect(const std::string& text, const std::string& part) const {
    const std::string message = complaint(text);
    EXPECT_NE(message.find(part), std::string::npos) << "got: " << message << "\nof: " << text;
    EXPECT_EQ(message.rfind("study.yaml", 0), 0u) << message;
  }
  end_to_end::Workplace workplace_;
};

TEST_F(StudyFileTest, NetworksEvaluationsAndComparisonsAreRead) {
  const StudyFile study = load(std::string(kHead) + kEvaluations + kRows +
                               "compare:\n  - {higher: B, lower: A, at: [0.05]}\n");
  EXPECT_EQ(study.name, "study");
  ASSERT_EQ(study.rows.size(), 2u);
  EXPECT_EQ(study.rows[0].published.at("rerr"),
            (std::vector<std::optional<double>>{1.5, std::nullopt}));
  ASSERT_EQ(study.evaluations.size(), 2u);
  EXPECT_EQ(study.evaluations[1].evaluation->labels(),
            (std::vector<std::string>{"p = 1 %", "p = 5 %"}));
  EXPECT_EQ(study.evaluations[1].evaluation->setting().chips, 3);
  EXPECT_EQ(study.evaluations[1].evaluation->setting().setup.images.count, 100);
  ASSERT_EQ(study.comparisons.size(), 1u);
  EXPECT_EQ(study.comparisons[0].label, "p = 5 %");
  EXPECT_EQ(study.comparisons[0].evaluation, "rerr");  // the only one on chips
}

TEST_F(StudyFileTest, TrainingsTakeTheStudysChangesThenTheirOwnThenTheSeed) {
  const StudyFile study = load(std::string(kHead) + kEvaluations +
                               "training: train.yaml\nset: {w_max: 0.1, bit_errors: null}\n"
                               "epochs: 5\nseeds: [7, 8]\n"
                               "rows:\n"
                               "  - {name: A, set: {w_max: 0.2, loss: {kind: mcel, margin: 8}}}\n"
                               "  - {name: B, seeds: [1], export: {quantization.bits: 4}}\n");
  ASSERT_EQ(study.rows[0].trainings.size(), 2u);
  EXPECT_EQ(study.rows[0].trainings[1].assignments,
            (std::vector<std::string>{"w_max=0.1", "bit_errors=null", "schedule.epochs=5",
                                      "w_max=0.2", "loss={kind: mcel, margin: 8}", "seed=8"}));
  ASSERT_EQ(study.rows[1].trainings.size(), 1u);
  EXPECT_EQ(study.rows[1].trainings[0].exported, (std::vector<std::string>{"quantization.bits=4"}));
}

TEST_F(StudyFileTest, WrongStudiesAreRefusedWithTheirPlace) {
  const std::string head = kHead, evaluations = kEvaluations, rows = kRows;
  expect(head + evaluations + rows + "epoch: 3\n",
         "unknown key \"epoch\"; did you mean \"epochs\"?");
  expect(head + rows, "evaluations: missing");
  expect(head + evaluations, "rows: missing");
  expect(head + evaluations +
             "rows:\n  - {name: A, network: tiny-rquant-8b.onnx}\n"
             "  - {name: A, network: tiny-uniform-4b.onnx}\n",
         "study.yaml:9:12: rows[1].name: two rows are named \"A\"");
  expect(head + evaluations + "rows:\n  - {name: A, network: missing.onnx}\n",
         "rows[0].network: missing.onnx: cannot open");
  expect(head + evaluations + "rows:\n  - {name: A}\n", "expected network: FILE.onnx or training");
  expect(head + evaluations + "rows:\n  - {name: A, network: tiny-rquant-8b.onnx, seeds: [1]}\n",
         "rows[0].seeds: is of trainings");
  expect(head + evaluations + "rows:\n  - {name: A, training: missing.yaml}\n",
         "rows[0].training: missing.yaml: cannot open");
  expect(head + evaluations + "rows:\n  - {name: A, training: train.yaml, set: {seed.x: 1}}\n",
         "rows[0].name: train.yaml: set \"seed.x=1\": seed is \"1\", expected a map");
  expect(head + evaluations + "rows:\n  - {name: A, training: train.yaml, seeds: [1, 1]}\n",
         "1 is listed twice");
  expect(
      head + evaluations + "rows:\n  - {name: A, training: train.yaml, set: {output: mine.onnx}}\n",
      "set \"output=mine.onnx\": trained networks lie in the folder of trainings");
  expect(head + evaluations + rows + "compare:\n  - {higher: C, lower: A}\n",
         "compare[0].higher: no row is named \"C\"");
  expect(head + evaluations + rows + "compare:\n  - {higher: A, lower: A}\n",
         "expected another row");
  expect(head + evaluations + rows + "compare:\n  - {higher: A, lower: B, at: [0.02]}\n",
         "0.02 is no column of evaluation rerr (p = 1 %; p = 5 %)");
  expect(head + evaluations + rows + "compare:\n  - {higher: A, lower: B, evaluation: clean}\n",
         "expected one on chips (rerr), got \"clean\"");
  const auto row = [&](const std::string& more) {
    return head + evaluations + "rows:\n  - {name: A, network: tiny-rquant-8b.onnx, " + more +
           "}\n";
  };
  expect(row("published: {rerr: [1]}"), "expected a list of 2, one for each column");
  expect(row("published: {rerr: [1, x]}"), "expected numbers or none, got \"x\"");
  expect(row("published: {rer: [1, 2]}"), "expected an evaluation of the study: clean, rerr");
  expect(row("evaluations: [clean], published: {rerr: [1, 2]}"), "does not use that evaluation");
  expect(row("evaluations: [cleen]"), "\"cleen\" is none of the study's");
  expect(row("scale_weights: 0"), "expected a number in [1e-06, 1000000]");
}

TEST_F(StudyFileTest, WrongEvaluationsAreRefusedWithTheirPlace) {
  const std::string head = kHead, rows = kRows;
  const auto evaluation = [&](const std::string& block) {
    return head + "evaluations:\n  x: {" + block + "}\n" +
           "rows:\n  - {name: A, network: tiny-rquant-8b.onnx}\n";
  };
  expect(evaluation("kind: error"), "evaluations.x.kind: expected one of clean, errors, layers");
  expect(evaluation("kind: errors"), "expected exactly one of rates and voltages");
  expect(evaluation("kind: errors, rates: [0.1, 0.1]"), "p = 10 % is listed twice");
  expect(evaluation("kind: errors, rates: [0.1], p_err: 0.05"), "at least the highest bit error");
  expect(evaluation("kind: errors, voltages: [0.9]"), "evaluations.x.technology: missing");
  expect(evaluation("kind: errors, rates: [0.1], profile: tiny-rquant-8b.onnx"),
         "fails by voltage; expected voltages");
  expect(evaluation("kind: errors, rates: [0.1], engine: systemc"), "expected one of functional");
  expect(evaluation("kind: errors, rates: [2]"), "expected a number in [0, 1]");
  expect(evaluation("kind: errors, rates: [0.1], image: 5"), "did you mean \"images\"?");
  expect(evaluation("kind: clean, batch_statistics: true"), "expected engine: float");
  expect(evaluation("kind: clean, batch: 8"), "is of batch_statistics: true");
  expect(evaluation("kind: noise, shares: [0.1], engine: functional"), "expected float");
  expect(evaluation("kind: weight-error, rate: 0.1, codings: [{scheme: rquant, bits: 1}]"),
         "codings[0].bits");
  expect(evaluation("kind: histograms, rate: 0.1, bins: 1"), "expected an integer in [2, 10000]");
}

}  // namespace
}  // namespace brownout::study
