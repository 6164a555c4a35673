// SPDX-License-Identifier: Apache-2.0
// One registry for the process: inputs are opened in many places, some in threads.
#include "sim/base/outputs.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout {
namespace fs = std::filesystem;

namespace {

constexpr char kAttribute[] = "user.brownout.command";
constexpr std::size_t kMostOfACommand = 400;  // kept for messages; the hash tells commands apart

using FileId = std::pair<dev_t, ino_t>;

struct WatchedOutput {
  std::string what;
  fs::path file;
};

struct Files {
  std::map<FileId, std::string> inputs;
  std::vector<fs::path> input_folders;
  std::vector<WatchedOutput> outputs;
  std::map<fs::path, std::string> kept;  // place → owner
};

struct Registry : Files {
  std::mutex mutex;
  std::vector<std::string> words;       // of the command
  std::string command, command_sha256;  // "" = nobody said
  bool overwrite = false;
  int requests = 0;
  Files before_requests;
};

/// Whether the request of this thread may replace files of others.
thread_local bool request_overwrites = false;

Registry& registry() {
  static Registry instance;
  return instance;
}

/// Only for plain files: devices and pipes may receive several outputs.
bool plain_file(const fs::path& file, struct stat& status) {
  return ::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

FileId id_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

[[noreturn]] void refuse(const WatchedOutput& output, const std::string& input) {
  throw InputError("{}: {}: expected a file of its own, found the input {}", output.what,
                   output.file.string(), input);
}

/// The same text for the same place, whether anything lies there or not.
fs::path place_of(const fs::path& file) {
  std::error_code error;
  const fs::path place = fs::weakly_canonical(file, error);
  return error ? fs::absolute(file, error).lexically_normal() : place;
}

/// InputError for an output inside the folder.
void refuse_inside(const WatchedOutput& output, const fs::path& folder) {
  const fs::path place = place_of(output.file);
  const fs::path root = place_of(folder);
  if (std::mismatch(root.begin(), root.end(), place.begin(), place.end()).first != root.end())
    return;
  throw InputError("{}: {}: expected a file outside of {}, whose files are inputs", output.what,
                   output.file.string(), folder.string());
}

[[noreturn]] void refuse_kept(const WatchedOutput& output, const std::string& owner) {
  throw InputError("{}: {}: expected a file of its own, found one of {}", output.what,
                   output.file.string(), owner);
}

std::string changed_at(const struct stat& status) {
  return fmt::format("{}.{:09}", status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

/// Who wrote a file.
struct Maker {
  std::string sha256;   // of its command
  std::string command;  // shortened
};

/// Nobody, if something else wrote the file or if it was changed since.
Maker maker_of(const fs::path& file, const struct stat& status) {
  std::string text(4096, '\0');
  const ssize_t size = ::getxattr(file.c_str(), kAttribute, text.data(), text.size());
  if (size <= 0) return {};
  text.resize(size);
  const std::size_t first = text.find('\n');
  const std::size_t second = text.find('\n', first + 1);
  if (second == std::string::npos || text.substr(0, first) != changed_at(status)) return {};
  return {text.substr(first + 1, second - first - 1), text.substr(second + 1)};
}

/// Whether words[i] changes no result; `skip` becomes the number of words that the option takes.
bool changes_nothing(const std::vector<std::string>& words, std::size_t i, std::size_t& skip) {
  skip = 1;
  const std::string& word = words[i];
  if (word == "--quiet" || word == "--overwrite" || word == "--resume") return true;
  for (const char* name : {"--threads", "--progress"}) {
    const std::string option = name;
    if (word.rfind(option + "=", 0) == 0) return true;
    if (word != option) continue;
    skip = 2;
    return true;
  }
  return false;
}

/// Parts of a text that may be the name of a file: "physical:1,a.yaml" has "1,a.yaml" and "a.yaml"
/// among them.
std::vector<std::string> possible_names(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    const bool starts = begin == 0 || std::strchr(",:=", text[begin - 1]) != nullptr;
    for (std::size_t end = begin; starts && end != std::string::npos && end < text.size();) {
      end = text.find(',', end + 1);
      names.push_back(text.substr(begin, end - begin));
    }
  }
  return names;
}

/// Whether `name` is the file, or a folder that holds it.
bool leads_to(const std::string& name, const fs::path& file) {
  std::error_code error;
  if (!fs::exists(name, error)) return false;
  const fs::path place = place_of(file);
  const fs::path found = place_of(name);
  return std::mismatch(found.begin(), found.end(), place.begin(), place.end()).first == found.end();
}

/// Whether a word of the command leads to the file, other than as the value of option `what`.
bool named_for_something_else(const std::vector<std::string>& words, const std::string& what,
                              const fs::path& file) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if ((i > 0 && words[i - 1] == what) || words[i].rfind(what + "=", 0) == 0) continue;
    for (const std::string& name : possible_names(words[i])) {
      if (leads_to(name, file)) return true;
    }
  }
  return false;
}

}  // namespace

void remember_command(const std::string& program, const std::vector<std::string>& words) {
  std::string text = program;
  for (std::size_t i = 0, skip = 0; i < words.size(); i += skip) {
    if (!changes_nothing(words, i, skip)) text += " " + words[i];
  }
  std::error_code error;
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.words = words;
  all.command = text;
  // In another folder the same words mean other files.
  all.command_sha256 = sha256_hex(text + "\n" + fs::current_path(error).string());
}

