// SPDX-License-Identifier: Apache-2.0
// The directory at the end of an archive says where its members are (PKWARE's APPNOTE, 4.3).
#include "sim/base/zip_archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout {

namespace {

constexpr std::uint32_t kEndMagic = 0x06054b50;        // end of the central directory
constexpr std::uint32_t kEnd64Magic = 0x06064b50;      // the same with 64-bit numbers
constexpr std::uint32_t kLocatorMagic = 0x07064b50;    // where that is
constexpr std::uint32_t kDirectoryMagic = 0x02014b50;  // an entry of the directory
constexpr std::uint32_t kLocalMagic = 0x04034b50;      // before the bytes of a member
constexpr std::size_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20;
constexpr std::size_t kEntryBytes = 46, kLocalBytes = 30;
constexpr std::size_t kMostComment = 0xffff;
constexpr std::uint64_t kMostDirectoryBytes = std::uint64_t{1} << 28;
constexpr std::uint64_t kMostDeflation = 1032;  // unpacked bytes of a packed one
constexpr unsigned kStored = 0, kDeflated = 8;

std::uint64_t number(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  }
  return value;
}

/// Compares the checksum of all bytes that went by.
class CheckedSource : public ByteSource {
 public:
  CheckedSource(std::string where, std::uint64_t size, std::uint32_t checksum)
      : where_(std::move(where)), left_(size), expected_(checksum) {}

  std::uint64_t left() const override { return left_; }

  void read(char* to, std::size_t size) override {
    if (size > left_) {
      throw InputError("{}: cut short: found {} bytes, expected {}", where_, left_, size);
    }
    unpack(to, size);
    left_ -= size;
    checksum_ =
        static_cast<std::uint32_t>(crc32_z(checksum_, reinterpret_cast<const Bytef*>(to), size));
    if (left_ == 0 && checksum_ != expected_) {
      throw InputError("{}: damaged: found checksum {:08x}, expected {:08x}", where_, checksum_,
                       expected_);
    }
  }

 protected:
  virtual void unpack(char* to, std::size_t size) = 0;
  const std::string where_;

 private:
  std::uint64_t left_;
  std::uint32_t expected_;
  std::uint32_t checksum_ = 0;
};

class StoredSource : public CheckedSource {
 public:
  StoredSource(std::string where, std::unique_ptr<ByteSource> packed, std::uint32_t checksum)
      : CheckedSource(std::move(where), packed->left(), checksum), packed_(std::move(packed)) {}

 protected:
  void unpack(char* to, std::size_t size) override { packed_->read(to, size); }

 private:
  std::unique_ptr<ByteSource> packed_;
};

class DeflatedSource : public CheckedSource {
 public:
  DeflatedSource(std::string where, std::unique_ptr<ByteSource> packed, std::uint64_t size,
                 std::uint32_t checksum)
      : CheckedSource(std::move(where), size, checksum), packed_(std::move(packed)) {
    constexpr int kRaw = -15;  // no header, a window of 2^15
    BROWNOUT_CHECK(inflateInit2(&stream_, kRaw) == Z_OK, "zlib does not start");
  }
  ~DeflatedSource() override { inflateEnd(&stream_); }

 protected:
  void unpack(char* to, std::size_t size) override {
    constexpr std::size_t kAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits
    for (std::size_t done = 0; done < size;) {
      const std::size_t part = std::min(size - done, kAtOnce);
      stream_.next_out = reinterpret_cast<Bytef*>(to + done);
      stream_.avail_out = static_cast<uInt>(part);
      while (stream_.avail_out > 0) {
        if (stream_.avail_in == 0) refill();
        const int status = inflate(&stream_, Z_NO_FLUSH);
        const bool ended = status == Z_STREAM_END && stream_.avail_out > 0;
        const bool starved = status == Z_BUF_ERROR && stream_.avail_in == 0 && packed_->left() == 0;
        if ((status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) || ended ||
            starved) {
          throw InputError("{}: damaged compressed data after {} unpacked bytes{}{}", where_,
                           stream_.total_out, stream_.msg != nullptr ? ": " : "",
                           stream_.msg != nullptr ? stream_.msg : "");
        }
      }
      done += part;
    }
  }

 private:
  void refill() {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), packed_->left()));
    packed_->read(buffer_.data(), size);
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(size);
  }

  std::unique_ptr<ByteSource> packed_;
  z_stream stream_{};
  std::array<char, 1 << 16> buffer_;
};

}  // namespace

