// SPDX-License-Identifier: Apache-2.0
// A build without MPI.
#include "sim/base/error.hpp"
#include "sim/cluster/launch.hpp"

namespace brownout::cluster {

bool has_mpi() { return false; }

std::unique_ptr<workers::Ranks> join(int& /*argc*/, char**& /*argv*/) {
  const std::optional<Launch> launch = launch_of_environment();
  if (!launch || launch->size == 1) return nullptr;
  throw InputError(
      "started by {} as one of {} processes, but this program was built without MPI; expected one "
      "of ./setup.sh build --mpi, or a job array with --shard",
      launch->by, launch->size);
}

}  // namespace brownout::cluster
