// SPDX-License-Identifier: Apache-2.0
// Reading HDF5 files whose content may be anything: every failure is an InputError that names file
// and place.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/number_array.hpp"

namespace brownout::hdf5 {

/// Closes what the library opened.
class Handle {
 public:
  Handle(hid_t id, herr_t (*closer)(hid_t)) : id_(id), close_(closer) {}
  Handle(Handle&& o) noexcept : id_(o.id_), close_(o.close_) { o.id_ = -1; }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  hid_t id() const { return id_; }
  /// Closes now and returns whether that succeeded.
  herr_t close() {
    const hid_t id = id_;
    id_ = -1;
    return close_(id);
  }
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// As long as an object of this type lives, the library's error stack is not printed.
class Quiet {
 public:
  Quiet();
  ~Quiet();
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// What the library says about its latest failure, in parentheses; empty when it says nothing.
std::string reason();

/// An open data set of numbers.
class DataSet {
 public:
  enum class Kind { kReal, kInteger };
  const std::vector<std::uint64_t>& shape() const { return shape_; }
  std::string shape_text() const;
  NumberType type() const { return type_; }
  /// What the file holds of it, compressed if it is.
  std::uint64_t stored_bytes() const;
  /// Reads the block that starts at `first` and has `count` entries a dimension.
  void read(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& count,
            std::vector<double>& values) const;
  /// Negative numbers are an error.
  void read(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& count,
            std::vector<std::uint64_t>& values) const;
  /// The same as numbers of type().
  void read(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& count,
            void* values) const;
  /// "FILE: level_0/p01", for messages.
  const std::string& where() const { return where_; }

 private:
  friend class InputFile;
  DataSet(Handle set, std::string where) : set_(std::move(set)), where_(std::move(where)) {}
  void read_raw(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& count,
                hid_t type, void* values) const;
  Handle set_;
  std::string where_;
  std::vector<std::uint64_t> shape_;
  NumberType type_;
};

/// The whole file is read first; the library sees it only in memory.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& file);

  /// Attributes of the root group.
  std::string text(const char* name) const;
  std::int64_t integer(const char* name) const;
  double number(const char* name) const;
  bool boolean(const char* name) const;  // h5py's booleans, or an integer 0 or 1

  /// Names of a group's members, in alphabetical order; links to elsewhere are an error.
  std::vector<std::string> members(const std::string& group) const;
  /// Paths of all data sets ("group/images"), in alphabetical order within a group. Links are
  /// passed over.
  std::vector<std::string> data_sets() const;
  /// InputError for a path that a link leads out of the file.
  DataSet data_set(const std::string& path, DataSet::Kind kind) const;
  /// Of integers or of floating-point numbers.
  DataSet data_set(const std::string& path) const;

  template <typename... Args>
  [[noreturn]] void fail(const std::string& place, fmt::format_string<Args...> format,
                         Args&&... args) const {
    throw InputError("{}: {}: {}", name_, place, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  void expect_inside(const std::string& path) const;
  Handle attribute(const char* name) const;
  DataSet data_set(const std::string& path, std::initializer_list<DataSet::Kind> kinds) const;
  std::string name_;
  std::string bytes_;
  Handle file_;
};

}  // namespace brownout::hdf5
