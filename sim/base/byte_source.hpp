// SPDX-License-Identifier: Apache-2.0
// Bytes that come one after the other, of a file or of a part of one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace brownout {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// How many bytes are still to come. What a file claims is compared with what it can hold before
  /// it is believed.
  virtual std::uint64_t left() const = 0;
  /// The next `size` bytes. InputError when the data end before, or are damaged.
  virtual void read(char* to, std::size_t size) = 0;
};

/// An open file that is read in parts.
class PartedFile {
 public:
  /// InputError if it is missing, unreadable, or no regular file.
  explicit PartedFile(const std::filesystem::path& path);
  ~PartedFile();
  PartedFile(const PartedFile&) = delete;
  PartedFile& operator=(const PartedFile&) = delete;

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// InputError when the file ends before.
  void read(std::uint64_t at, char* to, std::size_t size) const;

 private:
  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// `size` bytes of a file from `at` on, which lie in it.
std::unique_ptr<ByteSource> part_of(std::shared_ptr<const PartedFile> file, std::uint64_t at,
                                    std::uint64_t size);

}  // namespace brownout
