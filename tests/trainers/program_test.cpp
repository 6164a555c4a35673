// SPDX-License-Identifier: Apache-2.0
// brownout-train as a process: it survives SIGKILL, and wrong input ends with exit code 2.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/progress_report.hpp"
#include "sim/network/onnx_file.hpp"
#include "small_training.hpp"
#include "tests/base/array_files.hpp"
#include "tests/interruption/interruption.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;
using interruption::Interrupter;
using interruption::Interruption;

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

void write_idx(const data::Dataset& data, const fs::path& folder, const std::string& prefix) {
  const auto count = static_cast<std::uint32_t>(data.size());
  std::string images = big_endian(0x803) + big_endian(count) + big_endian(8) + big_endian(8);
  images.append(data.pixels.begin(), data.pixels.end());
  std::string labels = big_endian(0x801) + big_endian(count);
  labels.append(data.labels.begin(), data.labels.end());
  write_file_atomically(folder / (prefix + "-images-idx3-ubyte"), images);
  write_file_atomically(folder / (prefix + "-labels-idx1-ubyte"), labels);
}

class Program : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("brownout-train-" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "data");
    write_idx(striped_images(640, 1), folder_ / "data", "train");
    write_idx(striped_images(100, 2), folder_ / "data", "t10k");
    write_file_atomically(folder_ / "small.yaml", small_architecture_yaml());
    write_config("");
  }

  void write_config(const std::string& extra) {
    write_file_atomically(folder_ / "config.yaml",
                          "architecture: {file: small.yaml, width: 16}\n"
                          "dataset: {name: mnist, folder: data}\n"
                          "quantization: {scheme: rquant, bits: 8}\n"
                          "w_max: 0.3\nbit_errors: {rate: 0.01, start_loss: 100}\n"
                          "schedule: {epochs: 12, batch: 16}\n"
                          "seed: 5\ncalibration_images: 64\noutput: default.onnx\n" +
                              extra);
  }

  pid_t start(std::vector<std::string> arguments, const std::optional<Interruption>& when = {}) {
    arguments.insert(arguments.begin(), BROWNOUT_TRAIN);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const std::string log = (folder_ / "log").string();
    interrupter_.reset();
    if (when) interrupter_.emplace(*when);
    const pid_t child = fork();
    if (child == 0) {
      const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (file_limit_ > 0) {  // a disk that gets full
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{file_limit_, file_limit_};
        setrlimit(RLIMIT_FSIZE, &limit);
      }
      dup2(file, 1);
      dup2(file, 2);
      if (interrupter_) interrupter_->watch_this_process();
      execv(pointers[0], pointers.data());
      _exit(127);
    }
    return child;
  }

  /// Exit status, or the negative of the signal that ended it.
  static int wait_for(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  int run(const std::vector<std::string>& arguments, const std::optional<Interruption>& when = {}) {
    return wait_for(start(arguments, when));
  }

  std::string config() const { return (folder_ / "config.yaml").string(); }
  std::string out(const std::string& name) const { return (folder_ / name).string(); }
  std::string log() const { return read_file(folder_ / "log"); }

  fs::path folder_;
  std::optional<Interrupter> interrupter_;
  rlim_t file_limit_ = 0;  // bytes a file of the program may take
};

TEST_F(Program, KilledAndResumedItWritesTheSameNetwork) {
  ASSERT_EQ(run({config(), "--threads", "1", "--out", out("whole.onnx")}), 0) << log();
  // Its first checkpoint comes after 200 of 480 steps.
  ASSERT_EQ(run({config(), "--threads", "1", "--out", out("killed.onnx")},
                Interruption{SIGKILL, 1, "/killed.checkpoint"}),
            -SIGKILL);
  ASSERT_TRUE(fs::exists(out("killed.checkpoint")));
  EXPECT_FALSE(fs::exists(out("killed.onnx")));
  EXPECT_EQ(run({config(), "--threads", "1", "--out", out("killed.onnx")}), 2);
  EXPECT_NE(log().find("--resume"), std::string::npos) << log();
  // A shorter training, which would have finished by now, does not replace it either.
  EXPECT_EQ(run({config(), "--epochs", "1", "--threads", "1", "--out", out("killed.onnx")}), 2);
  EXPECT_NE(log().find("unfinished"), std::string::npos) << log();
  ASSERT_EQ(run({config(), "--threads", "1", "--out", out("killed.onnx"), "--resume"}), 0) << log();
  EXPECT_EQ(read_file(out("killed.onnx")), read_file(out("whole.onnx")));
}

