// SPDX-License-Identifier: Apache-2.0
// Files that are read as a whole, and files that appear as a whole or not at all.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace brownout {

/// The whole file. InputError if it is missing, a directory, a device, unreadable, or has more than
/// `max_bytes` (a pipe is read to its end).
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ull << 32);

/// The whole file, gunzipped when it starts with the gzip magic. InputError also when the gzip
/// stream is damaged or cut short, or when more than `max_bytes` come out.
std::string read_file_gz(const std::filesystem::path& path, std::uint64_t max_bytes = 1ull << 32);

/// Writes `content` beside `path`, syncs it and renames it into place: a reader sees the old file
/// or the new one, never a part. A link is followed, and the file that it points to is replaced.
/// InputError (disk full, no permission: the place to write to is an input) names `path`; no file
/// is left then.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// The same for writers that want a path of their own: `write` receives the temporary path.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path&)>& write);

/// InputError unless `bytes` could be written to `path` now. Leaves no file.
void check_writable(const std::filesystem::path& path, std::uint64_t bytes);

/// Creates the folder and its parents; InputError when that is impossible.
void make_folder(const std::filesystem::path& path);

/// Lower-case hexadecimal SHA-256.
std::string sha256_hex(std::string_view bytes);

}  // namespace brownout
