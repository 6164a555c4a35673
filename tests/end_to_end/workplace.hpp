// SPDX-License-Identifier: Apache-2.0
// A folder with a small dataset, networks that classify it, and a way to run the command in it.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/network/network.hpp"
#include "tests/interruption/interruption.hpp"

namespace brownout::end_to_end {

using interruption::Interruption;

struct Outcome {
  int code = 0;  // exit status, or 128 + signal
  std::string out, err;
  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

/// How a command is run, beyond its arguments.
struct Surroundings {
  std::optional<Interruption> interruption;
  std::optional<std::size_t> file_limit;      // bytes a file may take: a disk that gets full
  std::vector<std::string> environment = {};  // NAME=value, added
  std::string stdout_file = {};               // instead of Outcome::out
};

class Workplace {
 public:
  static constexpr int kImages = 400;

  /// Creates the folder with data/ (IDX), tiny-rquant-8b.onnx, tiny-uniform-4b.onnx, sweep.yaml.
  Workplace();
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path network() const { return folder_ / "tiny-rquant-8b.onnx"; }
  std::filesystem::path sweep_file() const { return folder_ / "sweep.yaml"; }

  /// Writes a file of the folder and returns its path.
  std::filesystem::path write(const std::string& name, const std::string& content) const;
  /// Every path below the folder, sorted, which shows what a command created.
  std::vector<std::string> listing() const;

  /// Runs `binary` in the folder.
  Outcome run(const std::string& binary, const std::vector<std::string>& arguments,
              const Surroundings& surroundings = {}) const;

 private:
  std::filesystem::path folder_;
};

/// A linear classifier of the dataset, for 28×28 images.
network::Network tiny_network(network::Scheme scheme, int bits);

/// `json` without the fields that depend on the clock: names that end in seconds, _s or _per_s.
nlohmann::json without_timing(nlohmann::json json);

/// IDX file bytes.
std::string idx(const std::vector<std::uint32_t>& extents, const std::string& data);

}  // namespace brownout::end_to_end
