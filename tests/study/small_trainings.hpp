// SPDX-License-Identifier: Apache-2.0
// Trainings whose trainer is a script.
#pragma once
#include <filesystem>
#include <string>

#include "tests/end_to_end/workplace.hpp"

namespace brownout::study {

/// Gives the workplace training images, the training small.yaml of three epochs, and the script,
/// whose path it returns.
inline std::filesystem::path add_trainer(const end_to_end::Workplace& workplace,
                                         const std::string& script) {
  namespace fs = std::filesystem;
  const fs::path trainer = workplace.write("trainer.sh", script);
  fs::permissions(trainer, fs::perms::owner_all);
  const fs::path data = workplace.folder() / "data";
  for (const char* kind : {"images-idx3-ubyte", "labels-idx1-ubyte"}) {
    fs::copy_file(data / (std::string("t10k-") + kind), data / (std::string("train-") + kind));
  }
  workplace.write("architecture.yaml", "layers: []\n");
  workplace.write("small.yaml",
                  "architecture: {file: architecture.yaml}\n"
                  "dataset: {name: fashion-mnist, folder: data}\n"
                  "schedule: {epochs: 3}\n"
                  "seed: 1\n");
  return trainer;
}

}  // namespace brownout::study
