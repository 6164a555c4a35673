// SPDX-License-Identifier: Apache-2.0
// Ten faint patterns in strong noise; a classifier that knows the patterns; fork and exec.
#include "workplace.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/random.hpp"
#include "sim/network/onnx_file.hpp"

namespace brownout::end_to_end {

namespace fs = std::filesystem;

namespace {

constexpr int kSide = 28;
constexpr int kPixels = kSide * kSide;
constexpr int kClasses = 10;
constexpr int kContrast = 8;  // of a pattern, in grey levels around 128
constexpr int kNoise = 110;   // of an image

/// +1 or -1 for every pixel of a class.
int pattern(int label, int pixel) {
  const Philox random(1, Purpose::kTest);
  return (random(static_cast<std::uint64_t>(label), static_cast<std::uint64_t>(pixel))[0] & 1) != 0
             ? 1
             : -1;
}

void write_dataset(const fs::path& folder) {
  const Philox random(2, Purpose::kTest);
  std::string pixels, labels;
  for (int image = 0; image < Workplace::kImages; ++image) {
    const int label = image % kClasses;
    labels += static_cast<char>(label);
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      const double u = unit_open(
          random(static_cast<std::uint64_t>(image), static_cast<std::uint64_t>(pixel))[0]);
      const double level = 128 + kContrast * pattern(label, pixel) + kNoise * (2 * u - 1);
      pixels += static_cast<char>(static_cast<unsigned char>(std::clamp(level, 0.0, 255.0)));
    }
  }
  fs::create_directories(folder);
  std::ofstream(folder / "t10k-images-idx3-ubyte", std::ios::binary)
      << idx({Workplace::kImages, kSide, kSide}, pixels);
  std::ofstream(folder / "t10k-labels-idx1-ubyte", std::ios::binary)
      << idx({Workplace::kImages}, labels);
}

network::Parameter coded(const std::string& name, network::Role role,
                         std::vector<std::int64_t> shape, const std::vector<float>& values,
                         network::Scheme scheme, int bits) {
  network::Parameter parameter;
  parameter.name = name;
  parameter.role = role;
  parameter.shape = std::move(shape);
  parameter.coding =
      network::fit(scheme, bits, values.data(), static_cast<std::int64_t>(values.size()));
  for (const float w : values) {
    parameter.n.push_back(static_cast<std::int8_t>(
        network::encode(*parameter.coding, w, network::Rounding::kNearest)));
  }
  return parameter;
}

int open_or_die(const std::string& file, int flags) {
  const int descriptor = ::open(file.c_str(), flags, 0666);
  if (descriptor < 0) ::_exit(126);
  return descriptor;
}

/// The child process: redirects, sets limits, becomes the program.
[[noreturn]] void become(const std::vector<std::string>& words, const fs::path& folder,
                         const Surroundings& surroundings,
                         const std::optional<interruption::Interrupter>& interrupter,
                         const std::string& out, const std::string& err) {
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::dup2(open_or_die("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(open_or_die(out, O_WRONLY | O_CREAT | O_TRUNC), STDOUT_FILENO);
  ::dup2(open_or_die(err, O_WRONLY | O_CREAT | O_TRUNC), STDERR_FILENO);
  for (const std::string& entry : surroundings.environment) {
    const std::size_t equals = entry.find('=');
    ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  if (surroundings.file_limit) {
    std::signal(SIGXFSZ, SIG_IGN);  // write() then fails as on a full disk
    const rlimit limit{*surroundings.file_limit, *surroundings.file_limit};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  if (interrupter) interrupter->watch_this_process();
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

std::string idx(const std::vector<std::uint32_t>& extents, const std::string& data) {
  std::string bytes{0, 0, 8, static_cast<char>(extents.size())};
  for (const std::uint32_t extent : extents) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift & 255);
  }
  return bytes + data;
}

network::Network tiny_network(network::Scheme scheme, int bits) {
  constexpr float kStd = 0.25f;
  constexpr float kWeight = kContrast / 255.0f / kStd;
  std::vector<float> weights, biases;
  for (int label = 0; label < kClasses; ++label) {
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      weights.push_back(kWeight * static_cast<float>(pattern(label, pixel)));
    }
    biases.push_back(0.001f * static_cast<float>(label));
  }
  network::Network net;
  net.name = "tiny";
  net.input = {1, kSide, kSide};
  net.transform = {{0.5f}, {kStd}};
  net.classes = kClasses;
  net.parameters = {
      coded("fc.weight", network::Role::kWeight, {kClasses, kPixels}, weights, scheme, bits),
      coded("fc.bias", network::Role::kBias, {kClasses}, biases, scheme, bits)};
  network::Linear linear;
  linear.weight = network::ParameterIndex(0);
  linear.bias = network::ParameterIndex(1);
  linear.out_features = kClasses;
  net.nodes = {{"input_quantize", network::Quantize{4.0f / 255, 128}, {network::ValueIndex(0)}},
               {"flatten", network::Flatten{}, {network::ValueIndex(1)}},
               {"fc", linear, {network::ValueIndex(2)}}};
  net.metadata = {{"brownout.training", "made by a test, not trained"}};
  return net;
}

Workplace::Workplace() {
  static std::atomic<int> count{0};
  folder_ =
      fs::temp_directory_path() / fmt::format("brownout-e2e-{}-{}", ::getpid(), count.fetch_add(1));
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  write_dataset(folder_ / "data");
  network::write_onnx(tiny_network(network::Scheme::kRquant, 8), network());
  network::write_onnx(tiny_network(network::Scheme::kUniform, 4), folder_ / "tiny-uniform-4b.onnx");
  write("sweep.yaml",
        "# A sweep small enough for a test.\n"
        "technology: " BROWNOUT_SOURCE_DIR
        "/profiles/14nm-finfet.yaml\n"
        "models: [tiny-rquant-8b.onnx, tiny-uniform-4b.onnx]\n"
        "dataset: fashion-mnist\n"
        "data_folder: data\n"
        "images: 200\n"
        "chips: 4\n"
        "voltage_grid: {from: 0.75, to: 1.0, points: 4}\n"
        "safe_voltage: {max_drop_points: 2.5, tolerance: 0.01}\n");
}

Workplace::~Workplace() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

fs::path Workplace::write(const std::string& name, const std::string& content) const {
  fs::create_directories((folder_ / name).parent_path());
  std::ofstream(folder_ / name, std::ios::binary) << content;
  return folder_ / name;
}

std::vector<std::string> Workplace::listing() const {
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_)) {
    paths.push_back(fs::relative(entry.path(), folder_).string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Outcome Workplace::run(const std::string& binary, const std::vector<std::string>& arguments,
                       const Surroundings& surroundings) const {
  std::vector<std::string> words{binary};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::string err = folder_.string() + ".err";
  const bool capture = surroundings.stdout_file.empty();
  const std::string out = capture ? folder_.string() + ".out" : surroundings.stdout_file;

  std::optional<interruption::Interrupter> interrupter;
  if (surroundings.interruption) interrupter.emplace(*surroundings.interruption);
  const pid_t child = ::fork();
  BROWNOUT_CHECK(child >= 0, "fork failed");
  if (child == 0) become(words, folder_, surroundings, interrupter, out, err);
  int status = 0;
  ::waitpid(child, &status, 0);

  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.err = read_file(err);
  fs::remove(err);
  if (capture) {
    outcome.out = read_file(out);
    fs::remove(out);
  }
  return outcome;
}

nlohmann::json without_timing(nlohmann::json json) {
  const auto ends_with = [](const std::string& name, const std::string& end) {
    return name.size() >= end.size() &&
           name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  if (json.is_object()) {
    for (auto entry = json.begin(); entry != json.end();) {
      const std::string& name = entry.key();
      if (ends_with(name, "seconds") || ends_with(name, "_s")) {
        entry = json.erase(entry);
      } else {
        *entry = without_timing(*entry);
        ++entry;
      }
    }
  } else if (json.is_array()) {
    for (nlohmann::json& item : json) item = without_timing(item);
  }
  return json;
}

}  // namespace brownout::end_to_end
