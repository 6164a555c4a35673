// SPDX-License-Identifier: Apache-2.0
// The plot: gnuplot accepts the program, and if gnuplot is missing, that is not a failure.
#include "sim/report/plot.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "example_sweep.hpp"
#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout::report {
namespace {

namespace fs = std::filesystem;

class Plot : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("brownout plot's-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    path_ = std::getenv("PATH");
  }
  void TearDown() override {
    ::setenv("PATH", path_.c_str(), 1);
    fs::remove_all(folder_);
  }
  fs::path folder_;
  std::string path_;
};

TEST_F(Plot, EveryCurveIsABlockOfTheData) {
  const Drawing drawing = sweep_drawing(example_sweep(), "sweep.svg");
  // All points of the first network, those of the grid, its safe voltage; then the second network.
  const std::string& data = drawing.data();
  EXPECT_EQ(data.find("\n0.75 90 89.5 90.5\n0.875 20 19.5 20.5\n0.9375 9 8.5 9.5\n"),
            data.find('\n'));
  for (const char* part : {"\n\n\n0.9375 9\n\n\n0.75 60 59.5 60.5\n", "\n\n\n0.75 0.5625\n"}) {
    EXPECT_NE(data.find(part), std::string::npos) << part << data;
  }
  for (const char* part :
       {"data_file index 0 using 1:3:4 with filledcurves",
        "data_file index 1 using 1:2 with linesp", "data_file index 2 using 1:2 with points pt 13",
        "data_file index 5 using 1:2 axes x1y2", "title \"normal\" noenhanced",
        "output_file = \"./sweep.svg\"", "data_file = \"./sweep.dat\""}) {
    EXPECT_NE(drawing.program.find(part), std::string::npos) << part;
  }
}

TEST_F(Plot, GnuplotDrawsIt) {
  if (std::system("command -v gnuplot > /dev/null") != 0) GTEST_SKIP() << "gnuplot is missing";
  const auto problem = draw_plot(example_sweep(), folder_ / "sweep.svg");
  ASSERT_FALSE(problem) << *problem;
  const std::string svg = read_file(folder_ / "sweep.svg");
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  EXPECT_NE(svg.find("energy of a weight access"), std::string::npos);
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
}

TEST_F(Plot, AFolderMayBeginWithADash) {
  if (std::system("command -v gnuplot > /dev/null") != 0) GTEST_SKIP() << "gnuplot is missing";
  const fs::path here = fs::current_path();
  fs::create_directories(folder_ / "-dash");
  fs::current_path(folder_);
  const auto problem = draw_plot(example_sweep(), "-dash/sweep.svg");
  fs::current_path(here);
  EXPECT_FALSE(problem) << *problem;
  EXPECT_TRUE(fs::exists(folder_ / "-dash" / "sweep.svg"));
}

TEST_F(Plot, AFullDiskIsAnErrorAndLeavesNoPartOfThePicture) {
  if (std::system("command -v gnuplot > /dev/null") != 0) GTEST_SKIP() << "gnuplot is missing";
  const pid_t child = ::fork();
  if (child == 0) {  // a limit on file sizes between the script's and the picture's
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{8000, 8000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      draw_plot(example_sweep(), folder_ / "sweep.svg");
    } catch (const Error& error) {
      ::_exit(std::string(error.what()).find("sweep.svg: cannot write") != std::string::npos
                  ? error.exit_code()
                  : 77);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_FALSE(fs::exists(folder_ / "sweep.svg"));
}

TEST_F(Plot, APictureThatEndsEarlyIsNotTaken) {
  std::ofstream(folder_ / "gnuplot") << "#!/bin/sh\necho '<svg>'\n";
  fs::permissions(folder_ / "gnuplot", fs::perms::owner_all);
  ::setenv("PATH", folder_.c_str(), 1);
  const auto problem = draw_plot(example_sweep(), folder_ / "sweep.svg");
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("cut short"), std::string::npos) << *problem;
  EXPECT_FALSE(fs::exists(folder_ / "sweep.svg"));
}

TEST_F(Plot, WithoutGnuplotTheScriptRemainsAndTheNoteSaysWhatToDo) {
  ::setenv("PATH", folder_.c_str(), 1);
  const auto problem = draw_plot(example_sweep(), folder_ / "sweep.svg");
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("gnuplot is not installed"), std::string::npos) << *problem;
  EXPECT_TRUE(fs::exists(folder_ / "sweep.gp"));
  EXPECT_TRUE(fs::exists(folder_ / "sweep.dat"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

}  // namespace
}  // namespace brownout::report
