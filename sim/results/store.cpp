// SPDX-License-Identifier: Apache-2.0
// Locking, ownership, and the append-only file of checked JSON lines.
#include "sim/results/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"

namespace brownout::results {

namespace fs = std::filesystem;

namespace {

constexpr char kLockName[] = ".lock";
constexpr char kRowsName[] = "results.jsonl";

/// {"key": …, "row": …, "check": first 16 digits of the hash of the line without "check"}
std::string to_line(const std::string& key, const std::string& row) {
  Json line;
  line["key"] = key;
  line["row"] = Json::parse(row);
  line["check"] = sha256_hex(json_text(line)).substr(0, 16);
  return json_text(line) + "\n";
}

/// False for any line that to_line did not write.
bool from_line(const std::string& text, std::string& key, std::string& row) {
  Json line;
  try {
    line = parse_json(text, "");
  } catch (const InputError&) {
    return false;
  }
  if (!line.is_object() || !line.contains("check") || !line.contains("key") ||
      !line.contains("row") || !line["check"].is_string() || !line["key"].is_string()) {
    return false;
  }
  const std::string check = line["check"];
  line.erase("check");
  if (sha256_hex(json_text(line)).substr(0, 16) != check) return false;
  key = line["key"].get<std::string>();
  row = json_text(line["row"]);
  return true;
}

/// "NAME.PID.tmp" of a file that a sweep writes: left by a process that was killed.
bool is_temporary(const std::string& name, const StoreKind& kind) {
  constexpr std::string_view kEnd = ".tmp";
  for (const std::string& own : folder_names(kind)) {
    if (name.size() <= own.size() + 1 + kEnd.size() || name.compare(0, own.size(), own) != 0 ||
        name[own.size()] != '.' ||
        name.compare(name.size() - kEnd.size(), kEnd.size(), kEnd) != 0) {
      continue;
    }
    const std::string pid = name.substr(own.size() + 1, name.size() - own.size() - 1 - kEnd.size());
    if (pid.find_first_not_of("0123456789") == std::string::npos) return true;
  }
  return false;
}

/// The names in a folder. InputError when it cannot be read.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) throw InputError("{}: cannot open: {}", folder.string(), error.message());
  return names;
}

/// Whether it exists; InputError when that cannot be found out.
bool is_there(const fs::path& path) {
  std::error_code error;
  const bool found = fs::exists(path, error);
  if (error) throw InputError("{}: cannot open: {}", path.string(), error.message());
  return found;
}

/// Where two resolved configurations differ: "images: the folder holds 1000, this sweep has 500".
std::string difference(const Json& held, const Json& wanted) {
  const Json flat_held = held.flatten();
  const Json flat_wanted = wanted.flatten();
  const auto describe = [](const std::string& path, const std::string& a, const std::string& b) {
    std::string name = path.substr(1);
    for (char& c : name) c = c == '/' ? '.' : c;
    return fmt::format("{} there is {}, here {}", shortened(name, 100), a, b);
  };
  for (const auto& [path, value] : flat_wanted.items()) {
    if (!flat_held.contains(path)) return describe(path, "absent", json_shown(value));
    if (flat_held[path] != value) {
      return describe(path, json_shown(flat_held[path]), json_shown(value));
    }
  }
  for (const auto& [path, value] : flat_held.items()) {
    if (!flat_wanted.contains(path)) return describe(path, json_shown(value), "absent");
  }
  return "";
}

/// The definition that has changed since the folder was begun: "transient_read_version is absent
/// there, 2 here"; "" when none has.
std::string other_definition(const Json& held, const Json& wanted) {
  constexpr std::string_view kEnd = "version";
  for (const auto& [key, value] : wanted.items()) {
    if (key.size() < kEnd.size() || key.compare(key.size() - kEnd.size(), kEnd.size(), kEnd) != 0)
      continue;
    const std::string there = held.contains(key) ? held[key].dump() : "absent";
    if (there != value.dump())
      return fmt::format("{} is {} there, {} here", key, there, value.dump());
  }
  return "";
}

struct Line {
  std::string key, row;
  int number = 0;
};
constexpr std::size_t kAllBytes = SIZE_MAX;

/// Hands out each row of the file. Returns kAllBytes, or the bytes before a torn last line.
std::size_t for_each_line(const fs::path& file, const StoreKind& kind,
                          const std::function<void(Line)>& take) {
  const std::string content = read_file(file, UINT64_MAX);
  std::size_t begin = 0;
  for (int number = 1; begin < content.size(); ++number) {
    const std::size_t end = content.find('\n', begin);
    Line line;
    line.number = number;
    if (end == std::string::npos ||
        !from_line(content.substr(begin, end - begin), line.key, line.row)) {
      // Only the last line can be torn, because each line was synced before the next one was
      // written.
      if (end != std::string::npos && end + 1 != content.size()) {
        throw InputError(
            "{}:{}: damaged row; expected what a {} wrote. Delete the folder to "
            "start anew",
            file.string(), number, kind.what);
      }
      return begin;
    }
    take(std::move(line));
    begin = end + 1;
  }
  return kAllBytes;
}

/// Keeps other processes from writing into a folder while it is read. A folder without a lock file
/// (a copy) has no owner.
class ReadLock {
 public:
  ReadLock(const fs::path& folder, const StoreKind& kind)
      : lock_(::open((folder / kLockName).c_str(), O_RDONLY | O_CLOEXEC)) {
    if (lock_ < 0 || ::flock(lock_, LOCK_SH | LOCK_NB) == 0) return;
    ::close(lock_);
    throw InputError("{}: a {} is running in this folder; expected one that has ended",
                     folder.string(), kind.what);
  }
  ~ReadLock() {
    if (lock_ >= 0) ::close(lock_);
  }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  int lock_;
};

}  // namespace

