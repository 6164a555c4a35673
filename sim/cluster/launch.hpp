// SPDX-License-Identifier: Apache-2.0
// How this process was started: alone, or as one of several ranks.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "sim/workers/ranks.hpp"

namespace brownout::cluster {

struct Launch {
  int rank = 0, size = 1;
  std::string by;  // "mpirun" or "srun", for messages
};
/// What the environment says; none when nobody started this process as one of several.
std::optional<Launch> launch_of_environment();

/// Joins the other ranks; null when this process is alone. Their MPI ends when the object does.
/// InputError when it was started as one of several, but this build has no MPI or the ranks do not
/// find each other.
std::unique_ptr<workers::Ranks> join(int& argc, char**& argv);

/// Whether this build has MPI.
bool has_mpi();

}  // namespace brownout::cluster
