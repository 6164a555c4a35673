// SPDX-License-Identifier: Apache-2.0
// Wrong input: one line on stderr that names the problem, exit 2, and nothing half-written.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/files.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/end_to_end/stored_rows.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;

class BadInput : public testing::Test {
 protected:
  /// Runs the command; expects exit 2, one line that contains all `parts`, and no new file.
  void expect_refusal(const std::vector<std::string>& arguments,
                      const std::vector<std::string>& parts,
                      const Surroundings& surroundings = {}) {
    const std::vector<std::string> before = workplace_.listing();
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments, surroundings);
    std::string command;
    for (const std::string& argument : arguments) command += argument + " ";
    EXPECT_EQ(outcome.code, 2) << command << outcome.err;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_EQ(outcome.err.rfind("brownout: error: ", 0), 0u) << command << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos)
          << command << "lacks \"" << part << "\": " << outcome.err;
    }
    EXPECT_EQ(workplace_.listing(), before) << command;
  }
  void refuse_eval(std::vector<std::string> more, const std::vector<std::string>& parts) {
    std::vector<std::string> arguments{"eval", workplace_.network().string(), "--data", "data",
                                       "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    expect_refusal(arguments, parts);
  }
  /// A sweep file in which one line is replaced.
  void refuse_sweep(const std::string& from, const std::string& to,
                    const std::vector<std::string>& parts) {
    std::string text = read_file(workplace_.sweep_file());
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    workplace_.write("bad.yaml", text);
    expect_refusal({"sweep", "bad.yaml", "--out", "out", "--quiet"}, parts);
  }
  Workplace workplace_;
};

TEST_F(BadInput, Options) {
  refuse_eval({"--rate", "nan"}, {"--rate: expected a number in [0, 1], got \"nan\""});
  refuse_eval({"--rate", "-0.1"}, {"--rate", "\"-0.1\""});
  refuse_eval({"--rate=1.5"}, {"--rate", "\"1.5\""});
  refuse_eval({"--rate", "0.1", "--chips", "0"}, {"--chips: expected an integer in [1, "});
  refuse_eval({"--rate", "0.1", "--chips", "2.5"}, {"--chips", "\"2.5\""});
  refuse_eval({"--rate", "0.1", "--voltage", "0.9"}, {"--rate and --voltage", "both"});
  refuse_eval({"--chips", "5"}, {"--chips", "--rate or --voltage"});
  refuse_eval({"--rate", "0.1", "--chip", "measured:x"}, {"measured:x", "random:SEED"});
  refuse_eval({"--rate", "0.1", "--chip", "random:1", "--chips", "5"}, {"--chip"});
  refuse_eval({"--rate", "0.5", "--p-err", "0.1"}, {"--p-err"});
  refuse_eval({"--voltage", "0.5"}, {"--voltage: expected a number in [0.75, 1], got \"0.5\"",
                                     "the range of ", "14nm-finfet.yaml, in Vmin"});
  refuse_eval({"--voltage", "1.01"}, {"--voltage", "\"1.01\""});
  refuse_eval({"--threads", "0"}, {"--threads: expected an integer in [1, 256], got \"0\""});
  refuse_eval({"--threads", "100000"}, {"--threads"});
  refuse_eval({"--images", "0"}, {"--images: expected an integer in [1, "});
  refuse_eval({"--images", "401"}, {"--images", "[1, 400]", "401"});
  refuse_eval({"--engine", "functionl"}, {"--engine", "did you mean \"functional\"?"});
  refuse_eval({"--dataset", "cifar"}, {"--dataset", "fashion-mnist"});
  refuse_eval({"--split", "both"}, {"--split", "train, test"});
  refuse_eval({"--seed", "-3"}, {"--seed"});
  refuse_eval({"--rat", "0.1"}, {"unknown option \"--rat\"", "did you mean \"--rate\"?"});
  refuse_eval({"--technology", "none.yaml", "--rate", "0.1"}, {"none.yaml"});
  refuse_eval({"--json", "no/such/folder.json"}, {"--json", "no/such"});
  refuse_eval({"--rate"}, {"--rate: needs a value; see brownout eval --help"});
  refuse_eval({"--rate", "0.1", "--rate=0.2"}, {"--rate: expected it once, got it twice; see"});
  refuse_eval({"--seed", "1", "--seed", "1", "--seed", "1"}, {"--seed", "once", "3 times"});
  refuse_eval(
      {"--accelerator", workplace_.network().string()},
      {"tiny-rquant-8b.onnx: expected YAML text, found binary data, maybe a network (ONNX)"});
  refuse_eval({"--rate", "0.1", "--technology", "data/t10k-labels-idx1-ubyte"},
              {"t10k-labels-idx1-ubyte: expected YAML text, found binary data"});
  refuse_eval({"--rate", ""}, {"--rate: expected a value, got \"\""});
  refuse_eval({"--images", ""}, {"--images: expected a value"});
  expect_refusal({"eval", ""}, {"MODEL: expected a value"});
  refuse_eval({"--p-err", "0.5"}, {"--p-err: needs an operating point"});
  refuse_eval({"--seed", "3"}, {"--seed: needs an operating point"});
  refuse_eval({"--rate", "0.1", "--chip", "random:1", "--chip", "random:01"},
              {"--chip: random:1 is named twice"});
  refuse_eval({"--json", workplace_.network().string()}, {"--json", "found the input"});
  refuse_eval({"--engine", "two\nlines\x1b[31m" + std::string(100000, 'x')},
              {"two\\nlines\\x1b[31m", " … ", "functional"});
  refuse_eval({"--sed", "3"}, {"unknown option \"--sed\"; did you mean \"--seed\"?"});
  expect_refusal({"evla"}, {"unknown verb \"evla\"", "did you mean \"eval\"?"});
  refuse_eval({"--rate", "0.5", "--chip", "random:1,p_err=0.2"}, {"p_err = 0.2", "0.5"});
  expect_refusal({}, {"expected a verb: eval, sweep, ", "model, train", "--help"});
  expect_refusal({"model"}, {"expected a verb: import, inspect"});
  expect_refusal({"sweep", "sweep.yaml", "--out", ""}, {"--out"});
  expect_refusal({"eval"}, {"MODEL"});
  expect_refusal({"model", "inspect", "none.onnx"}, {"none.onnx"});
}

