// SPDX-License-Identifier: Apache-2.0
// pread on a regular file.
#include "sim/base/byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"

namespace brownout {

PartedFile::PartedFile(const std::filesystem::path& path) : name_(path.string()) {
  note_input(path);
  // A pipe without a writer would block.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) throw InputError("{}: cannot open: {}", name_, std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw InputError("{}: expected a file, found {}", name_,
                     known && S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

PartedFile::~PartedFile() { ::close(descriptor_); }

void PartedFile::read(std::uint64_t at, char* to, std::size_t size) const {
  while (size > 0) {
    const ssize_t got = ::pread(descriptor_, to, size, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InputError("{}: cannot read: {}", name_, std::strerror(errno));
    if (got == 0) throw InputError("{}: cut short: it ends at byte {}", name_, at);
    to += got;
    at += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
}

namespace {

class PartSource : public ByteSource {
 public:
  PartSource(std::shared_ptr<const PartedFile> file, std::uint64_t at, std::uint64_t size)
      : file_(std::move(file)), at_(at), left_(size) {}

  std::uint64_t left() const override { return left_; }

  void read(char* to, std::size_t size) override {
    if (size > left_) {
      throw InputError("{}: cut short: found {} bytes from byte {} on, expected {}", file_->name(),
                       left_, at_, size);
    }
    file_->read(at_, to, size);
    at_ += size;
    left_ -= size;
  }

 private:
  std::shared_ptr<const PartedFile> file_;
  std::uint64_t at_, left_;
};

}  // namespace

std::unique_ptr<ByteSource> part_of(std::shared_ptr<const PartedFile> file, std::uint64_t at,
                                    std::uint64_t size) {
  BROWNOUT_CHECK(at <= file->size() && size <= file->size() - at, "{} bytes at {} of {}", size, at,
                 file->size());
  return std::make_unique<PartSource>(std::move(file), at, size);
}

}  // namespace brownout
