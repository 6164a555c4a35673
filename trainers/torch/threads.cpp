// SPDX-License-Identifier: Apache-2.0
// The BLAS is the library that the system loads for LibTorch, so it is asked at run time.
#include "trainers/torch/threads.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

#ifndef INTRA_OP_PARALLEL
#error "at::parallel_for would run alone: compile this file with OpenMP"
#endif

namespace brownout::trainers {
namespace {

template <typename Function>
Function* loaded(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

/// The file that contains a loaded function, links resolved; "" when there is none.
std::filesystem::path file_of(const char* name) {
  Dl_info info{};
  void* const place = ::dlsym(RTLD_DEFAULT, name);
  if (place == nullptr || ::dladdr(place, &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code error;
  return std::filesystem::canonical(info.dli_fname, error);
}

/// The core that OpenBLAS should have found; "" if it found one, or if no better one is known.
std::string better_core() {
  auto* core = loaded<char*()>("openblas_get_corename");
  if (core == nullptr || std::string(core()) != "Prescott") return "";
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return "SkylakeX";
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

}  // namespace

void use_threads(int threads) {
  at::set_num_threads(threads);
  if (auto* set = loaded<void(int)>("openblas_set_num_threads")) set(threads);
}

int threads_in_use() { return at::get_num_threads(); }

void in_parallel(std::int64_t total, const std::function<void(std::int64_t, std::int64_t)>& work) {
  at::parallel_for(0, total, 1, work);
}

Blas blas_in_use() {
  Blas blas;
  if (auto* config = loaded<const char*()>("openblas_get_config")) {
    std::istringstream words(config());  // "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY …"
    std::string name, version;
    words >> name >> version;
    blas.name = name + " " + version;
    if (auto* core = loaded<char*()>("openblas_get_corename"))
      blas.name += fmt::format(" {}", core());
    if (auto* threads = loaded<int()>("openblas_get_num_threads")) blas.threads = threads();
    return blas;
  }
  blas.name = file_of("sgemm_").filename().string();
  if (blas.name.empty()) blas.name = "unknown";
  bool fast = false;  // MKL, BLIS and ATLAS may come under the reference library's file name
  for (const char* name : {"mkl_get_version", "bli_info_get_version_str", "ATL_buildinfo"}) {
    fast = fast || ::dlsym(RTLD_DEFAULT, name) != nullptr;
  }
  blas.reference = !fast && blas.name.rfind("libblas.so", 0) == 0;
  return blas;
}

void restart_where_that_is_faster(char** argv, bool several_threads) {
  bool changed = false;
  const auto set = [&](const char* name, const std::string& value) {
    changed = ::setenv(name, value.c_str(), 0) == 0 || changed;
  };
  if (std::getenv("OPENBLAS_CORETYPE") == nullptr) {
    if (const std::string core = better_core(); !core.empty()) set("OPENBLAS_CORETYPE", core);
  }
  if (several_threads && std::getenv("GOMP_SPINCOUNT") == nullptr &&
      std::getenv("OMP_WAIT_POLICY") == nullptr) {
    set("OMP_WAIT_POLICY", "passive");
  }
  if (changed) ::execv("/proc/self/exe", argv);
}

}  // namespace brownout::trainers