TEST_F(BadInput, AKernelThatIsNotThereIsToldBeforeAnythingBegins) {
  Surroundings surroundings;
  surroundings.environment = {"BROWNOUT_CONVOLUTION=nonsense"};
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"eval", workplace_.network().string(), "--data", "data",
                                 "--engine", "reference"},
        {"sweep", "sweep.yaml", "--out", "never"}}) {
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, words, surroundings);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(
        outcome.err,
        "brownout: error: BROWNOUT_CONVOLUTION: expected auto, amx, vnni, avx2, reference, got "
        "\"nonsense\"\n");
  }
  EXPECT_FALSE(std::filesystem::exists(workplace_.folder() / "never"));
}

TEST_F(BadInput, SweepFiles) {
  refuse_sweep("images: 200", "imagse: 200",
               {"bad.yaml:6:1", "unknown key \"imagse\"", "did you mean \"images\"?"});
  refuse_sweep("images: 200", "images: 200\nimages: 300", {"bad.yaml:7:1", "duplicate key"});
  refuse_sweep("images: 200", "images: many", {"bad.yaml:6:9: images", "\"many\""});
  refuse_sweep("images: 200", "images: 401", {"bad.yaml:6:9: images", "[1, 400]", "401"});
  refuse_sweep("chips: 4", "chips: 0", {"chips", "\"0\""});
  refuse_sweep("from: 0.75", "from: 0.5", {"voltage_grid.from", "[0.75, 1]", "\"0.5\""});
  refuse_sweep("from: 0.75", "from: .nan", {"voltage_grid.from", ".nan"});
  refuse_sweep("from: 0.75", "from: 0.5", {"14nm-finfet.yaml"});
  refuse_sweep("tiny-rquant-8b.onnx", "none.onnx",
               {"bad.yaml:3:10: models[0]: /", "none.onnx: cannot open: No such file"});
  refuse_sweep("data_folder: data", "data_folder: nowhere",
               {"bad.yaml:5:14: data_folder: ", "nowhere", "dataset-fashion-mnist", "--data"});
  refuse_sweep("technology: ", "technology: none/", {"bad.yaml:2:13: technology: ", "none/"});
  refuse_sweep(
      "models: [tiny-rquant-8b.onnx, tiny-uniform-4b.onnx]", "models: []",
      {"bad.yaml:3:9: models: expected a list with at least one entry, got an empty list"});
  refuse_sweep("chips: 4", "chisp: 4", {"bad.yaml:7:1: unknown key \"chisp\"", "\"chips\""});
  refuse_sweep("chips: 4", "chips:", {"bad.yaml:7:1: chips: expected a value, got nothing"});
  expect_refusal({"sweep", "none.yaml", "--out", "out"}, {"none.yaml"});
  expect_refusal({"sweep", "sweep.yaml", "--out", "out", "--images", "500"},
                 {"--images", "[1, 400]", "500"});
  expect_refusal({"sweep", "sweep.yaml", "--out", "out", "--chips", "0"}, {"--chips", "\"0\""});
}

