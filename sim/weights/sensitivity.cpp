// SPDX-License-Identifier: Apache-2.0
// Reads the JSON of `brownout sensitivity` field by field, and assigns its costs to a memory's
// columns.
#include "sim/weights/sensitivity.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/text.hpp"

namespace brownout::weights {

namespace {

constexpr std::uint64_t kMostBytes = 64 << 20;
constexpr double kMostPoints = 1e9;
constexpr int kCostBits = 28;

void read(const JsonObject& from, GroupSensitivity& group) {
  group.rise_points = from.number("rise_points", -kMostPoints, kMostPoints);
  group.bits_wrong_mean = from.number("bits_wrong_mean", 0.0, 1e18);
  group.per_bit_points = from.number("per_bit_points", -kMostPoints, kMostPoints);
}

Sensitivity read(const JsonObject& from) {
  constexpr std::int64_t kMost = std::int64_t{1} << 62;
  Sensitivity result;
  result.model = from.text("model");
  result.model_sha256 = from.text("model_sha256");
  result.rate = from.number("rate", 0.0, 1.0);
  result.chips = from.integer("chips", 1, kMost);
  result.images = from.integer("images", 1, kMost);
  result.seed = from.integer("seed", 0, kMost);
  result.err = from.number("err", 0.0, 100.0);
  for (const JsonObject& row : from.objects("tensors")) {
    TensorSensitivity tensor;
    read(row, tensor);
    tensor.name = row.text("name");
    tensor.bits = static_cast<int>(row.integer("bits", 1, 8));
    tensor.codes = row.integer("codes", 1, kMost);
    result.tensors.push_back(tensor);
  }
  std::int64_t position = 0;
  for (const JsonObject& row : from.objects("bits")) {
    if (row.integer("bit", 0, 7) != position) row.fail("bit", fmt::to_string(position));
    ++position;
    read(row, result.bits.emplace_back());
  }
  return result;
}

/// The cost of a wrong bit of a tensor's code, by position.
std::vector<double> points_of_bits(const Sensitivity& sensitivity,
                                   const TensorSensitivity& tensor) {
  std::vector<double> points(tensor.bits);
  double sum = 0.0;
  for (std::size_t b = 0; b < points.size(); ++b) {
    points[b] = std::max(0.0, sensitivity.bits.at(b).per_bit_points);
    sum += points[b];
  }
  for (double& p : points) {
    p = std::max(0.0, tensor.per_bit_points) *
        (sum > 0.0 ? p * static_cast<double>(tensor.bits) / sum : 1.0);
  }
  return points;
}

/// The same coded tensors in the same order.
void check_tensors(const Sensitivity& sensitivity, const network::Network& network,
                   const std::string& file) {
  std::size_t i = 0;
  int widest = 0;
  for (const network::Parameter& parameter : network.parameters) {
    if (!parameter.coding || parameter.n.empty()) continue;
    const bool there = i < sensitivity.tensors.size();
    const std::int64_t codes = parameter.n.size();
    if (!there || sensitivity.tensors[i].name != parameter.name ||
        sensitivity.tensors[i].bits != parameter.coding->bits ||
        sensitivity.tensors[i].codes != codes) {
      throw InputError("{}: network {}: tensors[{}]: expected {} ({} codes of {} bits), got {}",
                       file, sensitivity.model, i, parameter.name, codes, parameter.coding->bits,
                       there ? in_quotes(sensitivity.tensors[i].name) : "none");
    }
    widest = std::max(widest, parameter.coding->bits);
    ++i;
  }
  if (i != sensitivity.tensors.size() ||
      static_cast<std::size_t>(widest) != sensitivity.bits.size()) {
    throw InputError("{}: network {}: expected {} tensors and {} bit positions, got {} and {}",
                     file, sensitivity.model, i, widest, sensitivity.tensors.size(),
                     sensitivity.bits.size());
  }
}

}  // namespace

Sensitivity read_sensitivity(const std::filesystem::path& file, const std::string& model_sha256,
                             const network::Network& network) {
  const Json json = read_json(file, kMostBytes);
  const JsonObject root(json, file.string(), "`brownout sensitivity`");
  if (root.text("format") != "brownout.sensitivity")
    root.fail("format", "\"brownout.sensitivity\"");
  root.integer("version", 1, 1);
  std::string names;
  for (const JsonObject& one : root.objects("networks")) {
    Sensitivity sensitivity = read(one);
    if (sensitivity.model_sha256 == model_sha256) {
      check_tensors(sensitivity, network, file.string());
      return sensitivity;
    }
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", printable(sensitivity.model),
                         shortened(sensitivity.model_sha256, 12));
  }
  throw InputError("{}: expected the network with sha256 {}, found {}", file.string(), model_sha256,
                   names.empty() ? "none" : names);
}

std::vector<std::uint64_t> column_sensitivity(const network::Network& network,
                                              const mapping::Placement& placement,
                                              const Sensitivity& sensitivity,
                                              const mitigation::ArrayGeometry& geometry,
                                              std::uint32_t arrays) {
  Table<network::ParameterIndex, std::vector<double>> points(network.parameters.size());  // by bit
  double most = 0.0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    if (!network.parameters[i].coding || network.parameters[i].n.empty()) continue;
    points[i] = points_of_bits(sensitivity, sensitivity.tensors.at(next++));
    most = std::max(most, *std::max_element(points[i].begin(), points[i].end()));
  }
  std::vector<std::uint64_t> sums(std::size_t{arrays} * memory::kWordBits, 0);
  if (most <= 0.0) return sums;
  for (const mapping::Run& run : placement.runs) {
    std::vector<std::uint64_t> cost;
    for (const double p : points.at(run.parameter.number())) {
      cost.push_back(static_cast<std::uint64_t>(std::llrint(std::ldexp(p / most, kCostBits))));
    }
    std::uint64_t cell = run.start;
    for (std::int64_t index = run.first; index < run.last; ++index) {
      for (int b = run.low_bit; b < run.high_bit; ++b, ++cell) {
        const std::uint32_t array =
            geometry.array_of(static_cast<std::uint32_t>(cell / memory::kWordBits));
        BROWNOUT_CHECK(array < arrays, "array {} of {}", array, arrays);
        sums[std::size_t{array} * memory::kWordBits + cell % memory::kWordBits] += cost[b];
      }
    }
  }
  return sums;
}

}  // namespace brownout::weights
