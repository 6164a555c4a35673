// SPDX-License-Identifier: Apache-2.0
// The library that is preloaded into a program. Its functions replace those of the C library; they
// count the file operations and send the signal at the one that was ordered.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/interruption/orders.hpp"

namespace {

using brownout::interruption::Orders;

Orders* orders() {
  static Orders* const mapped = []() -> Orders* {
    const char* name = std::getenv(brownout::interruption::kOrdersVariable);
    const int file = name == nullptr ? -1 : ::open(name, O_RDWR | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* memory = ::mmap(nullptr, sizeof(Orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return memory == MAP_FAILED ? nullptr : static_cast<Orders*>(memory);
  }();
  return mapped;
}

/// Counts an operation on `path`; returns whether the signal is due at this operation.
bool due(const char* path) {
  Orders* const order = orders();
  if (order == nullptr) return false;
  const std::size_t length = std::strlen(path), end = std::strlen(order->path_end);
  if (length < end || std::strcmp(path + length - end, order->path_end) != 0) return false;
  return order->remaining.fetch_sub(1) == 1;
}

/// The same for a file that is open. Pipes, terminals and the standard streams do not count.
bool due(int file) {
  struct stat status {};
  if (file <= STDERR_FILENO || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
    return false;
  char link[32], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return due(path);
}

template <typename Result>
Result with_signal(Result result) {
  ::kill(orders()->program, orders()->signal);
  return result;
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using Open = int(const char*, int, ...);
int open_as(Open* real, const char* path, int flags, mode_t mode) {
  const bool signal = (flags & (O_CREAT | O_TRUNC)) != 0 && due(path);
  const int file = real(path, flags, mode);
  return signal ? with_signal(file) : file;
}

using Fopen = FILE*(const char*, const char*);
FILE* fopen_as(Fopen* real, const char* path, const char* mode) {
  const bool signal = mode[0] != 'r' && due(path);
  FILE* const file = real(path, mode);
  return signal ? with_signal(file) : file;
}

mode_t mode_of(int flags, std::va_list rest) {
  return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static Open* const real = next<Open>("open");
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_as(real, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static Open* const real = next<Open>("open64");
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_as(real, path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
  static Fopen* const real = next<Fopen>("fopen");
  return fopen_as(real, path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  static Fopen* const real = next<Fopen>("fopen64");
  return fopen_as(real, path, mode);
}

ssize_t write(int file, const void* bytes, size_t count) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  if (!due(file)) return real(file, bytes, count);
  return with_signal(real(file, bytes, (count + 1) / 2));
}

ssize_t writev(int file, const iovec* parts, int count) {
  static auto* const real = next<ssize_t(int, const iovec*, int)>("writev");
  const bool signal = due(file);
  const ssize_t written = real(file, parts, count);
  return signal ? with_signal(written) : written;
}

ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t at) {
  static auto* const real = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  if (!due(file)) return real(file, bytes, count, at);
  return with_signal(real(file, bytes, (count + 1) / 2, at));
}

ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) {
  return pwrite64(file, bytes, count, at);
}

int ftruncate64(int file, off64_t size) noexcept {
  static auto* const real = next<int(int, off64_t)>("ftruncate64");
  const bool signal = due(file);
  const int result = real(file, size);
  return signal ? with_signal(result) : result;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = next<int(const char*, const char*)>("rename");
  const bool signal = due(to);
  const int result = real(from, to);
  return signal ? with_signal(result) : result;
}

int remove(const char* path) noexcept {
  static auto* const real = next<int(const char*)>("remove");
  const bool signal = due(path);
  const int result = real(path);
  return signal ? with_signal(result) : result;
}

int unlink(const char* path) noexcept {
  static auto* const real = next<int(const char*)>("unlink");
  const bool signal = due(path);
  const int result = real(path);
  return signal ? with_signal(result) : result;
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = next<int(const char*, mode_t)>("mkdir");
  const bool signal = due(path);
  const int result = real(path, mode);
  return signal ? with_signal(result) : result;
}
}