TEST_F(BadInput, FilesThatUsedToHangOrCrash) {
  for (const char* text : {",", "a: 1\n---\n,"}) {
    workplace_.write("comma.yaml", text);
    expect_refusal({"sweep", "comma.yaml", "--out", "out"}, {"comma.yaml:", "not valid YAML"});
  }
  refuse_sweep("chips: 4", "chips: 4\nrate: [0.1]",
               {"bad.yaml:8:1: unknown key \"rate\"", "\"rates\""});
  refuse_sweep("chips: 4", "chips: 4\nrates: [0.1]",
               {"bad.yaml:8:8: rates: expected exactly one of voltages, voltage_grid and rates"});
  refuse_sweep("points: 4", "points: 4, step: 0.1", {"unknown key \"voltage_grid.step\""});
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  workplace_.write("deep.json", R"({"format": "brownout.sensitivity", "networks": )" + deep + "}");
  refuse_eval({"--voltage", "0.8", "--mitigation", "placement=deep.json"},
              {"deep.json: nested deeper than 64 levels"});
  expect_refusal({"run", "--reprice", "deep.json"}, {"deep.json: nested deeper than 64 levels"});
  workplace_.write("accelerator.yaml", "name: a\ndescription: a\xff\ntechnology: t.yaml\n");
  refuse_eval({"--accelerator", "accelerator.yaml"},
              {"accelerator.yaml:2:15: expected text in UTF-8, found the byte \"\\xff\""});
}

TEST_F(BadInput, AModelMayComeThroughAPipe) {
  for (const char* how : {"cat \"$1\" | \"$0\" model inspect /dev/stdin --json -",
                          "mkfifo p && (cat \"$1\" > p &) && \"$0\" model inspect p --json -"}) {
    const Outcome outcome =
        workplace_.run("/bin/sh", {"-c", how, BROWNOUT_BINARY, workplace_.network().string()});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["model_sha256"], sha256_hex(read_file(workplace_.network())));
  }
}

TEST_F(BadInput, ATerminalGetsNoControlCharactersOfFiles) {
  workplace_.write("t.csv", "Layer,M,N,K,\nA\x1b[31mred,10,8,8,\n");
  const Outcome estimate =
      workplace_.run(BROWNOUT_BINARY, {"estimate", "--topology", "t.csv", "--array", "4x4"});
  EXPECT_EQ(estimate.code, 0) << estimate.err;
  EXPECT_NE(estimate.out.find("A\\x1b[31mred"), std::string::npos) << estimate.out;
  network::Network network = tiny_network(network::Scheme::kRquant, 8);
  network.metadata["no\x1b]0;te"] = "a\x1b[2Jb\xc2\x9b\x7f";
  network::write_onnx(network, workplace_.folder() / "m.onnx");
  const Outcome inspect = workplace_.run(BROWNOUT_BINARY, {"model", "inspect", "m.onnx"});
  EXPECT_EQ(inspect.code, 0) << inspect.err;
  EXPECT_NE(inspect.out.find("no\\x1b]0;te: a\\x1b[2Jb\\xc2\\x9b\\x7f\n"), std::string::npos)
      << inspect.out;
}

