// SPDX-License-Identifier: Apache-2.0
// SQLite with a rollback journal, never a write-ahead log: that needs memory which all processes
// share, and a folder on a network file system has none.
#include "sim/results/row_table.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstring>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout::results {

namespace fs = std::filesystem;

namespace {

constexpr int kApplication = 0x42726F77;  // "Brow", in the header of the file
constexpr int kVersion = 1;
/// Another program may read the table meanwhile; so long a reader is waited for.
constexpr int kPatienceMs = 60'000;
/// Keys are hashes, so that new rows change pages all over the index: as many as fit are kept.
constexpr int kCacheKib = 64 * 1024;

constexpr char kWayOn[] = "Restore the file from a copy, or delete the folder to start anew";

/// The columns after "sha256" are for those who read the table; they come from "row".
constexpr char kSchema[] = R"(
CREATE TABLE results (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  row TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  model TEXT GENERATED ALWAYS AS (json_extract(row, '$.model')) VIRTUAL,
  mitigation TEXT GENERATED ALWAYS AS (json_extract(row, '$.mitigation')) VIRTUAL,
  chip TEXT GENERATED ALWAYS AS (json_extract(row, '$.chip')) VIRTUAL,
  voltage REAL GENERATED ALWAYS AS (json_extract(row, '$.voltage')) VIRTUAL,
  rate REAL GENERATED ALWAYS AS (json_extract(row, '$.rate')) VIRTUAL,
  wrong INTEGER GENERATED ALWAYS AS (json_extract(row, '$.wrong')) VIRTUAL,
  wrong_either INTEGER GENERATED ALWAYS AS (json_extract(row, '$.wrong_either')) VIRTUAL,
  confidence REAL GENERATED ALWAYS AS (json_extract(row, '$.confidence')) VIRTUAL,
  cells_hit INTEGER GENERATED ALWAYS AS (json_extract(row, '$.cells_hit')) VIRTUAL,
  bits_wrong INTEGER GENERATED ALWAYS AS (json_extract(row, '$.bits_wrong')) VIRTUAL,
  codes_changed INTEGER GENERATED ALWAYS AS (json_extract(row, '$.codes_changed')) VIRTUAL
);
)";

/// Ends a run of a statement, whatever it gave.
class Reset {
 public:
  explicit Reset(sqlite3_stmt* statement) : statement_(statement) {}
  ~Reset() { sqlite3_reset(statement_); }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  sqlite3_stmt* statement_;
};

/// SQLite copies the text only if it must outlive this call, which it does not here.
void give(sqlite3_stmt* statement, int index, std::string_view text) {
  sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

std::string text_of(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return text == nullptr ? std::string() : std::string(text, size);
}

std::string digest(const std::string& key, const std::string& row) {
  return sha256_hex(key + "\n" + row).substr(0, 16);
}

std::string reason(int code, int system_code, const char* text) {
  switch (code & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return fmt::format("damaged; expected the rows that Brownout wrote. {}", kWayOn);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format("another program has kept it locked for {} s; end that one's reading",
                         kPatienceMs / 1000);
    case SQLITE_READONLY:
      return code == SQLITE_READONLY_ROLLBACK
                 ? "a process that was killed left it half-written; give the command of its folder "
                   "again, which mends it"
                 : "cannot write: it is read-only";
    case SQLITE_FULL:
      return fmt::format("cannot write: {}", std::strerror(ENOSPC));
    case SQLITE_IOERR:
      return system_code == 0 ? text : fmt::format("{}: {}", text, std::strerror(system_code));
    default:
      return text;
  }
}

}  // namespace

void RowTable::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void RowTable::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void RowTable::fail(const char* action) const {
  const int code = sqlite3_extended_errcode(database_.get());
  throw InputError(
      "{}: {}{}", file_.string(), action,
      reason(code, sqlite3_system_errno(database_.get()), sqlite3_errmsg(database_.get())));
}

RowTable::RowTable(const fs::path& file, Access access) : file_(file) {
  sqlite3* database = nullptr;
  const int flags =
      access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) fail("cannot open: ");
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kPatienceMs);
  prepare(access);
}

RowTable::~RowTable() {
  if (adding_) sqlite3_exec(database_.get(), "COMMIT", nullptr, nullptr, nullptr);
}

void RowTable::execute(const char* sql) const {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("");
}

RowTable::Statement RowTable::prepared(const char* sql, unsigned flags) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, flags, &statement, nullptr) != SQLITE_OK) {
    fail("");
  }
  return Statement(statement);
}

