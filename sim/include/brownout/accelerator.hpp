// SPDX-License-Identifier: Apache-2.0
// Accelerators: one YAML file, and the program that a network is compiled to (docs/accelerator.md).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brownout/error.hpp"
#include "brownout/network.hpp"

namespace brownout {

namespace mapping {
struct AcceleratorConfig;
struct Program;
}  // namespace mapping

/// The description of an accelerator. Copies share it.
class AcceleratorConfig {
 public:
  /// A shipped accelerator by its name ("edge-16x16"), or a YAML file. InputError for anything
  /// else.
  explicit AcceleratorConfig(const std::string& name_or_file);

  std::string name() const;
  std::string file() const;
  int rows() const;
  int columns() const;
  std::string dataflow() const;  // "weight-stationary", "output-stationary"
  double clock_mhz() const;

  const std::shared_ptr<const mapping::AcceleratorConfig>& internal() const { return config_; }

 private:
  std::shared_ptr<const mapping::AcceleratorConfig> config_;
};

/// A network compiled for an accelerator.
class Program {
 public:
  struct Layer {
    std::string name;
    std::int64_t macs = 0;                // of all images of a batch
    std::int64_t closed_form_cycles = 0;  // without stalls
  };

  /// `batch` images at a time; the network's first weight lies in cell `bit_offset`. InputError
  /// when the network does not fit.
  Program(const Network& network, const AcceleratorConfig& accelerator, int batch = 1,
          std::uint64_t bit_offset = 0);

  const Network& network() const { return network_; }
  const AcceleratorConfig& accelerator() const { return accelerator_; }
  int batch() const;
  std::vector<Layer> layers() const;
  std::int64_t weight_words() const;  // of 64 bits, that the codes take

  const std::shared_ptr<const mapping::Program>& internal() const { return program_; }

 private:
  Network network_;
  AcceleratorConfig accelerator_;
  std::shared_ptr<const mapping::Program> program_;
};

}  // namespace brownout
