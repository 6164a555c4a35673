// SPDX-License-Identifier: Apache-2.0
// Zip archives, with members that are stored or deflated, of any size (ZIP64).
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/byte_source.hpp"

namespace brownout {

class ZipArchive {
 public:
  /// InputError for a file that is no archive, is cut short, or claims more than it can hold.
  explicit ZipArchive(const std::filesystem::path& path);

  /// In the order of the archive's directory.
  std::vector<std::string> names() const;

  /// The unpacked bytes of a member that exists. They are compared with its checksum when the last
  /// one has been read. InputError for an encrypted member or another method.
  std::unique_ptr<ByteSource> open(const std::string& name) const;

 private:
  struct Member {
    std::string name;
    std::uint64_t packed = 0, unpacked = 0;
    std::uint64_t at = 0;  // of its local header
    std::uint32_t checksum = 0;
    unsigned method = 0, flags = 0;
  };
  struct Directory {
    std::uint64_t at = 0, bytes = 0, members = 0;
  };
  Directory find_directory() const;
  std::string read(std::uint64_t at, std::uint64_t size) const;

  std::shared_ptr<const PartedFile> file_;
  std::vector<Member> members_;
};

}  // namespace brownout
