// SPDX-License-Identifier: Apache-2.0
// Which boundaries are worth their memory, and which of them a chip's codes allow.
#include "sim/engines/clean_values.hpp"

#include <algorithm>

namespace brownout::engines {

namespace {

using mapping::Step;

constexpr std::size_t kBoundaries = 3;
constexpr double kLeastSaved = 0.02;  // of a run's work, by one more boundary
/// Chips are expected to have 1, 2, 4, … or 64 wrong codes, each as often as the others. With fewer
/// a run is not needed, and with more the first layers hold some of them.
constexpr int kDoublings = 7;

/// Coded parameters that a step reads.
std::vector<network::ParameterIndex> parameters_of(const network::Network& network,
                                                   const Step& step) {
  std::vector<mapping::OptionalNode> nodes{step.matrix};
  for (const mapping::VectorPass& pass : step.passes) {
    nodes.insert(nodes.end(), {pass.norm, pass.residual, pass.activation, pass.max_pool,
                               pass.quantize, pass.flatten, pass.single});
  }
  std::vector<network::ParameterIndex> parameters;
  for (const mapping::OptionalNode& node : nodes) {
    if (!node) continue;
    for (const network::ParameterIndex index : network::parameters_of(network.nodes[*node].op)) {
      if (network.parameters[index].coding) parameters.push_back(index);
    }
  }
  return parameters;
}

/// Multiply-adds of a step's matrix operator.
double work_of(const network::Network& network, const Step& step) {
  if (!step.matrix) return 0.0;
  for (const network::ParameterIndex index :
       network::parameters_of(network.nodes[*step.matrix].op)) {
    const network::Parameter& parameter = network.parameters[index];
    if (parameter.role != network::Role::kWeight) continue;
    return static_cast<double>(parameter.size()) * step.matrix_out.height * step.matrix_out.width;
  }
  return 0.0;
}

/// What comes before each step, as shares of the whole.
struct Before {
  Before(const network::Network& network, const std::vector<Step>& steps) {
    Table<network::ParameterIndex, bool> seen(network.parameters.size(), false);
    double work_done = 0.0, codes_read = 0.0;
    for (const Step& step : steps) {
      work.push_back(work_done);
      codes.push_back(codes_read);
      work_done += work_of(network, step);
      for (const network::ParameterIndex index : parameters_of(network, step)) {
        if (!seen[index]) codes_read += static_cast<double>(network.parameters[index].size());
        seen[index] = true;
      }
    }
    for (double& share : work) share /= std::max(work_done, 1.0);
    for (double& share : codes) share /= std::max(codes_read, 1.0);
  }

  /// Probability that no code before the step is wrong.
  double clean(std::size_t step) const {
    double clean = 1.0 - codes[step], sum = 0.0;
    for (int i = 0; i < kDoublings; ++i, clean *= clean) sum += clean;
    return sum / kDoublings;
  }
  /// Expected share of a run that is saved if it begins at the last of these steps, in order, that
  /// comes before all wrong codes.
  double saved(const std::vector<std::size_t>& boundaries) const {
    double sum = 0.0, last = 0.0;
    for (const std::size_t step : boundaries) {
      sum += (work[step] - last) * clean(step);
      last = work[step];
    }
    return sum;
  }

  std::vector<double> work, codes;
};

Boundary boundary_at(const std::vector<Step>& steps, const datapath::ImageBytes& image_bytes,
                     std::size_t step) {
  Boundary boundary;
  boundary.step = step;
  Table<network::ValueIndex, bool> read(image_bytes.size(), false);
  for (std::size_t s = step; s < steps.size(); ++s) {
    read[steps[s].input] = true;
    for (const network::ValueIndex value : steps[s].operands) read[value] = true;
  }
  for (std::size_t s = 0; s < step; ++s) {
    if (!read[steps[s].output]) continue;
    boundary.values.push_back(steps[s].output);
    boundary.image_bytes += image_bytes[steps[s].output];
  }
  return boundary;
}

}  // namespace

std::vector<Boundary> choose_boundaries(const network::Network& network,
                                        const std::vector<Step>& steps,
                                        const datapath::ImageBytes& image_bytes,
                                        std::int64_t images, std::size_t bytes) {
  const Before before(network, steps);
  std::vector<std::size_t> chosen;
  std::size_t left = bytes / static_cast<std::size_t>(images);
  while (chosen.size() < kBoundaries) {
    std::vector<std::size_t> best = chosen;
    std::size_t best_bytes = 0;
    double best_saved = before.saved(chosen) + kLeastSaved;
    for (std::size_t step = 1; step < steps.size(); ++step) {
      const std::size_t more = boundary_at(steps, image_bytes, step).image_bytes;
      if (more > left) continue;
      std::vector<std::size_t> with = chosen;
      with.insert(std::lower_bound(with.begin(), with.end(), step), step);
      const double saved = before.saved(with);
      if (saved <= best_saved) continue;
      best = with;
      best_bytes = more;
      best_saved = saved;
    }
    if (best.size() == chosen.size()) break;
    chosen = best;
    left -= best_bytes;
  }
  std::vector<Boundary> boundaries;
  for (const std::size_t step : chosen) {
    boundaries.push_back(boundary_at(steps, image_bytes, step));
  }
  return boundaries;
}

CleanValues::CleanValues(network::SharedNetwork network, const std::vector<Step>& steps,
                         const datapath::ImageBytes& image_bytes, const std::uint8_t* pixels,
                         std::int64_t images, std::size_t bytes)
    : network_(std::move(network)), pixels_(pixels), images_(images) {
  for (const Step& step : steps) parameters_.push_back(parameters_of(*network_, step));
  for (Boundary& boundary : choose_boundaries(*network_, steps, image_bytes, images, bytes)) {
    kept_.emplace_back();
    kept_.back().boundary = std::move(boundary);
  }
}

void CleanValues::set_codes(const network::Codes& codes, bool counts) {
  const auto wrong = [&](const std::vector<network::ParameterIndex>& parameters) {
    return std::any_of(parameters.begin(), parameters.end(), [&](network::ParameterIndex i) {
      return codes[i] != network_->parameters[i].n;
    });
  };
  first_wrong_ = static_cast<std::size_t>(
      std::find_if(parameters_.begin(), parameters_.end(), wrong) - parameters_.begin());
  // The clean codes are those of no chip.
  if (!counts || first_wrong_ == parameters_.size()) return;
  for (Kept& kept : kept_) {
    if (kept.boundary.step > first_wrong_ || ++kept.chips != 2) continue;
    const auto images = static_cast<std::size_t>(images_);
    kept.bytes = datapath::AlignedBytes(images * kept.boundary.image_bytes);
    kept.has.assign(images, 0);
  }
}

std::size_t CleanValues::begin(std::int64_t first, int count) const {
  std::size_t begin = 0;
  for (const Kept& kept : kept_) {
    if (!usable(kept)) continue;
    const auto from = kept.has.begin() + first;
    if (std::find(from, from + count, 0) == from + count) begin = kept.boundary.step;
  }
  return begin;
}

const CleanValues::Kept* CleanValues::at(std::size_t step) const {
  for (const Kept& kept : kept_) {
    if (kept.boundary.step == step) return usable(kept) ? &kept : nullptr;
  }
  return nullptr;
}

void CleanValues::add(std::size_t begin, std::int64_t first, int count) {
  for (Kept& kept : kept_) {
    if (usable(kept) && kept.boundary.step > begin) std::fill_n(kept.has.begin() + first, count, 1);
  }
}

}  // namespace brownout::engines
