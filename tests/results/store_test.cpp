// SPDX-License-Identifier: Apache-2.0
// The result store with damage, folders of others and of earlier versions, and competing processes.
#include <sqlite3.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "sim/base/files.hpp"
#include "sim/results/records.hpp"
#include "tests/results/store_fixture.hpp"

namespace brownout::results {
namespace {

namespace fs = std::filesystem;

TEST_F(StoreTest, KeepsRowsFromOneOpeningToTheNext) {
  {
    Store store(folder_, kIdentity);
    EXPECT_FALSE(store.find("k1"));
    EXPECT_FALSE(store.has("k1"));
    store.append("k1", R"({"wrong":3,"confidence":0.1234567890123456})");
    store.append("k2", R"({"wrong":4})");
    ASSERT_TRUE(store.find("k1"));
    EXPECT_TRUE(store.has("k1"));
  }
  const Store again(folder_, kIdentity);
  EXPECT_EQ(again.size(), 2);
  EXPECT_EQ(*again.find("k1"), R"({"wrong":3,"confidence":0.1234567890123456})");
  EXPECT_EQ(*again.find("k2"), R"({"wrong":4})");
}

TEST_F(StoreTest, ARowIsStoredOnce) {
  Store store(folder_, kIdentity);
  store.append("k1", "{}");
  EXPECT_THROW(store.append("k1", "{}"), std::logic_error);
}

TEST_F(StoreTest, IsATableThatOthersRead) {
  {
    Store store(folder_, kIdentity);
    store.append("k1", R"({"model":"a","chip":"random:7","voltage":0.84,"wrong":3,"other":{}})");
    store.append("k2", R"({"model":"a","wrong":2})");
  }
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(rows_file().c_str(), &database), SQLITE_OK);
  std::string found;
  const auto take = [](void* to, int count, char** values, char**) {
    for (int i = 0; i < count; ++i) {
      *static_cast<std::string*>(to) += std::string(values[i] ? values[i] : "NULL") + " ";
    }
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, "SELECT key, model, chip, voltage, wrong, rate FROM results",
                         take, &found, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  EXPECT_EQ(found, "k1 a random:7 0.84 3 NULL k2 a NULL NULL 2 NULL ");
}

/// A store of an earlier version.
constexpr char kOldRows[] = R"({"key":"k1","row":{"wrong":3},"check":"406a981c1f5b9dec"})"
                            "\n"
                            R"({"key":"k2","row":{"wrong":4},"check":"dfa51b30fcacaade"})"
                            "\n";

TEST_F(StoreTest, TakesOverTheRowsOfAnEarlierVersionOnceTornAtAnyByte) {
  const std::string whole = kOldRows;
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t length = first; length <= whole.size();
       length += length + 9 < whole.size() ? 9 : 1) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(folder_ / "sweep-identity.json") << kIdentity;
    std::ofstream(folder_ / "results.jsonl") << whole.substr(0, length);
    ASSERT_EQ(read_stored_rows(folder_).size(), length == whole.size() ? 2u : 1u) << length;
    {
      const Store store(folder_, kIdentity);
      ASSERT_EQ(store.size(), length == whole.size() ? 2 : 1) << length;
      ASSERT_EQ(store.find("k1"), R"({"wrong":3})");
    }
    ASSERT_FALSE(fs::exists(folder_ / "results.jsonl"));
    ASSERT_EQ(read_file(folder_ / "results.jsonl.taken-over"), whole.substr(0, length));
    Store store(folder_, kIdentity);
    ASSERT_EQ(store.size(), length == whole.size() ? 2 : 1) << length;
  }
  ASSERT_EQ(read_stored_rows(folder_).size(), 2u);
  EXPECT_EQ(read_stored_rows(folder_)[1].row, R"({"wrong":4})");
  EXPECT_EQ(read_stored_rows(folder_)[1].place, rows_file().string() + ": row k2");
}

TEST_F(StoreTest, ADamagedRowOfAnEarlierVersionIsAnErrorThatNamesTheLine) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "sweep-identity.json") << kIdentity;
  std::string content = std::string(kOldRows) + kOldRows;
  content[content.find("\"wrong\":4") + 8] = '5';
  std::ofstream(folder_ / "results.jsonl") << content;
  EXPECT_NE(message_of_opening().find("results.jsonl:2: damaged row"), std::string::npos);
  EXPECT_EQ(read_file(folder_ / "results.jsonl"), content);
}

