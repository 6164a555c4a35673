// SPDX-License-Identifier: Apache-2.0
// Importer of .npy pairs: a strict reader of NumPy's format, versions 1 and 2.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/profile_import.hpp"

namespace brownout::profiles {
namespace {

constexpr std::uint64_t kMostNpyBytes = 1ull << 33;

struct NpyArray {
  std::vector<std::uint64_t> shape;
  std::string bytes;     // the whole file
  std::size_t data = 0;  // where the numbers begin
  std::size_t size = 0;  // how many
  bool is_double = false;

  double at(std::size_t i) const {
    if (is_double) {
      double value;
      std::memcpy(&value, bytes.data() + data + i * sizeof value, sizeof value);
      return value;
    }
    float value;
    std::memcpy(&value, bytes.data() + data + i * sizeof value, sizeof value);
    return double{value};
  }
};

/// Reads the header: a Python dictionary with the three keys that NumPy writes, in any order.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  void read(NpyArray& array) {
    expect('{');
    bool descr = false, order = false, shape = false;
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !descr) {
        const std::string_view type = quoted();
        if (type != "<f4" && type != "<f8")
          fail("expected little-endian float32 or float64 (\"<f4\", \"<f8\"), got " +
               in_quotes(type));
        array.is_double = type == "<f8";
        descr = true;
      } else if (key == "fortran_order" && !order) {
        if (take_word("True")) fail("expected C order, got Fortran order");
        if (!take_word("False")) fail("expected True or False behind fortran_order");
        order = true;
      } else if (key == "shape" && !shape) {
        read_shape(array.shape);
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
    if (at_ != text_.size()) fail("expected nothing behind the header's dictionary");
    if (!descr || !order || !shape) fail("expected the keys descr, fortran_order and shape");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError("{}: NumPy header: {}", file_, what);
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
  void read_shape(std::vector<std::uint64_t>& shape) {
    expect('(');
    while (!take(')')) {
      blanks();
      std::uint64_t value = 0;
      const auto result = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (result.ec != std::errc()) fail("expected the shape's numbers");
      at_ = result.ptr - text_.data();
      shape.push_back(value);
      if (shape.size() > 8) fail("expected two or three dimensions, got more");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
};

NpyArray read_npy(const std::filesystem::path& path) {
  NpyArray array;
  const std::string name = path.string();
  array.bytes = read_file(path, kMostNpyBytes);
  const std::string& bytes = array.bytes;
  constexpr std::string_view kMagic = "\x93NUMPY";
  if (bytes.size() < 10 || bytes.compare(0, kMagic.size(), kMagic) != 0)
    throw InputError("{}: expected a NumPy .npy file, got something else", name);
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::size_t length = 0, start = 0;
  if (byte(6) == 1 && byte(7) == 0) {
    length = byte(8) | byte(9) << 8;
    start = 10;
  } else if (byte(6) == 2 && byte(7) == 0 && bytes.size() >= 12) {
    length = byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
    start = 12;
  } else {
    throw InputError("{}: expected NumPy format 1.0 or 2.0, got {}.{}", name, byte(6), byte(7));
  }
  if (length > bytes.size() - start)
    throw InputError("{}: the file ends inside its header of {} bytes", name, length);
  HeaderReader(std::string_view(bytes).substr(start, length), name).read(array);
  if (array.shape.size() != 2 && array.shape.size() != 3)
    throw InputError("{}: expected rows x columns or arrays x rows x columns, got the shape ({})",
                     name, fmt::join(array.shape, ", "));
  array.data = start + length;
  const std::size_t width = array.is_double ? 8 : 4;
  double expected = static_cast<double>(width);
  for (const std::uint64_t n : array.shape) expected *= static_cast<double>(n);
  const std::size_t found = bytes.size() - array.data;
  if (expected == 0.0 || expected != static_cast<double>(found))
    throw InputError("{}: expected {:.0f} bytes of data for the shape ({}), got {}", name, expected,
                     fmt::join(array.shape, ", "), found);
  array.size = found / width;
  return array;
}

}  // namespace

Profile import_npy(const std::vector<VoltageNpy>& files, const ImportInfo& info) {
  Profile profile;
  profile.name = info.name;
  profile.origin = info.origin;
  profile.vmin_volt = info.vmin_volt;
  std::vector<std::uint64_t> shape;
  for (const VoltageNpy& source : files) {
    const NpyArray p01 = read_npy(source.p01);
    const NpyArray p10 = read_npy(source.p10);
    if (p01.shape != p10.shape)
      throw InputError("{}: expected the shape of {}, ({}), got ({})", source.p10.string(),
                       source.p01.string(), fmt::join(p01.shape, ", "), fmt::join(p10.shape, ", "));
    if (shape.empty()) {
      shape = p01.shape;
    } else if (p01.shape != shape) {
      throw InputError("{}: expected the shape of {}, ({}), got ({})", source.p01.string(),
                       files.front().p01.string(), fmt::join(shape, ", "),
                       fmt::join(p01.shape, ", "));
    }
    ProfileLevel level;
    level.voltage = source.voltage;
    for (std::size_t i = 0; i < p01.size; ++i) {
      for (const auto& [array, file] :
           {std::pair(&p01, &source.p01), std::pair(&p10, &source.p10)}) {
        const double p = array->at(i);
        if (!(p >= 0.0 && p <= 1.0))  // negated, so that NaN fails too
          throw InputError("{}: number {}: expected a probability in [0, 1], got {}",
                           file->string(), i, p);
      }
      const ProfileCell cell{i, static_cast<float>(p01.at(i)), static_cast<float>(p10.at(i))};
      if (cell.p01 > 0.0f || cell.p10 > 0.0f) level.cells.push_back(cell);
    }
    profile.levels.push_back(std::move(level));
  }
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  constexpr std::uint64_t kMostPerAxis = 1 << 24;
  for (const std::uint64_t n : shape) {
    if (n > kMostPerAxis)
      throw InputError("{}: expected at most {} arrays, rows and columns, got {}",
                       files.front().p01.string(), kMostPerAxis, n);
  }
  if (!shape.empty()) {
    profile.arrays = static_cast<int>(shape[0]);
    profile.rows = static_cast<int>(shape[1]);
    profile.columns = static_cast<int>(shape[2]);
  } else {
    profile.rows = profile.columns = 1;
  }
  std::sort(profile.levels.begin(), profile.levels.end(),
            [](const ProfileLevel& a, const ProfileLevel& b) { return a.voltage < b.voltage; });
  check_profile(profile, profile.name.empty() ? "imported profile" : profile.name);
  return profile;
}

}  // namespace brownout::profiles