std::int64_t RowTable::number(const char* sql) const {
  const Statement statement = prepared(sql);
  if (sqlite3_step(statement.get()) != SQLITE_ROW) fail("");
  return sqlite3_column_int64(statement.get(), 0);
}

void RowTable::check_kind() const {
  if (number("PRAGMA application_id") != kApplication) {
    const bool empty = number("SELECT count(*) FROM sqlite_master") == 0;
    throw InputError("{}: expected the rows that Brownout wrote, found {}", file_.string(),
                     empty ? "an empty file" : "another SQLite file");
  }
  const std::int64_t version = number("PRAGMA user_version");
  if (version > kVersion) {
    throw InputError(
        "{}: of version {}, written by a newer Brownout; this one knows versions up to {}",
        file_.string(), version, kVersion);
  }
}

void RowTable::prepare(Access access) {
  if (access == Access::kWrite) {
    // Rows are committed by the group, each group safe from a loss of power.
    execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;");
    execute(fmt::format("PRAGMA cache_size=-{};", kCacheKib).c_str());
    if (number("SELECT count(*) FROM sqlite_master") == 0) {
      execute(fmt::format("BEGIN IMMEDIATE; {} PRAGMA application_id={}; PRAGMA user_version={}; "
                          "COMMIT;",
                          kSchema, kApplication, kVersion)
                  .c_str());
    }
  }
  check_kind();
  find_ = prepared("SELECT row, sha256 FROM results WHERE key = ?", SQLITE_PREPARE_PERSISTENT);
  has_ = prepared("SELECT 1 FROM results WHERE key = ?", SQLITE_PREPARE_PERSISTENT);
  if (access == Access::kWrite) {
    add_ = prepared("INSERT INTO results (key, row, sha256) VALUES (?, ?, ?)",
                    SQLITE_PREPARE_PERSISTENT);
  }
}

std::string RowTable::place(const std::string& key) const {
  return fmt::format("{}: row {}", file_.string(), key.size() > 16 ? key.substr(0, 16) + "…" : key);
}

std::optional<std::string> RowTable::find(const std::string& key) const {
  const Reset reset(find_.get());
  give(find_.get(), 1, key);
  const int code = sqlite3_step(find_.get());
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) fail("");
  std::string row = text_of(find_.get(), 0);
  expect_undamaged(key, row, text_of(find_.get(), 1));
  return row;
}

bool RowTable::has(const std::string& key) const {
  const Reset reset(has_.get());
  give(has_.get(), 1, key);
  const int code = sqlite3_step(has_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail("");
  return code == SQLITE_ROW;
}

std::int64_t RowTable::size() const { return number("SELECT count(*) FROM results"); }

void RowTable::for_each(const std::function<void(std::string key, std::string row)>& take) const {
  const Statement statement = prepared("SELECT key, row, sha256 FROM results ORDER BY id");
  for (;;) {
    const int code = sqlite3_step(statement.get());
    if (code == SQLITE_DONE) return;
    if (code != SQLITE_ROW) fail("");
    std::string key = text_of(statement.get(), 0);
    std::string row = text_of(statement.get(), 1);
    expect_undamaged(key, row, text_of(statement.get(), 2));
    take(std::move(key), std::move(row));
  }
}

void RowTable::expect_undamaged(const std::string& key, const std::string& row,
                                const std::string& sum) const {
  if (sum == digest(key, row)) return;
  throw InputError("{}: damaged; expected what Brownout wrote. {}", place(key), kWayOn);
}

void RowTable::add(const std::string& key, const std::string& row) {
  if (!adding_) {
    execute("BEGIN IMMEDIATE");
    adding_ = true;
  }
  const std::string sum = digest(key, row);
  const Reset reset(add_.get());
  give(add_.get(), 1, key);
  give(add_.get(), 2, row);
  give(add_.get(), 3, sum);
  if (sqlite3_step(add_.get()) == SQLITE_DONE) return;
  BROWNOUT_CHECK((sqlite3_extended_errcode(database_.get()) & 0xFF) != SQLITE_CONSTRAINT,
                 "row {} is stored already", key);
  give_up();
}

void RowTable::commit() {
  if (!adding_) return;
  if (sqlite3_exec(database_.get(), "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) give_up();
  adding_ = false;
}

void RowTable::give_up() {
  const int code = sqlite3_extended_errcode(database_.get());
  const std::string why =
      reason(code, sqlite3_system_errno(database_.get()), sqlite3_errmsg(database_.get()));
  sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  adding_ = false;
  throw InputError("{}: cannot store a result: {}", file_.string(), why);
}

}  // namespace brownout::results
