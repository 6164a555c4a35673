// SPDX-License-Identifier: Apache-2.0
// One process at a time in the folder of a result store.
#pragma once
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

namespace brownout::results {

/// How the owner of a folder shows that it lives, and how long others watch for that.
struct LockTimes {
  std::chrono::milliseconds beat{3'000}, watch{12'000};
};

/// The folder's file ".lock", with a lock of the operating system on it. Some network file systems
/// keep such locks within one machine. The file therefore also says which process on which machine
/// holds it, and changes at every beat. A process that gets the lock, but finds the name of another
/// machine, watches the file for a while and is refused if it changes.
class FolderLock {
 public:
  /// `what`: what runs there, for messages: "sweep". InputError when the folder has an owner, or
  /// the file cannot be written.
  FolderLock(const std::filesystem::path& folder, const std::string& what,
             const LockTimes& times = {});
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  static const char* file_name();

 private:
  void take(const std::filesystem::path& folder, const std::string& what, const LockTimes& times);
  void write_owner(std::uint64_t beat) const;

  int file_ = -1;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread heart_;
};

/// Keeps writers out of a folder while it is read. A folder without a lock file (a copy) has no
/// owner; neither has one whose lock file cannot be opened.
class FolderReadLock {
 public:
  /// InputError when the folder has an owner.
  FolderReadLock(const std::filesystem::path& folder, const std::string& what);
  ~FolderReadLock();
  FolderReadLock(const FolderReadLock&) = delete;
  FolderReadLock& operator=(const FolderReadLock&) = delete;

 private:
  int file_;
};

}  // namespace brownout::results
