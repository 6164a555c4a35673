// SPDX-License-Identifier: Apache-2.0
// `brownout train`: the trainer is a separate program, because it links LibTorch.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/cli/application.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"

namespace brownout::cli {

namespace {

constexpr char kTrainer[] = "brownout-train";

constexpr char kHow[] =
    "install the package brownout-train, or build it with `./setup.sh build --trainers` (cmake: "
    "-DBROWNOUT_WITH_TRAINERS=ON; needs LibTorch)";

bool is_program(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
}

/// Beside this program (installed), in the build folder, in PATH; "" when it is not found.
std::string trainer() {
  std::vector<std::filesystem::path> folders{program_folder(), program_folder() / "trainers"};
  const char* path = std::getenv("PATH");
  std::istringstream list(path == nullptr ? "" : path);
  for (std::string folder; std::getline(list, folder, ':');) folders.emplace_back(folder);
  for (const std::filesystem::path& folder : folders) {
    if (is_program(folder / kTrainer)) return (folder / kTrainer).string();
  }
  return "";
}

}  // namespace

std::string find_trainer() {
  std::string program = trainer();
  if (program.empty()) {
    throw InputError("train: {} is neither beside this program nor in PATH; {}", kTrainer, kHow);
  }
  return program;
}

int run_train(const std::vector<std::string>& arguments) {
  const std::string program = trainer();
  if (!program.empty()) {
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(program.c_str(), words.data());
    throw InputError("{}: cannot start: {}", program, std::strerror(errno));
  }
  const bool wants_help = std::any_of(arguments.begin(), arguments.end(), [](const auto& word) {
    return word == "--help" || word == "-h";
  });
  if (wants_help) {
    Application application;
    print_text(
        find_verb(application.app, "train")->help("brownout") +
        fmt::format("\nThe trainer is a program of its own and is not here yet: {}.\n", kHow));
    return 0;
  }
  find_trainer();  // says that it is missing
  return 1;
}

}  // namespace brownout::cli
