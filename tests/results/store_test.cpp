// SPDX-License-Identifier: Apache-2.0
// The result store with torn writes, kills, full disks, folders of others and competing processes.
#include "sim/results/store.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/results/records.hpp"

namespace brownout::results {
namespace {

namespace fs = std::filesystem;

constexpr char kIdentity[] = R"({"images": 1000, "chips": 10, "models": [{"name": "a"}]})";

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("brownout-store-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
    folder_ = root_ / "out";
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string message_of_opening(const std::string& identity = kIdentity) {
    try {
      const Store store(folder_, identity);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  fs::path root_, folder_;
};

TEST_F(StoreTest, KeepsRowsFromOneOpeningToTheNext) {
  {
    Store store(folder_, kIdentity);
    EXPECT_EQ(store.find("k1"), nullptr);
    store.append("k1", R"({"wrong":3,"confidence":0.1234567890123456})");
    store.append("k2", R"({"wrong":4})");
    ASSERT_NE(store.find("k1"), nullptr);
  }
  const Store again(folder_, kIdentity);
  EXPECT_EQ(again.size(), 2u);
  EXPECT_EQ(*again.find("k1"), R"({"wrong":3,"confidence":0.1234567890123456})");
  EXPECT_EQ(*again.find("k2"), R"({"wrong":4})");
}

TEST_F(StoreTest, ARowIsStoredOnce) {
  Store store(folder_, kIdentity);
  store.append("k1", "{}");
  EXPECT_THROW(store.append("k1", "{}"), std::logic_error);
}

TEST_F(StoreTest, DropsALastLineTornAtAnyByteAndGoesOn) {
  {
    Store store(folder_, kIdentity);
    store.append("k1", R"({"wrong":3})");
    store.append("k2", R"({"wrong":4})");
  }
  const std::string whole = read_file(folder_ / "results.jsonl");
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t length = first; length < whole.size(); ++length) {
    std::ofstream(folder_ / "results.jsonl", std::ios::trunc) << whole.substr(0, length);
    {
      Store store(folder_, kIdentity);
      ASSERT_EQ(store.size(), 1u) << length;
      ASSERT_NE(store.find("k1"), nullptr);
      store.append("k2", R"({"wrong":4})");
    }
    ASSERT_EQ(read_file(folder_ / "results.jsonl"), whole) << length;
  }
}

TEST_F(StoreTest, ADamagedRowBetweenOthersIsAnErrorThatNamesTheLine) {
  {
    Store store(folder_, kIdentity);
    for (const char* key : {"k1", "k2", "k3"}) store.append(key, R"({"wrong":3})");
  }
  std::string content = read_file(folder_ / "results.jsonl");
  content[content.find("\"wrong\":3", content.find('\n')) + 8] = '4';  // second line
  std::ofstream(folder_ / "results.jsonl", std::ios::trunc) << content;
  EXPECT_NE(message_of_opening().find("results.jsonl:2: damaged row"), std::string::npos);
}

TEST_F(StoreTest, RowsAndIdentitiesNestedDeeplyAreRefusedNotFollowed) {
  {
    Store store(folder_, kIdentity);
    for (const char* key : {"k1", "k2"}) store.append(key, R"({"wrong":3})");
  }
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const std::string content = read_file(folder_ / "results.jsonl");
  std::ofstream(folder_ / "results.jsonl", std::ios::trunc)
      << R"({"key":"k0","row":)" << deep << R"(,"check":"0123456789abcdef"})"
      << "\n"
      << content;
  EXPECT_NE(message_of_opening().find("results.jsonl:1: damaged row"), std::string::npos);
  std::ofstream(folder_ / "results.jsonl", std::ios::trunc) << content;
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
      "results.jsonl:1: wrong: missing; expected the JSON of a sweep or a study",
      "results.jsonl:2: wrong: expected an integer in [0, 2], got 3",
      "results.jsonl:3: confidence: expected a number in [0, 1], got \"x\"",
      "results.jsonl:4: predictions: expected two or four hexadecimal digits for each of 2 images, "
      "got \"00zz\"",
      "results.jsonl:5: predictions: expected two or four hexadecimal digits for each of 2 images, "
      "got",
      "results.jsonl:6: expected a JSON object as a sweep or a study writes it, got [1]"};
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
  EXPECT_NE(message([&] { find_chip(store, "0", 2); }).find("results.jsonl:1: chip: missing"),
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
    EXPECT_NE(message_of_opening().find("another sweep is running in this folder"),
              std::string::npos);
  }
  EXPECT_EQ(message_of_opening(), "");
}

TEST_F(StoreTest, EveryStoredRowSurvivesSigkill) {
  { const Store store(folder_, kIdentity); }
  int reports[2];
  ASSERT_EQ(::pipe(reports), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Store store(folder_, kIdentity);
    for (int i = 0;; ++i) {
      store.append("k" + std::to_string(i), R"({"wrong":)" + std::to_string(i) + "}");
      if (::write(reports[1], &i, sizeof i) != sizeof i) ::_exit(1);
    }
  }
  int last = 0;
  while (last < 20)
    ASSERT_EQ(::read(reports[0], &last, sizeof last), static_cast<int>(sizeof last));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(reports[1]);
  while (::read(reports[0], &last, sizeof last) == sizeof last) {
  }
  ::close(reports[0]);
  const Store store(folder_, kIdentity);
  EXPECT_GE(store.size(), static_cast<std::size_t>(last) + 1);
  for (int i = 0; i <= last; ++i) {
    const std::string* row = store.find("k" + std::to_string(i));
    ASSERT_NE(row, nullptr) << i;
    EXPECT_EQ(*row, R"({"wrong":)" + std::to_string(i) + "}");
  }
}

TEST_F(StoreTest, AFullDiskLeavesTheRowsBefore) {
  { const Store store(folder_, kIdentity); }
  // A limit on file sizes replaces the full disk: write() writes less than asked, then fails.
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 0;
    try {
      Store store(folder_, kIdentity);
      for (int i = 0; i < 100; ++i) store.append("k" + std::to_string(i), R"({"wrong":1})");
    } catch (const Error& error) {
      const bool named = std::string(error.what()).find("results.jsonl: cannot store a result") !=
                         std::string::npos;
      code = named ? error.exit_code() : 77;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
  const std::string content = read_file(folder_ / "results.jsonl");
  EXPECT_EQ(content.back(), '\n');
  const Store store(folder_, kIdentity);
  EXPECT_GE(store.size(), 5u);
  EXPECT_LE(content.size(), 1000u);
}

TEST_F(StoreTest, AFolderThatCannotBeMadeIsAnInputError) {
  std::ofstream(root_ / "file") << "text";
  folder_ = root_ / "file" / "out";
  EXPECT_NE(message_of_opening(), "");
}

}  // namespace
}  // namespace brownout::results
