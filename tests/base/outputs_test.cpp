// SPDX-License-Identifier: Apache-2.0
// Which outputs may be replaced, which inputs are found wherever they are named, and what killed
// processes leave. A test that changes the registry for good runs in a process of its own.
#include "sim/base/outputs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout {
namespace {

namespace fs = std::filesystem;

/// What `work` returns in a process of its own: its result, or the error's message.
std::string elsewhere(const std::function<std::string()>& work) {
  int ends[2];
  BROWNOUT_CHECK(::pipe(ends) == 0, "no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    std::string said;
    try {
      said = work();
    } catch (const InputError& error) {
      said = error.what();
    }
    static_cast<void>(!::write(ends[1], said.data(), said.size()));
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return said;
}

class Outputs : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("brownout-outputs-{}", ::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path file(const std::string& name) const { return folder_ / name; }

  void write_as(const std::vector<std::string>& words, const std::string& name,
                const std::string& text) const {
    elsewhere([&] {
      remember_command("brownout", words);
      write_file_atomically(file(name), text);
      return std::string();
    });
  }

  /// "" when a process with this command line may write the file.
  std::string claim(const std::vector<std::string>& words, const std::string& name,
                    bool overwrite = false) const {
    return elsewhere([&] {
      remember_command("brownout", words);
      if (overwrite) allow_overwriting();
      claim_output("--json", file(name));
      return std::string();
    });
  }

  bool attributes_work() const {
    std::ofstream(file("probe")) << "x";
    return ::setxattr(file("probe").c_str(), "user.brownout.probe", "x", 1, 0) == 0;
  }

  fs::path folder_;
};

TEST_F(Outputs, NothingAnEmptyFileAndADeviceMayBeReplaced) {
  EXPECT_EQ(claim({"eval"}, "new.json"), "");
  std::ofstream(file("empty.json")) << "";
  EXPECT_EQ(claim({"eval"}, "empty.json"), "");
  EXPECT_EQ(elsewhere([] {
              claim_output("--json", "/dev/null");
              return std::string();
            }),
            "");
}

TEST_F(Outputs, SomethingElseIsKeptUnlessOverwritingIsAllowed) {
  std::ofstream(file("notes.txt")) << "mine";
  EXPECT_THAT(claim({"eval"}, "notes.txt"),
              testing::AllOf(testing::HasSubstr("--json: "), testing::HasSubstr("notes.txt: holds"),
                             testing::HasSubstr("this command did not write"),
                             testing::HasSubstr("or overwrite to")));
  EXPECT_EQ(claim({"eval"}, "notes.txt", true), "");
  EXPECT_EQ(read_file(file("notes.txt")), "mine");  // claiming writes nothing
}

TEST_F(Outputs, TheVerySameCommandMayReplaceItsOwnResultAndNoOtherMay) {
  if (!attributes_work()) GTEST_SKIP() << "no extended attributes on " << folder_;
  write_as({"eval", "a.onnx", "--threads", "2", "--quiet"}, "r.json", "{}");
  EXPECT_EQ(claim({"eval", "a.onnx"}, "r.json"), "");
  EXPECT_EQ(claim({"eval", "a.onnx", "--threads=1", "--overwrite", "--resume"}, "r.json"), "");
  EXPECT_THAT(claim({"eval", "b.onnx"}, "r.json"),
              testing::HasSubstr("holds the result of \"brownout eval a.onnx\""));
  const fs::path here = fs::current_path();
  fs::current_path(folder_);  // the same words, other files
  EXPECT_THAT(claim({"eval", "a.onnx"}, "r.json"), testing::HasSubstr("holds the result of"));
  fs::current_path(here);
}

TEST_F(Outputs, AResultThatWasChangedOrCopiedIsSomethingElse) {
  if (!attributes_work()) GTEST_SKIP() << "no extended attributes on " << folder_;
  write_as({"eval"}, "r.json", "{}");
  fs::copy_file(file("r.json"), file("copy.json"));
  EXPECT_THAT(claim({"eval"}, "copy.json"), testing::HasSubstr("did not write"));
  std::ofstream(file("r.json"), std::ios::app) << "a remark";
  fs::last_write_time(file("r.json"), fs::last_write_time(file("r.json")) + std::chrono::hours(1));
  EXPECT_THAT(claim({"eval"}, "r.json"), testing::HasSubstr("did not write"));
}

TEST_F(Outputs, AnInputIsFoundWhetherItIsOpenedBeforeOrAfter) {
  write_file_atomically(file("in.yaml"), "a: 1");
  fs::create_hard_link(file("in.yaml"), file("hard.yaml"));
  fs::create_symlink("in.yaml", file("soft.yaml"));
  for (const std::string name : {"in.yaml", "hard.yaml", "soft.yaml"}) {
    const auto before = [&] {
      allow_overwriting();
      read_file(file("in.yaml"));
      watch_output("--json", file(name));
      return std::string("allowed");
    };
    const auto after = [&] {
      allow_overwriting();
      claim_output("--json", file(name));
      read_file(file("in.yaml"));
      return std::string("allowed");
    };
    for (const std::string& said : {elsewhere(before), elsewhere(after)}) {
      EXPECT_THAT(said, testing::HasSubstr("--json: " + file(name).string() +
                                           ": expected a file of its own, found the input"));
    }
  }
  EXPECT_EQ(elsewhere([&] {
              watch_output("--json", file("other.json"));
              return read_file(file("in.yaml")) + read_own_file(file("in.yaml"));
            }),
            "a: 1a: 1");
}

TEST_F(Outputs, NothingIsWrittenIntoAFolderOfInputs) {
  fs::create_directory(file("pictures"));
  const auto refused = [&](bool before, const fs::path& place) {
    return elsewhere([&] {
      if (before) note_input_folder(file("pictures"));
      watch_output("--json", place);
      if (!before) note_input_folder(file("pictures"));
      return std::string("taken");
    });
  };
  for (const bool before : {true, false}) {
    EXPECT_THAT(refused(before, file("pictures") / "class" / "new.json"),
                testing::HasSubstr("expected a file outside of " + file("pictures").string()));
    EXPECT_EQ(refused(before, file("pictures.json")), "taken");
  }
}

TEST_F(Outputs, AFileThatTheProcessKeepsForItselfIsNobodysOutputThoughItDoesNotExistYet) {
  const fs::path kept = folder_ / "net.log";
  const std::string expected = "--json: " + (folder_ / "." / "net.log").string() +
                               ": expected a file of its own, found one of us";
  EXPECT_EQ(elsewhere([&] {
              keep_for_itself("us", kept);
              watch_output("--json", folder_ / "." / "net.log");
              return std::string("taken");
            }),
            expected);
  EXPECT_EQ(elsewhere([&] {
              watch_output("--json", folder_ / "." / "net.log");
              keep_for_itself("us", kept);
              return std::string("taken");
            }),
            expected);
  EXPECT_EQ(elsewhere([&] {
              keep_for_itself("us", kept);
              watch_output("--json", folder_ / "other.log");
              return std::string("taken");
            }),
            "taken");
}

TEST_F(Outputs, TwoOptionsDoNotNameTheSameFile) {
  EXPECT_EQ(elsewhere([&] {
              watch_output("--export", file("run.sh"));
              watch_output("--export", file("run.sh"));  // the same option may say so twice
              watch_output("--json", folder_ / "." / "run.sh");
              return std::string("allowed");
            }),
            "--json: " + (folder_ / "." / "run.sh").string() +
                ": expected a file of its own, found that of --export");
}

TEST_F(Outputs, WhatKilledProcessesLeftIsCleared) {
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const std::string left = fmt::format("r.json.{}.tmp", dead);
  const std::string living = fmt::format("r.json.{}.tmp", ::getppid());
  for (const std::string& name : {left, left + ".hier", living, "other.json." + left,
                                  std::string("r.json.x.tmp"), std::string("r.json.1x.tmp")}) {
    std::ofstream(file(name)) << "half";
  }
  claim_output("--json", file("r.json"));
  EXPECT_FALSE(fs::exists(file(left)));
  EXPECT_FALSE(fs::exists(file(left + ".hier")));
  EXPECT_TRUE(fs::exists(file(living)));
  EXPECT_TRUE(fs::exists(file("other.json." + left)));
  EXPECT_TRUE(fs::exists(file("r.json.x.tmp")));
  EXPECT_TRUE(fs::exists(file("r.json.1x.tmp")));
}

TEST_F(Outputs, OneRequestAfterTheOtherKnowsNothingOfTheLast) {
  std::ofstream(file("net.onnx")) << "x";
  const auto read_then_write = [&] {
    read_file(file("net.onnx"));
    watch_output("out", file("net.onnx"));
    return std::string("both");
  };
  EXPECT_NE(elsewhere(read_then_write).find("found the input"), std::string::npos);
  EXPECT_EQ(elsewhere([&] {
              read_file(file("net.onnx"));
              {
                const RequestFiles files;
                watch_output("out", file("net.onnx"));
                keep_for_itself("the sweep", file("lock"));
              }
              const RequestFiles files;
              read_file(file("net.onnx"));
              watch_output("out", file("lock"));
              return std::string("no error");
            }),
            "no error");
  // Within a request everything holds, and what was known before it holds after it.
  EXPECT_NE(elsewhere([&] {
              const RequestFiles files;
              return read_then_write();
            }).find("found the input"),
            std::string::npos);
  EXPECT_NE(elsewhere([&] {
              read_file(file("net.onnx"));
              { const RequestFiles files; }
              watch_output("out", file("net.onnx"));
              return std::string();
            }).find("found the input"),
            std::string::npos);
}

}  // namespace
}  // namespace brownout