TEST_F(BadInput, NetworkFiles) {
  const std::string whole = read_file(workplace_.network());
  for (const double share : {0.0, 0.01, 0.3, 0.9, 0.999}) {
    const auto length = static_cast<std::size_t>(share * static_cast<double>(whole.size()));
    const fs::path file = workplace_.write("cut.onnx", whole.substr(0, length));
    expect_refusal({"eval", file.string(), "--data", "data"}, {"cut.onnx"});
  }
  const fs::path foreign = workplace_.write("foreign.onnx",
                                            "\x08\x07\x12\x04"
                                            "none");
  expect_refusal({"model", "inspect", foreign.string()}, {"foreign.onnx"});
  expect_refusal({"model", "inspect", workplace_.sweep_file().string()}, {"sweep.yaml"});
  expect_refusal({"model", "inspect", workplace_.folder().string()}, {"folder"});
}

TEST_F(BadInput, Datasets) {
  const std::string network = workplace_.network().string();
  expect_refusal({"eval", network, "--data", "nowhere"},
                 {"nowhere", "dataset-fashion-mnist", "--data"});
  expect_refusal({"eval", network, "--data", "data", "--split", "train"}, {"train-images"});

  const std::string images = read_file(workplace_.folder() / "data/t10k-images-idx3-ubyte");
  const std::string labels = read_file(workplace_.folder() / "data/t10k-labels-idx1-ubyte");
  const auto data = [&](const std::string& some_images, const std::string& some_labels) {
    workplace_.write("bad/t10k-images-idx3-ubyte", some_images);
    workplace_.write("bad/t10k-labels-idx1-ubyte", some_labels);
  };
  const std::vector<std::string> eval{"eval", network, "--data", "bad"};
  data(images.substr(0, images.size() - 1), labels);
  expect_refusal(eval, {"t10k-images-idx3-ubyte", "cut short"});
  std::string wrong_magic = images;
  wrong_magic[2] = 9;
  data(wrong_magic, labels);
  expect_refusal(eval, {"t10k-images-idx3-ubyte", "magic"});
  data(images, labels.substr(0, 100));
  expect_refusal(eval, {"t10k-labels-idx1-ubyte"});
  // 20×20 pixels do not fit a network for 28×28.
  data(idx({10, 20, 20}, std::string(4000, 'x')), idx({10}, std::string(10, '\1')));
  expect_refusal(eval, {"tiny-rquant-8b.onnx"});
}

TEST_F(BadInput, AFolderWhoseRowsDoNotSayWhichImagesWereWrong) {
  const std::vector<std::string> sweep{"sweep",    "sweep.yaml", "--out",   "out", "--quiet",
                                       "--images", "20",         "--chips", "2",   "--no-plot"};
  ASSERT_EQ(workplace_.run(BROWNOUT_BINARY, sweep).code, 0);
  const std::string file = "out/sweep-identity.json";
  std::string identity = read_file(workplace_.folder() / file);
  const std::string version = "\"version\": 3";
  ASSERT_EQ(identity.find(version), identity.find("\"version\": "));
  identity.replace(identity.find(version), version.size(), "\"version\": 2");
  workplace_.write(file, identity);
  expect_refusal(sweep, {"out", "version", "2", "here", "expected an empty folder"});
}

TEST_F(BadInput, AFolderOfAnotherSweep) {
  const std::vector<std::string> sweep{"sweep",    "sweep.yaml", "--out",   "out", "--quiet",
                                       "--images", "20",         "--chips", "2",   "--no-plot"};
  ASSERT_EQ(workplace_.run(BROWNOUT_BINARY, sweep).code, 0);
  const std::string before = read_file(workplace_.folder() / "out/sweep.json");
  std::vector<std::string> other = sweep;
  other[6] = "21";
  expect_refusal(other, {"out", "holds another sweep", "images there is 20, here 21"});
  other = sweep;
  other[8] = "3";
  expect_refusal(other, {"holds another sweep", "chips there is 2, here 3"});
  workplace_.write("full/other.txt", "mine");
  expect_refusal({"sweep", "sweep.yaml", "--out", "full"}, {"full", "other.txt"});
  workplace_.write("file", "mine");
  expect_refusal({"sweep", "sweep.yaml", "--out", "file"}, {"file", "expected a folder"});
  EXPECT_EQ(read_file(workplace_.folder() / "out/sweep.json"), before);
}