/// The images and labels of a data set, as files of NumPy.
void write_npy(const data::Dataset& data, const fs::path& folder, const std::string& prefix) {
  const auto count = static_cast<std::uint64_t>(data.size());
  write_file_atomically(folder / (prefix + "-x.npy"),
                        arrays::npy_of("u1", {count, 8, 8}, arrays::raw_of(data.pixels)));
  write_file_atomically(folder / (prefix + "-y.npy"),
                        arrays::npy_of("u2", {count}, arrays::raw_of(data.labels)));
}

TEST_F(Program, DataOfOnesOwnTrainTheSameNetwork) {
  write_npy(striped_images(640, 1), folder_, "train");
  write_npy(striped_images(100, 2), folder_, "test");
  write_file_atomically(folder_ / "own.yaml",
                        "classes: 10\ntrain: {images: train-x.npy, labels: train-y.npy}\n"
                        "test: {images: test-x.npy, labels: test-y.npy}\n");
  ASSERT_EQ(run({config(), "--threads", "1", "--epochs", "2", "--out", out("mnist.onnx")}), 0)
      << log();
  ASSERT_EQ(run({config(), "--threads", "1", "--epochs", "2", "--out", out("own.onnx"), "--set",
                 "dataset={name: own.yaml}"}),
            0)
      << log();
  const network::Network mnist = network::read_onnx(out("mnist.onnx"));
  const network::Network own = network::read_onnx(out("own.onnx"));
  ASSERT_EQ(own.parameters.size(), mnist.parameters.size());
  for (std::size_t i = 0; i < own.parameters.size(); ++i) {
    EXPECT_EQ(own.parameters[i].n, mnist.parameters[i].n) << own.parameters[i].name;
    EXPECT_EQ(own.parameters[i].values, mnist.parameters[i].values) << own.parameters[i].name;
  }
  EXPECT_EQ(own.metadata.at("training.dataset"), "own.yaml");

  write_file_atomically(folder_ / "plain.yaml",
                        "train: {images: train-x.npy}\ntest: {images: test-x.npy}\n");
  EXPECT_EQ(run({config(), "--out", out("plain.onnx"), "--set", "dataset={name: plain.yaml}"}), 2);
  EXPECT_NE(log().find("plain.yaml: the train images have no labels; a training needs them"),
            std::string::npos)
      << log();
}

TEST_F(Program, TerminatedItLeavesACheckpointThatExportsAsItStands) {
  // There is a table of epochs when one epoch is done.
  ASSERT_EQ(
      run({config(), "--threads", "1", "--out", out("x.onnx")}, Interruption{SIGTERM, 1, "/x.csv"}),
      1)
      << log();
  ASSERT_EQ(run({config(), "--threads", "1", "--out", out("x.onnx"), "--export-only",
                 out("x.checkpoint")}),
            0)
      << log();
  const network::Network net = network::read_onnx(out("x.onnx"));
  EXPECT_NE(net.metadata.at("training.epochs_run"), "12 of 12");
}

TEST_F(Program, AnotherSeedAndFewerEpochsCanBeAsked) {
  ASSERT_EQ(
      run({config(), "--threads", "1", "--out", out("s.onnx"), "--seed", "9", "--epochs", "1"}), 0)
      << log();
  const network::Network net = network::read_onnx(out("s.onnx"));
  EXPECT_EQ(net.metadata.at("training.seed"), "9");
  EXPECT_EQ(net.metadata.at("training.epochs_run"), "1 of 1");
  EXPECT_EQ(net.metadata.at("training.threads"), "1");
}

TEST_F(Program, AnExportKnowsWhatWasSetForItsTraining) {
  ASSERT_EQ(run({config(), "--threads", "1", "--out", out("x.onnx"), "--epochs", "2", "--set",
                 "optimizer.learning_rate=0.02", "--seed", "9"}),
            0)
      << log();
  ASSERT_EQ(run({config(), "--threads", "1", "--out", out("again.onnx"), "--export-only",
                 out("x.checkpoint")}),
            0)
      << log();
  EXPECT_EQ(read_file(out("again.onnx")), read_file(out("x.onnx")));
  // What is given now counts after it.
  EXPECT_EQ(run({config(), "--threads", "1", "--out", out("other.onnx"), "--export-only",
                 out("x.checkpoint"), "--set", "optimizer.learning_rate=0.03"}),
            2);
  EXPECT_NE(log().find("optimizer.learning_rate there is 0.02, here 0.03"), std::string::npos)
      << log();
}

