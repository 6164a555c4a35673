// SPDX-License-Identifier: Apache-2.0
// Files that come with the program, by name.
#include "sim/base/shipped.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "sim/base/error.hpp"

namespace brownout {
namespace {

namespace fs = std::filesystem;

std::string refusal(const ShippedKind& kind, const std::string& text) {
  try {
    find_shipped(kind, text, "--x");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Shipped, ANameIsTheFileOfThatKind) {
  const fs::path source = BROWNOUT_SOURCE_DIR;
  EXPECT_EQ(find_shipped(kShippedAccelerators, "edge-16x16", ""),
            source / "configs/accelerators/edge-16x16.yaml");
  EXPECT_EQ(find_shipped(kShippedDrams, "hbm2-2000", ""), source / "configs/dram/hbm2-2000.yaml");
  EXPECT_EQ(find_shipped(kShippedTechnologies, "14nm-finfet", ""),
            source / "profiles/14nm-finfet.yaml");
  EXPECT_EQ(shipped_name(kShippedTechnologies, source / "models/../profiles/14nm-finfet.yaml"),
            "14nm-finfet");
  EXPECT_EQ(shipped_name(kShippedTechnologies, source / "profiles/physical-14nm.yaml"), "");
}

TEST(Shipped, NetworksProfilesSweepsStudiesAndTrainingsHaveNamesToo) {
  const fs::path source = BROWNOUT_SOURCE_DIR;
  EXPECT_EQ(find_shipped(kShippedNetworks, "fmnist-vgg3-ce-4b", ""),
            source / "models/fmnist-vgg3-ce-4b.onnx");
  EXPECT_EQ(find_shipped(kShippedProfiles, "chip1-synthetic", ""),
            source / "profiles/chip1-synthetic.h5");
  EXPECT_EQ(find_shipped(kShippedRecipes, "chip1-synthetic", ""),
            source / "profiles/chip1-synthetic.yaml");
  EXPECT_EQ(find_shipped(kShippedSweeps, "demo", ""), source / "configs/sweeps/demo.yaml");
  EXPECT_EQ(find_shipped(kShippedStudies, "mcel-vs-ce", ""),
            source / "configs/studies/mcel-vs-ce.yaml");
  EXPECT_EQ(find_shipped(kShippedTrainings, "fmnist-vgg3-ce-4b", ""),
            source / "configs/trainings/fmnist-vgg3-ce-4b.yaml");
}

TEST(Shipped, APathOfTheDocumentationIsTheShippedFileWhereNoOtherIs) {
  const fs::path source = BROWNOUT_SOURCE_DIR;
  const fs::path folder = fs::path(testing::TempDir()) / ("shipped-" + std::to_string(::getpid()));
  const fs::path before = fs::current_path();
  fs::create_directories(folder / "models");
  fs::current_path(folder);
  const fs::path network = "models/fmnist-vgg3-ce-4b.onnx";
  EXPECT_EQ(find_shipped(kShippedNetworks, network, ""), source / network);
  EXPECT_EQ(documented_file("profiles/physical-14nm.yaml"), source / "profiles/physical-14nm.yaml");
  std::ofstream(network) << "mine";
  EXPECT_EQ(find_shipped(kShippedNetworks, network, ""), network);
  EXPECT_EQ(documented_file("models/none.onnx"), fs::path("models/none.onnx"));
  EXPECT_EQ(documented_file("README.md"), fs::path("README.md"));
  EXPECT_EQ(documented_file("models/../README.md"), fs::path("models/../README.md"));
  // A value in a file is relative to that file, and to nothing else.
  EXPECT_EQ(find_shipped(kShippedNetworks, "models/vgg.onnx", "", "/x"),
            fs::path("/x/models/vgg.onnx"));
  fs::current_path(before);
  fs::remove_all(folder);
}

TEST(Shipped, ResultsOfASourceTreeStayInIt) {
  const fs::path place = fs::path(BROWNOUT_SOURCE_DIR) / "configs/trainings/../../out/x.onnx";
  EXPECT_EQ(place_of_results(place), place);
}

TEST(Shipped, APathOrAFileThatIsThereIsThatFile) {
  const fs::path folder = fs::path(testing::TempDir()) / ("shipped-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "edge-16x16") << "name: mine\n";
  EXPECT_EQ(find_shipped(kShippedAccelerators, "edge-16x16", "", folder), folder / "edge-16x16");
  EXPECT_EQ(find_shipped(kShippedAccelerators, "none.yaml", ""), fs::path("none.yaml"));
  EXPECT_EQ(find_shipped(kShippedAccelerators, "a/b", "", folder), folder / "a/b");
  fs::remove_all(folder);
}

TEST(Shipped, AWrongNameIsToldTheNearestOneAndAll) {
  EXPECT_EQ(refusal(kShippedAccelerators, "edge-16x6"),
            "--x: expected a file or the name of a shipped accelerator, got \"edge-16x6\"; did you "
            "mean \"edge-16x16\"? There are: dot-64x8, edge-16x16, eyeriss-12x14, ibm-14nm, "
            "nvdla-small, tpu-256x256");
  EXPECT_EQ(refusal(kShippedDrams, "lpddr4"),
            "--x: expected a file or the name of a shipped DRAM preset, got \"lpddr4\"; did you "
            "mean \"lpddr4-3200\"? There are: ddr4-3200, hbm2-2000, lpddr4-3200, lpddr5-6400");
  EXPECT_EQ(refusal(kShippedDrams, "optane"),
            "--x: expected a file or the name of a shipped DRAM preset, got \"optane\"; there "
            "are: ddr4-3200, hbm2-2000, lpddr4-3200, lpddr5-6400");
}

}  // namespace
}  // namespace brownout
