// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster/launch.hpp"

#include <cstdlib>

namespace brownout::cluster {

namespace {

std::optional<int> number_of(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end != '\0' || value < 0 || value > 1'000'000'000) return std::nullopt;
  return static_cast<int>(value);
}

struct Launcher {
  const char *rank, *size, *name;
};
constexpr Launcher kLaunchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "mpirun"},  // Open MPI
    {"PMI_RANK", "PMI_SIZE", "mpirun"},                          // MPICH and its kin
};

}  // namespace

std::optional<Launch> launch_of_environment() {
  for (const Launcher& launcher : kLaunchers) {
    const std::optional<int> rank = number_of(launcher.rank), size = number_of(launcher.size);
    if (rank && size) return Launch{*rank, *size, launcher.name};
  }
  // A batch script has the number of its job's tasks too, but is no step of its own.
  const std::optional<int> rank = number_of("SLURM_PROCID"),
                           size = number_of("SLURM_STEP_NUM_TASKS");
  const std::optional<int> local = number_of("SLURM_LOCALID");
  if (rank && size && local && *size > 1) return Launch{*rank, *size, "srun"};
  return std::nullopt;
}

}  // namespace brownout::cluster