TEST_F(Program, AShortTryTakesFewerImagesAndSteps) {
  ASSERT_EQ(run({config(), "--threads", "1", "--out", out("x.onnx"), "--images", "320", "--set",
                 "dataset.test_images=50", "--steps", "30"}),
            0)
      << log();
  const network::Network net = network::read_onnx(out("x.onnx"));
  EXPECT_EQ(net.metadata.at("training.steps"), "30");
  EXPECT_EQ(net.metadata.at("training.epochs_run"), "2 of 2");  // 320 images are 20 batches
  const std::string metrics = read_file(out("x.csv"));
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 3) << metrics;
  // It is finished, so that the same command may train it anew.
  EXPECT_EQ(run({config(), "--threads", "1", "--out", out("x.onnx"), "--images", "320", "--set",
                 "dataset.test_images=50", "--steps", "30"}),
            0)
      << log();
  EXPECT_EQ(run({config(), "--threads", "1", "--out", out("y.onnx"), "--images", "641"}), 2);
  EXPECT_NE(log().find("dataset.images"), std::string::npos) << log();
  EXPECT_NE(log().find("expected an integer in [1, 640], the train images of"), std::string::npos)
      << log();
}

TEST_F(Program, TellsOtherProgramsHowFarItIs) {
  const std::vector<std::string> words{config(), "--threads", "1",         "--epochs",
                                       "1",      "--quiet",   "--progress"};
  std::vector<std::string> with = words;
  with.push_back(out("far.progress"));
  ASSERT_EQ(run(with), 0) << log();
  const ProgressReport report = read_progress_line(read_file(out("far.progress")), "far.progress");
  EXPECT_EQ(report.title, "train");
  EXPECT_EQ(report.done, 40);  // 640 images, 16 at a time
  EXPECT_EQ(report.total, 40);
  EXPECT_EQ(report.seconds_left, 0.0);
  EXPECT_NE(report.note.find("epoch 1, loss "), std::string::npos) << report.note;
  // What it reads is no place for it, and another's file is kept.
  with.back() = config();
  EXPECT_EQ(run(with), 2);
  EXPECT_NE(log().find("--progress: "), std::string::npos) << log();
}

TEST_F(Program, SaysWhenNoBatchHadBitErrors) {
  const std::vector<std::string> words{config(), "--threads", "1", "--epochs", "1"};
  ASSERT_EQ(run(words), 0) << log();
  EXPECT_EQ(log().find("no batch had bit errors"), std::string::npos) << log();
  EXPECT_NE(network::read_onnx(out("default.onnx")).metadata.at("training.perturbed_share"),
            "0.0000");
  auto gated = words;
  gated.insert(gated.end(),
               {"--set", "loss={kind: mcel, margin: 90}", "--set", "bit_errors.start_loss=1.75"});
  EXPECT_EQ(run(gated), 2);
  EXPECT_NE(log().find("default.checkpoint: holds another training: "), std::string::npos) << log();
  gated.emplace_back("--overwrite");
  ASSERT_EQ(run(gated), 0) << log();
  EXPECT_NE(log().find("config.yaml: no batch had bit errors"), std::string::npos) << log();
  EXPECT_NE(log().find("start_loss is 1.75"), std::string::npos) << log();
  EXPECT_EQ(network::read_onnx(out("default.onnx")).metadata.at("training.perturbed_share"),
            "0.0000");
}

