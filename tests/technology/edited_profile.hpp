// SPDX-License-Identifier: Apache-2.0
// The shipped technology file with one change, and the message when it is loaded.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::technology {

inline const std::filesystem::path kProfile =
    std::filesystem::path(BROWNOUT_SOURCE_DIR) / "profiles/14nm-finfet.yaml";

/// The shipped profile with one piece of text replaced, or cut off before that text when `to` is
/// none.
class EditedProfile {
 public:
  EditedProfile(const std::string& from, const std::optional<std::string>& to) {
    std::string text = read_file(kProfile);
    const std::size_t at = text.find(from);
    BROWNOUT_CHECK(at != std::string::npos, "{}", from);
    if (to) {
      text.replace(at, from.size(), *to);
    } else {
      text.resize(at);
    }
    path_ = std::filesystem::path(testing::TempDir()) /
            ("technology_" + std::to_string(::getpid()) + ".yaml");
    write_file_atomically(path_, text);
  }
  ~EditedProfile() { std::filesystem::remove(path_); }
  EditedProfile(const EditedProfile&) = delete;
  EditedProfile& operator=(const EditedProfile&) = delete;

  Technology load() const { return Technology::load(path_); }
  /// The message of the InputError that loading throws; "" when it loads.
  std::string message() const {
    try {
      load();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

 private:
  std::filesystem::path path_;
};

/// The message of the InputError that `f` throws; "" when it throws none.
template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace brownout::technology
