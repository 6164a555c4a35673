// SPDX-License-Identifier: Apache-2.0
// What the result store keeps when it is killed, the disk is full or a folder cannot be written.
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "sim/base/files.hpp"
#include "tests/results/store_fixture.hpp"

namespace brownout::results {
namespace {

namespace fs = std::filesystem;

TEST_F(StoreTest, EveryCommittedRowSurvivesSigkill) {
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(folder_);
    int reports[2];
    ASSERT_EQ(::pipe(reports), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Store store(folder_, kIdentity);
      for (int i = 0;; ++i) {
        store.append("k" + std::to_string(i), R"({"wrong":)" + std::to_string(i) + "}");
        if (i % 3 != round % 3) continue;
        store.commit();
        if (::write(reports[1], &i, sizeof i) != sizeof i) ::_exit(1);
      }
    }
    int last = 0;
    while (last < 10 * round) {
      ASSERT_EQ(::read(reports[0], &last, sizeof last), static_cast<int>(sizeof last));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(reports[1]);
    while (::read(reports[0], &last, sizeof last) == sizeof last) {
    }
    ::close(reports[0]);
    const Store store(folder_, kIdentity);
    if (last > 0) {
      ASSERT_GE(store.size(), last + 1);
    }
    for (int i = 0; i < store.size(); ++i) {
      ASSERT_EQ(store.find("k" + std::to_string(i)), R"({"wrong":)" + std::to_string(i) + "}");
    }
  }
}

TEST_F(StoreTest, ARowThatTookLongIsCommittedAtOnce) {
  { const Store store(folder_, kIdentity); }
  const pid_t child = ::fork();
  if (child == 0) {
    Store store(folder_, kIdentity);
    for (const char* key : {"k1", "k2"}) {
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
      store.append(key, "{}");
    }
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  const Store store(folder_, kIdentity);
  EXPECT_TRUE(store.has("k1"));
  EXPECT_TRUE(store.has("k2"));
}

TEST_F(StoreTest, ARowThatNoOtherFollowsIsCommittedSoon) {
  { const Store store(folder_, kIdentity); }
  const pid_t child = ::fork();
  if (child == 0) {
    Store store(folder_, kIdentity);
    for (const char* key : {"k1", "k2", "k3"}) store.append(key, "{}");
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  const Store store(folder_, kIdentity);
  EXPECT_EQ(store.size(), 3);
}

TEST_F(StoreTest, ARowThatCouldNotBeCommittedIsAnErrorOfTheNext) {
  { const Store store(folder_, kIdentity); }
  for (const bool commits : {false, true}) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(SIGXFSZ, SIG_IGN);
      int code = 0;
      try {
        Store store(folder_, kIdentity);
        store.commit();
        const rlimit limit{40'000, 40'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        store.append("k1", R"({"text":")" + std::string(100'000, 'x') + "\"}");
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
        if (commits) {
          store.commit();
        } else {
          store.append("k2", "{}");
        }
      } catch (const Error& error) {
        code = error.exit_code();
      }
      ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_EQ(Store(folder_, kIdentity).size(), 0);
  }
}

TEST_F(StoreTest, AFullDiskLeavesTheRowsBefore) {
  { const Store store(folder_, kIdentity); }
  // A limit on file sizes replaces the full disk: write() writes less than asked, then fails.
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{40'000, 40'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 0;
    try {
      Store store(folder_, kIdentity);
      for (int i = 0; i < 1000; ++i) {
        store.append("k" + std::to_string(i), R"({"wrong":1})");
        store.commit();
      }
    } catch (const Error& error) {
      const bool named =
          std::string(error.what()).find("results.sqlite: cannot store a result: ") !=
          std::string::npos;
      code = named ? error.exit_code() : 77;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
  Store store(folder_, kIdentity);
  EXPECT_GE(store.size(), 20);
  EXPECT_LT(store.size(), 1000);
  for (int i = 0; i < store.size(); ++i) ASSERT_TRUE(store.has("k" + std::to_string(i)));
  store.append("k1000", "{}");
}

TEST_F(StoreTest, AStoreThatCannotBeWrittenIsAnInputError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes everything";
  { const Store store(folder_, kIdentity); }
  fs::permissions(rows_file(), fs::perms::owner_read);
  EXPECT_NE(message_of_opening().find("results.sqlite: "), std::string::npos);
}

TEST_F(StoreTest, AFolderThatCannotBeMadeIsAnInputError) {
  std::ofstream(root_ / "file") << "text";
  folder_ = root_ / "file" / "out";
  EXPECT_NE(message_of_opening(), "");
}

}  // namespace
}  // namespace brownout::results
