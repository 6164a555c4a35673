// SPDX-License-Identifier: Apache-2.0
// The shell itself splits.
#include "tests/cli/shell_words.hpp"

#include <cstdio>

namespace brownout::cli {

std::vector<std::string> shell_words(const std::string& command) {
  std::vector<std::string> words;
  std::FILE* pipe = ::popen(("printf '%s\\n' " + command).c_str(), "r");
  if (pipe == nullptr) return words;
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  ::pclose(pipe);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace brownout::cli
