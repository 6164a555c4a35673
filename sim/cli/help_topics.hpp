// SPDX-License-Identifier: Apache-2.0
// The short pages of `brownout help`: text files in sim/cli/topics, built into the program.
#pragma once
#include <string>
#include <vector>

namespace brownout::cli {

struct HelpTopic {
  std::string name;  // "error-bars": the name of its file
  std::string text;  // the page; its first line says what it is about, in a few words
};

/// In the order of the alphabet.
const std::vector<HelpTopic>& help_topics();

/// The first line of a page.
std::string title_of(const HelpTopic& topic);

/// The commands that a page shows: lines that begin with "  $ ", without that.
std::vector<std::string> commands_of(const HelpTopic& topic);

}  // namespace brownout::cli