std::string ZipArchive::read(std::uint64_t at, std::uint64_t size) const {
  if (at > file_->size() || size > file_->size() - at) {
    throw InputError("{}: damaged or cut short: found {} bytes, expected {} at byte {}",
                     file_->name(), file_->size(), size, at);
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file_->read(at, bytes.data(), bytes.size());
  return bytes;
}

ZipArchive::Directory ZipArchive::find_directory() const {
  const std::uint64_t size = file_->size();
  const std::uint64_t tail = std::min<std::uint64_t>(size, kEndBytes + kMostComment);
  const std::string bytes = read(size - tail, tail);
  std::size_t end = bytes.size() < kEndBytes ? std::string::npos : bytes.size() - kEndBytes;
  while (end != std::string::npos && number(bytes, end, 4) != kEndMagic) {
    end = end == 0 ? std::string::npos : end - 1;
  }
  if (end == std::string::npos) {
    throw InputError("{}: expected a zip archive (.npz), found no directory at its end: cut short?",
                     file_->name());
  }
  Directory found{number(bytes, end + 16, 4), number(bytes, end + 12, 4),
                  number(bytes, end + 10, 2)};
  const bool small = found.at != 0xffffffff && found.bytes != 0xffffffff && found.members != 0xffff;
  const std::uint64_t place = size - tail + end;
  if (small || place < kLocatorBytes) return found;
  const std::string locator = read(place - kLocatorBytes, kLocatorBytes);
  if (number(locator, 0, 4) != kLocatorMagic) return found;
  const std::string end64 = read(number(locator, 8, 8), kEnd64Bytes);
  if (number(end64, 0, 4) != kEnd64Magic) {
    throw InputError("{}: damaged: found no 64-bit directory where one was said to be",
                     file_->name());
  }
  return {number(end64, 48, 8), number(end64, 40, 8), number(end64, 32, 8)};
}

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : file_(std::make_shared<const PartedFile>(path)) {
  const Directory directory = find_directory();
  if (directory.bytes > kMostDirectoryBytes) {
    throw InputError("{}: expected a directory of at most {} bytes, found {}", file_->name(),
                     kMostDirectoryBytes, directory.bytes);
  }
  const std::string bytes = read(directory.at, directory.bytes);
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    const auto expect = [&](bool fits) {
      if (fits) return;
      throw InputError("{}: damaged: entry {} of the directory is none", file_->name(), i);
    };
    expect(bytes.size() - at >= kEntryBytes && number(bytes, at, 4) == kDirectoryMagic);
    Member member;
    member.flags = static_cast<unsigned>(number(bytes, at + 8, 2));
    member.method = static_cast<unsigned>(number(bytes, at + 10, 2));
    member.checksum = static_cast<std::uint32_t>(number(bytes, at + 16, 4));
    member.packed = number(bytes, at + 20, 4);
    member.unpacked = number(bytes, at + 24, 4);
    member.at = number(bytes, at + 42, 4);
    const std::size_t name = number(bytes, at + 28, 2), extra = number(bytes, at + 30, 2);
    const std::size_t comment = number(bytes, at + 32, 2);
    at += kEntryBytes;
    expect(bytes.size() - at >= name + extra + comment);
    member.name = bytes.substr(at, name);
    // ZIP64: those of the three numbers that were too large, in this order.
    for (std::size_t field = at + name; field + 4 <= at + name + extra;) {
      const std::size_t size = number(bytes, field + 2, 2);
      std::size_t value = field + 4;
      const std::size_t last = std::min(value + size, at + name + extra);
      if (number(bytes, field, 2) == 1) {
        for (std::uint64_t* large : {&member.unpacked, &member.packed, &member.at}) {
          if (*large != 0xffffffff || last - value < 8) continue;
          *large = number(bytes, value, 8);
          value += 8;
        }
      }
      field = last;
    }
    at += name + extra + comment;
    members_.push_back(std::move(member));
  }
}

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> names;
  for (const Member& member : members_) names.push_back(member.name);
  return names;
}

std::unique_ptr<ByteSource> ZipArchive::open(const std::string& name) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.name == name; });
  BROWNOUT_CHECK(found != members_.end(), "{}", name);
  const std::string where = fmt::format("{}: {}", file_->name(), shortened(name, 100));
  if (found->flags % 2 != 0) throw InputError("{}: is encrypted; expected it plain", where);
  if (found->method != kStored && found->method != kDeflated) {
    throw InputError("{}: found compression method {}, expected 0 (stored) or 8 (deflated)", where,
                     found->method);
  }
  const std::string local = read(found->at, kLocalBytes);
  if (number(local, 0, 4) != kLocalMagic) {
    throw InputError("{}: damaged: found no member at byte {}", where, found->at);
  }
  const std::uint64_t first = found->at + kLocalBytes + number(local, 26, 2) + number(local, 28, 2);
  if (first > file_->size() || found->packed > file_->size() - first) {
    throw InputError("{}: damaged or cut short: claims {} bytes from byte {} on, the file has {}",
                     where, found->packed, first, file_->size());
  }
  auto packed = part_of(file_, first, found->packed);
  if (found->method == kStored) {
    if (found->packed != found->unpacked) {
      throw InputError("{}: damaged: {} stored bytes claim to be {}", where, found->packed,
                       found->unpacked);
    }
    return std::make_unique<StoredSource>(where, std::move(packed), found->checksum);
  }
  if (found->unpacked / kMostDeflation > found->packed) {
    throw InputError("{}: damaged: {} compressed bytes claim to be {}", where, found->packed,
                     found->unpacked);
  }
  return std::make_unique<DeflatedSource>(where, std::move(packed), found->unpacked,
                                          found->checksum);
}

}  // namespace brownout