TEST_F(StoreTest, DamageIsAnErrorWhereverItIs) {
  {
    Store store(folder_, kIdentity);
    for (int i = 0; i < 40; ++i) store.append("key-" + std::to_string(i), R"({"wrong":3})");
  }
  const std::string whole = read_file(rows_file());
  int errors = 0;
  for (std::size_t at = 0; at < whole.size(); at += 317) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    std::ofstream(rows_file(), std::ios::trunc) << damaged;
    try {
      const Store store(folder_, kIdentity);
      for (int i = 0; i < 40; ++i) {
        const std::optional<std::string> row = store.find("key-" + std::to_string(i));
        if (row) {
          EXPECT_EQ(*row, R"({"wrong":3})") << at;
        }
      }
    } catch (const InputError& error) {
      ++errors;
      EXPECT_NE(std::string(error.what()).find("results.sqlite"), std::string::npos)
          << error.what();
    }
  }
  EXPECT_GT(errors, 2);
  std::ofstream(rows_file(), std::ios::trunc) << "key,wrong\nk1,3\n" << std::string(2000, 'x');
  EXPECT_NE(message_of_opening().find("results.sqlite: damaged; expected the rows"),
            std::string::npos)
      << message_of_opening();
}

TEST_F(StoreTest, AFileOfAnotherProgramOrVersionIsRefusedAndKept) {
  { const Store store(folder_, kIdentity); }
  const auto change = [&](const char* sql) {
    sqlite3* database = nullptr;
    sqlite3_open(rows_file().c_str(), &database);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  };
  change("PRAGMA user_version=2");
  EXPECT_NE(message_of_opening().find("results.sqlite: of version 2, written by a newer Brownout; "
                                      "this one knows versions up to 1"),
            std::string::npos)
      << message_of_opening();
  change("PRAGMA application_id=5");
  EXPECT_NE(message_of_opening().find("found another SQLite file"), std::string::npos);
}

TEST_F(StoreTest, RowsAndIdentitiesNestedDeeplyAreRefusedNotFollowed) {
  { const Store store(folder_, kIdentity); }
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  std::ofstream(folder_ / "results.jsonl")
      << R"({"key":"k0","row":)" << deep << R"(,"check":"0123456789abcdef"})"
      << "\n"
      << kOldRows;
  EXPECT_NE(message_of_opening().find("results.jsonl:1: damaged row"), std::string::npos);
  fs::remove(folder_ / "results.jsonl");
  std::ofstream(folder_ / "sweep-identity.json", std::ios::trunc) << R"({"images":)" << deep << "}";
  EXPECT_NE(message_of_opening().find("sweep-identity.json: nested deeper than 64 levels"),
            std::string::npos);
  std::ofstream(folder_ / "sweep-identity.json", std::ios::trunc) << "[]";
  EXPECT_NE(message_of_opening().find("expected the JSON of a sweep, found []"), std::string::npos);
}

TEST_F(StoreTest, AStoredRowThatHasNotTheFieldsIsAnErrorWithItsPlace) {
  const std::vector<std::string> rows{
      R"({"confidence":0.5,"logits_sha256":"a","predictions":"0001"})",
      R"({"wrong":3,"confidence":0.5,"logits_sha256":"a","predictions":"0001"})",
      R"({"wrong":1,"confidence":"x","logits_sha256":"a","predictions":"0001"})",
      R"({"wrong":1,"confidence":0.5,"logits_sha256":"a","predictions":"00zz"})",
      R"({"wrong":1,"confidence":0.5,"logits_sha256":"a","predictions":"000102"})",
      R"([1])"};
  const std::vector<std::string> expected{
      "results.sqlite: row 0: wrong: missing; expected the JSON of a sweep or a study",
      "results.sqlite: row 1: wrong: expected an integer in [0, 2], got 3",
      "results.sqlite: row 2: confidence: expected a number in [0, 1], got \"x\"",
      "results.sqlite: row 3: predictions: expected two or four hexadecimal digits for each of 2 "
      "images, "
      "got \"00zz\"",
      "results.sqlite: row 4: predictions: expected two or four hexadecimal digits for each of 2 "
      "images, "
      "got",
      "results.sqlite: row 5: expected a JSON object as a sweep or a study writes it, got [1]"};
  {
    Store store(folder_, kIdentity);
    for (std::size_t i = 0; i < rows.size(); ++i) store.append(std::to_string(i), rows[i]);
  }
  const Store store(folder_, kIdentity);
  const auto message = [&](const auto& find) -> std::string {
    try {
      find();
    } catch (const InputError& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NE(message([&] { find_clean(store, std::to_string(i), 2); }).find(expected[i]),
              std::string::npos)
        << message([&] { find_clean(store, std::to_string(i), 2); });
  }
  EXPECT_NE(message([&] { find_chip(store, "0", 2); }).find("results.sqlite: row 0: chip: missing"),
            std::string::npos);
}

TEST_F(StoreTest, RefusesAFolderOfAnotherSweepAndSaysWhatDiffers) {
  { const Store store(folder_, kIdentity); }
  const std::string message =
      message_of_opening(R"({"images": 500, "chips": 10, "models": [{"name": "a"}]})");
  EXPECT_NE(message.find("holds another sweep: images there is 1000, here 500"), std::string::npos)
      << message;
  EXPECT_NE(message_of_opening(R"({"images": 1000, "chips": 10, "models": [{"name": "b"}]})")
                .find("models.0.name there is \"a\", here \"b\""),
            std::string::npos);
  EXPECT_NE(message_of_opening(R"({"images": 1000, "models": [{"name": "a"}]})")
                .find("chips there is 10, here absent"),
            std::string::npos);
  EXPECT_EQ(message_of_opening(), "");  // the order of keys and spaces is no difference
  EXPECT_EQ(message_of_opening(R"({"chips":10,"images":1000,"models":[{"name":"a"}]})"), "");
}

TEST_F(StoreTest, RefusesAFolderOfOlderDefinitionsAndSaysWhy) {
  { const Store store(folder_, R"({"images": 1000, "random_chip_version": 1})"); }
  const std::string now =
      R"({"images": 500, "random_chip_version": 1, "transient_read_version": 2})";
  const std::string message = message_of_opening(now);
  EXPECT_NE(message.find("this sweep was begun by a version of Brownout that defines results "
                         "differently (transient_read_version is absent there, 2 here), so that "
                         "its rows do not go with new ones; expected an empty folder"),
            std::string::npos)
      << message;
}

TEST_F(StoreTest, RefusesAFolderWithOtherFilesAndLeavesItAlone) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "thesis.tex") << "text";
  EXPECT_NE(message_of_opening().find("holds other files (thesis.tex)"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  std::ofstream(root_ / "file") << "text";
  folder_ = root_ / "file";
  EXPECT_NE(message_of_opening().find("expected a folder for results, found a file"),
            std::string::npos);
}

TEST_F(StoreTest, CleansUpWhatAKillLeft) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / ".lock") << "";
  std::ofstream(folder_ / "sweep-identity.json.4711.tmp") << "{\"ima";
  { const Store store(folder_, kIdentity); }
  EXPECT_FALSE(fs::exists(folder_ / "sweep-identity.json.4711.tmp"));
  EXPECT_EQ(read_file(folder_ / "sweep-identity.json"), kIdentity);
}

