// SPDX-License-Identifier: Apache-2.0
// `brownout train`: the trainer is a program of its own, since it links LibTorch.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/cli/common.hpp"
#include "sim/cli/verbs.hpp"

namespace brownout::cli {

namespace {

constexpr char kTrainer[] = "brownout-train";

/// Returns only when the program is not there.
void start(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(program.c_str(), words.data());  // a name without '/' is looked up in PATH
  if (errno != ENOENT) throw InputError("{}: cannot start: {}", program, std::strerror(errno));
}

}  // namespace

int run_train(const std::vector<std::string>& arguments) {
  // Beside this program (installed), in the build folder, in PATH.
  start(program_folder() / kTrainer, arguments);
  start(program_folder() / "trainers" / kTrainer, arguments);
  start(kTrainer, arguments);

  const std::string how =
      "build it with `./setup.sh build --trainers` (cmake: -DBROWNOUT_WITH_TRAINERS=ON; needs "
      "LibTorch)";
  const bool wants_help = std::any_of(arguments.begin(), arguments.end(), [](const auto& word) {
    return word == "--help" || word == "-h";
  });
  if (wants_help) {
    std::printf(
        "Usage: brownout train CONFIG [OPTIONS]\n\n"
        "Trains the network of a training file (YAML) and exports it as ONNX. The trainer\n"
        "is a program of its own and is not here yet: %s.\n",
        how.c_str());
    return 0;
  }
  throw InputError("train: {} is neither beside this program nor in PATH; {}", kTrainer, how);
}

}  // namespace brownout::cli
