// SPDX-License-Identifier: Apache-2.0
// The handler only unlinks, restores the default and raises again; all of this is safe in a signal.
#include "sim/base/interrupt.hpp"

#include <unistd.h>

#include <string>

#include "sim/base/error.hpp"

namespace brownout {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

std::string g_files[RemoveOnInterrupt::kMaxFiles];
const char* volatile g_names[RemoveOnInterrupt::kMaxFiles] = {};

extern "C" void remove_and_end(int signal) {
  for (const char* const name : g_names) {
    if (name != nullptr) ::unlink(name);
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

RemoveOnInterrupt::RemoveOnInterrupt(const std::vector<std::filesystem::path>& files) {
  BROWNOUT_CHECK(files.size() <= kMaxFiles && g_names[0] == nullptr, "{} files", files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    g_files[i] = files[i].string();
    g_names[i] = g_files[i].c_str();
  }
  struct sigaction action = {};
  action.sa_handler = remove_and_end;
  ::sigemptyset(&action.sa_mask);
  for (int i = 0; i < 2; ++i) {
    ::sigaction(kSignals[i], &action, &before_[i]);
    // As a shell does for commands in the background.
    if (before_[i].sa_handler == SIG_IGN) ::sigaction(kSignals[i], &before_[i], nullptr);
  }
}

RemoveOnInterrupt::~RemoveOnInterrupt() {
  for (int i = 0; i < 2; ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  for (const char* volatile& name : g_names) name = nullptr;
}

}  // namespace brownout