TEST_F(StoreTest, OtherTemporaryFilesBelongToTheUser) {
  fs::create_directories(folder_);
  for (const char* name : {"mine.tmp", "notes.4711.tmp", "sweep.json.tmp", "sweep.json.x1.tmp"}) {
    std::ofstream(folder_ / name) << "text";
    EXPECT_NE(message_of_opening().find(std::string("holds other files (") + name),
              std::string::npos);
    fs::remove(folder_ / name);
  }
  { const Store store(folder_, kIdentity); }
  std::ofstream(folder_ / "mine.tmp") << "text";
  std::ofstream(folder_ / "points.csv.12.tmp") << "half";
  { const Store store(folder_, kIdentity); }
  EXPECT_TRUE(fs::exists(folder_ / "mine.tmp"));
  EXPECT_FALSE(fs::exists(folder_ / "points.csv.12.tmp"));
}

TEST_F(StoreTest, AFolderThatCannotBeReadIsAnInputError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::none);
  EXPECT_NE(message_of_opening().find("cannot open: Permission denied"), std::string::npos);
  fs::permissions(folder_, fs::perms::owner_all);
}

TEST_F(StoreTest, LetsInOneProcessAtATime) {
  {
    const Store store(folder_, kIdentity);
    EXPECT_NE(message_of_opening().find("another sweep is running in this folder (process " +
                                        std::to_string(::getpid()) + " on "),
              std::string::npos)
        << message_of_opening();
  }
  EXPECT_EQ(message_of_opening(), "");
  EXPECT_EQ(fs::file_size(folder_ / ".lock"), 0u);
}

// As on a network file system that keeps locks within one machine: the lock of the system is free.
TEST_F(StoreTest, AnOwnerOnAnotherMachineIsWatched) {
  const LockTimes times{std::chrono::milliseconds(40), std::chrono::milliseconds(400)};
  const auto open_store = [&] {
    try {
      const Store store(folder_, kIdentity, sweep_kind(), times);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  ASSERT_EQ(open_store(), "");
  const auto own = [&](int beat) {
    std::ofstream(folder_ / ".lock", std::ios::trunc) << "node-of-nowhere 4711 " << beat << "\n";
  };
  own(3);
  std::thread other([&] {
    for (int beat = 4; beat < 12; ++beat) {
      std::this_thread::sleep_for(times.beat);
      own(beat);
    }
  });
  EXPECT_NE(open_store().find("another sweep is running in this folder (process 4711 on "
                              "node-of-nowhere)"),
            std::string::npos);
  other.join();
  // It was killed: nothing moves, and the folder is taken over.
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(open_store(), "");
  EXPECT_GE(std::chrono::steady_clock::now() - start, times.watch);
  EXPECT_EQ(open_store(), "");
}

TEST_F(StoreTest, ALivingOwnerBeats) {
  const LockTimes times{std::chrono::milliseconds(20), std::chrono::milliseconds(100)};
  const Store store(folder_, kIdentity, sweep_kind(), times);
  const std::string before = read_file(folder_ / ".lock");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_NE(read_file(folder_ / ".lock"), before);
}

}  // namespace
}  // namespace brownout::results
