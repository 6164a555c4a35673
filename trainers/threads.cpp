// SPDX-License-Identifier: Apache-2.0
// The BLAS is whichever library the system loads for LibTorch, so it is asked at run time.
#include "trainers/threads.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

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

/// The file that holds a loaded function, links resolved; "" when there is none.
std::filesystem::path file_of(const char* name) {
  Dl_info info{};
  void* const place = ::dlsym(RTLD_DEFAULT, name);
  if (place == nullptr || ::dladdr(place, &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code error;
  return std::filesystem::canonical(info.dli_fname, error);
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

}  // namespace brownout::trainers
