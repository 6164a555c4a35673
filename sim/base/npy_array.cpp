// SPDX-License-Identifier: Apache-2.0
// The header is a Python dictionary with three keys; the numbers follow it.
#include "sim/base/npy_array.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "sim/base/byte_source.hpp"
#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/base/zip_archive.hpp"

namespace brownout {

namespace {

constexpr std::size_t kMostHeaderBytes = 1 << 20;
constexpr std::size_t kMostDimensions = 32;   // as NumPy
constexpr std::string_view kEnding = ".npy";  // of members of an archive

struct NpyHeader {
  NumberType type;
  bool swapped = false;  // stored in the other byte order
  bool fortran = false;  // stored with the first index running fastest
  std::vector<std::uint64_t> shape;
};

/// Reads the dictionary: the three keys that NumPy writes, in any order.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyHeader read() {
    NpyHeader header;
    expect('{');
    bool descr = false, order = false, shape = false;
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !descr) {
        read_type(header);
        descr = true;
      } else if (key == "fortran_order" && !order) {
        header.fortran = take_word("True");
        if (!header.fortran && !take_word("False")) {
          fail("expected True or False after fortran_order");
        }
        order = true;
      } else if (key == "shape" && !shape) {
        read_shape(header.shape);
        shape = true;
      } else {
        fail("expected the keys descr, fortran_order and shape once each, got " + in_quotes(key));
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    blanks();
    if (at_ != text_.size()) fail("expected nothing after the header's dictionary");
    if (!descr || !order || !shape) fail("expected the keys descr, fortran_order and shape");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError("{}: NumPy header: {}", where_, what);
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char character) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != character) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    blanks();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void expect(char character) {
    if (!take(character)) fail(fmt::format("expected \"{}\" at byte {}", character, at_));
  }
  std::string_view quoted() {
    blanks();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '\'' && quote != '"') fail(fmt::format("expected text at byte {}", at_));
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a text does not end");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }
  /// "<f4": byte order, kind, bytes.
  void read_type(NpyHeader& header) {
    if (take('[')) fail("expected numbers, found records of several fields");
    const std::string_view text = quoted();
    if (text == "|O" || text == "O") {
      throw InputError("{}: expected numbers, found pickled objects", where_);
    }
    const std::string_view kinds = "uifb";
    const bool three = text.size() == 3;
    const std::size_t kind = three ? kinds.find(text[1]) : std::string_view::npos;
    const int bytes = three ? text[2] - '0' : 0;
    const bool wide = bytes == 2 || bytes == 4 || bytes == 8;
    const bool size =
        three && (text[1] == 'b' ? bytes == 1 : wide || (text[1] != 'f' && bytes == 1));
    const bool order =
        three && (text[0] == '<' || text[0] == '>' || (text[0] == '|' && bytes == 1));
    if (kind == std::string_view::npos || !size || !order) {
      fail("expected numbers of at most 64 bits (\"|u1\", \"<i8\", \"<f4\" and the like), got " +
           in_quotes(shortened(text, 40)));
    }
    header.type = {static_cast<NumberType::Kind>(kind), bytes};
    header.swapped = text[0] == '>';
  }
  void read_shape(std::vector<std::uint64_t>& shape) {
    expect('(');
    while (!take(')')) {
      blanks();
      std::uint64_t value = 0;
      const auto result = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (result.ec != std::errc()) fail("expected the shape's numbers");
      at_ = static_cast<std::size_t>(result.ptr - text_.data());
      shape.push_back(value);
      if (shape.size() > kMostDimensions) fail("expected at most 32 dimensions, got more");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

NpyHeader read_header(ByteSource& source, const std::string& where) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  std::array<char, 12> start{};
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(start[i]));
  };
  if (source.left() >= 10) source.read(start.data(), 10);
  if (std::string_view(start.data(), kMagic.size()) != kMagic) {
    throw InputError("{}: expected a NumPy .npy file, got something else", where);
  }
  if (byte(6) < 1 || byte(6) > 3 || byte(7) != 0) {
    throw InputError("{}: expected NumPy format 1.0, 2.0 or 3.0, got {}.{}", where, byte(6),
                     byte(7));
  }
  std::size_t length = byte(8) | byte(9) << 8;
  if (byte(6) > 1) {
    if (source.left() >= 2) source.read(start.data() + 10, 2);
    length |= byte(10) << 16 | byte(11) << 24;
  }
  if (length > source.left()) {
    throw InputError("{}: the file ends inside its header of {} bytes", where, length);
  }
  if (length > kMostHeaderBytes) {
    throw InputError("{}: expected a header of at most {} bytes, got {}", where, kMostHeaderBytes,
                     length);
  }
  std::string text(length, '\0');
  source.read(text.data(), length);
  return HeaderReader(text, where).read();
}

