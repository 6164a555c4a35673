// SPDX-License-Identifier: Apache-2.0
// What a reader wants to know of a verb beside its options: one sentence, one example, and where to
// read on.
#pragma once
#include <string>
#include <vector>

namespace brownout::cli {

/// A link of docs/command.md.
struct ReadOn {
  std::string text, target;
};

struct Guide {
  std::string sentence;         // "": the help of the table of verbs
  std::string example;          // "": none
  std::vector<ReadOn> read_on;  // pages of docs/
};

/// Of a verb's full name ("model inspect"). A verb without an entry has an empty guide.
Guide guide_of(const std::string& verb);

}  // namespace brownout::cli
