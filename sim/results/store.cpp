// SPDX-License-Identifier: Apache-2.0
// Ownership of the folder, and when rows are committed.
#include "sim/results/store.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"
#include "sim/results/old_rows.hpp"

namespace brownout::results {

namespace fs = std::filesystem;

namespace {

constexpr char kRowsName[] = "results.sqlite";
constexpr char kJournalName[] = "results.sqlite-journal";
constexpr char kOldRowsName[] = "results.jsonl";
constexpr char kTakenOverName[] = "results.jsonl.taken-over";
constexpr std::chrono::milliseconds kGroup{100};  // rows of so long are committed together

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

/// What an identity is of: a study's and an analysis's begin with a version of their own.
const char* whole_of(const Json& identity) {
  if (identity.contains("study_version")) return "a study";
  return identity.contains("sensitivity_version") ? "a sensitivity analysis" : "a sweep";
}

/// The definition that has changed since the folder was begun: "transient_read_version is absent
/// there, 2 here"; "" when none has.
std::string other_definition(const Json& held, const Json& wanted) {
  constexpr std::string_view kEnd = "version";
  if (std::string_view(whole_of(held)) != whole_of(wanted)) return "";
  for (const auto& [key, value] : wanted.items()) {
    if (key.size() < kEnd.size() || key.compare(key.size() - kEnd.size(), kEnd.size(), kEnd) != 0)
      continue;
    const std::string there = held.contains(key) ? held[key].dump() : "absent";
    if (there != value.dump())
      return fmt::format("{} is {} there, {} here", key, there, value.dump());
  }
  return "";
}

/// How what the folder holds differs from what is wanted; "" when it does not.
std::string other_whole(const Json& held, const Json& wanted) {
  if (std::string_view(whole_of(held)) != whole_of(wanted)) {
    return fmt::format("it is of {} there, of {} here", whole_of(held), whole_of(wanted));
  }
  return first_difference(held, wanted, "there", "here");
}

}  // namespace

std::vector<StoredRow> read_stored_rows(const fs::path& folder, const StoreKind& kind) {
  const FolderReadLock lock(folder, kind.what);
  std::vector<StoredRow> rows;
  if (is_there(folder / kRowsName)) {
    const RowTable table(folder / kRowsName, RowTable::Access::kRead);
    table.for_each([&](const std::string& key, std::string row) {
      rows.push_back({std::move(row), table.place(key)});
    });
  } else if (const fs::path old = folder / kOldRowsName; is_there(old)) {
    for_each_old_row(old, kind.what, [&](OldRow row) {
      rows.push_back({std::move(row.row), fmt::format("{}:{}", old.string(), row.line)});
    });
  }
  return rows;
}

void for_each_stored_row(const fs::path& folder, const StoreKind& kind,
                         const std::function<void(std::string key, std::string row)>& take) {
  const FolderReadLock lock(folder, kind.what);
  RowTable(folder / kRowsName, RowTable::Access::kRead).for_each(take);
}

const StoreKind& sweep_kind() {
  static const StoreKind kind{"sweep",
                              "sweep-identity.json",
                              {"points.csv", "samples.csv", "safe_voltage.csv", "differences.csv",
                               "sweep.json", "sweep.gp", "sweep.dat", "sweep.svg"}};
  return kind;
}

std::vector<std::string> folder_names(const StoreKind& kind) {
  std::vector<std::string> names{kind.identity, kRowsName, kJournalName, kOldRowsName,
                                 kTakenOverName};
  names.insert(names.end(), kind.outputs.begin(), kind.outputs.end());
  return names;
}

const std::vector<std::string>& folder_names() {
  static const std::vector<std::string> names = folder_names(sweep_kind());
  return names;
}

Store::Store(const fs::path& folder, const std::string& identity, const StoreKind& kind,
             const LockTimes& times)
    : kind_(kind), folder_(folder) {
  // Look first, write later: a folder that is not ours gets no file of ours.
  std::error_code ignored;
  if (is_there(folder)) {
    if (!fs::is_directory(folder, ignored)) {
      throw InputError("{}: expected a folder for results, found a file", folder.string());
    }
    if (!is_there(folder / kind_.identity)) {
      for (const std::string& name : names_in(folder)) {
        if (name == FolderLock::file_name() || is_temporary(name, kind_)) continue;
        throw InputError(
            "{}: holds other files ({}); expected a new or empty folder, or one of "
            "this {}",
            folder.string(), name, kind_.what);
      }
    }
  }
  const std::string out = fmt::format("{}", Field{"out"});
  for (const std::string& name : kind_.outputs) watch_output(out, folder / name);
  keep_for_itself("the folder of " + out, folder / FolderLock::file_name());
  make_folder(folder);
  lock_.emplace(folder, kind_.what, times);
  claim(identity);
  rows_.emplace(folder / kRowsName, RowTable::Access::kWrite);
  take_over_old_rows();
  committer_ = std::thread([this] { commit_in_time(); });
}

Store::~Store() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  committer_.join();
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
  const std::string found = definition.empty() ? other_whole(held, wanted) : definition;
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

void Store::take_over_old_rows() {
  const fs::path old = folder_ / kOldRowsName;
  if (!is_there(old)) return;
  for_each_old_row(old, kind_.what, [&](OldRow row) {
    if (!rows_->has(row.key)) rows_->add(row.key, row.row);
  });
  rows_->commit();
  std::error_code error;
  fs::rename(old, folder_ / kTakenOverName, error);
  if (error) throw InputError("{}: cannot rename: {}", old.string(), error.message());
}

std::optional<std::string> Store::find(const std::string& key) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return rows_->find(key);
}

bool Store::has(const std::string& key) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return rows_->has(key);
}

std::int64_t Store::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return rows_->size();
}

void Store::append(const std::string& key, const std::string& row) {
  const std::lock_guard<std::mutex> lock(mutex_);
  throw_late_failure();
  rows_->add(key, row);
  const auto now = std::chrono::steady_clock::now();
  // A row that took long does not wait for others: the last commit is long ago then.
  if (now - committed_ < kGroup) {
    if (!std::exchange(added_, true)) changed_.notify_all();
    return;
  }
  added_ = false;
  rows_->commit();
  committed_ = now;
}

void Store::commit() {
  const std::lock_guard<std::mutex> lock(mutex_);
  throw_late_failure();
  added_ = false;
  rows_->commit();
  committed_ = std::chrono::steady_clock::now();
}

void Store::commit_in_time() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || added_; });
    if (ending_) return;
    const auto due = committed_ + kGroup;
    if (changed_.wait_until(lock, due, [this] { return ending_ || !added_; })) continue;
    added_ = false;
    try {
      rows_->commit();
    } catch (...) {
      failure_ = std::current_exception();
    }
    committed_ = std::chrono::steady_clock::now();
  }
}

void Store::throw_late_failure() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace brownout::results
