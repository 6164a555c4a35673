// SPDX-License-Identifier: Apache-2.0
// Common options, and the places where the JSON is written.
#include "sim/cli/common.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"
#include "sim/cli/setup_options.hpp"
#include "sim/command/verb.hpp"

namespace brownout::cli {
namespace {

namespace fs = std::filesystem;

TEST(CommonOptions, ThreadsAndSeedHaveDefaultsAndLimits) {
  const auto parsed = [](const std::vector<std::string>& words) {
    CommonOptions options;
    Verb verb("", "verb");
    add_common(verb, options);
    add_seed(verb, options);
    verb.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    return options;
  };
  EXPECT_GE(parsed({}).thread_count(), 1);
  EXPECT_EQ(parsed({}).seed, std::nullopt);
  const CommonOptions options = parsed({"--threads", "2", "--seed", "07"});
  EXPECT_EQ(options.thread_count(), 2);
  EXPECT_EQ(options.seed, 7);
  for (const char* text : {"0", "-1", "257", "100000000000", "two"}) {
    EXPECT_THROW(parsed({"--threads", text}), CLI::ValidationError) << text;
  }
  EXPECT_THROW(parsed({"--seed", "-1"}), CLI::ValidationError);
}

TEST(Output, RefusesAJsonFileItCannotWriteBeforeAnyWork) {
  CommonOptions options;
  options.json = "/no/such/folder/result.json";
  EXPECT_THROW(Output{options}, InputError);
  options.json = "/";
  EXPECT_THROW(Output{options}, InputError);
}

TEST(Output, WritesTheJsonFileWhole) {
  const fs::path file =
      fs::path(testing::TempDir()) / ("brownout-" + std::to_string(::getpid()) + ".json");
  CommonOptions options;
  options.json = file.string();
  const Output output(options);
  EXPECT_FALSE(fs::exists(file));
  output.json("{}\n");
  EXPECT_EQ(read_own_file(file), "{}\n");
  fs::remove(file);
}

TEST(Output, RefusesToReplaceAnInput) {
  const fs::path file =
      fs::path(testing::TempDir()) / ("brownout-input-" + std::to_string(::getpid()));
  write_file_atomically(file, "a network");
  CommonOptions options;
  options.json = (file.parent_path() / "." / file.filename()).string();
  EXPECT_THROW((Output{options, {file}}), InputError);
  // It is not replaced without --overwrite either if it is not an input.
  EXPECT_THROW(Output{options}, InputError);
  EXPECT_EQ(read_own_file(file), "a network");
  fs::remove(file);
}

TEST(Output, AFullDeviceIsAnInputErrorAndStaysADevice) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "/dev/full is missing";
  CommonOptions options;
  options.json = "/dev/full";
  const Output output(options);
  try {
    output.json("{}\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_NE(std::string(error.what()).find("/dev/full"), std::string::npos);
  }
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST(Profiles, TheDefaultTechnologyIsFound) {
  EXPECT_TRUE(fs::is_regular_file(default_technology()));
  EXPECT_EQ(default_technology().filename(), "14nm-finfet.yaml");
}

}  // namespace
}  // namespace brownout::cli