class NpyArray : public NumberArray {
 public:
  NpyArray(std::unique_ptr<ByteSource> source, std::string where, NpyHeader header)
      : NumberArray(std::move(where), header.type, std::move(header.shape)),
        source_(std::move(source)),
        swapped_(header.swapped),
        fortran_(header.fortran && this->shape().size() > 1) {
    const double expected = static_cast<double>(size()) * type().bytes;
    if (expected != static_cast<double>(source_->left())) {
      throw InputError("{}: expected {:.0f} bytes of data for the shape {}, got {}", this->where(),
                       expected, shape_text(), source_->left());
    }
  }

 protected:
  void next_raw(std::size_t count, char* to) override {
    const auto bytes = static_cast<std::size_t>(type().bytes);
    if (fortran_) {
      gather(count, to);
    } else {
      source_->read(to, count * bytes);
    }
    if (!swapped_) return;
    for (std::size_t i = 0; i < count; ++i) std::reverse(to + i * bytes, to + (i + 1) * bytes);
  }

 private:
  /// The next numbers in C order of an array in Fortran order, which is read as a whole.
  void gather(std::size_t count, char* to) {
    const auto bytes = static_cast<std::size_t>(type().bytes);
    if (whole_.empty()) {
      whole_.resize(size() * bytes);
      source_->read(whole_.data(), whole_.size());
      index_.assign(shape().size(), 0);
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(whole_.data() + at_ * bytes, bytes, to + i * bytes);
      // The last index runs fastest. `at_` is where the number with these indices stands.
      std::uint64_t stride = size();
      for (std::size_t axis = shape().size(); axis-- > 0;) {
        stride /= shape()[axis];
        at_ += stride;
        if (++index_[axis] < shape()[axis]) break;
        at_ -= stride * shape()[axis];
        index_[axis] = 0;
      }
    }
  }

  std::unique_ptr<ByteSource> source_;
  bool swapped_, fortran_;
  std::string whole_;                 // of an array in Fortran order
  std::vector<std::uint64_t> index_;  // of its next number
  std::uint64_t at_ = 0;
};

std::unique_ptr<NumberArray> open_array(std::unique_ptr<ByteSource> source, std::string where) {
  NpyHeader header = read_header(*source, where);
  return std::make_unique<NpyArray>(std::move(source), std::move(where), std::move(header));
}

std::string without_ending(const std::string& name) {
  const std::size_t start = name.size() < kEnding.size() ? 0 : name.size() - kEnding.size();
  return name.compare(start, std::string::npos, kEnding) == 0 ? name.substr(0, start) : name;
}

}  // namespace

std::unique_ptr<NumberArray> open_npy(const std::filesystem::path& path) {
  auto file = std::make_shared<const PartedFile>(path);
  const std::uint64_t size = file->size();
  return open_array(part_of(std::move(file), 0, size), path.string());
}

std::unique_ptr<NumberArray> open_npz(const std::filesystem::path& path, const std::string& name) {
  const ZipArchive archive(path);
  std::vector<std::string> arrays;
  for (const std::string& member : archive.names()) {
    if (without_ending(member) != member) arrays.push_back(without_ending(member));
  }
  std::string array = without_ending(name);
  if (array.empty() && arrays.size() == 1) array = arrays.front();
  if (std::find(arrays.begin(), arrays.end(), array) == arrays.end()) {
    const std::string there = shortened(fmt::format("{}", fmt::join(arrays, ", ")), 200);
    throw InputError(
        "{}: expected the {}, found {}", path.string(),
        array.empty() ? "name of one of its arrays" : "array " + in_quotes(shortened(array, 60)),
        arrays.empty() ? "no array" : there);
  }
  return open_array(archive.open(array + std::string(kEnding)), path.string() + ": " + array);
}

}  // namespace brownout
