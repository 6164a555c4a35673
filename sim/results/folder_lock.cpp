// SPDX-License-Identifier: Apache-2.0
#include "sim/results/folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/base/watch.hpp"

namespace brownout::results {

namespace fs = std::filesystem;

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

/// What a lock file says: "HOST PROCESS BEAT\n", or nothing when its owner has left.
std::string content_of(const fs::path& file) {
  // Opened anew each time: network file systems ask the server then.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  std::array<char, 512> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  ::close(descriptor);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

/// "process 4711 on node7", or "" when the file names nobody.
std::string owner_in(const std::string& content) {
  const std::size_t host = content.find(' ');
  const std::size_t process = content.find(' ', host + 1);
  if (host == std::string::npos || process == std::string::npos) return "";
  return fmt::format("process {} on {}", content.substr(host + 1, process - host - 1),
                     content.substr(0, host));
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& what,
                         const std::string& content) {
  const std::string owner = owner_in(content);
  throw InputError("{}: another {} is running in this folder{}", folder.string(), what,
                   owner.empty() ? "" : " (" + owner + ")");
}

}  // namespace

const char* FolderLock::file_name() { return ".lock"; }

FolderLock::FolderLock(const fs::path& folder, const std::string& what, const LockTimes& times) {
  const fs::path file = folder / file_name();
  file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) throw InputError("{}: cannot write: {}", file.string(), std::strerror(errno));
  try {
    take(folder, what, times);
  } catch (...) {
    ::close(file_);
    throw;
  }
  heart_ = std::thread([this, beat = times.beat] {
    std::unique_lock<std::mutex> lock(mutex_);
    for (std::uint64_t count = 1; !ended_.wait_for(lock, beat, [this] { return ending_; });
         ++count) {
      write_owner(count);
    }
  });
}

void FolderLock::take(const fs::path& folder, const std::string& what, const LockTimes& times) {
  const fs::path file = folder / file_name();
  const std::string found = content_of(file);
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) refuse(folder, what, found);
  if (!owner_in(found).empty() && found.rfind(host_name() + " ", 0) != 0) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + times.watch;
    while (Clock::now() < end) {
      if (RunWatch* const watch = RunWatch::current()) watch->poll();
      std::this_thread::sleep_for(std::min(times.beat / 4, std::chrono::milliseconds(200)));
      const std::string now = content_of(file);
      if (now != found && !owner_in(now).empty()) refuse(folder, what, now);
    }
  }
  write_owner(0);
}

void FolderLock::write_owner(std::uint64_t beat) const {
  // Errors are let pass, as on a full disk: the lock of the system holds.
  const std::string text = fmt::format("{} {} {}\n", host_name(), ::getpid(), beat);
  const ssize_t written = ::pwrite(file_, text.data(), text.size(), 0);
  if (written == static_cast<ssize_t>(text.size())) {
    if (::ftruncate(file_, written) == 0) ::fdatasync(file_);
  }
}

FolderLock::~FolderLock() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  heart_.join();
  if (::ftruncate(file_, 0) != 0) {
    // The name stays, and a later process of another machine watches it in vain.
  }
  ::close(file_);  // releases the lock, as the end of the process would
}

FolderReadLock::FolderReadLock(const fs::path& folder, const std::string& what)
    : file_(::open((folder / FolderLock::file_name()).c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0 || ::flock(file_, LOCK_SH | LOCK_NB) == 0) return;
  ::close(file_);
  throw InputError("{}: a {} is running in this folder; expected one that has ended",
                   folder.string(), what);
}

FolderReadLock::~FolderReadLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace brownout::results
