// SPDX-License-Identifier: Apache-2.0
// Whole-file reading, atomic writing, gunzip and SHA-256 (zlib, OpenSSL).
#include "sim/base/files.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"

namespace brownout {
namespace fs = std::filesystem;

namespace {

struct FileDescriptor {
  int value = -1;
  ~FileDescriptor() {
    if (value >= 0) ::close(value);
  }
};

std::string reason() { return std::strerror(errno); }

/// `path` is what messages name: the file that was asked for, not the temporary one.
void sync(const fs::path& temporary, const fs::path& path) {
  FileDescriptor file{::open(temporary.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0 || ::fsync(file.value) != 0) {
    throw InputError("{}: cannot sync to disk: {}", path.string(), reason());
  }
}

void write_all(const fs::path& temporary, const fs::path& path, std::string_view content) {
  FileDescriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
  if (file.value < 0) throw InputError("{}: cannot write: {}", path.string(), reason());
  while (!content.empty()) {
    const ssize_t written = ::write(file.value, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw InputError("{}: cannot write: {}", path.string(), reason());
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// The file that a link finally points to, whether it exists or not; other paths stay as they are.
fs::path behind_links(fs::path path) {
  constexpr int kMostLinks = 40;  // as the kernel's limit
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    if (error) return path;
    path = path.parent_path() / target;  // an absolute target replaces all
  }
  throw InputError("{}: too many links one behind the other", path.string());
}

/// Renaming over a device or a pipe would replace it by a plain file.
void require_replaceable(const fs::path& target, const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(target, error);
  if (error || !fs::exists(status) || fs::is_regular_file(status)) return;
  throw InputError("{}: expected a file to write, found {}", path.string(),
                   fs::is_directory(status) ? "a folder" : "a device or pipe");
}

}  // namespace

namespace {

/// The contents of pipes that were read. Their bytes come only once, but a hash, a check and a
/// reader may all need them.
class PipeContents {
 public:
  /// The contents of a pipe that was read before; to open a named pipe again would wait for ever.
  const std::string* find(const struct stat& pipe) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = contents_.find({pipe.st_dev, pipe.st_ino});
    return found == contents_.end() ? nullptr : &found->second;
  }
  void keep(const struct stat& pipe, const std::string& content) {
    const std::lock_guard<std::mutex> lock(mutex_);
    contents_.emplace(std::pair{pipe.st_dev, pipe.st_ino}, content);
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<dev_t, ino_t>, std::string> contents_;
};

PipeContents& pipe_contents() {
  static PipeContents contents;
  return contents;
}

}  // namespace

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  note_input(path);
  return read_own_file(path, max_bytes);
}

std::string read_own_file(const fs::path& path, std::uint64_t max_bytes) {
  const auto refuse_size = [&] {
    throw InputError("{}: expected at most {} bytes, found more", path.string(), max_bytes);
  };
  struct stat before {};
  if (::stat(path.c_str(), &before) == 0 && S_ISFIFO(before.st_mode)) {
    if (const std::string* content = pipe_contents().find(before)) {
      if (content->size() > max_bytes) refuse_size();
      return *content;
    }
  }
  FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) throw InputError("{}: cannot open: {}", path.string(), reason());
  struct stat status {};
  if (::fstat(file.value, &status) != 0) {
    throw InputError("{}: cannot stat: {}", path.string(), reason());
  }
  if (S_ISDIR(status.st_mode)) {
    throw InputError("{}: expected a file, found a folder", path.string());
  }
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    throw InputError("{}: expected a file, found a device", path.string());
  }
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) refuse_size();
  std::string content;
  content.reserve(status.st_size);
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(file.value, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InputError("{}: cannot read: {}", path.string(), reason());
    if (got == 0) {
      if (S_ISFIFO(status.st_mode)) pipe_contents().keep(status, content);
      return content;
    }
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) refuse_size();
  }
}

std::string read_file_gz(const fs::path& path, std::uint64_t max_bytes) {
  std::string packed = read_file(path, max_bytes);
  const bool is_gzip = packed.size() >= 2 && packed[0] == '\x1f' && packed[1] == '\x8b';
  if (!is_gzip) return packed;

  z_stream stream{};
  BROWNOUT_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK, "zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string content;
  std::array<char, 1 << 16> buffer;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    content.append(buffer.data(), buffer.size() - stream.avail_out);
    if (content.size() > max_bytes) {
      throw InputError("{}: unpacks to more than {} bytes", path.string(), max_bytes);
    }
    if (status == Z_STREAM_END && stream.avail_in > 0) {  // gzip files may have several members
      status = inflateReset(&stream);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0)) {
      if (stream.avail_out == 0) continue;
      throw InputError("{}: gzip data ends early, after {} unpacked bytes", path.string(),
                       content.size());
    } else if (status != Z_OK && status != Z_STREAM_END) {
      throw InputError("{}: damaged gzip data after {} unpacked bytes: {}", path.string(),
                       content.size(), stream.msg != nullptr ? stream.msg : "no reason given");
    }
  }
  return content;
}

void write_atomically(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  const fs::path target = behind_links(path);
  require_replaceable(target, path);
  const fs::path temporary = temporary_beside(target);
  try {
    write(temporary);
    sync(temporary, path);
    mark_as_result(temporary);
    if (::rename(temporary.c_str(), target.c_str()) != 0) {
      throw InputError("{}: cannot move into place: {}", path.string(), reason());
    }
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  write_atomically(path, [&](const fs::path& temporary) { write_all(temporary, path, content); });
}

void check_writable(const fs::path& path, std::uint64_t bytes) {
  std::error_code error;
  const fs::path target = behind_links(path);
  require_replaceable(target, path);
  const fs::path temporary = temporary_beside(target);
  const std::string zeros(static_cast<std::size_t>(bytes), '\0');
  try {
    write_all(temporary, path, zeros);
    sync(temporary, path);
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
  fs::remove(temporary, error);
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  std::error_code ignored;
  if (error || !fs::is_directory(path, ignored)) {
    throw InputError("{}: cannot create the folder: {}", path.string(),
                     error ? error.message() : "a file is in the way");
  }
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  BROWNOUT_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1,
      "SHA-256 of {} bytes", bytes.size());
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace brownout