TEST_F(Program, ResumingAnotherTrainingIsRefusedInOneLine) {
  ASSERT_EQ(run({config(), "--threads", "1", "--quiet", "--epochs", "1"}), 0) << log();
  EXPECT_EQ(log().find("weights, on"), std::string::npos) << log();  // no banner
  const std::string said = log();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;  // no progress
  const auto refused = [&](std::vector<std::string> more, const std::string& part) {
    std::vector<std::string> arguments{config(), "--epochs", "1", "--resume"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(run(arguments), 2) << log();
    EXPECT_EQ(log().rfind("brownout-train: error: ", 0), 0u) << log();
    EXPECT_NE(log().find(part), std::string::npos) << log();
    EXPECT_EQ(log().find('\n'), log().size() - 1) << log();
  };
  refused({"--seed", "6"}, "seed there is 5, here 6");
  refused({"--threads", "2"}, "threads there is 1, here 2");
  write_config("optimizer: {learning_rate: 0.06}\n");
  refused({}, "optimizer.learning_rate there is 0.05, here 0.06");
  write_config("");
  write_file_atomically(folder_ / "small.yaml",
                        small_architecture_yaml() + "  # a remark is no difference\n");
  EXPECT_EQ(run({config(), "--epochs", "1", "--resume"}), 0) << log();
  std::string other = small_architecture_yaml();
  other.replace(other.find("avgpool"), 7, "maxpool");
  write_file_atomically(folder_ / "small.yaml", other);
  refused({}, "architecture_sha256 there is ");
  write_file_atomically(folder_ / "small.yaml", small_architecture_yaml());
  write_idx(striped_images(640, 3), folder_ / "data", "train");
  refused({}, "data_sha256 there is ");
  write_idx(striped_images(640, 1), folder_ / "data", "train");
  refused({"--out", out("other.onnx")}, "other.checkpoint: expected the checkpoint to resume");
}

TEST_F(Program, APlaceThatCannotBeWrittenIsFoundBeforeTheFirstStep) {
  fs::create_directories(folder_ / "taken.onnx");
  EXPECT_EQ(run({config(), "--out", out("taken.onnx")}), 2);
  EXPECT_NE(log().find("taken.onnx: expected a file to write, found a folder"), std::string::npos)
      << log();
  EXPECT_EQ(run({config(), "--out", out("small.yaml/x.onnx")}), 2) << log();
  EXPECT_EQ(run({config(), "--out", out("x.csv")}), 2) << log();
  EXPECT_EQ(run({config(), "--out", ""}), 2) << log();
  EXPECT_NE(log().find("--out: expected a value"), std::string::npos) << log();
  file_limit_ = 10000;
  EXPECT_EQ(run({config(), "--out", out("full.onnx")}), 2) << log();
  EXPECT_NE(log().find("full."), std::string::npos) << log();
  EXPECT_EQ(log().find('\n'), log().size() - 1) << log();
}

TEST_F(Program, NothingThatItReadsIsReplaced) {
  EXPECT_EQ(run({config(), "--epochs", "1", "--quiet", "--out", out("kept.onnx")}), 0) << log();
  const std::string checkpoint = out("kept.checkpoint");
  const std::vector<std::vector<std::string>> cases = {
      {out("config.yaml")},
      {out("small.yaml")},
      {out("data/train-images-idx3-ubyte")},
      {checkpoint, "--export-only", checkpoint, "--epochs", "1"},
  };
  for (const std::vector<std::string>& words : cases) {
    const std::string before = read_file(words[0]);
    std::vector<std::string> arguments = {config(), "--out"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const bool is_checkpoint = words[0] == checkpoint;
    for (int i = 0; i < 2; ++i) {  // without and with --overwrite
      EXPECT_EQ(run(arguments), 2) << words[0];
      EXPECT_NE(log().find(is_checkpoint ? "expected another ending for the network"
                                         : "--out: " + words[0] +
                                               ": expected a file of its own, found the input"),
                std::string::npos)
          << log();
      arguments.emplace_back("--overwrite");
    }
    EXPECT_EQ(read_file(words[0]), before);
  }
  EXPECT_EQ(run({config(), "--seed", "-1"}), 2);
}

TEST_F(Program, ANetworkOfAnotherTrainingIsKeptUnlessOverwritingIsAsked) {
  const std::vector<std::string> words{config(), "--threads", "1", "--epochs", "1", "--quiet"};
  write_file_atomically(out("default.onnx"), "a network that nobody can train again");
  EXPECT_EQ(run(words), 2);
  EXPECT_NE(log().find("config.yaml: output: "), std::string::npos) << log();
  EXPECT_NE(log().find("default.onnx: holds something that this command did not write"),
            std::string::npos)
      << log();
  EXPECT_EQ(read_file(out("default.onnx")), "a network that nobody can train again");
  EXPECT_FALSE(fs::exists(out("default.csv")));
  auto overwriting = words;
  overwriting.emplace_back("--overwrite");
  ASSERT_EQ(run(overwriting), 0) << log();
  EXPECT_EQ(run(words), 0) << log();  // its own, trained anew
  const std::string before = read_file(out("default.onnx"));
  // A network that was put there since is not its own, whatever its checkpoint says.
  write_file_atomically(out("default.onnx"), "another network");
  if (::getxattr(out("default.onnx").c_str(), "user.none", nullptr, 0) >= 0 || errno != ENOTSUP) {
    EXPECT_EQ(run(words), 2);
    EXPECT_EQ(read_file(out("default.onnx")), "another network");
  }
  write_file_atomically(out("default.onnx"), before);
  EXPECT_EQ(run(overwriting), 0) << log();
  auto other = words;
  other.insert(other.end(), {"--seed", "6"});
  EXPECT_EQ(run(other), 2);
  EXPECT_NE(log().find("default.checkpoint: holds another training: seed there is 5, here 6"),
            std::string::npos)
      << log();
  EXPECT_EQ(read_file(out("default.onnx")), before);
  other.emplace_back("--overwrite");
  EXPECT_EQ(run(other), 0) << log();
  EXPECT_NE(read_file(out("default.onnx")), before);
}

TEST_F(Program, ResumedAfterAKillBeforeTheMetricsItCompletesThem) {
  const std::vector<std::string> words{config(), "--threads", "1", "--epochs", "2", "--quiet"};
  ASSERT_EQ(run(words), 0) << log();
  const std::string whole = read_file(out("default.csv"));
  // The state that a kill between the last checkpoint and the metrics leaves: one row too few, half
  // a file.
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  int status = 0;
  ASSERT_EQ(::waitpid(dead, &status, 0), dead);
  const std::size_t last = whole.rfind('\n', whole.size() - 2);
  std::ofstream(out("default.csv")) << whole.substr(0, last + 1);
  const std::string left = fmt::format("{}.{}.tmp", out("default.csv"), dead);
  std::ofstream(left) << "epoch,lear";
  fs::remove(out("default.onnx"));
  auto resumed = words;
  resumed.emplace_back("--resume");
  ASSERT_EQ(run(resumed), 0) << log();
  EXPECT_EQ(read_file(out("default.csv")), whole);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(out("default.onnx")));
}

TEST_F(Program, WrongInputEndsWithTwoAndOneMessage) {
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({out("missing.yaml")}), 2);
  EXPECT_NE(log().find("missing.yaml"), std::string::npos);
  EXPECT_EQ(run({config(), "--threads", "0"}), 2);
  EXPECT_EQ(run({config(), "--device", "tpu"}), 2);
  EXPECT_EQ(run({config(), "--export-only", out("nothing.checkpoint")}), 2);
  EXPECT_EQ(run({config(), "--resume", "--export-only", out("nothing.checkpoint")}), 2);
  EXPECT_NE(log().find("--resume: --export-only trains nothing"), std::string::npos) << log();
  EXPECT_EQ(run({config(), "--set", "schedule.batch=5000"}), 2);
  EXPECT_NE(log().find("set \"schedule.batch=5000\""), std::string::npos) << log();
  EXPECT_EQ(run({config(), "--set", "dataset={name: cifar10}"}), 2);
  EXPECT_NE(log().find("}\": dataset.name: dataset cifar10 has no usual place"), std::string::npos)
      << log();
  write_config("epoch: 3\n");
  EXPECT_EQ(run({config()}), 2);
  EXPECT_NE(log().find("config.yaml:10"), std::string::npos) << log();
  write_config("");
  fs::resize_file(folder_ / "data" / "train-images-idx3-ubyte", 1000);
  EXPECT_EQ(run({config()}), 2);
  EXPECT_NE(log().find("cut short"), std::string::npos) << log();
  EXPECT_FALSE(fs::exists(out("default.onnx")));
  EXPECT_FALSE(fs::exists(out("default.checkpoint")));
}

