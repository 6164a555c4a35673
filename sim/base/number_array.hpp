// SPDX-License-Identifier: Apache-2.0
// An array of numbers in a file, read from front to back; how the file stores it does not matter.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace brownout {

struct NumberType {
  enum class Kind { kUnsigned, kSigned, kReal, kBoolean };
  Kind kind = Kind::kReal;
  int bytes = 8;  // 1, 2, 4 or 8; of kReal 2, 4 or 8, of kBoolean 1

  /// Booleans are integers: 0 and 1.
  bool is_integer() const { return kind != Kind::kReal; }
  std::string name() const;  // "uint8", "float32", "bool"
  bool operator==(const NumberType& o) const { return kind == o.kind && bytes == o.bytes; }
};

class NumberArray {
 public:
  virtual ~NumberArray() = default;

  const std::string& where() const { return where_; }  // "data.npz: images", for messages
  NumberType type() const { return type_; }
  const std::vector<std::uint64_t>& shape() const { return shape_; }
  std::string shape_text() const;  // "(3, 4)"
  /// Of all dimensions; at least one. The file is large enough to hold so many.
  std::uint64_t size() const { return size_; }

  /// The next `count` numbers in C order (the last index runs fastest). Integers beyond int64_t
  /// become the largest one; only integers are read as integers.
  std::vector<double> next_numbers(std::size_t count);
  std::vector<std::int64_t> next_integers(std::size_t count);
  /// The same of type uint8.
  void next_bytes(std::size_t count, std::uint8_t* to);

 protected:
  /// InputError for an array without numbers, or with more than 2^62.
  NumberArray(std::string where, NumberType type, std::vector<std::uint64_t> shape);
  /// The next `count` numbers in the byte order of this machine. InputError when they cannot be
  /// read.
  virtual void next_raw(std::size_t count, char* to) = 0;

 private:
  template <typename To>
  std::vector<To> next(std::size_t count);

  std::string where_;
  NumberType type_;
  std::vector<std::uint64_t> shape_;
  std::uint64_t size_ = 1;
  std::uint64_t done_ = 0;
};

}  // namespace brownout
