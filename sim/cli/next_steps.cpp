// SPDX-License-Identifier: Apache-2.0
// Fills the places of a command with the words that a verb was given.
#include "sim/cli/next_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "sim/base/shell.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/application.hpp"
#include "sim/cli/common.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

/// The option or positional of that name, or null.
const CLI::Option* option_of(const Verb& verb, const std::string& name) {
  return verb.get_option_no_throw(name);
}

/// "0.83299999999999996", which is how checked numbers are kept, becomes "0.833" again.
std::string as_typed(const std::string& text) {
  constexpr std::size_t kManyDigits = 17;
  if (text.size() < kManyDigits || text.find_first_not_of("0123456789.e-") != std::string::npos) {
    return text;
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return *end == '\0' ? fmt::format("{}", value) : text;
}

std::vector<std::string> given(const Verb& verb, const std::string& name) {
  const CLI::Option* option = option_of(verb, name);
  if (option == nullptr) return {};
  std::vector<std::string> values = option->results();
  std::transform(values.begin(), values.end(), values.begin(), as_typed);
  return values;
}

/// Values as words of a shell, joined by spaces.
std::string as_words(const std::vector<std::string>& values, const std::string& before = "") {
  std::string words;
  for (const std::string& value : values) {
    words += (words.empty() ? "" : " ") + (before.empty() ? "" : before + " ") + for_shell(value);
  }
  return words;
}

/// The folder that a sweep or study writes to.
std::string folder_of(const Verb& verb) {
  const std::vector<std::string> out = given(verb, "--out");
  if (!out.empty()) return out.front();
  for (const char* name : {"CONFIG", "FILE"}) {
    const std::vector<std::string> file = given(verb, name);
    if (!file.empty()) return (fs::path("out") / fs::path(file.front()).stem()).string();
  }
  return "";
}

/// Whether an ONNX file says that this project wrote it. Its producer is among the first fields.
bool is_own_network(const fs::path& file) {
  constexpr std::size_t kHead = 64;
  std::string head(kHead, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head.find("brownout") != std::string::npos;
}

/// Another network beside the given one, the first in the alphabet.
std::string other_network(const Verb& verb) {
  const std::vector<std::string> models = given(verb, "MODEL");
  if (models.empty()) return "";
  const fs::path model = models.front();
  std::vector<fs::path> others;
  std::error_code error;
  const fs::path folder = model.has_parent_path() ? model.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path file = model.parent_path() / entry->path().filename();
    if (file.extension() != ".onnx" || file.filename() == model.filename()) continue;
    if (is_own_network(file)) others.push_back(file);
  }
  return others.empty() ? "" : std::min_element(others.begin(), others.end())->string();
}

/// What stands in a place, empty if that is nothing; no text if the step does not apply then.
std::optional<std::string> fill_place(const Verb& verb, const std::string& place) {
  const auto required = [](const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(for_shell(value));
  };
  if (place == "folder") return required(folder_of(verb));
  if (place == "other") return required(other_network(verb));
  if (place == "first") {
    const std::vector<std::string> models = given(verb, "MODEL");
    return required(models.empty() ? "" : models.front());
  }
  if (place == "data") {
    std::string words;
    for (const char* option : {"--dataset", "--split", "--data"}) {
      const std::string more = as_words(given(verb, option), option);
      if (!more.empty()) words += (words.empty() ? "" : " ") + more;
    }
    return words;
  }
  const std::size_t mark = place.find('?');
  if (mark == std::string::npos) {
    const std::vector<std::string> values = given(verb, place);
    const bool no_errors = place == "--rate" && values == std::vector<std::string>{"0"};
    return values.empty() || no_errors ? std::nullopt : std::optional(as_words(values));
  }
  const std::string name = place.substr(0, mark);
  const std::string written = mark + 1 < place.size() ? place.substr(mark + 1) : name;
  return as_words(given(verb, name), written);
}

/// The command with all places filled, or none if one has nothing to stand in it.
std::optional<std::string> fill(const Verb& verb, const std::string& command) {
  std::string text;
  for (std::size_t at = 0; at < command.size();) {
    if (command[at] != '{') {
      text += command[at++];
      continue;
    }
    const std::size_t end = command.find('}', at);
    const auto words = fill_place(verb, command.substr(at + 1, end - at - 1));
    if (!words) return std::nullopt;
    if (words->empty() && !text.empty() && text.back() == ' ') text.pop_back();
    text += *words;
    at = end + 1;
  }
  return text;
}

/// Whether the command's verb is one of this program.
bool is_known(const std::string& command) {
  const std::string program = "brownout ";
  if (command.rfind(program, 0) != 0) return true;
  return std::any_of(verbs().begin(), verbs().end(), [&](const VerbEntry& entry) {
    const std::string start = program + verb_name(entry);
    const bool begins = command.rfind(start, 0) == 0;
    return begins && (command.size() == start.size() || command[start.size()] == ' ');
  });
}

bool applies(const Verb& verb, const NextStep& step) {
  const auto was_given = [&](const std::string& name) {
    if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
      const std::vector<std::string> folder = given(verb, name.substr(0, slash));
      std::error_code error;
      return !folder.empty() && fs::exists(folder.front() + name.substr(slash), error);
    }
    const CLI::Option* option = option_of(verb, name);
    return option != nullptr && option->count() > 0;
  };
  return step.verb == verb_name(verb) && is_known(step.command) &&
         std::all_of(step.with.begin(), step.with.end(), was_given) &&
         std::none_of(step.without.begin(), step.without.end(), was_given);
}

}  // namespace

std::string next_step(const Verb& verb) {
  for (const NextStep& step : next_steps()) {
    if (!applies(verb, step)) continue;
    const std::optional<std::string> command = fill(verb, step.command);
    // A name with control characters is not to be typed.
    if (!command || printable(*command) != *command) continue;
    return fmt::format("next: {}   # {}", *command, step.why);
  }
  return "";
}

void print_next_step(const Verb& verb) {
  for (const char* silent : {"--quiet", "--commands"}) {
    const CLI::Option* option = option_of(verb, silent);
    if (option != nullptr && option->count() > 0) return;
  }
  const std::vector<std::string> json = given(verb, "--json");
  if (!json.empty() && json.front() == "-") return;
  const std::string line = next_step(verb);
  if (!line.empty()) print_text("\n" + line + "\n");
}

}  // namespace brownout::cli
