// SPDX-License-Identifier: Apache-2.0
// Runs gnuplot and takes the picture from its stdout.
#include "sim/report/gnuplot.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout::report {

namespace fs = std::filesystem;

namespace {

/// Runs a program and gives all it writes to stdout. Exit status of the program, or -1 with errno
/// set when it does not start.
int run_quietly(const std::vector<std::string>& words, std::string& output) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDIN_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    errno = error;
    return -1;
  }
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Whether the picture ends as its format does.
bool is_whole(const std::string& picture, const std::string& format) {
  if (format == ".png") {  // the last chunk: its name and its checksum
    constexpr std::string_view kEnd = "IEND\xae\x42\x60\x82";
    return picture.size() >= kEnd.size() &&
           picture.compare(picture.size() - kEnd.size(), kEnd.size(), kEnd) == 0;
  }
  const std::string_view ends_with = format == ".pdf" ? "%%EOF" : "</svg>";
  const std::size_t end = picture.find_last_not_of(" \t\r\n");
  return end != std::string::npos && end + 1 >= ends_with.size() &&
         picture.compare(end + 1 - ends_with.size(), ends_with.size(), ends_with) == 0;
}

}  // namespace

std::string gnuplot_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::optional<std::string> draw_with_gnuplot(const std::string& program, const fs::path& file) {
  // Absolute: gnuplot takes a relative path that begins with "-" for an option.
  fs::path script = fs::absolute(file);
  script.replace_extension(".gp");
  write_file_atomically(script, program);
  // Through a pipe: gnuplot does not notice when a disk is full, our own writing does.
  std::string picture;
  const int status =
      run_quietly({"gnuplot", "-e", "output_file='/dev/stdout'", script.string()}, picture);
  if (status == -1 || status == 127) {
    return fmt::format(
        "no plot: gnuplot is not installed (Debian: gnuplot-nox); later: cd {} && gnuplot {}",
        script.parent_path().string(), script.filename().string());
  }
  if (status != 0 || !is_whole(picture, file.extension().string())) {
    return fmt::format("no plot: gnuplot ended with status {} on {}{}", status, script.string(),
                       status == 0 ? ", its picture is cut short" : "");
  }
  write_file_atomically(file, picture);
  return std::nullopt;
}

}  // namespace brownout::report