std::vector<StoredRow> read_stored_rows(const fs::path& folder, const StoreKind& kind) {
  const ReadLock lock(folder, kind);
  const fs::path file = folder / kRowsName;
  std::vector<StoredRow> rows;
  if (!is_there(file)) return rows;
  for_each_line(file, kind, [&](Line line) {
    rows.push_back({std::move(line.row), fmt::format("{}:{}", file.string(), line.number)});
  });
  return rows;
}

const StoreKind& sweep_kind() {
  static const StoreKind kind{"sweep",
                              "sweep-identity.json",
                              {"points.csv", "samples.csv", "safe_voltage.csv", "sweep.json",
                               "sweep.gp", "sweep.dat", "sweep.svg"}};
  return kind;
}

std::vector<std::string> folder_names(const StoreKind& kind) {
  std::vector<std::string> names{kind.identity, kRowsName};
  names.insert(names.end(), kind.outputs.begin(), kind.outputs.end());
  return names;
}

const std::vector<std::string>& folder_names() {
  static const std::vector<std::string> names = folder_names(sweep_kind());
  return names;
}

Store::Store(const fs::path& folder, const std::string& identity, const StoreKind& kind)
    : kind_(kind), folder_(folder) {
  // Look first, write later: a folder that is not ours gets no file of ours.
  std::error_code ignored;
  if (is_there(folder)) {
    if (!fs::is_directory(folder, ignored)) {
      throw InputError("{}: expected a folder for results, found a file", folder.string());
    }
    if (!is_there(folder / kind_.identity)) {
      for (const std::string& name : names_in(folder)) {
        if (name == kLockName || is_temporary(name, kind_)) continue;
        throw InputError(
            "{}: holds other files ({}); expected a new or empty folder, or one of "
            "this {}",
            folder.string(), name, kind_.what);
      }
    }
  }
  const std::string out = fmt::format("{}", Field{"out"});
  for (const std::string& name : kind_.outputs) watch_output(out, folder / name);
  keep_for_itself("the folder of " + out, folder / kLockName);
  make_folder(folder);
  try {
    lock();
    claim(identity);
    read_rows();
  } catch (...) {
    if (rows_file_ >= 0) ::close(rows_file_);
    if (lock_ >= 0) ::close(lock_);
    throw;
  }
}

