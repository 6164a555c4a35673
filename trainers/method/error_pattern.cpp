// SPDX-License-Identifier: Apache-2.0
// Cells come from the same chips, placement and reading as in the simulator.
#include "trainers/method/error_pattern.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/chips/chip.hpp"
#include "sim/memory/transient.hpp"
#include "sim/profiles/chip_profile.hpp"

namespace brownout::trainers {
namespace {

network::Network coded_shapes(const std::vector<network::Parameter>& parameters,
                              const CodingChoice& choice) {
  network::Network network;
  const WeightCoder coder(parameters, choice);
  for (std::size_t t = 0; t < parameters.size(); ++t) {
    network::Parameter parameter = parameters[t];
    if (coder.spans()[t].coded) {
      parameter.coding = network::Coding{};
      parameter.coding->scheme = choice.scheme;
      parameter.coding->bits = choice.bits;
      parameter.n.assign(static_cast<std::size_t>(coder.spans()[t].count), 0);
    }
    network.parameters.push_back(std::move(parameter));
  }
  return network;
}

std::string hash_of(const memory::FaultList& faults, const memory::Die& die) {
  std::string text = fmt::format("draws v{} of {} {}\n", memory::kTransientReadVersion,
                                 static_cast<std::uint64_t>(die.purpose), die.number);
  for (const memory::CellFault& f : faults)
    text += fmt::format("{} {} {} {}\n", f.word, f.bit, f.p01, f.p10);
  return sha256_hex(text);
}

}  // namespace

ErrorPattern::ErrorPattern(const BitErrorChoice& choice,
                           const std::vector<network::Parameter>& parameters,
                           const CodingChoice& coding)
    : choice_(choice),
      network_(coded_shapes(parameters, coding)),
      placement_(mapping::resident(network_)),
      codes_(network::clean_codes(network_)),
      chip_(without_folder(choice.pattern)) {
  try {
    const auto chip = chips::make_chip(choice.pattern);
    faults_ = chip->faults(memory::MemoryId::kWeights, placement_.words, choice.point());
    note_ = chip->note();
    die_ = chip->die();
  } catch (const InputError& error) {
    throw InputError("{}: {}", choice.pattern_origin, error.what());
  }
  for (const mapping::Run& run : placement_.runs)
    bits_ += (run.last - run.first) * (run.high_bit - run.low_bit);
  const auto outside = [&](const memory::CellFault& f) {
    // Resident codes fill the cells from the first one on, without gaps.
    if (std::int64_t{f.word} * memory::kWordBits + f.bit >= bits_) return true;
    return choice.persistent_only && std::max(f.p01, f.p10) < profiles::kPersistentProbability;
  };
  faults_.erase(std::remove_if(faults_.begin(), faults_.end(), outside), faults_.end());
  if (faults_.empty()) {
    throw InputError("{}: expected {}cells that fail among the {} of the network, found none in {}",
                     choice.pattern_origin, choice.persistent_only ? "persistent " : "", bits_,
                     chip_);
  }
  cells_hit_ = static_cast<std::int64_t>(faults_.size());
  for (const memory::CellFault& f : faults_)
    cell_rate_ += static_cast<double>(std::max(f.p01, f.p10));
  cell_rate_ /= static_cast<double>(bits_);
  sha256_ = hash_of(faults_, die_);
  if (!choice_.fresh_reads) draw(0);
}

memory::Draws ErrorPattern::draws(std::uint64_t step) const {
  return {die_, choice_.evaluation_seed, choice_.fresh_reads, step};
}

void ErrorPattern::draw(std::uint64_t step) {
  const memory::CellReader reader(memory::MemoryId::kWeights, draws(step));
  drawn_.clear();
  for (const memory::CellFault& fault : faults_) {
    const std::uint32_t wrong_0 = reader.wrong(fault, 0);
    const std::uint32_t wrong_1 = reader.wrong(fault, 1);
    if ((wrong_0 | wrong_1) == 0) continue;
    drawn_.push_back(
        {fault.word, fault.bit, static_cast<float>(wrong_0), static_cast<float>(wrong_1)});
  }
}

std::int64_t ErrorPattern::inject(const WeightCoder& coder, std::uint64_t step, float* decoded) {
  if (choice_.fresh_reads) draw(step);
  for (std::size_t t = 0; t < codes_.size(); ++t) {
    const TensorSpan& span = coder.spans()[t];
    if (span.coded) std::copy_n(coder.n().begin() + span.first, span.count, codes_[t].begin());
  }
  touched_.clear();
  const weights::ReadStats stats =
      weights::read_through(network_, placement_, drawn_, draws(step), codes_, touched_);
  for (const weights::Touched& code : touched_) {
    const std::size_t t = code.parameter.number();
    decoded[coder.spans()[t].first + code.index] =
        network::decode(coder.codings()[t], codes_[t][static_cast<std::size_t>(code.index)]);
  }
  return stats.bits_wrong;
}

}  // namespace brownout::trainers
