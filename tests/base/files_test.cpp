// SPDX-License-Identifier: Apache-2.0
// Files appear as a whole or not at all, and messages name the file.
#include "sim/base/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <thread>

#include "sim/base/error.hpp"

namespace brownout {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("brownout-files-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

std::string gzip(const std::string& text, const fs::path& path) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return read_file(path);
}

template <typename Call>
std::string message_of(Call call, int exit_code) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), exit_code);
    return error.what();
  }
  return "no error";
}

TEST_F(Files, AnAtomicWriteReplacesTheFileAndLeavesNothingBeside) {
  const fs::path path = folder_ / "a.txt";
  write_file_atomically(path, "one");
  write_file_atomically(path, "two");
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, AFailedWriterLeavesTheOldFile) {
  const fs::path path = folder_ / "a.txt";
  write_file_atomically(path, "old");
  EXPECT_THROW(write_atomically(path,
                                [](const fs::path& temporary) {
                                  std::ofstream(temporary) << "half";
                                  throw RunError("interrupted");
                                }),
               RunError);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, AFullDiskIsAnInputErrorThatNamesTheFile) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this system";
  const fs::path path = folder_ / "a.txt";
  const std::string message = message_of(
      [&] {
        write_atomically(path, [](const fs::path&) { write_file_atomically("/dev/full/x", "x"); });
      },
      2);
  EXPECT_NE(message.find("/dev/full/x"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(Files, AFailedWriteNamesTheFileThatWasAskedFor) {
  EXPECT_EQ(message_of([&] { write_file_atomically(folder_ / "none" / "a.txt", "x"); }, 2),
            (folder_ / "none" / "a.txt").string() + ": cannot write: No such file or directory");
}

TEST_F(Files, APipeIsReadOnceForAllWhoReadIt) {
  const fs::path pipe = folder_ / "named";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << "content"; });
  EXPECT_EQ(read_file(pipe), "content");
  writer.join();
  EXPECT_EQ(read_file(pipe), "content");  // nobody writes: opening it would wait for ever
  EXPECT_EQ(read_file_gz(pipe), "content");
  EXPECT_NE(message_of([&] { read_file(pipe, 3); }, 2).find("expected at most 3 bytes"),
            std::string::npos);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "other", 5), 5);
  ::close(ends[1]);
  const fs::path by_number = "/dev/fd/" + std::to_string(ends[0]);
  EXPECT_EQ(read_file(by_number), "other");
  EXPECT_EQ(read_file(by_number), "other");
  ::close(ends[0]);
}

TEST_F(Files, APipeOrADeviceIsNotReplaced) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  fs::create_symlink(pipe, folder_ / "link");
  for (const fs::path& path : {pipe, folder_ / "link"}) {
    const std::string expected =
        path.string() + ": expected a file to write, found a device or pipe";
    EXPECT_EQ(message_of([&] { write_file_atomically(path, "x"); }, 2), expected);
    EXPECT_EQ(message_of([&] { check_writable(path, 1); }, 2), expected);
  }
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(Files, ALinkIsWrittenThrough) {
  fs::create_directories(folder_ / "there");
  fs::create_symlink("there/real.txt", folder_ / "second");
  fs::create_symlink("second", folder_ / "first");
  for (const char* text : {"new", "replaced"}) {
    write_file_atomically(folder_ / "first", text);
    EXPECT_TRUE(fs::is_symlink(folder_ / "first"));
    EXPECT_EQ(read_file(folder_ / "there" / "real.txt"), text);
  }
  fs::create_symlink("ring", folder_ / "ring");
  EXPECT_THROW(write_file_atomically(folder_ / "ring", "x"), InputError);
}

TEST_F(Files, CheckingAPlaceLeavesNothingBehind) {
  const fs::path path = folder_ / "a.txt";
  check_writable(path, 100000);
  EXPECT_EQ(entries(), 0u);
  EXPECT_NE(message_of([&] { check_writable(folder_, 1); }, 2).find("found a folder"),
            std::string::npos);
  EXPECT_NE(
      message_of([&] { check_writable(folder_ / "none" / "a", 1); }, 2).find("none/a: cannot"),
      std::string::npos);
}

TEST_F(Files, DevicesAndFilesThatAreTooLargeAreRefused) {
  EXPECT_NE(message_of([&] { read_file("/dev/zero"); }, 2).find("found a device"),
            std::string::npos);
  write_file_atomically(folder_ / "a", "12345");
  EXPECT_EQ(read_file(folder_ / "a", 5), "12345");
  EXPECT_NE(message_of([&] { read_file(folder_ / "a", 4); }, 2).find("at most 4 bytes"),
            std::string::npos);
}

TEST_F(Files, MissingFilesAndFoldersAreInputErrors) {
  EXPECT_NE(message_of([&] { read_file(folder_ / "none"); }, 2).find("none: cannot open"),
            std::string::npos);
  EXPECT_NE(message_of([&] { read_file(folder_); }, 2).find("found a folder"), std::string::npos);
}

TEST_F(Files, GzipIsUnpackedAndPlainFilesPassThrough) {
  const std::string text(100000, 'x');
  gzip(text, folder_ / "a.gz");
  EXPECT_EQ(read_file_gz(folder_ / "a.gz"), text);
  write_file_atomically(folder_ / "plain", "plain text");
  EXPECT_EQ(read_file_gz(folder_ / "plain"), "plain text");
}

TEST_F(Files, TwoGzipMembersAreOneText) {
  const std::string first = gzip("one ", folder_ / "a.gz");
  const std::string second = gzip("two", folder_ / "b.gz");
  write_file_atomically(folder_ / "c.gz", first + second);
  EXPECT_EQ(read_file_gz(folder_ / "c.gz"), "one two");
}

TEST_F(Files, GzipCutAnywhereIsAnInputError) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * i);
  const std::string packed = gzip(text, folder_ / "a.gz");
  for (std::size_t length = 2; length < packed.size(); length += 97) {
    write_file_atomically(folder_ / "cut.gz", packed.substr(0, length));
    EXPECT_THROW(read_file_gz(folder_ / "cut.gz"), InputError) << length;
  }
}

TEST_F(Files, DamagedGzipIsAnInputError) {
  std::string packed = gzip(std::string(1000, 'a') + std::string(1000, 'b'), folder_ / "a.gz");
  packed[packed.size() - 6] ^= 1;  // in the check sum
  write_file_atomically(folder_ / "bad.gz", packed);
  EXPECT_NE(message_of([&] { read_file_gz(folder_ / "bad.gz"); }, 2).find("damaged gzip"),
            std::string::npos);
}

TEST_F(Files, UnpackingStopsAtTheLimit) {
  gzip(std::string(1 << 20, 'x'), folder_ / "a.gz");
  EXPECT_THROW(read_file_gz(folder_ / "a.gz", 1000), InputError);
}

TEST(Sha256, MatchesThePublishedExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace brownout