TEST_F(BadInput, AFullDisk) {
  const std::string network = workplace_.network().string();
  const std::vector<std::string> eval{"eval", network,   "--data", "data",    "--rate",
                                      "0.01", "--chips", "2",      "--quiet", "--json"};
  std::vector<std::string> to_file = eval;
  to_file.emplace_back("result.json");
  expect_refusal(to_file, {"--json", "result.json"}, {{}, 500});
  std::vector<std::string> to_stdout = eval;
  to_stdout.emplace_back("-");
  if (fs::is_character_file("/dev/full")) {
    expect_refusal(to_stdout, {"stdout", "No space left"}, {{}, {}, {}, "/dev/full"});
  }
}

TEST_F(BadInput, WhereMessagesGoDoesNotDecideAboutResults) {
  const std::string binary = BROWNOUT_BINARY;
  const auto shell = [&](const std::string& command) {
    return workplace_.run("/bin/sh", {"-c", command});
  };
  const std::string sweep = binary + " sweep sweep.yaml --images 20 --chips 2 --no-plot --out ";
  ASSERT_EQ(shell(sweep + "plain --json plain.json").code, 0);
  for (const char* how : {"<&- 2>&-", "2>/dev/full"}) {
    const Outcome outcome = shell(sweep + "out " + how);
    EXPECT_EQ(outcome.code, 0) << how << outcome.err;
    const std::vector<KeptRow> rows = kept_rows(workplace_.folder() / "out");
    const std::vector<KeptRow> expected = kept_rows(workplace_.folder() / "plain");
    ASSERT_EQ(rows.size(), expected.size()) << how;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].key, expected[i].key) << how;
      EXPECT_EQ(rows[i].row, expected[i].row) << how;
    }
    EXPECT_EQ(read_file(workplace_.folder() / "out/.lock"), "") << how;
    fs::remove_all(workplace_.folder() / "out");
  }
  // A result that is not possible is an error.
  EXPECT_EQ(shell(binary + " model inspect tiny-rquant-8b.onnx >&-").code, 2);
}

TEST_F(BadInput, ANameThatIsNoUtf8IsReplacedInJson) {
  fs::copy_file(workplace_.network(), workplace_.folder() / "n\xff.onnx");
  const Outcome outcome = workplace_.run(
      BROWNOUT_BINARY, {"eval", "n\xff.onnx", "--data", "data", "--quiet", "--json", "-"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["model"], "n\xef\xbf\xbd");
}

TEST_F(BadInput, ADiskThatFillsUpDuringASweepLosesNothingThatWasStored) {
  const std::vector<std::string> sweep{"sweep",   "sweep.yaml", "--out",     "out",
                                       "--chips", "300",        "--threads", "1",
                                       "--quiet", "--no-plot",  "--json",    "-"};
  const Outcome full = workplace_.run(BROWNOUT_BINARY, sweep, {{}, 700'000});
  EXPECT_EQ(full.code, 2);
  EXPECT_NE(full.err.find("results.sqlite: cannot store a result"), std::string::npos) << full.err;
  EXPECT_EQ(full.out, "");
  for (const fs::directory_entry& entry : fs::directory_iterator(workplace_.folder() / "out")) {
    EXPECT_NE(entry.path().extension(), ".tmp");
  }
  const std::vector<KeptRow> rows = kept_rows(workplace_.folder() / "out");
  EXPECT_GE(rows.size(), 1u);
  // With room again the command continues after what is there.
  const Outcome rest = workplace_.run(BROWNOUT_BINARY, sweep);
  EXPECT_EQ(rest.code, 0) << rest.err;
  EXPECT_LT(rest.json()["points_computed"], 8);
  const std::vector<KeptRow> all = kept_rows(workplace_.folder() / "out");
  ASSERT_GT(all.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(all[i].key, rows[i].key);
}

}  // namespace
}  // namespace brownout::end_to_end