void allow_overwriting() {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.overwrite = true;
}

bool overwriting_allowed() {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  return all.overwrite || request_overwrites;
}

bool may_replace(const fs::path& file) {
  struct stat status {};
  if (!plain_file(file, status) || status.st_size == 0) return true;
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  return all.overwrite || request_overwrites ||
         (!all.command.empty() && maker_of(file, status).sha256 == all.command_sha256);
}

bool holds_a_result(const fs::path& file) {
  struct stat status {};
  if (!plain_file(file, status) || status.st_size == 0) return true;
  if (::getxattr(file.c_str(), kAttribute, nullptr, 0) < 0 && errno == ENOTSUP) return true;
  return !maker_of(file, status).sha256.empty();
}

std::string held_there(const fs::path& file) {
  struct stat status {};
  const Maker maker = plain_file(file, status) ? maker_of(file, status) : Maker();
  if (maker.command.empty()) return "holds something that this command did not write";
  return "holds the result of " + in_quotes(maker.command);
}

void watch_output(const std::string& what, const fs::path& file) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.outputs.push_back({what, file});
  const auto kept = all.kept.find(place_of(file));
  if (kept != all.kept.end()) refuse_kept(all.outputs.back(), kept->second);
  for (const fs::path& folder : all.input_folders) refuse_inside(all.outputs.back(), folder);
  for (const WatchedOutput& other : all.outputs) {
    if (other.what == what || place_of(other.file) != place_of(file)) continue;
    throw InputError("{}: {}: expected a file of its own, found that of {}", what, file.string(),
                     other.what);
  }
  struct stat status {};
  if (!plain_file(file, status)) return;
  const auto input = all.inputs.find(id_of(status));
  if (input == all.inputs.end()) return;
  // The number of a file that was removed may be given to the next one.
  struct stat now {};
  if (plain_file(input->second, now) && id_of(now) == id_of(status)) {
    refuse(all.outputs.back(), input->second);
  }
  all.inputs.erase(input);
}

void keep_for_itself(const std::string& owner, const fs::path& file) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const fs::path place = place_of(file);
  all.kept.insert_or_assign(place, owner);
  for (const WatchedOutput& output : all.outputs) {
    if (place_of(output.file) == place) refuse_kept(output, owner);
  }
}

void claim_output(const std::string& what, const fs::path& file) {
  watch_output(what, file);
  clear_temporaries(file);
  if (may_replace(file)) return;
  if (named_for_something_else(registry().words, what, file)) {
    throw InputError("{}: {}: {}; expected another file", what, file.string(), held_there(file));
  }
  throw InputError("{}: {}: {}; expected another file, or {} to replace this one", what,
                   file.string(), held_there(file), Field{"overwrite"});
}

void note_input(const fs::path& file) {
  struct stat status {};
  if (!plain_file(file, status)) return;
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.inputs.insert_or_assign(id_of(status), file.string());
  for (const WatchedOutput& output : all.outputs) {
    struct stat there {};
    if (plain_file(output.file, there) && id_of(there) == id_of(status)) {
      refuse(output, file.string());
    }
  }
}

void note_input_folder(const fs::path& folder) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.input_folders.push_back(folder);
  for (const WatchedOutput& output : all.outputs) refuse_inside(output, folder);
}

void note_inputs_within(const std::string& text, const fs::path& folder) {
  for (const std::string& name : possible_names(text)) note_input(folder / name);
}

void mark_as_result(const fs::path& file) {
  struct stat status {};
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (all.command.empty() || !plain_file(file, status)) return;
  const std::string text = changed_at(status) + "\n" + all.command_sha256 + "\n" +
                           shortened(all.command, kMostOfACommand);
  // Without the mark the next run asks for --overwrite. That is no reason to fail.
  static_cast<void>(::setxattr(file.c_str(), kAttribute, text.data(), text.size(), 0));
}

RequestFiles::RequestFiles(bool overwrite)
    : overwrite_before_(std::exchange(request_overwrites, overwrite)) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (all.requests++ == 0) all.before_requests = std::exchange(static_cast<Files&>(all), {});
}

RequestFiles::~RequestFiles() {
  request_overwrites = overwrite_before_;
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (--all.requests == 0) static_cast<Files&>(all) = std::exchange(all.before_requests, {});
}

fs::path temporary_beside(const fs::path& file) {
  fs::path name = file;
  name += fmt::format(".{}.tmp", ::getpid());
  return name;
}

void clear_temporaries(const fs::path& file) {
  const std::string start = file.filename().string() + ".";
  const fs::path folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.rfind(start, 0) != 0) continue;
    char* rest = nullptr;  // "NAME.PID.tmp", maybe with an ending of a library's own
    const char* const number = name.c_str() + start.size();
    const long process = std::strtol(number, &rest, 10);
    const std::string ending = rest;
    if (*number < '0' || *number > '9' || process <= 0 ||
        (ending != ".tmp" && ending.rfind(".tmp.", 0) != 0)) {
      continue;
    }
    const bool lives = ::kill(static_cast<pid_t>(process), 0) == 0 || errno != ESRCH;
    if (lives && process != ::getpid()) continue;
    std::error_code ignored;
    if (process != ::getpid()) fs::remove(entry->path(), ignored);
  }
}

}  // namespace brownout
