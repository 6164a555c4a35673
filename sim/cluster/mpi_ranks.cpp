// SPDX-License-Identifier: Apache-2.0
// Ranks over MPI. Only the thread that joined talks to it.
#include <mpi.h>
#include <sys/prctl.h>

#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/cluster/launch.hpp"

namespace brownout::cluster {

namespace {

namespace mpi = boost::mpi;

constexpr int kTag = 0;
/// MPI's own waiting would use a whole core. Who has waited for long looks less often: an eighth of
/// that time late at most.
constexpr std::chrono::microseconds kShortestPause{50}, kLongestPause{16000};
constexpr int kPartOfWait = 8;

class MpiRanks : public workers::Ranks {
 public:
  MpiRanks(int& argc, char**& argv) : environment_(argc, argv, mpi::threading::funneled) {
    MPI_Comm here = MPI_COMM_NULL;
    MPI_Comm_split_type(world_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    MPI_Comm_size(here, &on_this_machine_);
    MPI_Comm_free(&here);
  }

  int rank() const override { return world_.rank(); }
  int on_this_machine() const override { return on_this_machine_; }
  int size() const override { return world_.size(); }
  void send(int to, const std::string& text) override { world_.send(to, kTag, text); }
  std::optional<workers::Message> receive(std::chrono::microseconds patience) override {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + patience;
    for (;;) {
      if (const auto status = world_.iprobe(mpi::any_source, kTag)) {
        workers::Message message;
        message.from = status->source();
        world_.recv(message.from, kTag, message.text);
        last_ = Clock::now();
        return message;
      }
      const auto now = Clock::now();
      if (now >= end) return std::nullopt;
      const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(now - last_);
      std::this_thread::sleep_for(
          std::min(std::clamp(waited / kPartOfWait, kShortestPause, kLongestPause), patience));
    }
  }
  void abort(int code) override { mpi::environment::abort(code); }

 private:
  mpi::environment environment_;
  mpi::communicator world_;
  int on_this_machine_ = 1;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();  // message
};

}  // namespace

bool has_mpi() { return true; }

std::unique_ptr<workers::Ranks> join(int& argc, char**& argv) {
  const std::optional<Launch> launch = launch_of_environment();
  if (!launch) return nullptr;
  if (launch->by == "srun" && std::getenv("PMIX_RANK") == nullptr) {
    throw InputError(
        "started by srun as one of {} processes, which cannot find each other; expected "
        "srun --mpi=pmix",
        launch->size);
  }
  // Whoever started the ranks ends them with it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto ranks = std::make_unique<MpiRanks>(argc, argv);
  if (ranks->size() != launch->size) {
    throw InputError(
        "started by {} as one of {} processes, but MPI has {}: they do not find each other; "
        "expected mpirun of the MPI that this program was built with, or srun --mpi=pmix",
        launch->by, launch->size, ranks->size());
  }
  if (ranks->size() == 1) return nullptr;
  return ranks;
}

}  // namespace brownout::cluster
