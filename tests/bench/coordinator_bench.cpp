// SPDX-License-Identifier: Apache-2.0
// What rank 0 spends on a job that another rank does: questions, a row, the end, the next job, and
// the commits of the result store.
//
//   mpirun --oversubscribe -n 8 build/release/tests/bench/coordinator_bench [JOBS]
//
// needs -DBROWNOUT_WITH_MPI=ON and -DBROWNOUT_WITH_BENCHMARKS=ON. The jobs themselves compute
// nothing. The processor time is that of the thread that talks to the other ranks; with few of them
// it waits in between, which costs time as well.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/cluster/launch.hpp"
#include "sim/results/store.hpp"
#include "sim/workers/jobs.hpp"

namespace {

using namespace brownout;

/// As many as a sweep on 2,000 images stores for a chip.
constexpr std::size_t kRowBytes = 1'100;

double seconds_of_thread() {
  rusage used{};
  getrusage(RUSAGE_THREAD, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

class ManyJobs : public workers::Plan {
 public:
  explicit ManyJobs(int jobs) : jobs_(jobs) {}
  std::vector<workers::Job> first() override {
    std::vector<workers::Job> jobs;
    for (int i = 0; i < jobs_; ++i) jobs.push_back({std::to_string(i), 1.0});
    return jobs;
  }
  std::vector<workers::Job> after(const workers::Job& /*done*/) override { return {}; }

 private:
  int jobs_;
};

/// What a job of a sweep says to the store: whether the clean network and the chip are there, then
/// the chip's row.
void work(const std::string& what, results::RowStore& rows) {
  rows.find("clean");
  rows.find(what);
  rows.append(what, R"({"wrong_images":")" + std::string(kRowBytes, '0') + "\"}");
}

int run(workers::Ranks& ranks, int jobs) {
  const Json identity = {{"jobs", jobs}};
  if (ranks.rank() > 0) return workers::serve(ranks, identity, work);
  const auto folder = std::filesystem::temp_directory_path() /
                      ("brownout-coordinator-" + std::to_string(std::rand()));
  std::filesystem::remove_all(folder);
  int own = 0;
  workers::expect_agreement(ranks, identity);
  {
    results::Store store(folder, "{}");
    ManyJobs plan(jobs);
    const double before = seconds_of_thread();
    workers::hand_out(
        ranks, plan,
        [&](const std::string& what, results::RowStore& rows) {
          ++own;
          std::this_thread::sleep_for(std::chrono::milliseconds(20));  // leaves the others to work
          work(what, rows);
        },
        store);
    const double spent = seconds_of_thread() - before;
    std::printf("{\"jobs\": %d, \"of_others\": %d, \"us_per_job\": %.1f}\n", jobs, jobs - own,
                1e6 * spent / std::max(1, jobs - own));
  }
  std::filesystem::remove_all(folder);
  workers::dismiss(ranks, 0);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::unique_ptr<workers::Ranks> ranks = cluster::join(argc, argv);
  if (!ranks) {
    std::fputs("expected two ranks or more: mpirun -n 8 coordinator_bench\n", stderr);
    return 2;
  }
  return run(*ranks, argc > 1 ? std::atoi(argv[1]) : 20'000);
}