TEST_F(Program, AFloatNetworkThatCannotBeReadEndsWithTwoAndOneMessage) {
  const std::vector<std::string> instead = {config(), "--set", "architecture=null", "--set",
                                            "initial={file: net.onnx, mean: [0.5]}"};
  EXPECT_EQ(run(instead), 2);
  EXPECT_NE(log().find("initial.file"), std::string::npos) << log();
  EXPECT_NE(log().find("net.onnx: cannot open"), std::string::npos) << log();
  write_file_atomically(folder_ / "net.onnx", "no network");
  EXPECT_EQ(run(instead), 2);
  EXPECT_NE(log().find("net.onnx: 10 bytes that are no ONNX network"), std::string::npos) << log();
  EXPECT_EQ(run({config(), "--set", "initial=net.onnx"}), 2);
  EXPECT_NE(log().find("`initial` gives both network and weights"), std::string::npos) << log();
}

TEST_F(Program, AnArchitectureForOtherImagesIsRefused) {
  write_file_atomically(folder_ / "small.yaml", "name: x\nlayers:\n  - {op: maxpool, kernel: 9}\n");
  EXPECT_EQ(run({config()}), 2);
  EXPECT_NE(log().find("small.yaml"), std::string::npos) << log();
}

}  // namespace
}  // namespace brownout::trainers