Store::~Store() {
  ::close(rows_file_);
  ::close(lock_);  // releases the lock, as the end of the process would
}

void Store::lock() {
  const fs::path file = folder_ / kLockName;
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) throw InputError("{}: cannot write: {}", file.string(), std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    throw InputError("{}: another {} is running in this folder", folder_.string(), kind_.what);
  }
}

void Store::claim(const std::string& identity) {
  const fs::path file = folder_ / kind_.identity;
  for (const std::string& name : names_in(folder_)) {
    std::error_code ignored;  // nobody is writing it: we hold the lock
    if (is_temporary(name, kind_)) fs::remove(folder_ / name, ignored);
  }
  if (!is_there(file)) {
    write_file_atomically(file, identity);
    return;
  }
  const Json held = read_json(file);
  if (!held.is_object()) {
    throw InputError("{}: expected the JSON of a {}, found {}", file.string(), kind_.what,
                     json_shown(held));
  }
  const Json wanted = Json::parse(identity);
  const std::string definition = other_definition(held, wanted);
  const std::string found = definition.empty() ? difference(held, wanted) : definition;
  if (found.empty()) return;
  if (!overwriting_allowed() && !definition.empty()) {
    throw InputError(
        "{}: this {} was begun by a version of Brownout that defines results differently ({}), so "
        "that its rows do not go with new ones; expected an empty folder, or {} to start anew "
        "here",
        folder_.string(), kind_.what, definition, Field{"overwrite"});
  }
  if (!overwriting_allowed()) {
    throw InputError(
        "{}: holds another {}: {}; expected an empty folder or the same {}, or {} to start anew "
        "here",
        folder_.string(), kind_.what, found, kind_.what, Field{"overwrite"});
  }
  std::error_code ignored;
  for (const std::string& name : folder_names(kind_)) fs::remove(folder_ / name, ignored);
  write_file_atomically(file, identity);
}

void Store::read_rows() {
  const fs::path file = folder_ / kRowsName;
  rows_file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (rows_file_ < 0) throw InputError("{}: cannot write: {}", file.string(), std::strerror(errno));

  const std::size_t whole = for_each_line(file, kind_, [&](Line line) {
    lines_[line.key] = line.number;
    rows_[line.key] = std::move(line.row);
  });
  if (whole == kAllBytes) return;
  if (::ftruncate(rows_file_, static_cast<off_t>(whole)) != 0) {
    throw InputError("{}: cannot drop the torn last line: {}", file.string(), std::strerror(errno));
  }
}

const std::string* Store::find(const std::string& key) const {
  const auto entry = rows_.find(key);
  return entry == rows_.end() ? nullptr : &entry->second;
}

std::string Store::place(const std::string& key) const {
  const auto line = lines_.find(key);
  const std::string file = (folder_ / kRowsName).string();
  return line == lines_.end() ? file : fmt::format("{}:{}", file, line->second);
}

void Store::append(const std::string& key, const std::string& row) {
  BROWNOUT_CHECK(find(key) == nullptr, "row {} is stored already", key);
  struct stat before {};
  BROWNOUT_CHECK(::fstat(rows_file_, &before) == 0, "fstat: {}", std::strerror(errno));
  const std::string line = to_line(key, row);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(rows_file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!rest.empty() || ::fdatasync(rows_file_) != 0) {
    const std::string reason = std::strerror(errno);
    // A reader would drop the incomplete line anyway; this removes it.
    const int result = ::ftruncate(rows_file_, before.st_size);
    throw InputError("{}: cannot store a result: {}{}", (folder_ / kRowsName).string(), reason,
                     result == 0 ? "" : ", and the part line could not be removed");
  }
  rows_.emplace(key, row);
}

}  // namespace brownout::results
